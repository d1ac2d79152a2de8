"""The handlers' table: a row for each intent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.slots import Slot
from bot.turn import Kept, Turn

Run = Callable[[Turn], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """The table's row for one intent.

    `slots` are what it can use of what a message names. `personal` marks what needs identity: of two questions in one
    message it comes second. `careful` marks what costs the resident or us something where it was not meant: it is
    asked about where it is only likely, and done with one resident alone; but what is `in_public` is told where others
    read it too. What `acts` does something at once, which no question whether it has to be done does.
    `of_a_class`, `of_a_day` and `of_a_place` are standard questions that it answers where a course, a day or one of
    our places is named. `by_whom` says that its answer depends on who asks. What it `needs` is on record when it runs:
    where it is not, that is said in its place.
    """

    run: Run
    topic: str
    slots: tuple[Slot, ...] = ()
    personal: bool = False
    careful: bool = False
    in_public: bool = False
    acts: bool = False
    of_a_class: tuple[str, ...] = ()
    of_a_day: tuple[str, ...] = ()
    of_a_place: tuple[str, ...] = ()
    by_whom: bool = False
    needs: tuple[Kept, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether it asks or tells what nobody else may read."""
        asks = any(slot.proves or slot.name == "phone" for slot in self.slots)
        return self.personal or asks or (self.careful and not self.in_public)


Handlers = Mapping[str, Handler]
