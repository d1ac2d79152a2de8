"""A long list a page at a time: 下一步 and 更多 turn it, `bot/running.py` counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.turn import Turn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What is shown of a list now, and how many come after it; nothing is shown beyond the end."""

    number: int
    shown: Sequence[T]
    rest: int


def page_of(turn: Turn, found: Sequence[T], size: int) -> Page[T]:
    """The page of a list that the task is at."""
    number = int(turn.task.memo.get("step", "0"))
    start = number * size
    return Page(number, found[start : start + size], max(0, len(found) - start - size))
