"""Another process that writes to the same SQLite file: for how long, and that it is told."""

import logging
import time

from store.outages import Outage, OutageError

log = logging.getLogger(__name__)
NOTED = 2.0  # seconds; more than anybody needs who means well


class LockedDatabaseError(OutageError):
    """Another process writes to the database, and does not come to an end. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__(Outage.LOCKED)


class Contention:
    """What `store.database` meets when it begins a transaction."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._told = False

    def met(self) -> None:
        """Another process writes."""
        self._since = self._since or time.monotonic()
        if not self._told and self.taken() > NOTED:
            self._told = True
            log.error("the database is locked by another process: nothing can be written")

    def over(self) -> None:
        """None does."""
        if self._told:
            log.warning("the database can be written again", extra={"seconds": round(self.taken(), 1)})
        self._since, self._told = None, False

    def seconds(self) -> float:
        """The same; 0 where it is not long."""
        taken = self.taken()
        return taken if taken > NOTED else 0.0

    def taken(self) -> float:
        """For how long it has lasted."""
        return time.monotonic() - self._since if self._since is not None else 0.0
