"""The standard questions as this centre stands to them: which it answers, for how long, and what is asked in vain."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.comprehension import Comprehension
from bot.usage import of_standard
from desk.editing import Kept
from knowledge.gaps import gap
from knowledge.library import Library

State = Literal["answered", "expiring", "expired", "open"]


@dataclass(frozen=True, slots=True)
class StandardListed:
    """A standard question. `state`: answered today; answered, and not much longer; answered once; not yet. `entry` is what
    answers it or is to, `status` where that is between draft and publication. `answered` and `unanswered` count how often
    it was asked."""

    id: str
    topic: str
    zh: str
    en: str
    careful: bool
    state: State
    entry: str | None
    status: str | None
    valid_until: str | None
    answered: int
    unanswered: int


def listed(
    library: Library, kept: Iterable[Kept], used: Mapping[str, tuple[int, int, int]], today: date
) -> list[StandardListed]:
    """All of them: what is not answered first, what is asked most before the rest."""
    entries: dict[str, list[Kept]] = {}
    for each in kept:
        if (question := library.asks(each.entry)) is not None:
            entries.setdefault(question.id, []).append(each)
    found = []
    for question in library.questions.values():
        newest = _shown(library, question.id, entries.get(question.id, ()), today)
        answered, unanswered = of_standard(used, question.id)
        found.append(
            StandardListed(
                question.id, question.topic, question.zh, question.en, question.careful,
                _state(library, question.id, newest, today), newest.entry.id if newest else None,
                newest.status if newest else None, _until(library, question.id, newest, today), answered, unanswered,
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (each.state in ("answered", "expiring"), -each.unanswered, -each.answered))


def _shown(library: Library, id: str, kept: Sequence[Kept], today: date) -> Kept | None:
    """Of several entries the one that answers; else the one that was worked on last."""
    answer = library.answer(id, today)
    return max(kept, key=lambda each: (answer is not None and each.entry.id == answer.id, each.at), default=None)


def _until(library: Library, id: str, newest: Kept | None, today: date) -> str | None:
    """The last day of what is said, or of what is to be said."""
    answer = library.answer(id, today) or (newest.entry if newest else None)
    return str(answer.valid_until) if answer else None


def _state(library: Library, id: str, newest: Kept | None, today: date) -> State:
    if library.answer(id, today) is not None:
        return "expiring" if gap(library.answers(id), today) else "answered"
    was = any(entry.valid_until < today for entry in library.answers(id))
    return "expired" if was or (newest is not None and newest.status == "expired") else "open"


async def asked_in_vain(comprehension: Comprehension, texts: Sequence[str], today: date) -> list[str | None]:
    """For each text the standard question that it asks, where we have no answer to that."""
    found: list[str | None] = []
    for text in texts:
        heard = comprehension.understand(text, today)  # here: an engine elsewhere is there for residents
        best = heard.best
        vain = best is not None and best.entry is None and best.score >= heard.lines.likely
        found.append(best.question if best is not None and vain else None)
        await asyncio.sleep(0)  # residents wait for one text at most
    return found
