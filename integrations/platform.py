"""The credit bank of a learning platform elsewhere, over HTTP: docs/platform.openapi.yml is the contract.

Nothing that it says is believed before it has been checked, and nothing old is said without its date. It is asked again
only where asking twice does no harm, and not at all for a while after it has failed several times. What it has to be told
goes through the queue with a key, until it is taken.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, TypeVar

import httpx
import msgspec
from msgspec import Meta, Struct

from accounts import registering
from accounts.ledger import Balance, Extract, Order, StatementLine, UnavailableError
from accounts.registering import Registered, Status
from accounts.rules import TENTHS
from accounts.vault import Vault
from bot.calling import HttpClient
from bot.channel import ChannelHealth
from bot.queue import Done, Failed, Kind, Lost, Outcome
from integrations.breaker import Breaker
from store import queue, remote
from store.bank import AttendanceRow
from store.database import Database
from store.enrolments import EnrolmentRow
from store.queue import NewRow, QueueRow
from store.transaction import Transaction

log = logging.getLogger(__name__)
T = TypeVar("T")
CONNECT = 1.0  # seconds
LARGEST = 256_000  # bytes of an answer
FRESH = 30_000  # ms that an answer is as good as a new one
OLDEST = 24 * 3_600_000  # ms after which a copy is not said any more, even with its date
LANE = "platform"
PATIENCE = 40  # attempts, in some thirty hours
Url = Annotated[str, Meta(pattern=r"^(https?://\S+)?$", max_length=300)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Credits = Annotated[float, Meta(ge=-1_000_000, le=1_000_000)]
Points = Annotated[int, Meta(ge=-10_000_000, le=10_000_000)]
Words = Annotated[str, Meta(max_length=300)]


class PlatformSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the accounts are kept; empty: here. `fields` names, for each kind of answer, where a field of ours stands in
    theirs, as a path with dots. The token comes from the environment: `PLATFORM_TOKEN`."""

    base: Url = ""
    seconds: Annotated[float, Meta(gt=0, le=10)] = 3.0
    fields: dict[str, dict[str, str]] = {}


class _Balance(Struct, frozen=True):
    credits: Annotated[float, Meta(ge=0, le=1_000_000)]
    points: Annotated[int, Meta(ge=0, le=10_000_000)]
    frozen: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    last: Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    lapsing: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    lapses_on: Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""


class _Entry(Struct, frozen=True):
    day: Day
    type: Words
    note: Words
    source: Words
    credits: Credits = 0
    points: Points = 0
    frozen: Points = 0
    rule: Words = ""


class _Order(Struct, frozen=True):
    ref: Words
    name: Words
    points: Annotated[int, Meta(ge=0, le=10_000_000)]
    state: Annotated[str, Meta(pattern=r"^(reserved|collected|cancelled|expired)$")]
    site: Words
    at: Annotated[int, Meta(ge=0, le=1 << 50)]
    until: Annotated[int, Meta(ge=0, le=1 << 50)]


class _Lesson(Struct, frozen=True):
    day: Day
    note: Words
    source: Words
    minutes: Annotated[int, Meta(ge=0, le=10_000)] = 0
    credited: bool = True


MOST = 500  # things in one answer
_LISTS: Mapping[str, type[Struct]] = {"entries": _Entry, "orders": _Order, "attendance": _Lesson}


class NoCardError(UnavailableError):
    """The platform has no such card."""


class _Owner(Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    phone: Annotated[str, Meta(pattern=r"^1[3-9]\d{9}$")]
    school: Annotated[str, Meta(max_length=64)] = ""
    minor: bool = False
    status: Status = "active"


class Platform:
    """`CreditBank` of a platform elsewhere, which knows learners by their cards alone."""

    def __init__(
        self, settings: PlatformSettings, token: str, database: Database, vault: Vault,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._database = database
        self._vault = vault
        self._clock = clock
        self._breaker = Breaker()
        self.alarm: str | None = None
        self.kind = Kind(self._tell, patience=PATIENCE, lease=60_000, keeps=True)
        self._client = HttpClient(
            base_url=settings.base.rstrip("/"), timeout=httpx.Timeout(settings.seconds, connect=CONNECT),
            headers={"authorization": f"Bearer {token}"}, follow_redirects=False,
        )  # fmt: skip

    async def close(self) -> None:
        await self._client.aclose()

    async def health(self, now: int) -> ChannelHealth:
        """For the desk's page."""
        return ChannelHealth(self.alarm)

    async def whose(self, card: str) -> Registered | None:
        """Whose a card is; None where there is no such card, or the platform does not say."""
        try:
            answer = await self._ask("/v1/card", {"card": card})
            return _owner(answer, card, self._settings.fields.get("card", {}))
        except UnavailableError:
            return None
        except (msgspec.DecodeError, KeyError, TypeError, UnicodeDecodeError, RecursionError) as error:
            self._fail(f"card: not as agreed ({type(error).__name__})")
            return None

    async def _card(self, learner: int) -> str | None:
        return await self._database.read(lambda t: registering.card(t, self._vault, learner))

    # -- what residents ask

    async def balance(self, learner: int) -> Balance:
        """The last one that is known, with its date, where the platform does not answer."""
        try:
            found, as_of = await self._balance(learner), None
        except UnavailableError:
            old = await self._copy(learner, "balance", OLDEST)
            if old is None:
                raise
            found, as_of = msgspec.json.decode(old[0], type=_Balance), old[1]
        return Balance(round(found.credits * TENTHS), found.points, found.frozen, found.last, as_of)

    async def lapsing(self, learner: int, today: date) -> tuple[int, date] | None:
        found = await self._balance(learner)
        if not found.lapsing or not found.lapses_on:
            return None
        return found.lapsing, date.fromisoformat(found.lapses_on)

    async def _balance(self, learner: int) -> _Balance:
        raw = await self._asked(learner, "balance", {})
        return msgspec.json.decode(raw, type=_Balance)

    async def entries(self, learner: int, most: int) -> list[StatementLine]:
        rows = await self._list(learner, "entries", _Entry, {"most": most})
        return [
            StatementLine(row.day, row.type, round(row.credits * TENTHS), row.points, row.frozen, row.note, row.rule, row.source)
            for row in rows[:most]
        ]  # fmt: skip

    async def orders(self, learner: int, most: int) -> list[Order]:
        rows = await self._list(learner, "orders", _Order, {"most": most})
        return [Order(row.ref, row.name, row.points, row.state, row.site, row.at, row.until) for row in rows[:most]]

    async def attended(self, learner: int, since: date, most: int) -> list[AttendanceRow]:
        rows = await self._list(learner, "attendance", _Lesson, {"since": since.isoformat()})
        return [AttendanceRow(row.day, "attend", row.minutes, row.note, row.source) for row in rows[:most]]

    async def uncredited(self, learner: int, since: date) -> list[AttendanceRow]:
        rows = await self._list(learner, "attendance", _Lesson, {"since": since.isoformat()})
        return [AttendanceRow(row.day, "attend", row.minutes, row.note, row.source) for row in rows if not row.credited]

    async def extract(self, learner: int) -> Extract:
        balance = await self.balance(learner)
        rows = await self.entries(learner, 200)
        lines = [(row.day, row.type, row.credits, row.points, row.frozen, row.note, row.source) for row in rows]
        return Extract(learner, balance.credits, balance.points, balance.frozen, lines)

    async def _list(self, learner: int, what: str, kind: type[T], more: Mapping[str, object]) -> Sequence[T]:
        raw = await self._asked(learner, what, more)
        return msgspec.json.decode(raw, type=list[kind])  # type: ignore[valid-type]

    # -- asking

    async def _asked(self, learner: int, what: str, more: Mapping[str, object]) -> bytes:
        """The answer in our words, checked: a fresh copy, or the platform's."""
        key = f"{what} {msgspec.json.encode(dict(sorted(more.items()))).decode()}" if more else what
        fresh = await self._copy(learner, key, FRESH)
        if fresh is not None:
            return fresh[0]
        card = await self._card(learner)
        if card is None:
            raise UnavailableError("no such learner")
        answer = await self._ask(f"/v1/{what}", {"card": card, **more})
        try:
            raw = _translated(answer, what, self._settings.fields.get(what, {}))
        except (msgspec.DecodeError, KeyError, TypeError, UnicodeDecodeError, RecursionError) as error:
            self._fail(f"{what}: not as agreed ({type(error).__name__})")
            raise UnavailableError(what) from None
        now = self._now()
        closed = self._vault.close(raw)
        await self._database.write(lambda t: remote.keep(t, learner, key, closed, now))
        return raw

    async def _copy(self, learner: int, what: str, age: int) -> tuple[bytes, int] | None:
        found = await self._database.read(lambda t: remote.copy(t, learner, what))
        if found is None or not 0 <= self._now() - found[1] <= age:
            return None
        return self._vault.open(found[0]), found[1]

    async def _ask(self, path: str, body: Mapping[str, object]) -> bytes:
        """Asking is safe to do twice: once more where there was no answer. Raises `NoCardError` where the platform has no
        such card: residents mistype them, and it is in order for all that."""
        if not self._breaker.lets():
            raise UnavailableError("at rest")
        for attempt in (1, 2):
            try:
                status, content = await self._post(path, body, {})
            except httpx.HTTPError as error:
                reason = type(error).__name__
            else:
                if status == 200:
                    self._breaker.succeeded()
                    self.alarm = None
                    return content
                reason = f"status {status}"
                if status == 404:
                    self._breaker.succeeded()
                    raise NoCardError(reason)
                if status < 500:
                    break
            if attempt == 1 and self._breaker.may_retry:
                continue
            break
        self._fail(reason)
        raise UnavailableError(reason)

    def _fail(self, reason: str) -> None:
        self._breaker.failed()
        self.alarm = reason
        log.error("platform", extra={"error": reason})

    async def _post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str]) -> tuple[int, bytes]:
        async with self._client.stream("POST", path, json=dict(body), headers=dict(headers)) as response:
            content = b""
            async for part in response.aiter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise httpx.DecodingError("too large")
            return response.status_code, content

    def _now(self) -> int:
        return int(self._clock() * 1000)

    # -- telling

    def report(self, transaction: Transaction, row: EnrolmentRow) -> None:
        """Owes the platform a word about an enrolment, within the transaction that changed it."""
        body = {"learner": row.learner, "class": row.group, "state": row.state, "at": row.at}
        order = f"enrolment:{row.group}:{row.learner}"
        key = f"{remote.COMMAND}:{order}:{row.state}:{row.at}"
        queue.put(transaction, NewRow(remote.COMMAND, key, LANE, msgspec.json.encode(body), row.at, order, row.at))

    async def _tell(self, row: QueueRow) -> Outcome:
        """The key is what the platform knows a command by, and begins with what it is."""
        key = row.key.removeprefix(f"{remote.COMMAND}:")
        what = key.partition(":")[0]
        body: dict[str, object] = msgspec.json.decode(row.body, type=dict)
        learner = body.pop("learner")
        card = await self._card(learner) if isinstance(learner, int) else None
        try:
            status, _ = await self._post(f"/v1/{what}", {**body, "card": card}, {"idempotency-key": key})
        except httpx.HTTPError as error:
            return Failed(type(error).__name__)
        if 200 <= status < 300:
            return Done(str(status))
        if status >= 500 or status in (408, 409, 425, 429):
            return Failed(str(status))
        self.alarm = f"{what}: refused with {status}"
        log.error("platform", extra={"error": self.alarm})
        return Lost(str(status))


def _translated(answer: bytes, what: str, paths: Mapping[str, str]) -> bytes:
    """The platform's answer as ours. Raises `msgspec.DecodeError` (of which a wrong type is one) and `KeyError`."""
    document = msgspec.json.decode(answer)
    if what == "balance":
        return msgspec.json.encode(msgspec.convert(_fields(document, _Balance, paths), _Balance))
    rows = _at(document, paths.get("", what))
    if not isinstance(rows, list) or len(rows) > MOST:
        raise KeyError(what)
    kind = _LISTS[what]
    return msgspec.json.encode([msgspec.convert(_fields(row, kind, paths), kind) for row in rows])


def _owner(answer: bytes, card: str, paths: Mapping[str, str]) -> Registered:
    """Raises as `_translated` does."""
    owner = msgspec.convert(_fields(msgspec.json.decode(answer), _Owner, paths), _Owner)
    return Registered(card=card, **msgspec.structs.asdict(owner))


def _fields(document: object, kind: type[Struct], paths: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        try:
            found[field.name] = _at(document, paths.get(field.name, field.name))
        except KeyError:
            if field.required:
                raise
    return found


def _at(document: object, path: str) -> object:
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            raise KeyError(name)
        document = document[name]
    return document
