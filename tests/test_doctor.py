"""`daoxue doctor`: each thing that can be wrong with a running house is seen, said with what to do, and only then."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine, text

from bot.examining import Finding, Severity
from daoxue.app import App, compose
from daoxue.archive import NAMED
from daoxue.config import AccountsSettings, Config, DatabaseSettings, Server
from daoxue.doctor import house, serving, stored
from daoxue.doctor.examination import examine
from daoxue.preparing import prepare
from daoxue.serve import server, stopping
from daoxue.watch import Trouble
from desk.people import Profile
from store import condition, people, queue
from store.condition import Connections
from store.database import Database
from store.migrate import alembic_url
from store.queue import NewRow
from tests.conftest import free_port
from tests.official import up
from tests.service import ROOT, ran
from tests.talk import Resident

OK, WARNING, FAULT = Severity.OK, Severity.WARNING, Severity.FAULT


def severities(found: list[Finding]) -> dict[str, Severity]:
    return {each.subject.en: each.severity for each in found}


def only(found: Iterator[Finding] | list[Finding]) -> Finding:
    [one] = list(found)
    assert one.severity is OK or all(one.do), "whatever is not in order says what to do, in both languages"
    return one


async def told(config: Config, backups: Path) -> dict[str, Severity]:
    return severities([each async for each in examine(config, backups)])


def looked(config: Config) -> dict[str, Finding]:
    """What the database tells."""
    found: list[Finding] = []
    with stored.opened(config, found) as database:
        if database is not None:
            found += stored.examine(config, database)
    return {each.subject.en: each for each in found}


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    backup(folder, hours=5)
    return folder


def backup(folder: Path, hours: float) -> None:
    (folder / (datetime.now(UTC) - timedelta(hours=hours)).strftime(NAMED)).touch(0o600)


# The whole.


async def test_a_house_in_order_has_nothing_but_order(either_config: Config, backups: Path) -> None:
    config = replace(either_config, server=Server(port=free_port()))
    app = await compose(config)
    async with up(server(app)):
        found = [each async for each in examine(config, backups)]
    assert [each.line for each in found if each.severity is not OK] == []
    assert {
        "key",
        "files",
        "disk",
        "backup",
        "database",
        "migrations",
        "clock",
        "queue",
        "given up",
        "knowledge",
        "service",
        "workers",
    } <= {each.subject.en for each in found}
    assert ("connections" in severities(found)) is not bool(config.database.embedded)
    await stopping(app)


def test_the_command_says_it_in_lines_and_rows_and_fails_at_a_fault(
    config: Config, backups: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "config.yml"
    settings.write_text(f"database: {{url: '{config.database.url}'}}\nserver: {{port: {free_port()}}}\n")
    path = Path(config.database.embedded)

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return ran(["doctor", "--config", str(settings), "--backups", str(backups), *more], ROOT, os.environ)

    well = run()
    assert (well.returncode, well.stderr) == (0, ""), "that nothing runs may be meant"
    assert all(line.startswith(("正常 ok ", "提醒 warning ")) for line in well.stdout.splitlines()), well.stdout
    path.chmod(0o644)
    ill = run("--json")
    assert ill.returncode == 1
    rows = [json.loads(line) for line in ill.stdout.splitlines()]
    [row] = [each for each in rows if each["severity"] == "fault"]
    assert (row["subject"], row["do_zh"]) == ("files", f"chmod 600 {path}")


def test_nothing_is_made_where_nothing_is(tmp_path: Path) -> None:
    config = Config(
        database=DatabaseSettings(f"sqlite:///{tmp_path}/none/daoxue.db"),
        accounts=AccountsSettings(f"{tmp_path}/none/key"),
    )
    assert looked(config)["database"].severity is FAULT
    assert house.key(config).severity is FAULT
    assert list(tmp_path.iterdir()) == []


# This machine.


def test_keys_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "data.key"
    config = Config(accounts=AccountsSettings(str(file)))
    file.write_text("not a key")
    assert house.key(config).severity is FAULT
    monkeypatch.setenv("DATA_KEY", "bm90IGxvbmcgZW5vdWdo")
    assert house.key(config).severity is FAULT


def test_files_that_others_may_read_or_own(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(house.files(config)).severity is OK
    key = Path(config.database.embedded)
    key.chmod(0o640)
    assert f"chmod 600 {key}" in [each.do.en for each in house.files(config)]
    key.chmod(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: 4_242)
    assert {each.severity for each in house.files(config)} == {FAULT}
    assert looked(config)["database"].severity is FAULT, "whoever is not its owner leaves it alone"


@pytest.mark.parametrize(("free", "severity"), [(9e8, FAULT), (2e9, WARNING), (6e9, OK)])
def test_room(free: float, severity: Severity, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type(shutil.disk_usage("/"))(10_000_000_000, 0, int(free))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert house.disk(config).severity is severity


def test_the_newest_backup_counts(tmp_path: Path) -> None:
    assert house.backups(tmp_path / "nowhere").severity is WARNING
    assert house.backups(tmp_path).severity is WARNING
    (tmp_path / "daoxue-of-mine.backup").touch()
    for hours, severity in ((24 * 9, FAULT), (50, WARNING), (3, OK)):
        backup(tmp_path, hours)
        assert house.backups(tmp_path).severity is severity


# The database.


def test_what_is_to_be_done_fits_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "UNITS", tmp_path)
    away, none = Config(server=Server(port=free_port())), tmp_path / "none"
    none.mkdir()
    (none / f"{datetime(2026, 1, 1, tzinfo=UTC):{NAMED}}").touch()
    said = [next(serving.examine(away)).do, house.backups(none).do]
    assert ["systemctl" in each.zh or "systemctl" in each.en for each in said] == [False, False]
    for name in ("daoxue", "daoxue-backup"):
        (tmp_path / f"{name}.service").touch()
    said = [next(serving.examine(away)).do, house.backups(none).do]
    assert ["systemctl" in each.zh and "systemctl" in each.en for each in said] == [True, True]


def test_another_key_is_told(config: Config, tmp_path: Path) -> None:
    other = Config(
        database=DatabaseSettings(f"sqlite:///{tmp_path}/other.db"), accounts=AccountsSettings(f"{tmp_path}/key")
    )
    prepare(other)
    assert looked(replace(config, accounts=other.accounts))["key of the database"].severity is FAULT


@pytest.mark.parametrize("version", ["0003", "9999"])
def test_another_version_is_told_and_left_alone(version: str, config: Config) -> None:
    with create_engine(alembic_url(config.database.url)).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    found = looked(config)
    assert FAULT in {each.severity for each in found.values()}
    assert "queue" not in found


async def test_accounts_from_before_that_are_called_like_the_house_are_told(app: App) -> None:
    for name, shown in (("li", "李敏"), ("wang", "王"), ("张三", "张")):
        await app.desk.people.add(name, "seat", 1, "test", Profile(shown=shown))
    assert not [each for each in stored.examine(app.config, app.database) if each.subject == stored.ACCOUNTS]
    await app.database.write(lambda t: people.change(t, "wang", shown="人工客服"))
    await app.database.write(lambda t: people.change(t, "张三", shown="张 13800138000"))
    [told] = [each for each in stored.examine(app.config, app.database) if each.subject == stored.ACCOUNTS]
    assert ("wang, 张三" in told.seen.zh, "13800138000" in told.seen.zh) == (True, False)


def test_a_server_that_is_away_is_told() -> None:
    away = Config(database=DatabaseSettings(f"postgresql://nobody@127.0.0.1:{free_port()}/none"))
    found = looked(away)
    assert found["database"].severity is FAULT
    assert "连不上" in found["database"].seen.zh


def test_what_is_damaged_is_told_in_each_language_once(tmp_path: Path) -> None:
    (tmp_path / "torn.db").write_bytes(os.urandom(9000))
    found = looked(Config(database=DatabaseSettings(f"sqlite:///{tmp_path}/torn.db")))["database"]
    assert found.seen.zh.startswith("数据库文件坏了")
    assert "damaged" not in found.seen.zh
    assert found.seen.en.startswith("the database is damaged")


async def test_clocks_that_differ(either_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    await Resident(either_app).say("你们几点开门")
    config, said = either_app.config, either_app.database.look(condition.newest)
    assert said is not None
    now = said / 1000 if config.database.embedded else time.time()
    assert looked(config)["clock"].severity is OK
    for behind_by, severity in ((8, WARNING), (300, FAULT)):
        monkeypatch.setattr(time, "time", lambda behind_by=behind_by: now - behind_by)
        assert looked(config)["clock"].severity is severity


async def test_what_is_late_and_what_was_given_up(either_app: App) -> None:
    config, now = either_app.config, int(time.time() * 1000)
    await Resident(either_app).say("你们几点开门")
    await either_app.database.write(
        lambda t: queue.put(t, NewRow("message", "page", "webchat", b"", now - 864_000_000))
    )
    assert looked(config)["queue"].severity is OK, "nobody is late with what waits for residents to come back"
    await either_app.database.write(lambda t: queue.put(t, NewRow("message", "one", "wechat", b"", now - 90_000)))
    assert looked(config)["queue"].severity is WARNING
    await either_app.database.write(lambda t: queue.put(t, NewRow("message", "two", "sms", b"", now - 900_000)))
    late = looked(config)["queue"]
    assert (late.severity, late.seen.en) == (FAULT, "2 are due, the oldest for 15 min (sms)")
    [row] = either_app.database.look(lambda t: queue.of_lane(t, "sms", 1))
    leased = replace(row, leased_until=now + 1)
    await either_app.database.write(lambda t: queue.lease(t, row, now + 1))
    await either_app.database.write(lambda t: queue.put_back(t, replace(leased, state="given_up")))
    assert looked(config)["given up"].severity is WARNING


def test_connections_that_are_used_up(either_config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condition, "connections", lambda t: Connections(80, 96, 97))
    assert looked(either_config)["connections"].severity is FAULT


def test_connections_are_counted(postgres: str, sample_in_postgres: str) -> None:
    with_two = Database(f"{postgres}/{sample_in_postgres}")
    found = with_two.look(condition.connections)
    with_two.close()
    assert found is not None
    assert 2 <= found.ours <= found.all < found.most


def test_knowledge_that_has_ended_or_is_lacking(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    far = time.time() + 4_000 * 86_400
    monkeypatch.setattr(time, "time", lambda: far)
    found = looked(config)["knowledge"]
    assert found.severity is WARNING
    assert "daoxue check" in found.do.zh


# The process.


async def test_what_the_process_says_of_itself(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(app.config, server=replace(app.config.server, port=free_port()))
    assert only(serving.examine(config)).severity is WARNING
    trouble = Trouble("queue", "待办队列", "stalled", 0, "", 90)
    monkeypatch.setattr(app.watch, "troubles", lambda: [trouble])
    served = await compose(config)
    monkeypatch.setattr(served.watch, "troubles", lambda: [trouble])
    async with up(server(served)):
        found = await told(config, tmp_path)
    assert (found["service"], found["workers"]) == (OK, FAULT)
    served.database.close()


@pytest.mark.parametrize("says", [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", b""])
def test_a_stranger_at_our_port_is_told(says: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def answer() -> None:
            line, _ = stranger.accept()
            with line:
                line.recv(4_096)
                line.sendall(says)

        thread = threading.Thread(target=answer)
        thread.start()
        found = list(serving.examine(Config(server=Server(port=stranger.getsockname()[1]))))
        thread.join()
    assert only(found).severity is FAULT


async def test_each_of_several_processes_is_asked(app: App) -> None:
    """They have ports one after the other; who else listens there is no business of ours."""
    port = next(each for each in iter(free_port, 0) if _is_free(each + 1) and _is_free(each + 2) and _is_free(each + 3))
    shared, own = (replace(app.config, server=Server(port=each)) for each in (port, port + 1))
    one, other = await compose(shared), await compose(own)
    other.watch.troubles = lambda: [Trouble("queue", "待办队列", "stalled", 0, "", 90)]  # type: ignore[method-assign]
    async with up(server(one)), up(server(other)):
        found = await asyncio.to_thread(lambda: list(serving.examine(shared)))
    assert [(each.subject.en, each.severity) for each in found] == [
        ("service", OK),
        ("service", OK),
        ("workers", FAULT),
    ]
    assert f":{port + 1} " in found[-1].seen.en
    for each in (one, other):
        each.database.close()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
