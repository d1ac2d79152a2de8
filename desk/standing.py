"""What people at the desk decide while it runs: opening hours, shifts, how long things are kept. Kept in the database,
so that every process follows; `config.yml` says what holds until somebody decides otherwise. Each is written whole: what
a page leaves out is no wish to have it as at first."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from desk.hours import DeskSettings, Hours
from knowledge.catalogue import Opening
from store import conversations
from store import settings as rows
from store.database import Database
from store.transaction import Transaction

AUDIT_LEAST = 180  # days: records of a network's working are kept six months at least (Cybersecurity Law, article 21)
Days = Annotated[int, Meta(ge=1, le=3650)]


class OpeningHours(Struct, frozen=True, forbid_unknown_fields=True):
    """As in `desk.hours.DeskSettings`."""

    hours: Annotated[tuple[Opening, ...], Meta(max_length=14)]
    closed_on: Annotated[tuple[date, ...], Meta(max_length=400)]
    open_on: Annotated[tuple[date, ...], Meta(max_length=400)]


class Shift(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be there on which weekdays (1 is Monday)."""

    seat: Annotated[str, Meta(min_length=1, max_length=64)]
    days: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(min_length=1, max_length=7)]
    opens: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    closes: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Shifts(Struct, frozen=True, forbid_unknown_fields=True):
    shifts: Annotated[tuple[Shift, ...], Meta(max_length=500)]


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """Days after which a resident's words, closed tickets' handovers and the audit are taken out."""

    messages: Days
    audit: Annotated[int, Meta(ge=AUDIT_LEAST, le=3650)]


UNLESS_DECIDED = Retention(messages=180, audit=1095)


class LiveSettings:
    """Reads and changes them. `opening` is what `Hours` follows; `kept` is told for how many days words are kept."""

    def __init__(
        self, database: Database, settings: DeskSettings, hours: Hours, kept: Callable[[int], None] = lambda _: None
    ) -> None:
        self._kept = kept
        self._database = database
        self._settings = settings
        self._hours = hours
        self._opening_read: bytes | None = None

    async def refresh(self) -> None:
        """Follows what another process or page has decided."""
        stored = await self._database.read(lambda t: rows.get(t, "opening"))
        if stored != self._opening_read:
            self._opening_read = stored
            self._hours.follow(_opened(self._settings, stored))
        self._kept((await self.retention()).messages)

    async def opening(self) -> OpeningHours:
        stored = await self._database.read(lambda t: rows.get(t, "opening"))
        now = _opened(self._settings, stored)
        return OpeningHours(now.hours, now.closed_on, now.open_on)

    async def shifts(self) -> Shifts:
        stored = await self._database.read(lambda t: rows.get(t, "shifts"))
        return msgspec.json.decode(stored, type=Shifts) if stored else Shifts(())

    async def retention(self) -> Retention:
        stored = await self._database.read(lambda t: rows.get(t, "retention"))
        if stored is None:
            return UNLESS_DECIDED
        kept = msgspec.json.decode(stored, type=dict[str, int])
        return Retention(
            kept["messages"], max(AUDIT_LEAST, kept["audit"])
        )  # it may have been set before there was a floor

    async def put(self, name: str, value: OpeningHours | Shifts | Retention, by: str, now: int) -> None:
        def work(transaction: Transaction) -> None:
            rows.put(transaction, name, msgspec.json.encode(value), by, now)
            conversations.audited(transaction, by, f"setting.{name}", "", "", now)

        await self._database.write(work)
        await self.refresh()


def _opened(settings: DeskSettings, stored: bytes | None) -> DeskSettings:
    if stored is None:
        return settings
    opening = msgspec.json.decode(stored, type=OpeningHours)
    return msgspec.structs.replace(settings, hours=opening.hours, closed_on=opening.closed_on, open_on=opening.open_on)
