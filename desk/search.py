"""Search over all that was ever said. Chinese is found by its characters and pairs of them, so no dictionary decides
what a word is.

Conversations that came to the desk become findable when they have been quiet for some seconds, in passages: what was
said in between. A turn pays nothing for it.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec
from rapidfuzz.distance import Postfix, Prefix

from accounts.limits import HOUR_IN_SECONDS, Limit, Limits
from bot.inbox import numbered
from bot.live import Live
from bot.messages import Message
from desk.errors import TicketError
from desk.masking import mask_said
from desk.opening import handover, is_kept_away
from nlu.text import digits_said
from store import conversations, erasing, search, ticket_lists, tickets, unanswered
from store.database import Database
from store.ticket_rows import TicketRow, TicketState
from store.transaction import Transaction

QUIET = 8.0  # seconds without a word
# And where digits were said that may be a piece of a number: when the next piece has come they are covered, and SQLite's index
# forgets a word only when it is next put together.
PIECE = 4  # digits
QUIET_AFTER_DIGITS = 600.0 + QUIET
TOGETHER = 200  # conversations looked through, or indexed in one commit
LOOKED_AT = 120  # passages looked at for one search
FOUND = 30  # tickets shown
AROUND = 24  # characters of a snippet before what was found
NUMBERS = Limit("numbers searched for", 20, HOUR_IN_SECONDS)  # of a seat; a masked number has ten thousand readings
_RUNS = re.compile(r"[一-鿿㐀-䶿]+|[a-z0-9]+")
_PHONE = re.compile(r"1[3-9]\d{9}")
_WORDS = {"summary", "slots", "text"}  # where a ticket has what a resident said
_REF = re.compile(r"\d{4}-\d{5}")


@dataclass(frozen=True, slots=True)
class FoundTicket:
    """A ticket, and where in its conversation the words stand: the message's number and a piece of it."""

    ticket: TicketRow
    seq: int
    snippet: str


def grams(text: str, *, query: bool = False) -> list[str]:
    """The words of a text as the index has them: for Chinese each character and each pair; a query of two characters
    and more takes the pairs alone."""
    found: dict[str, None] = {}
    for run in _RUNS.findall(text.lower()):
        if run[0] < "\u3000" or len(run) == 1:
            found[run[:40]] = None
            continue
        if not query:
            found.update(dict.fromkeys(run))
        found.update(dict.fromkeys(run[at : at + 2] for at in range(len(run) - 1)))
    if query and any(len(gram) > 1 for gram in found):  # single characters are everywhere: they find nothing
        return [gram for gram in found if len(gram) > 1]
    return list(found)


def people_said(rows: Sequence[conversations.MessageRow]) -> str:
    """What is findable of messages: the words of residents and seats, as seats see them. The bot's are in the knowledge."""
    return "\n".join(mask_said(numbered(row)) for row in rows if row.author in ("resident", "seat"))


class ConversationSearch:
    """`work` keeps the index up. `reached` gives whom tickets know as writing or calling from a number."""

    def __init__(self, database: Database, live: Live, reached: Callable[[str], Sequence[str]], limits: Limits) -> None:
        self._limits = limits
        self._database = database
        self._live = live
        self._reached = reached
        self._behind = True  # earlier processes may have left something unindexed
        self._later: dict[int, float] = {}  # conversations with digits, and since when they are quiet

    async def work(self) -> None:
        """What earlier processes, or a round that failed, left unindexed; then what has been said."""
        if self._behind:
            await self._catch_up()
            self._behind = False
        now = time.monotonic()
        changed = [id for id, at in self._live.changed.items() if at < now - QUIET]
        for start in range(0, len(changed), TOGETHER):
            ids = changed[start : start + TOGETHER]
            for id in ids:
                del self._live.changed[id]  # whatever is said from here on puts it there again
            self._behind = True
            self._later |= dict.fromkeys(await self.index(ids, digits=False), now)
            self._behind = False
        told_since = self._live.changed  # of these the next piece may have come
        due = [id for id, at in self._later.items() if at < now - QUIET_AFTER_DIGITS and id not in told_since]
        await self.index(due[:TOGETHER])
        for id in due[:TOGETHER]:
            del self._later[id]

    async def _catch_up(self) -> None:
        """Looks through all conversations, a few at a time: there may be millions, and residents write meanwhile."""
        newest = await self._database.read(search.newest)
        for first in range(1, newest + 1, TOGETHER):
            behind = await self._database.read(lambda t, first=first: search.behind(t, first, first + TOGETHER))  # type: ignore[misc]
            if behind:
                self._later |= dict.fromkeys(await self.index(behind, digits=False), time.monotonic())
            await asyncio.sleep(0)  # reading alone lets nobody else on

    async def index(self, ids: Sequence[int], *, digits: bool = True) -> list[int]:
        """Makes everything in these conversations findable; without `digits` those are left, and given back, that have something
        that may be a piece of a number."""

        def work(transaction: Transaction) -> list[int]:
            return [id for id in ids if not _index(transaction, id, digits=digits)]

        return await self._database.write(work) if ids else []

    async def find(self, query: str, by: str) -> list[FoundTicket]:
        """Tickets whose conversations have all of it, the newest first; by reference, by the number that somebody writes or
        calls from, and by one that was left with a ticket that is not closed; none that complains of who asks. Raises
        `TicketError` where somebody asks for more numbers in an hour than come by themselves: that is guessing."""
        query = query.strip()[:100]
        if _REF.fullmatch(query):
            return await self._database.read(lambda t: _named(t, query, by))
        people: Sequence[str] = ()
        number = ""
        if _PHONE.fullmatch(query):
            if (wait := self._limits.take((NUMBERS, by))) > 0:
                raise TicketError(
                    "too_often", "一小时内查的号码太多了，请过一会儿再查",
                    "Too many numbers were looked up within an hour; try again later", wait,
                )  # fmt: skip
            people, number = self._reached(query), query
        words = grams(query, query=True)

        def work(transaction: Transaction) -> list[FoundTicket]:
            theirs = [FoundTicket(row, 0, "") for each in people for row in ticket_lists.of_person(transaction, each)]
            theirs += [
                FoundTicket(row, 0, "")
                for row in (_left_with(transaction, number) if number else ())
                if row.person not in people
            ]
            refs = {each.ticket.ref for each in theirs}
            said = _find(transaction, query, words, by) if words else ()
            found = theirs + [each for each in said if each.ticket.ref not in refs]
            return [each for each in found if not is_kept_away(transaction, each.ticket, by)]

        return await self._database.page(work)


def rewrite(transaction: Transaction, id: int, bodies: Mapping[int, bytes]) -> None:
    """Puts other bodies into messages of a conversation, by their numbers, and what is findable follows."""

    def words(first: int, last: int) -> list[str]:
        return grams(people_said(conversations.messages(transaction, id, first, last)))

    def change() -> None:
        for seq, body in bodies.items():
            for row in conversations.messages(transaction, id, seq, seq):
                unanswered.drop(transaction, id, row.at)
                _rewrite_tickets(transaction, id, *_changed(row.body, body))
            erasing.forget_message(transaction, id, seq, body)

    search.rewrite(transaction, id, bodies.keys(), change, words)


def _changed(old: bytes, new: bytes) -> tuple[re.Pattern[str], str]:
    """What stood in a message, wherever it is quoted, and what stands there now."""
    was, now = (msgspec.json.decode(each, type=Message).reply.text for each in (old, new))
    start = Prefix.similarity(was, now)
    end = Postfix.similarity(was[start:], now[start:])
    return re.compile(rf"(?<!\d){re.escape(was[start : len(was) - end])}(?!\d)"), now[start : len(now) - end]


def _rewrite_tickets(transaction: Transaction, id: int, old: re.Pattern[str], new: str) -> None:
    """The same in what the tickets of the conversation have of its words."""
    for row in ticket_lists.through_conversation(transaction, id):
        for table in ("ticket", "ticket_event"):
            for written in erasing.written(transaction, table, row.ref):
                body = cast(bytes, written["body"])
                if (covered := _reworded(body, old, new)) != body:
                    kept = {name: value for name, value in written.items() if name not in {"key", "kind", "body"}}
                    erasing.blank(transaction, table, written["key"], body=covered, **kept)


def _reworded(body: bytes, old: re.Pattern[str], new: str) -> bytes:
    data: dict[str, object] = json.loads(body)
    changed: dict[str, object] = {}
    for name in data.keys() & _WORDS:
        match data[name]:
            case str(said):
                changed[name] = old.sub(new, said)
            case dict(slots):
                changed[name] = {key: old.sub(new, value) for key, value in slots.items()}
    after = data | changed
    return body if after == data else msgspec.json.encode(after)


def _index(transaction: Transaction, id: int, *, digits: bool) -> bool:
    if not ticket_lists.through_conversation(transaction, id):
        return True  # nobody at the desk has to do with it, yet: then all of it becomes findable
    first = search.indexed(transaction, id) + 1
    rows = conversations.messages(transaction, id, first, 1 << 30)
    if (
        rows
        and not digits
        and any(digits_said(mask_said(numbered(row))) >= PIECE for row in rows if row.author == "resident")
    ):
        return False
    if rows:
        search.index(transaction, id, first, rows[-1].seq, grams(people_said(rows)))
    return True


def _named(transaction: Transaction, ref: str, by: str) -> list[FoundTicket]:
    row = tickets.get(transaction, ref)
    return [FoundTicket(row, 0, "")] if row and not is_kept_away(transaction, row, by) else []


def _left_with(transaction: Transaction, number: str) -> Iterator[TicketRow]:
    """The tickets that are not closed on which somebody wants to be called at this number: that makes them nobody's."""
    for state in (TicketState.WAITING, TicketState.OPEN, TicketState.SNOOZED):
        for row in tickets.in_state(transaction, state):
            noted = tickets.with_added(handover(row).slots, tickets.events(transaction, row.ref))
            if noted.get("phone") == number:
                yield row


def _find(transaction: Transaction, query: str, words: list[str], by: str) -> Iterator[FoundTicket]:
    parts = [part for part in query.lower().split() if part]
    seen: set[int] = set()
    for conversation, first, last in search.find(transaction, words, LOOKED_AT):
        if conversation in seen:
            continue
        for row in conversations.messages(transaction, conversation, first, last):
            text = mask_said(numbered(row))
            at = [text.lower().find(part) for part in parts]
            if min(at) < 0:
                continue
            seen.add(conversation)
            theirs = ticket_lists.through_conversation(transaction, conversation)
            of_whom = ticket_lists.complained_of(transaction, conversation)
            if theirs and (by not in of_whom or by in {each.owner for each in theirs}):
                newest = max(theirs, key=lambda each: each.opened_at)
                start = max(0, at[0] - AROUND)
                yield FoundTicket(newest, row.seq, ("…" if start else "") + text[start : start + 3 * AROUND])
            break
        if len(seen) >= FOUND:
            return
