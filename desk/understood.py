"""How well residents are understood here: on the centre's own test questions, and on talks of the last month that are drawn
by lot and looked at."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from bot.conversation import Offer
from bot.inbox import Inbox, numbered
from bot.keeping import kept
from bot.messages import Inbound
from bot.turn import Turn
from desk.masking import mask
from knowledge.library import Library
from knowledge.tested import TestQuestion
from store import conversations, settings, ticket_lists, usage
from store.database import Database
from store.transaction import Transaction

SHEET = "test_questions"  # the setting that keeps them
MARKS = "=marked"  # what the marks are counted under; no entry can be called so
Ending = Literal["right", "choice", "asked_back", "refused", "wrong"]
_Z = 1.96  # of a normal distribution, for 95 of 100


class Judged(Struct, frozen=True):
    """What became of a test question: `told` is what was said, by its first words."""

    row: int
    text: str
    wants: str
    ended: Ending
    told: str


class Proportion(Struct, frozen=True):
    """So many of so many, and between what shares the truth lies in 95 of 100 such draws."""

    count: int
    of: int
    least: float
    most: float


class Sampled(Struct, frozen=True):
    """A message of a resident's and what answered it, numbers masked."""

    text: str
    answer: str
    at: int


def proportion(count: int, of: int) -> Proportion:
    """Wilson's interval (1927)."""
    if of == 0:
        return Proportion(0, 0, 0.0, 1.0)
    p, z = count / of, _Z * _Z / of
    middle, wide = (p + z / 2) / (1 + z), _Z / (1 + z) * math.sqrt(p * (1 - p) / of + z / (4 * of))
    return Proportion(count, of, round(max(0.0, middle - wide), 4), round(min(1.0, middle + wide), 4))


async def judge(inbox: Inbox, library: Library, sheet: Sequence[TestQuestion], now: int) -> list[Judged]:
    """What is answered to each of them by one who says nothing else. Nothing is kept."""
    found = []
    for each in sheet:
        turn = await inbox.try_out(Inbound(channel="webchat", address="try", id="try", text=kept(each.text), at=now))
        told = turn.said[0].text if turn.said else ""
        found.append(Judged(each.row, each.text, each.wants, _ended(turn, _names(library, each.wants)), told[:120]))
        await asyncio.sleep(0)  # residents come first
    return found


def unknown(library: Library, intents: Collection[str], sheet: Sequence[TestQuestion]) -> list[int]:
    """The rows that want what there is none of."""
    known = {*library.entries, *library.questions, *intents}
    return [each.row for each in sheet if each.wants and not _names(library, each.wants) & known]


def _names(library: Library, wants: str) -> frozenset[str]:
    """All that a wish may be called: an entry and the standard question that it answers are one."""
    wants = wants.removeprefix("faq/").removeprefix("entry:")  # as labels are written
    plain = wants.rstrip("？?")
    found = {wants} if wants else set()
    found |= {id for id, each in library.questions.items() if plain and each.zh.rstrip("？?") == plain}
    found |= {id for id, each in library.entries.items() if plain and library.title(each).rstrip("？?") == plain}
    asked = {question.id for id in found if (entry := library.entries.get(id)) and (question := library.asks(entry))}
    answers = {entry.id for entry in library.entries.values() if (it := library.asks(entry)) and it.id in found}
    return frozenset(found | asked | answers)


def _ended(turn: Turn, wanted: frozenset[str]) -> Ending:
    said = {turn.task.intent, *turn.told_of, *turn.standards}
    offered = {name for offer in turn.offered for name in _of_offer(offer)}
    if not wanted:
        return "right" if turn.unanswered or not (turn.told_of or turn.asked_back) else "wrong"
    if said & wanted and not turn.asked_back:
        return "right"
    if offered & wanted:
        return "choice"
    return "asked_back" if turn.asked_back else "refused" if turn.unanswered else "wrong"


def _of_offer(offer: Offer) -> set[str]:
    return {offer.intent or "", offer.slots.get("entry", ""), offer.slots.get("question", "")} - {""}


def counted(judged: Sequence[Judged]) -> dict[str, Proportion]:
    """How often each came of it."""
    found = Counter(each.ended for each in judged)
    return {
        ended: proportion(found[ended], len(judged)) for ended in ("right", "choice", "asked_back", "refused", "wrong")
    }


async def kept_sheet(database: Database) -> list[TestQuestion]:
    stored = await database.read(lambda t: settings.get(t, SHEET))
    return msgspec.json.decode(stored, type=list[TestQuestion]) if stored else []


async def keep_sheet(database: Database, sheet: Sequence[TestQuestion], by: str, now: int) -> None:
    """In place of the one before."""

    def work(transaction: Transaction) -> None:
        settings.put(transaction, SHEET, msgspec.json.encode(list(sheet)), by, now)
        conversations.audited(transaction, by, f"setting.{SHEET}", "", f"{len(sheet)} questions", now)

    await database.write(work)


async def sample(database: Database, since: int, count: int, by: str, now: int) -> list[Sampled]:
    """So many messages of residents since then, each of another talk, with what answered them; the look is written down, with
    the numbers of the conversations."""

    def look(transaction: Transaction) -> dict[int, Sampled]:
        found = conversations.drawn(transaction, since, 2 * count)
        theirs = [
            id for id in found if by not in ticket_lists.complained_of(transaction, id)
        ]  # of them nothing is drawn
        drawn = {id: _one_of(transaction, id) for id in theirs}
        return dict([(id, each) for id, each in drawn.items() if each is not None][:count])

    found = await database.aside(look)
    named = f"conversations {' '.join(map(str, found))}"
    await database.write(lambda t: conversations.audited(t, by, "talks.sampled", named, f"{len(found)} messages", now))
    return list(found.values())


def _one_of(transaction: Transaction, conversation: int) -> Sampled | None:
    said = [numbered(row) for row in conversations.messages(transaction, conversation, 1, 500)]
    answers: dict[str, list[str]] = {}
    for each in said:
        if each.author == "bot" and each.message.re:
            answers.setdefault(each.message.re, []).append(mask(each.message.reply.text))
    theirs = [
        each for each in said if each.author == "resident" and each.message.re in answers and each.message.reply.text
    ]
    if not theirs:
        return None
    one = random.choice(theirs)  # noqa: S311 - a draw for people to look at
    text = mask(one.message.reply.text, theirs=True)
    return Sampled(text, "\n".join(answers[one.message.re or ""]), one.at)


async def mark(database: Database, day: str, *, right: bool) -> None:
    """Somebody has looked at an answer. What it was is not kept."""
    await database.write(lambda t: usage.add(t, MARKS, day, 1, int(right), int(not right)))


async def marked(database: Database, since: str) -> Proportion:
    """Of the answers that were looked at since that day, those that were right."""
    used = await database.read(lambda t: usage.since(t, since))
    of, right, _ = used.get(MARKS, (0, 0, 0))
    return proportion(right, of)
