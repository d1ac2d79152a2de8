"""A long list a page at a time: 下一步 and 更多 turn it, `bot/running.py` counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.turn import Turn

KEYS = 9  # items of a list in which each has a number of one digit; of longer ones each page counts anew
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What is shown of a list now, with the number of the first, and how many come after it; nothing is shown beyond the
    end."""

    number: int
    first: int
    shown: Sequence[T]
    rest: int


def page_of(turn: Turn, found: Sequence[T], size: int) -> Page[T]:
    """The page of a list that the task is at; 更多 goes on with it."""
    number = int(turn.task.memo.setdefault("step", "0"))
    start = number * size
    first = start + 1 if len(found) <= KEYS else 1
    return Page(number, first, found[start : start + size], max(0, len(found) - start - size))


def past_the_end(turn: Turn, page: Page[T]) -> bool:
    """Whether nothing comes after what was shown, which is said; the task stays where it was."""
    if page.shown or not page.number:
        return False
    turn.task.memo["step"] = str(page.number - 1)
    turn.say("class.no_more")
    return True
