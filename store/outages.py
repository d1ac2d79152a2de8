"""What keeps us from a database, whatever is asked of it: in words that say what to do, and told in the log once."""

import logging
import time
from enum import StrEnum

log = logging.getLogger(__name__)
PASSING = 2.0  # seconds for which another process may write: more than anybody needs who means well


class DatabaseError(Exception):
    """The database cannot be used."""


class ReplicaError(DatabaseError):
    """The replica of it is of no use at the moment."""


class Outage(StrEnum):
    """By the name that metrics bear; `zh` and `en` say it."""

    LOCKED = "locked"
    FULL = "full"
    READ_ONLY = "read_only"
    DAMAGED = "damaged"
    MOVED = "moved"
    LOST = "lost"

    @property
    def zh(self) -> str:
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        return _WORDS[self][1]


_WORDS = {
    Outage.LOCKED: ("数据库被别的程序占着，写不进去", "the database is locked by another process"),
    Outage.FULL: ("磁盘满了，什么都写不进去：请腾出空间", "disk full: nothing can be written until there is room"),
    Outage.READ_ONLY: (
        "数据库只能读：请把它的文件和文件夹改成可写",
        "the database is read-only: its file and folder have to be made writable",
    ),
    Outage.DAMAGED: (
        "数据库文件坏了：请停下服务，移开它，恢复最近的备份",
        "the database is damaged: stop the service, move the file away, restore the latest backup",
    ),
    Outage.MOVED: (
        "数据库文件被移走、删掉或换掉了：请停下服务，把它放回原处",
        "the database's file was moved, deleted or replaced: stop the service and put it back",
    ),
    Outage.LOST: (
        "连不上数据库服务器：看它是否在运行，database.url 的地址、账号、口令对不对",
        "the database's server cannot be reached: see whether it runs, and what database.url says",
    ),
}


class OutageError(DatabaseError):
    """The database cannot be used now, whatever is asked of it. Nothing was changed."""

    def __init__(self, outage: Outage) -> None:
        super().__init__(f"{outage.zh} · {outage.en}")
        self.outage = outage


class Outages:
    """Those that one database has at this moment."""

    def __init__(self) -> None:
        self._since: dict[Outage, float] = {}
        self._told: set[Outage] = set()

    @property
    def first(self) -> Outage | None:
        """The one that has lasted longest."""
        return next((each for each in self._since if each in self._told), None)

    def lasted(self, outage: Outage) -> float:
        """Seconds since it was met."""
        return time.monotonic() - self._since[outage] if outage in self._since else 0.0

    def note(self, outage: Outage, *, holds: bool) -> None:
        """Says so in the log where that is new; one that passes is none."""
        if holds:
            self._since.setdefault(outage, time.monotonic())
            if outage not in self._told and (outage is not Outage.LOCKED or self.lasted(outage) >= PASSING):
                self._told.add(outage)
                log.error("%s", OutageError(outage))
            return
        seconds = round(self.lasted(outage), 1)
        self._since.pop(outage, None)
        if outage in self._told:
            self._told.remove(outage)
            log.warning("数据库恢复了 · the database can be used again (%s)", outage, extra={"seconds": seconds})

    def over(self) -> None:
        """Something was written: none is left, but that it may have been written to a file that is nobody's."""
        for outage in list(self._since):
            if outage is not Outage.MOVED:
                self.note(outage, holds=False)
