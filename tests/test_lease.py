"""One process serves an embedded database: the database itself says so, also where the lock beside it does not reach."""

import contextlib
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from store import alone, lease
from store.lease import Holder, holder
from store.outages import DatabaseError

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def database(sample_file: Path, tmp_path: Path) -> str:
    path = tmp_path / "daoxue.db"
    with (
        contextlib.closing(sqlite3.connect(sample_file)) as original,
        contextlib.closing(sqlite3.connect(path)) as copy,
    ):
        original.backup(copy)
    return str(path)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEATS", 0.2)
    monkeypatch.setattr(lease, "LAPSES", 0.8)


def serving(path: str) -> contextlib.AbstractContextManager[None]:
    """With the lock's file taken away: the database alone tells."""
    Path(f"{path}.lock").unlink(missing_ok=True)
    return alone.serving(f"sqlite:///{path}")


def said(path: str) -> Holder | None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT body FROM setting WHERE name = 'serving'").fetchone()
    return msgspec.json.decode(found[0], type=Holder) if found else None


def says(path: str, other: Holder) -> None:
    with contextlib.closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        connection.execute(
            "REPLACE INTO setting (name, body, by, at) VALUES ('serving', ?, '', 0)", (msgspec.json.encode(other),)
        )


def wait_for(path: str, other_than: Holder | None) -> Holder:
    for _ in range(200):
        if (found := said(path)) not in (None, other_than):
            assert found is not None
            return found
        time.sleep(0.05)
    raise AssertionError("nobody says that they serve it")


def serve_it(path: str) -> None:
    with alone.serving(f"sqlite:///{path}"):
        time.sleep(60)


@contextlib.contextmanager
def another(path: str) -> Iterator[int]:
    process = SPAWN.Process(target=serve_it, args=(path,), daemon=True)
    process.start()
    assert process.pid
    try:
        assert wait_for(path, None).pid == process.pid
        yield process.pid
    finally:
        process.kill()
        process.join()


def test_a_second_process_is_told_who_serves(database: str) -> None:
    with (
        another(database) as pid,
        pytest.raises(DatabaseError, match=f"{pid}.*PostgreSQL.*needs PostgreSQL"),
        serving(database),
    ):
        pass


def test_who_was_killed_is_gone_at_once(database: str) -> None:
    with another(database):
        pass
    began = time.monotonic()
    with serving(database):
        assert time.monotonic() - began < 1
        assert wait_for(database, None).pid
    assert said(database) is None, "an orderly end leaves nothing behind"


def test_who_was_killed_elsewhere_lapses(database: str, quick: None) -> None:
    elsewhere = replace(holder(database), host="other", place="elsewhere", pid=7, beat=3)
    says(database, elsewhere)
    began = time.monotonic()
    with serving(database):
        assert 0.7 < time.monotonic() - began < 5
        assert wait_for(database, elsewhere).pid == os.getpid()


def test_who_serves_elsewhere_is_named(database: str, quick: None) -> None:
    elsewhere = replace(holder(database), host="other", place="elsewhere", pid=7, beat=3)
    says(database, elsewhere)
    later = threading.Timer(0.3, says, (database, replace(elsewhere, beat=4)))
    later.start()
    with pytest.raises(DatabaseError, match="other 上的 daoxue serve（进程 7）"), serving(database):
        pass
    later.join()
    assert said(database) == replace(elsewhere, beat=4), "it is left alone"


def test_a_copy_of_a_database_is_nobodys(database: str) -> None:
    says(database, replace(holder(database), pid=1, file="0"))
    with serving(database):
        assert wait_for(database, None)


def test_who_was_taken_over_ends(database: str, quick: None) -> None:
    told = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: told.set())
    try:
        with serving(database):
            wait_for(database, None)
            elsewhere = replace(holder(database), place="elsewhere", pid=7)
            says(database, elsewhere)
            for _ in range(100):
                time.sleep(0.05)  # signals are heard between two steps
                if told.is_set():
                    break
        assert told.is_set()
        assert said(database) == elsewhere
    finally:
        signal.signal(signal.SIGTERM, before)
