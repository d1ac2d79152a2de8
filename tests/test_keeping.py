"""Backup, restore and move: nothing is lost, nothing is written over, and whoever dies on the way leaves what was there."""

import contextlib
import itertools
import json
import lzma
import os
import re
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import psycopg
import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Table

from accounts.vault import VaultError, of
from daoxue import archive, check
from daoxue.app import compose
from daoxue.archive import ArchiveError
from daoxue.config import ConfigError, Nlu
from daoxue.preparing import prepare, vault_of
from store import alone, search, whole
from store.database import Database
from store.leftovers import hold
from store.migrate import HEAD, revision_of
from store.outages import DatabaseError
from store.transaction import Transaction
from store.whole import Counts
from tests.conftest import created
from tests.place import NAME, SECRET, WORDS, Place, copied, furnished, names
from tests.service import ROOT
from tests.test_mine import Visitor

Empty = Callable[[str], str]


@pytest.fixture(scope="module", autouse=True)
def quick_passphrases() -> Iterator[None]:
    """Half a second for each guess is for those who guess."""
    real, archive.COST = archive.COST, 1 << 10
    yield
    archive.COST = real


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Place:
    """To be copied."""
    return furnished(tmp_path_factory.mktemp("furnished") / "centre", models)


@pytest.fixture
def place(model: Place, tmp_path: Path) -> Place:
    return copied(model, tmp_path / "here")


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Empty:
    """The address of a database that is not there yet, on the one or the other."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/var-{time.time_ns()}/daoxue.db"
        return created(request.getfixturevalue("postgres"))

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, place: Place, empty: Empty) -> Place:
    """A furnished place on both."""
    if request.param == "postgresql":
        url = empty("postgresql")
        place.run("move", "--to", url)
        place.url = url
    return place


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def but_places(held: Counts) -> Counts:
    """Without what is found out anew."""
    return {name: each for name, each in held.items() if name != "passage"}


# -- out and back


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_restored_elsewhere_it_serves_and_names_are_readable(
    either: Place, kind: str, empty: Empty, tmp_path: Path, models: Path
) -> None:
    either.run("backup", str(tmp_path / "a.backup"))
    there = Place(tmp_path / "there", empty(kind))
    assert there.run("restore", str(tmp_path / "a.backup")) == 0
    assert but_places(there.held()) == but_places(either.held())
    assert NAME in there.names()
    assert there.key.read_text() == either.key.read_text()
    assert stat.S_IMODE(there.key.stat().st_mode) == 0o600
    app = await compose(replace(there.config, nlu=Nlu(str(models))))
    again = Visitor(app, "visitor-of-before", number=10)
    assert "徐**" in await again.say("我有多少积分"), "the same conversation, the same proof"
    await Visitor(app, "somebody-new").say("转人工")  # new rows are numbered after the old ones
    await app.desk.search.work()
    assert len(await app.database.read(lambda t: search.find(t, ["雪里", "里蕻"], 9))) == 1
    app.database.close()


def test_a_backup_is_of_one_moment(either: Place, tmp_path: Path) -> None:
    """Somebody writes all the while, two tables in each commit: a backup has both or none."""
    database, done = Database(either.url), threading.Event()
    written = 0

    def write(transaction: Transaction) -> None:
        transaction._cursor.execute("UPDATE conversation SET seq = seq + 1 WHERE id = 1", ())
        transaction._cursor.execute(
            "INSERT INTO message (conversation, seq, author, body, at)"
            f" SELECT 1, seq, 'system', {'?' if transaction.dialect == 'sqlite' else '%s'}, 1 FROM conversation WHERE id = 1",
            (b"{}",),
        )

    def go_on() -> None:
        nonlocal written
        while not done.is_set():
            database.now(write)
            written += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    for number in range(2):
        before = written
        either.run("backup", str(tmp_path / f"{number}.backup"))
        assert written > before, "nobody is kept from writing"
    done.set()
    writer.join()
    database.close()
    for number in range(2):
        there = Place(tmp_path / f"there{number}")
        there.run("restore", str(tmp_path / f"{number}.backup"))
        with contextlib.closing(sqlite3.connect(there.url.removeprefix("sqlite:///"))) as connection:
            [seq] = connection.execute("SELECT seq FROM conversation WHERE id = 1").fetchone()
            assert connection.execute("SELECT max(seq), count(*) FROM message WHERE conversation = 1").fetchone() == (
                seq,
                seq,
            )


def test_a_backup_is_ours_alone_and_nothing_is_written_over(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.backup"
    (tmp_path / "a.backup.part").write_text("of somebody who died")
    place.run("backup", str(file), "--json")
    [said] = told(capsys)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    with pytest.raises(ArchiveError, match="已经有了"):
        place.run("backup", str(file))
    assert file.read_bytes() == content
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.backup", "here"]
    assert sorted(each.name for each in place.key.parent.iterdir() if "copy" in each.name) == []
    for word in (NAME.encode(), b"conversation", place.key.read_bytes()[:20]):
        assert word not in content
    place.run("backup", "--verify", str(file), "--json")
    [seen] = told(capsys)
    held = place.held()
    assert seen["tables"] == {name: each.rows for name, each in held.items()}
    assert said["rows"] == sum(each.rows for each in held.values())


def test_what_a_disk_spoils_is_no_backup(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = archive._encrypt

    def spoiled(file: IO[bytes], opener: archive.Opener, records: Iterable[bytes]) -> None:
        real(file, opener, records)
        file.seek(-200, os.SEEK_CUR)
        file.write(b"spoiled")

    monkeypatch.setattr(archive, "_encrypt", spoiled)
    with pytest.raises(ArchiveError):
        place.run("backup", str(tmp_path / "a.backup"))
    assert [each.name for each in tmp_path.iterdir()] == ["here"]


def test_of_a_folder_the_newest_stay(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    for name in ("daoxue-20200101T000000Z.backup", "daoxue-20200102T000000Z.backup", "daoxue-mine.backup", "notes.txt"):
        (folder / name).write_text("older")
    dead, busy = (folder / f"daoxue-2020010{n}T000000Z.backup.part" for n in (3, 4))
    dead.write_text("of who died over it")
    with busy.open("wb") as file:
        hold(file)
        place.run("backup", str(folder), "--keep", "2")
        assert busy.exists()
    assert not dead.exists()
    busy.unlink()
    left = {each.name for each in folder.iterdir()}
    assert {"daoxue-20200102T000000Z.backup", "daoxue-mine.backup", "notes.txt"} < left
    assert len(left) == 4
    with pytest.raises(ArchiveError, match="不是文件夹"):
        place.run("backup", str(tmp_path / "a.backup"), "--keep", "2")
    monkeypatch.setenv("BACKUP_PASSPHRASE", "short")
    with pytest.raises(ArchiveError, match="12"):
        place.run("backup", str(folder), "--keep", "1")
    assert {each.name for each in folder.iterdir()} == left, "where none was written, none goes"


def test_long_work_tells_how_far_it_is(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = itertools.count(step=3)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    place.run("backup", str(tmp_path / "a.backup"))
    monkeypatch.undo()
    said = capsys.readouterr().err.splitlines()
    assert {line.partition("：")[0] for line in said} == {"备份 backup", "核对 verify"}
    assert any(re.search(r"message +\d+ 行", line) for line in said)


def test_a_passphrase_is_asked_for_twice_before_a_backup(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = [
        "one of a kind, long",
        "another one, as long",
        "one of a kind, long",
        "one of a kind, long",
        "one of a kind, long",
    ]
    monkeypatch.setenv("BACKUP_PASSPHRASE", "")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("getpass.getpass", lambda _: typed.pop(0))
    with pytest.raises(ArchiveError, match="不一样"):
        place.run("backup", str(tmp_path / "a.backup"))
    place.run("backup", str(tmp_path / "a.backup"))
    place.run("backup", "--verify", str(tmp_path / "a.backup"))
    assert typed == []


def test_blanks_are_no_passphrase(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_PASSPHRASE", " " * 40)
    with pytest.raises(ArchiveError, match="12"):
        place.run("backup", str(tmp_path / "a.backup"))


def test_with_a_key_file(place: Place, tmp_path: Path) -> None:
    key, file = tmp_path / "backup.key", str(tmp_path / "a.backup")
    key.write_bytes(b"k" * 31)
    for wrong in (key, Path("/dev/zero")):
        with pytest.raises(ArchiveError, match="32"):
            place.run("backup", file, "--key-file", str(wrong))
    key.write_bytes(os.urandom(32))
    place.run("backup", file, "--key-file", str(key))
    there = Place(tmp_path / "there")
    with pytest.raises(ArchiveError, match="密钥文件"):
        there.run("restore", file)
    there.run("restore", file, "--key-file", str(key))
    assert NAME in there.names()
    key.write_bytes(os.urandom(32))
    with pytest.raises(ArchiveError, match="不对"):
        place.run("backup", "--verify", file, "--key-file", str(key))


# -- what is not as it was written


@pytest.fixture(scope="module")
def written(model: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, Path]]:
    """A backup in many chunks, with a key file: no time goes into a passphrase."""
    folder, chunk = tmp_path_factory.mktemp("written"), archive.CHUNK
    key = folder / "key"
    key.write_bytes(b"k" * 32)
    archive.CHUNK = 1 << 14
    model.run("backup", str(folder / "a.backup"), "--key-file", str(key))
    yield (folder / "a.backup").read_bytes(), key
    archive.CHUNK = chunk


def chunks(content: bytes) -> tuple[bytes, list[bytes]]:
    at = len(archive.MAGIC) + 1 + archive.SALT
    begin, found = content[:at], []
    while at < len(content):
        found.append(content[at : at + archive.CHUNK + archive.TAG])
        at += archive.CHUNK + archive.TAG
    return begin, found


def damaged(content: bytes) -> Iterator[bytes]:
    for at in (0, 16, 17, 33, 37, 60, len(content) // 2, len(content) - 1):
        yield content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    begin, parts = chunks(content)
    assert len(parts) > 20
    for cut in (0, 10, len(begin), len(begin) + 3, len(begin) + 900, len(content) // 2, len(content) - 1):
        yield content[:cut]
    for some in (
        parts[:-1],
        parts[1:],
        [*parts[:5], parts[6], parts[5], *parts[7:]],
        [*parts, parts[-1]],
        parts[:7] + parts[8:],
        [*parts[:9], parts[-1]],
    ):
        yield begin + b"".join(some)
    yield content + b"\0"
    yield content + b"\0\0\0\0"


def test_what_was_cut_or_changed_is_refused_before_anything_is_touched(
    written: tuple[bytes, Path], tmp_path: Path
) -> None:
    content, key = written
    there, file = Place(tmp_path / "there"), tmp_path / "damaged.backup"
    for number, wrong in enumerate(damaged(content)):
        file.write_bytes(wrong)
        with pytest.raises(ArchiveError):
            there.run("restore", str(file), "--key-file", str(key))
        assert list(there.folder.iterdir()) == [], number
    file.write_bytes(content)
    assert there.run("restore", str(file), "--key-file", str(key)) == 0


def test_a_newer_backup_is_refused(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run("backup", str(tmp_path / "a.backup"))
    monkeypatch.setattr("store.migrate.HEAD", "0001")
    there = Place(tmp_path / "there")
    with pytest.raises(DatabaseError, match="升级程序"):
        there.run("restore", str(tmp_path / "a.backup"))
    assert list(there.folder.iterdir()) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_of_an_earlier_version_is_kept_as_it_is_and_comes_back_up_to_date(
    kind: str, tmp_path: Path, empty: Empty
) -> None:
    """So whoever has installed a new version can still back up before it is started."""
    old, earlier = Place(tmp_path / "old"), ROOT / "tests" / "upgrades"
    old.key.parent.mkdir()
    Path(old.url.removeprefix("sqlite:///")).write_bytes(lzma.decompress((earlier / "0.1.0.db.xz").read_bytes()))
    shutil.copy(earlier / "0.1.0.key", old.key)
    before = old.held()
    old.run("backup", str(tmp_path / "a.backup"))
    assert old.held() == before
    with whole.snapshot(old.url) as connection:
        assert str(revision_of(connection)) < HEAD
    there = Place(tmp_path / "there", empty(kind))
    there.run("restore", str(tmp_path / "a.backup"))
    with whole.snapshot(there.url) as connection:
        assert revision_of(connection) == HEAD
    assert there.held()["message"].rows == before["message"].rows > 0
    assert there.opened() == names(old.url, vault_of(old.config)) != set()


# -- nothing that is there is lost


def test_a_place_that_is_not_empty_is_refused_without_replace(either: Place, tmp_path: Path, empty: Empty) -> None:
    file = str(tmp_path / "a.backup")
    either.run("backup", file)
    with contextlib.closing(Database(either.url)) as database:
        database.now(lambda t: t._cursor.execute("UPDATE conversation SET seq = 99", ()))
    now = either.held()
    with pytest.raises(DatabaseError, match="已有数据"):
        either.run("restore", file)
    assert either.held() == now
    either.run("restore", file, "--replace")
    assert either.held()["conversation"] != now["conversation"]
    assert NAME in either.names()
    assert sorted(each.name for each in either.key.parent.iterdir() if each.name.startswith("data")) == ["data.key"]


def test_what_was_replaced_is_in_no_file(place: Place, tmp_path: Path) -> None:
    other, file = copied(place, tmp_path / "other"), str(tmp_path / "a.backup")
    with contextlib.closing(Database(other.url)) as database:
        for table in ("message", "conversation", "ticket", "ticket_event", "entry", "entry_version"):
            database.now(lambda t, table=table: t._cursor.execute(f"DELETE FROM {table}", ()))  # type: ignore[misc]
    other.run("backup", file)
    place.run("restore", file, "--replace")
    files = b"".join(each.read_bytes() for each in place.key.parent.glob("daoxue.db*"))
    assert WORDS.encode() not in files
    with contextlib.closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,), "what another build would leave there"


@pytest.mark.parametrize("broken", ["store.whole._compare", "store.whole._number_on"])
def test_a_failure_halfway_leaves_what_was_there(
    either: Place, tmp_path: Path, empty: Empty, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "a.backup")
    (either.folder / "config.yml").write_text("sample: false\n")
    either.run("backup", file)
    before, key = either.held(), either.key.read_text()
    fresh = Place(tmp_path / "fresh")

    def fails(*_: object) -> None:
        raise DatabaseError("halfway")

    monkeypatch.setattr(broken, fails)
    for there, more in ((either, ["--replace"]), (fresh, [])):
        with pytest.raises(DatabaseError, match="halfway"):
            there.run("restore", file, *more)
    monkeypatch.undo()
    assert either.held() == before
    assert either.key.read_text() == key
    assert not (fresh.folder / "config.yml").exists()
    fresh.run("restore", file)
    assert (fresh.folder / "config.yml").read_text() == "sample: false\n"


@pytest.mark.parametrize("wrong", [lambda row: row[:-1] + bytes([row[-1] ^ 1]), None])
def test_what_is_not_there_as_it_was_read_is_undone(
    place: Place, empty: Empty, wrong: Callable[[bytes], bytes] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row that is another, or is lacking."""
    real, there = whole._insert, empty("sqlite")

    def spoiled(connection: Connection, table: Table, some: whole.TableRows) -> None:
        if some.table == "setting":  # whose last column is a time
            some = some._replace(rows=[*map(wrong, some.rows[:1]), *some.rows[1:]] if wrong else some.rows[1:])
        real(connection, table, some)

    monkeypatch.setattr(whole, "_insert", spoiled)
    with pytest.raises(DatabaseError, match="不一样，什么都没有改：setting"):
        place.run("move", "--to", there)
    with whole.snapshot(there) as connection:
        assert revision_of(connection) is None


def test_tables_of_others_stay(either: Place, tmp_path: Path) -> None:
    if either.url.startswith("sqlite"):
        pytest.skip("a SQLite file is ours alone")
    file = str(tmp_path / "a.backup")
    either.run("backup", file)
    with psycopg.connect(either.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE somebody_elses (word text)")
        connection.execute("INSERT INTO somebody_elses VALUES ('stays')")
    either.run("restore", file, "--replace")
    with psycopg.connect(either.url) as connection:
        assert connection.execute("SELECT word FROM somebody_elses").fetchall() == [("stays",)]


def test_settings_texts_and_rules_come_back_and_none_is_written_over(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place.folder / "config.yml").write_text("centre: {texts: own}\naccounts: {rules: rules.yml}\n")
    (place.folder / "own").mkdir()
    (place.folder / "own" / "zh.yml").write_text("{}\n")
    (place.folder / "rules.yml").write_text("versions: []\n")
    place.run("backup", str(tmp_path / "a.backup"))
    there = Place(tmp_path / "there")
    (there.folder / "rules.yml").write_text("mine: 1\n")
    capsys.readouterr()
    there.run("restore", str(tmp_path / "a.backup"), "--json")
    assert {"differs": "rules.yml"} in told(capsys)
    assert (there.folder / "rules.yml").read_text() == "mine: 1\n"
    for name in ("config.yml", "own/zh.yml"):
        assert (there.folder / name).read_text() == (place.folder / name).read_text()


def test_secrets_of_the_environment_are_not_in_it(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WECHAT_APP_SECRET", "secret-of-the-account")
    place.run("backup", str(tmp_path / "a.backup"))
    held = []
    opener = archive.Opener(SECRET.encode(), True)
    with archive.opened(tmp_path / "a.backup", opener, {}) as (head, found):
        held = [str(head), *(str(part) for part in found)]
    assert "secret-of-the-account" not in "".join(held)
    assert place.key.read_text().strip() in held[0]


# -- the key


def test_a_key_of_the_environment_has_to_be_the_one(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, there = str(tmp_path / "a.backup"), Place(tmp_path / "there")
    place.run("backup", file)
    monkeypatch.setenv("DATA_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    with pytest.raises(VaultError, match="DATA_KEY"):
        there.run("restore", file)
    monkeypatch.setenv("DATA_KEY", place.key.read_text().strip())
    there.run("restore", file)
    assert NAME in there.names()
    assert not there.key.exists(), "it is kept where its owner keeps it"


def test_another_key_that_was_there_is_kept(place: Place, tmp_path: Path) -> None:
    file, there = str(tmp_path / "a.backup"), Place(tmp_path / "there")
    place.run("backup", file)
    there.names()
    before = there.key.read_text()
    there.run("restore", file, "--replace")
    assert there.key.read_text() == place.key.read_text()
    assert there.key.with_name(f"data.key.{of(before.strip()).name}").read_text() == before


def test_where_the_key_is_lacking_none_is_made(place: Place) -> None:
    place.key.unlink()
    with pytest.raises(VaultError, match="密钥不在"):
        place.names()
    with pytest.raises(VaultError, match="密钥不在"):
        place.run("backup", "a.backup")
    with pytest.raises(VaultError, match="密钥不在"):
        place.run("accounts", "rekey")
    assert not place.key.exists()


LOST, OTHER = ("密钥不在", "the key is lacking"), ("密钥不对", "not the key that closed")
NONE = ("密钥不对", "32 bytes in base64")


@pytest.mark.parametrize(
    ("keys", "environment", "words"),
    [(None, None, LOST), (f"{'B' * 43}=", None, OTHER), ("a key\n", None, NONE), (None, f"{'B' * 43}=", OTHER), (None, "x", NONE)],
)  # fmt: skip
def test_a_key_that_opens_nothing_is_one_line_before_the_start_and_at_it(
    keys: str | None, environment: str | None, words: tuple[str, str], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "密钥" not in str(check.problems(place.config)), "that of its own fits"
    found = place.key.read_text()
    place.key.unlink()
    if keys is not None:
        place.key.write_text(keys)
    if environment is not None:
        monkeypatch.setenv("DATA_KEY", environment)
    [line] = [each for each in check.problems(place.config) if "密钥" in each]
    assert all(each in line for each in words), line
    with pytest.raises(VaultError) as told:
        prepare(place.config)
    assert str(told.value) == line
    assert place.key.exists() == (keys is not None), "none is made"
    monkeypatch.delenv("DATA_KEY", raising=False)
    place.key.unlink(missing_ok=True)
    place.key.with_name("data.key.new").write_text(found)  # as a change of keys that was killed leaves it
    assert "密钥" not in str(check.problems(place.config)), "the start adopts what lies beside it"
    assert not place.key.exists(), "but looking changes nothing"
    prepare(place.config)
    assert place.key.read_text() == found


def test_a_backup_amid_a_change_of_keys_has_the_right_one(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database has the new one already, its file still the old one."""
    with monkeypatch.context() as killed:
        killed.setattr("accounts.vault.adopt", lambda *_: False)
        place.run("accounts", "rekey")
    place.run("backup", str(tmp_path / "a.backup"))
    there = Place(tmp_path / "there")
    there.run("restore", str(tmp_path / "a.backup"))
    assert NAME in there.opened()
    for each in place.key.parent.glob("data.key.*"):
        each.unlink()
    with pytest.raises(VaultError, match="打不开"):
        place.run("backup", str(tmp_path / "b.backup"))


def test_keys_of_the_environment_change_too(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = place.key.read_text().strip(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    place.key.unlink()
    monkeypatch.setenv("DATA_KEY", f"{new},{old}")
    place.run("backup", str(tmp_path / "a.backup"))
    capsys.readouterr()
    place.run("accounts", "rekey")
    assert new not in capsys.readouterr().out, "a key is not shown"
    monkeypatch.setenv("DATA_KEY", new)
    assert NAME in place.opened()
    assert not list(place.key.parent.glob("data.key*"))
    monkeypatch.delenv("DATA_KEY")
    there = Place(tmp_path / "there")
    there.run("restore", str(tmp_path / "a.backup"))
    assert NAME in there.opened()


def test_older_copies_are_readable_after_two_changes_of_the_key(place: Place, tmp_path: Path) -> None:
    first = copied(place, tmp_path / "first")
    place.run("accounts", "rekey")
    second = copied(place, tmp_path / "second")
    place.run("backup", str(tmp_path / "second.backup"))
    place.run("accounts", "rekey")
    assert NAME in place.names()
    for older in (first, second):
        keys = older.key.read_text().strip()
        assert place.key.with_name(f"data.key.{of(keys).name}").read_text().strip() == keys
        assert NAME in older.names()
    there = Place(tmp_path / "there")
    there.run("restore", str(tmp_path / "second.backup"))
    assert NAME in there.names()


# -- beside a service


def test_nothing_is_replaced_while_somebody_serves(either: Place, tmp_path: Path, empty: Empty) -> None:
    file = str(tmp_path / "a.backup")
    with alone.serving(either.url):
        either.run("backup", file)
        before = either.held()
        for words in (["restore", file, "--replace"], ["accounts", "rekey"], ["move", "--to", empty("sqlite")]):
            with pytest.raises(DatabaseError, match="先停下"):
                either.run(*words)
        assert either.held() == before
    with alone.to_ourselves(either.url), pytest.raises(DatabaseError), alone.serving(either.url):
        pass
    if either.url.startswith("postgresql"):
        with contextlib.closing(Database(either.url)), pytest.raises(DatabaseError, match="先停下"):
            either.run("accounts", "rekey")  # a service whose lock went with a connection that was cut


# -- elsewhere


def test_moved_there_and_back_every_row_is_the_same(
    place: Place, tmp_path: Path, empty: Empty, capsys: pytest.CaptureFixture[str]
) -> None:
    before, there, back = place.held(), empty("postgresql"), empty("sqlite")
    place.run("move", "--to", there, "--json")
    lines = {str(row["table"]): (row["rows"], row["digest"]) for row in told(capsys) if "table" in row}
    assert lines == {name: (rows, f"{digest:032x}") for name, (rows, digest) in before.items()}
    with pytest.raises(DatabaseError, match="已有数据"):
        place.run("move", "--to", there)
    with psycopg.connect(there) as connection:
        for table in ("ledger", "learner", "ticket_event"):  # the next row is numbered after the last
            numbers = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) - max(id) FROM {table}"
            assert connection.execute(numbers).fetchone() == (1,)
    place.url = there
    place.run("move", "--to", back)
    place.url = back
    assert but_places(place.held()) == but_places(before)
    for wrong in (back, "mysql://a"):
        with pytest.raises(ConfigError, match="--to"):
            place.run("move", "--to", wrong)


@pytest.mark.parametrize(
    ("wound", "says"),
    [
        (lambda path: path.write_bytes(b"x" * 5000), "坏了"),
        (
            lambda path: path.write_bytes(path.read_bytes()[:9000] + b"\xff" * 30_000 + path.read_bytes()[39_000:]),
            "坏了",
        ),
        (lambda path: path.unlink(), "还没有"),
    ],
)
def test_what_is_wrong_with_a_database_is_one_line(place: Place, wound: Callable[[Path], object], says: str) -> None:
    file = Path(place.url.removeprefix("sqlite:///"))
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what is still in the log would heal the wound
    wound(file)
    with pytest.raises(DatabaseError, match=says):
        place.run("backup", "a.backup")
    assert sorted(each.name for each in place.folder.iterdir()) == ["var"]


def test_what_a_server_says_of_rows_is_not_repeated(empty: Empty) -> None:
    with pytest.raises(DatabaseError) as told, whole.writing(empty("postgresql")) as connection:
        connection.exec_driver_sql("SELECT CAST('13911112222 said' AS json)")
    assert "1391111" not in str(told.value)
    with pytest.raises(DatabaseError, match="连不上"), whole.snapshot("postgresql://a@127.0.0.1:1/b"):
        pass


def test_a_newer_database_is_one_line(place: Place) -> None:
    with contextlib.closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
        connection.execute("UPDATE setting SET body = ? WHERE name = 'oldest_program'", (b"0999",))
    with pytest.raises(DatabaseError, match="升级程序"):
        place.names()
    with pytest.raises(DatabaseError, match="升级程序"):
        place.run("backup", "a.backup")


# -- killed


def points(count: int, several: int) -> list[int]:
    """So many of the lines, from the first to the last."""
    return sorted({1 + round(at * (count - 1) / (several - 1)) for at in range(several)})


def test_rekey_killed_at_any_line(model: Place, tmp_path: Path) -> None:
    count = copied(model, tmp_path / "dry").lines_of("accounts", "rekey")
    original = model.key.read_text().strip()
    for nth in points(count, 30):
        here = copied(model, tmp_path / f"{nth}")
        assert here.killed(nth, "accounts", "rekey")
        assert NAME in here.opened(), nth
        known = {each.read_text().strip() for each in here.key.parent.glob("data.key*")}
        assert original in known, "what was copied before is readable"
        here.run("accounts", "rekey")
        assert NAME in here.opened()
        assert here.key.read_text().strip() != original
        shutil.rmtree(here.folder)


def test_backup_killed_at_any_line(place: Place, tmp_path: Path) -> None:
    key, folder = tmp_path / "key", tmp_path / "kept"
    key.write_bytes(b"k" * 32)
    folder.mkdir()
    words = ["backup", str(folder / "a.backup"), "--key-file", str(key)]
    count, before = place.lines_of(*words), place.held()
    for nth in points(count, 12):
        (folder / "a.backup").unlink(missing_ok=True)
        assert place.killed(nth, *words)
        if (folder / "a.backup").exists():
            place.run("backup", "--verify", *words[1:])
    (folder / "a.backup").unlink(missing_ok=True)
    place.run(*words)
    assert place.held() == before
    assert [each.name for each in folder.iterdir()] == ["a.backup"]
    assert not [each for each in place.key.parent.iterdir() if ".copy-" in each.name]


def test_restore_killed_at_any_line(written: tuple[bytes, Path], either: Place, tmp_path: Path) -> None:
    """What is there is one or the other, whole, with its key."""
    (tmp_path / "a.backup").write_bytes(written[0])
    words = ["restore", str(tmp_path / "a.backup"), "--key-file", str(written[1]), "--replace"]
    other = Place(tmp_path / "other")
    other.names()
    other.run("accounts", "rekey")
    other.run("backup", str(tmp_path / "other.backup"))
    either.run("restore", str(tmp_path / "other.backup"), "--replace")
    theirs, dry = but_places(either.held()), Place(tmp_path / "dry")
    count = dry.lines_of(*words)
    ours = but_places(dry.held())
    seen = set()
    for nth in points(count, 10):
        either.killed(nth, *words)
        held = but_places(either.held())
        assert held in (theirs, ours), nth
        seen.add(held == ours)
        assert (NAME in either.opened()) == (held == ours), nth
        if held == ours:
            either.run("restore", str(tmp_path / "other.backup"), "--replace")
    assert seen == {True, False}


def test_move_killed_at_any_line(place: Place, tmp_path: Path, empty: Empty) -> None:
    before, there = place.held(), empty("postgresql")
    count = place.lines_of("move", "--to", empty("sqlite"))
    for nth in points(count, 8):
        assert place.killed(nth, "move", "--to", there)
        assert place.held() == before, nth
        with whole.snapshot(there) as connection:
            if not whole.is_filled(connection):
                continue
        assert but_places(Place(tmp_path / "there", there).held()) == but_places(before)
        there = empty("postgresql")
    place.run("move", "--to", there)
    assert but_places(Place(tmp_path / "there", there).held()) == but_places(before)
