"""`daoxue doctor`: each thing that can be wrong with a running house is seen, said with what to do, and only then."""

import asyncio
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace
from sqlalchemy import create_engine, text

from bot.channel import Stanzas
from bot.examining import Finding, Severity
from daoxue.app import App, compose
from daoxue.archive import NAMED
from daoxue.config import AccountsSettings, Config, DatabaseSettings, RedisSettings, Server
from daoxue.doctor import house, outside, serving, stored
from daoxue.doctor.examination import examine
from daoxue.preparing import prepare
from daoxue.serve import server, stopping
from daoxue.watch import Trouble
from integrations.channels import CHANNELS
from integrations.mail.settings import ImapSettings, MailSettings, SmtpSettings
from integrations.telegram.settings import PATH, TelegramSettings
from integrations.twilio.settings import TwilioSettings
from integrations.wechat.settings import WechatSettings
from players import telegram as telegram_player
from players import telegram_api, twilio
from players.post_office import PostOffice
from players.wechat import Platform
from store import condition, queue
from store.condition import Connections
from store.database import Database
from store.migrate import alembic_url
from store.queue import NewRow
from tests.conftest import free_port
from tests.dovecot import PASSWORD, USER, dovecot
from tests.messenger import SECRET
from tests.official import behind, environment, up
from tests.redis_server import redis_server
from tests.service import ROOT
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
        asked = [sys.executable, "-m", "daoxue", "doctor", "--config", str(settings), "--backups", str(backups), *more]
        return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)

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


def test_a_server_that_is_away_is_told() -> None:
    away = Config(database=DatabaseSettings(f"postgresql://nobody@127.0.0.1:{free_port()}/none"))
    found = looked(away)
    assert found["database"].severity is FAULT
    assert "连不上" in found["database"].seen.zh


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


# Outside.


class Secured:
    """A port with a certificate."""

    def __init__(self, folder: Path, days: int) -> None:
        key, name = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
        )
        begins = datetime.now(UTC) - timedelta(days=30)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(datetime.now(UTC) + timedelta(days=days, hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.file = folder / f"{days}.pem"
        self.file.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def examined(self) -> Finding:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def answer() -> None:
                line, _ = listening.accept()
                try:
                    context.wrap_socket(line, server_side=True).close()
                except (ssl.SSLError, OSError):
                    line.close()

            thread = threading.Thread(target=answer)
            thread.start()
            url = f"https://localhost:{listening.getsockname()[1]}"
            found = only(outside.certificate(Config(server=Server(public_url=url))))
            thread.join()
        return found


@pytest.mark.parametrize(("days", "severity"), [(3, FAULT), (14, WARNING), (60, OK), (-2, FAULT)])
def test_days_of_a_certificate(days: int, severity: Severity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secured = Secured(tmp_path, days)
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.file))
    found = secured.examined()
    assert found.severity is severity
    assert days < 0 or str(days) in found.seen.en


def test_a_certificate_that_browsers_refuse(tmp_path: Path) -> None:
    assert "浏览器不认" in Secured(tmp_path, 60).examined().seen.zh
    nobody = Config(server=Server(public_url=f"https://127.0.0.1:{free_port()}"))
    assert only(outside.certificate(nobody)).severity is WARNING
    assert list(outside.certificate(Config())) == []


async def test_redis_is_asked_and_never_a_fault(tmp_path: Path) -> None:
    assert [each async for each in outside.redis(Config())] == []
    with redis_server(tmp_path) as running:
        on = Config(redis=RedisSettings(running.url))
        assert only([each async for each in outside.redis(on)]).severity is OK
    gone = only([each async for each in outside.redis(on)])
    assert (gone.severity, "secret" in gone.line) == (WARNING, False)


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


async def platform(config: Config, database: Database | None, *channels: object) -> list[Finding]:
    on = replace(config, channels=Stanzas(*channels))  # type: ignore[arg-type]
    return [each async for each in outside.platforms(on, database, CHANNELS)]


async def test_wechat(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    played, port = Platform(), free_port()
    for name, value in environment(played).items():
        monkeypatch.setenv(name, value)
    on = WechatSettings(enabled=True, api_base=f"http://127.0.0.1:{port}")
    async with behind(played.app(), port):
        well = only(await platform(app.config, app.database, on))
        assert (well.severity, "500000 of 500000" in well.seen.en) == (OK, True)
        played.calls["message/custom/send"] = played.daily - 9
        assert only(await platform(app.config, app.database, on)).severity is WARNING
        assert only(await platform(app.config, None, on)).severity is WARNING
        played.faults["getcallbackip"] = ["40164"]
        listed = only(await platform(app.config, app.database, on))
        assert (listed.severity, "IP白名单" in listed.do.zh) == (FAULT, True)
        played.faults["getcallbackip"] = ["502"]
        assert "api_base" in only(await platform(app.config, app.database, on)).do.zh
    monkeypatch.delenv("WECHAT_APP_SECRET")
    lacking = only(await platform(app.config, app.database, on))
    assert (lacking.severity, "WECHAT_APP_SECRET" in lacking.seen.zh) == (FAULT, True)


async def test_twilio(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    played, port = twilio.Carrier(), free_port()
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", played.account)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", played.token)
    on = TwilioSettings(enabled=True, api_base=f"http://127.0.0.1:{port}")
    assert "api_base" in only(await platform(config, None, on)).do.zh
    async with behind(played.app(), port):
        for balance, severity in (("48.92", OK), ("3.10", WARNING), ("-0.20", FAULT), ("", OK)):
            played.balance = balance
            assert only(await platform(config, None, on)).severity is severity
        played.status = "suspended"
        assert only(await platform(config, None, on)).severity is FAULT
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another")
        refused = only(await platform(config, None, on))
        assert (refused.severity, "TWILIO_AUTH_TOKEN" in refused.do.zh) == (FAULT, True)
    assert played.texts == [], "only what changes nothing is asked"


async def test_telegram(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    played, port = telegram_player.Platform(), free_port()
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", played.token)
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", SECRET)
    url = "https://learn.example.cn"
    on = TelegramSettings(enabled=True, api_base=f"http://127.0.0.1:{port}")
    outer = replace(config, server=Server(public_url=url))
    async with behind(telegram_api.server(played), port):
        assert only(await platform(outer, None, on)).severity is WARNING, "its updates go nowhere yet"
        played.webhook = {"url": url + PATH, "secret_token": SECRET}
        assert only(await platform(outer, None, on)).severity is OK
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "999999:another-one")
        assert "TELEGRAM_BOT_TOKEN" in only(await platform(outer, None, on)).do.zh


async def test_mail(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    office = PostOffice(user=USER, password=PASSWORD)
    with dovecot() as box:
        smtp = SmtpSettings("127.0.0.1", await office.open(), "none", USER)
        on = MailSettings(
            enabled=True, address="study@centre.test", imap=ImapSettings("127.0.0.1", box.port, "none", USER), smtp=smtp
        )
        box.bring(b"Subject: hello\r\n\r\nhello\r\n")
        assert {each.severity for each in await platform(config, None, on)} == {OK}
        assert box.flags() == [""], "nothing was read"
        monkeypatch.setenv("MAIL_PASSWORD", "ended")
        found = await platform(config, None, on)
        assert [(each.severity, "MAIL_PASSWORD" in each.do.zh) for each in found] == [(FAULT, True)] * 2
        await office.close()
        nobody = replace(on, smtp=replace(smtp, port=free_port()), imap=replace(on.imap, port=free_port()))
        found = await platform(config, None, nobody)
        assert ["channels.mail" in each.do.zh for each in found] == [True, True]
