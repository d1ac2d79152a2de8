"""What a handler may lack, and how it says that it does."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.comprehension import Understanding
from knowledge.catalogue import Catalogue
from nlu.proofs import Kind
from nlu.times import When

_NUMBERED = frozenset({"points", "when", "audience"})


@dataclass(frozen=True, slots=True)
class Slot:
    """Something a handler may lack. Its prompt is the text `ask.<prompt or name>`, its help `help.<name>`.

    It is filled by entities of `kinds`; `free` takes any text as the answer when it was asked for; `focus` lets it
    be what the talk is about, where the message names nothing itself. One that `refuses` holds what is not wished: all of it
    that was named, with spaces between. `accepts` refuses values that do not serve. What
    answers one that `proves` who somebody is, a card's number or a code, is shown to the handler alone, and kept nowhere.
    """

    name: str
    kinds: tuple[str, ...] = ()
    free: bool = False
    focus: bool = False
    refuses: bool = False
    prompt: str = ""
    accepts: Callable[[str, Catalogue], bool] = lambda value, catalogue: True
    proves: Kind | None = None

    @property
    def question(self) -> str:
        """The key of its prompt."""
        return f"ask.{self.prompt or self.name}"

    @property
    def is_number(self) -> bool:
        """Whether digits may answer it that prove nothing."""
        return not _NUMBERED.isdisjoint(self.kinds)

    def read(self, heard: Understanding, catalogue: Catalogue) -> str | None:
        """The value that a message names for this slot."""
        if self.refuses:
            return " ".join(self._refused(heard)) or None
        for entity in heard.entities:
            if entity.kind in self.kinds and self.accepts(entity.value, catalogue) and not heard.denies(entity):
                return entity.value
        return None

    def _refused(self, heard: Understanding) -> list[str]:
        """What a message says that it is not to be. A time says itself what it leaves out, and is nothing else where it is
        nothing but that."""
        named = [each for each in heard.entities if each.kind in self.kinds]
        times = [When.of(each.value) for each in named if each.kind == "when"]
        refused = [str(each) for when in times if when.refuses for each in when.without]
        return [*dict.fromkeys([*refused, *(each.value for each in named if heard.refuses(each))])]


class NeedsAnswer(Exception):  # noqa: N818 - a signal, not an error
    """The core's own signal: a handler lacks a slot. It ends the handler's run; the answer runs it again."""

    def __init__(self, slot: Slot, *, quiet: bool = False) -> None:
        super().__init__(slot.name)
        self.slot = slot
        self.quiet = quiet  # what is asked has been said already
