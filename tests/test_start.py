"""What can be wrong with the database before it starts: one line that says what to do, in both languages, by whatever
command meets it; never a trace."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accounts import vault
from accounts.vault import VaultError
from daoxue import check
from daoxue.config import AccountsSettings, Config, DatabaseSettings
from daoxue.preparing import prepare
from store import alone
from store.outages import DatabaseError
from tests.conftest import free_port
from tests.disk import fill, mounted
from tests.service import ran

Centre = tuple[Path, str]  # the folder it is run in, and its database's address


@pytest.fixture
def centre(sample_file: Path, tmp_path: Path) -> Centre:
    """Settings, a database and its key, as a service leaves them."""
    folder = tmp_path / "centre"
    (folder / "var").mkdir(parents=True)
    path = folder / "var" / "daoxue.db"
    for part in sample_file.parent.glob("sample.db*"):
        shutil.copy(part, f"{path}{part.name.removeprefix('sample.db')}")
    (folder / "config.yml").write_text("sample: true\n")
    return folder, f"sqlite:///{path}"


def newer(centre: Centre) -> Iterator[Centre]:
    with sqlite3.connect(centre[0] / "var" / "daoxue.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.execute("UPDATE setting SET body = ? WHERE name = 'oldest_program'", (b"9999",))
    database.close()
    yield centre


def damaged(centre: Centre) -> Iterator[Centre]:
    path = centre[0] / "var" / "daoxue.db"
    for beside in path.parent.glob("daoxue.db-*"):
        beside.unlink()
    held = bytearray(path.read_bytes())
    held[:100] = bytes(100)
    path.write_bytes(held)
    yield centre


def torn(centre: Centre) -> Iterator[Centre]:
    """Its beginning is whole."""
    path = centre[0] / "var" / "daoxue.db"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    held = path.read_bytes()
    path.write_bytes(held[:8192] + os.urandom(len(held) - 8192))
    yield centre


@contextlib.contextmanager
def _moved_to_disk(centre: Centre, size: str) -> Iterator[Centre]:
    with mounted(centre[0].parent / "disk", size) as disk:
        shutil.copytree(centre[0], disk, dirs_exist_ok=True)
        yield disk, f"sqlite:///{disk}/var/daoxue.db"


def read_only(centre: Centre) -> Iterator[Centre]:
    with _moved_to_disk(centre, "32m") as (disk, url):
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk, url


def read_only_and_empty(centre: Centre) -> Iterator[Centre]:
    shutil.rmtree(centre[0] / "var")
    yield from read_only(centre)


def full(centre: Centre) -> Iterator[Centre]:
    with _moved_to_disk(centre, "8m") as (disk, url):
        fill(disk)
        yield disk, url


def away(centre: Centre) -> Iterator[Centre]:
    yield centre[0], f"postgresql://daoxue:s3cret@127.0.0.1:{free_port()}/daoxue"


WRONG = [
    (newer, "数据库比程序新", "newer than the program"),
    (damaged, "数据库文件坏了", "damaged"),
    (torn, "数据库文件坏了", "damaged"),
    (read_only, "可写", "writable"),
    (away, "连不上数据库服务器", "cannot be reached"),
    (full, "磁盘满了", "disk full"),
    (read_only_and_empty, "可写", "writable"),
]


@pytest.mark.parametrize(("wrong", "zh", "en"), WRONG)
def test_what_is_wrong_with_the_database_is_said_in_words(
    wrong: Callable[[Centre], Iterator[Centre]], zh: str, en: str, centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.contextmanager(wrong)(centre) as (folder, url):
        config = Config(
            database=DatabaseSettings(url), accounts=AccountsSettings(key_file=str(folder / "var" / "data.key"))
        )
        with pytest.raises(DatabaseError) as told, alone.serving(url):
            prepare(config)
        looked = [each for each in check.problems(config) if zh in each and en in each]
        assert len(looked) == 1, "before the start, too"
    line = str(told.value)
    assert (zh in line, en in line, "\n" in line, "s3cret" in line) == (True, True, False, False), line
    assert not caplog.records, "it is said once"


@pytest.mark.parametrize(
    ("wrong", "command", "status", "words"),
    [(newer, "serve", 2, "数据库比程序新"), (torn, "check", 1, "数据库文件坏了")],
)
def test_a_command_ends_with_that_line_alone(
    wrong: Callable[[Centre], Iterator[Centre]], command: str, status: int, words: str, centre: Centre
) -> None:
    with contextlib.contextmanager(wrong)(centre) as (folder, url):
        done = daoxue(command, folder, DAOXUE_DATABASE__URL=url)
    told = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("提醒")]
    assert (done.returncode, len(told)) == (status, 1), told
    assert words in told[0]


def test_a_key_that_cannot_be_kept_is_one_line(centre: Centre) -> None:
    with contextlib.contextmanager(read_only)(centre) as (disk, _), pytest.raises(VaultError) as told:
        vault.load(disk / "other.key", {})
    assert "密钥文件写不进去" in str(told.value)
    assert "has to be writable" in str(told.value)


def test_a_new_centre_is_told_of_a_key_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "data.key").write_text("a key\n")
    config = Config(
        database=DatabaseSettings(f"sqlite:///{tmp_path}/new.db"),
        accounts=AccountsSettings(key_file=f"{tmp_path}/data.key"),
    )
    assert len([each for each in check.problems(config) if "32 bytes" in each]) == 1


def daoxue(command: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return ran([command], folder, {**os.environ, "DAOXUE_SERVER__PORT": str(free_port()), **settings})
