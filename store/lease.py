"""That one process serves an embedded database: a row of it says who, written anew as long as that is so.

The lock on the file beside it (`store.alone`) says so at once, on one machine. The row says it where that lock does not
reach: in a folder that several machines or containers share, and where somebody took the lock's file away. A holder that
was killed lapses: at once where its process was on this machine, else when its row stays as it is for `LAPSES` seconds.
Nobody's clock is compared with another's.
"""

import contextlib
import logging
import os
import platform
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from store.engine import told
from store.outages import DatabaseError
from store.sqlite import Sqlite

log = logging.getLogger(__name__)
BEATS, LAPSES = 4.0, 12.0  # seconds between two words of who serves; without one, after which nobody does
_NAME = "serving"
_READ = "SELECT body FROM setting WHERE name = ?"
_PUT = (
    "INSERT INTO setting (name, body, by, at) VALUES (?, ?, '', ?)"
    " ON CONFLICT (name) DO UPDATE SET body = excluded.body, at = excluded.at"
)
_TAKE_OUT = "DELETE FROM setting WHERE name = ? AND body = ?"


class Holder(Struct, frozen=True):
    """A process that serves the database in `file`. `place` is the same wherever it can be seen under that `pid`; `began`
    tells it from another one that was given its number."""

    host: str
    place: str
    pid: int
    began: str
    file: str
    beat: int = 0

    def is_ours(self, me: "Holder") -> bool:
        return replace(self, beat=0) == replace(me, beat=0)

    def is_gone(self, me: "Holder") -> bool:
        """Whether that is certain: seen from the same place, or a copy of a database that they serve elsewhere."""
        return self.place == me.place and (self.file != me.file or _began(self.pid) != self.began)


def holder(path: str) -> Holder:
    """This process."""
    pid = os.getpid()
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        place = f"{boot} {os.readlink('/proc/self/ns/pid')}"
        return Holder(platform.node(), place, pid, _began(pid), str(os.stat(path).st_ino))
    return Holder(platform.node(), f"{platform.node()} {pid}", pid, "", "")


def _began(pid: int) -> str:
    """When a process began, by the system's own count; empty where there is none."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


@contextlib.contextmanager
def held(path: str) -> Iterator[None]:
    """This process serves the database, which need not have its tables yet. Raises `DatabaseError` where another one
    does."""
    url = f"sqlite:///{path}"
    with told(url), contextlib.closing(Sqlite(path).connect()) as connection:
        _wait_for_others(connection, holder(path))
    end = threading.Event()
    beating = threading.Thread(target=_beat, args=(path, end), name="lease", daemon=True)
    beating.start()
    try:
        yield
    finally:
        end.set()
        beating.join(BEATS)


def _wait_for_others(connection: sqlite3.Connection, me: Holder) -> None:
    """Ends when nobody else serves it, and nothing says so any more."""
    waited = 0.0
    body = first = _read(connection)
    while body is not None and body == first and waited < LAPSES:
        other = _decode(body)
        if other.is_gone(me) or other.is_ours(me):
            break
        if other.place == me.place:
            raise _in_use(other)
        if not waited:
            log.warning("another process served this database last: waiting whether it still does")
        time.sleep(BEATS / 8)
        waited += BEATS / 8
        body = _read(connection)
    if body is not None and body != first:
        raise _in_use(_decode(body))
    if body is not None:
        connection.execute(_TAKE_OUT, (_NAME, body))


def _in_use(other: Holder) -> DatabaseError:
    return DatabaseError(
        f"{other.host} 上的 daoxue serve（进程 {other.pid}）正在用这个数据库：先停下那一个；要跑多个进程，请把 database.url 换成 PostgreSQL。"
        f" Another process serves this database (on {other.host}, {other.pid}): stop it; more than one needs PostgreSQL."
    )


def _beat(path: str, end: threading.Event) -> None:
    """Says that we serve it until the end; where somebody else has come to do so, it is our end."""
    me = holder(path)
    while True:
        # What is wrong with the database, whoever writes to it says.
        with contextlib.suppress(sqlite3.Error, OSError), contextlib.closing(Sqlite(path).connect()) as connection:
            while not end.wait(0 if not me.beat else BEATS):
                me = replace(me, beat=me.beat + 1)
                if not _say(connection, me):
                    log.critical(
                        "另一个进程接管了数据库，这一个停下 · another process has taken the database over: this one ends"
                    )
                    os.kill(os.getpid(), signal.SIGTERM)
                    return
            connection.execute(_TAKE_OUT, (_NAME, _encode(me)))
            return
        if end.wait(BEATS / 8):
            return


def _say(connection: sqlite3.Connection, me: Holder) -> bool:
    """False where it is somebody else who serves it."""
    with connection:  # ends the transaction
        connection.execute("BEGIN IMMEDIATE")
        body = _read(connection)
        other = _decode(body) if body is not None else me
        ours = other.is_ours(me) or other.is_gone(me)
        if ours:
            connection.execute(_PUT, (_NAME, _encode(me), int(time.time() * 1000)))
    return ours


def _read(connection: sqlite3.Connection) -> bytes | None:
    """None where nobody says so, or there is no table yet."""
    try:
        found: tuple[bytes] | None = connection.execute(_READ, (_NAME,)).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return found[0] if found else None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Holder).decode
