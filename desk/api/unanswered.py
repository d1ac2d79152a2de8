"""What nobody could answer, for editors: alike questions together, the most frequent first."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Query
from msgspec import Struct
from pydantic import Field
from rapidfuzz import fuzz

from bot import complaints
from desk.api.answers import NOTHING, Answering, NothingToTell
from desk.api.given import Moment, TheComprehension, TheDatabase, TheLibrary
from desk.api.guard import Number, may
from desk.api.session import Strict
from desk.masking import mask
from desk.people import Seat
from desk.roster import named
from desk.standards import asked_in_vain
from knowledge.library import Library
from nlu.text import fold
from store import conversations, people, ticket_lists
from store import unanswered as rows
from store.transaction import Transaction
from store.unanswered import UnansweredRow
from store.units import DAY

router = Answering(tags=["知识 knowledge"])
Drafter = Annotated[Seat, Depends(may("knowledge.draft"))]
ALIKE = 70  # of 100, by which two unanswered questions are one
MOST = 3000
HEADS, SHOWN = 300, 100  # groups whose first words are understood, and that are shown


class Ids(Strict):
    ids: list[Number] = Field(max_length=500)


class Gap(Struct, frozen=True):
    """Questions that are nearly the same and that nothing answered; `standard` is the standard question that they ask."""

    text: str
    others: list[str]
    standard: str | None
    topic: str
    count: int
    last: int
    ids: list[int]


class Gaps(Struct, frozen=True):
    groups: list[Gap]


@router.get("/knowledge/unanswered")
async def unanswered(
    seat: Drafter,
    library: TheLibrary,
    comprehension: TheComprehension,
    database: TheDatabase,
    moment: Moment,
    days: Annotated[int, Query(ge=1, le=365)] = 30,
) -> Gaps:
    """What nothing answered, alike ones together, the most frequent first."""
    now = int(moment.timestamp() * 1000)
    teachers = frozenset(each.teacher.removesuffix("老师") for each in library.catalogue.classes.values())
    found = await database.aside(lambda t: _newest(t, now - days * DAY, seat.name, teachers))
    if found:  # residents' words, whoever they are
        which, count = f"unanswered {found[-1].id} to {found[0].id}", f"{len(found)} questions"
        await database.write(lambda t: conversations.audited(t, seat.name, "talks.unanswered", which, count, now))
    groups = grouped(found)[:HEADS]
    asked = await asked_in_vain(comprehension, [group[0].text for group in groups], moment.date())
    return Gaps([_group(library, standard, group) for standard, group in together(groups, asked)[:SHOWN]])


def _newest(transaction: Transaction, since: int, by: str, teachers: frozenset[str]) -> list[UnansweredRow]:
    """But for what was said in a talk that complains of who looks, or calls them by name and no teacher."""
    found = rows.newest(transaction, since, MOST)
    of_whom = ticket_lists.complained_of_in_vain(transaction, since)
    account = people.get(transaction, by)
    shown = {by: account.shown if account else ""}
    return [each for each in found if by not in of_whom[each.id] and not _calls(each.text, shown, teachers)]


def _calls(text: str, shown: dict[str, str], teachers: frozenset[str]) -> bool:
    """Whether a question is of an account; of one that is called as a teacher is, where it says something bad."""
    accuses = complaints.accuses(fold(text))
    is_teacher = not accuses and any(each in teachers for each in shown.values())
    return not is_teacher and bool(named(text, shown, frozenset() if accuses else teachers, surely=accuses))


def _group(library: Library, standard: str | None, group: list[UnansweredRow]) -> Gap:
    """Under the wording of the standard question that it asks, else in the words of the last who asked."""
    texts = list(dict.fromkeys(mask(each.text, theirs=True) for each in group))
    question = library.questions[standard] if standard else None
    return Gap(
        text=question.zh if question else texts[0], others=texts[:5] if question else texts[1:6], standard=standard,
        topic=question.topic if question else group[0].topic, count=len(group), last=max(each.at for each in group),
        ids=[each.id for each in group],
    )  # fmt: skip


@router.post("/knowledge/unanswered/done")
async def settle(body: Ids, seat: Drafter, database: TheDatabase) -> NothingToTell:
    """They have been looked at."""
    await database.write(lambda t: rows.settle(t, body.ids))
    return NOTHING


def together(
    groups: Sequence[list[UnansweredRow]], asked: Sequence[str | None]
) -> list[tuple[str | None, list[UnansweredRow]]]:
    """Groups that ask the same standard question as one, the largest first."""
    found: list[tuple[str | None, list[UnansweredRow]]] = []
    at: dict[str, int] = {}
    for group, standard in zip(groups, asked, strict=True):
        if standard is not None and standard in at:
            found[at[standard]][1].extend(group)
            continue
        if standard is not None:
            at[standard] = len(found)
        found.append((standard, list(group)))
    return sorted(found, key=lambda pair: -len(pair[1]))


def grouped(found: Sequence[UnansweredRow]) -> list[list[UnansweredRow]]:
    """Questions that are nearly the same together; each is compared with the first of each group."""
    groups: list[list[UnansweredRow]] = []
    for each in found:
        near = next((group for group in groups if fuzz.ratio(each.text, group[0].text) >= ALIKE), None)
        if near is not None:
            near.append(each)
        else:
            groups.append([each])
    return sorted(groups, key=lambda group: -len(group))
