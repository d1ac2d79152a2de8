"""What can be wrong with the database before it starts: one line that says what to do, in both languages, by whatever
command meets it; never a trace."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port, lacking
from tests.service import ROOT
from tests.test_outages import fill

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


def _mounted(centre: Centre, size: str) -> Iterator[Centre]:
    disk = centre[0].parent / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "daoxue", disk], capture_output=True).returncode:
        lacking("the right to mount a tmpfs")
    shutil.copytree(centre[0], disk, dirs_exist_ok=True)
    yield disk, f"sqlite:///{disk}/var/daoxue.db"
    subprocess.run(["umount", disk], check=True)


def read_only(centre: Centre) -> Iterator[Centre]:
    for disk, url in _mounted(centre, "32m"):
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk, url


def full(centre: Centre) -> Iterator[Centre]:
    for disk, url in _mounted(centre, "8m"):
        fill(disk)
        yield disk, url


def away(centre: Centre) -> Iterator[Centre]:
    yield centre[0], f"postgresql://daoxue:s3cret@127.0.0.1:{free_port()}/daoxue"


@pytest.mark.parametrize("command", ["serve", "check"])
@pytest.mark.parametrize(
    ("wrong", "zh", "en"),
    [
        (newer, "数据库比程序新", "newer than the program"),
        (damaged, "数据库文件坏了", "damaged"),
        (torn, "数据库文件坏了", "damaged"),
        (read_only, "可写", "writable"),
        (full, "磁盘满了", "disk full"),
        (away, "连不上数据库服务器", "cannot be reached"),
    ],
)
def test_what_is_wrong_with_the_database_is_one_line(
    wrong: Callable[[Centre], Iterator[Centre]], zh: str, en: str, command: str, centre: Centre
) -> None:
    if (wrong, command) == (full, "check"):
        pytest.skip("only looks, which takes no room")
    for folder, url in wrong(centre):
        own = {"DAOXUE_DATABASE__URL": url, "DAOXUE_SERVER__PORT": str(free_port()), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-m", "daoxue", command], cwd=folder, env={**os.environ, **own}, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode not in (0, 130), done.stdout
        told = done.stderr.splitlines()
        assert len(told) == 1, done.stderr
        assert zh in told[0]
        assert en in told[0]
        assert "s3cret" not in told[0]
