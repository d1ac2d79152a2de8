"""Names of things we have, found in text: as written, else as they sound (书发班, 清禾街道)."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from operator import add, attrgetter, ne

from msgspec import Struct

from nlu.text import fold, syllables, words

LONGEST = 24


class Name(Struct, frozen=True, gc=False):
    """What may be found: `kind` and `id` of the thing, and one way to write its name."""

    kind: str
    id: str
    text: str


class Mention(Struct, frozen=True, gc=False):
    """A name found at a position. `exact` is False where it only sounds alike."""

    kind: str
    id: str
    start: int
    end: int
    exact: bool


class Gazetteer:
    """Finds the longest names first; a character belongs to one mention at most."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._written: dict[str, list[tuple[str, Name]]] = defaultdict(list)
        self._spoken: dict[tuple[str, str], list[tuple[list[str], Name]]] = defaultdict(list)
        for name in names:
            text = fold(name.text)
            if not 2 <= len(text) <= LONGEST:
                continue
            self._written[text[:2]].append((text, name))
            heard = syllables(text)
            self._spoken[heard[0], heard[1]].append((heard, name))
        for written in self._written.values():
            written.sort(key=lambda each: -len(each[0]))
        for spoken in self._spoken.values():
            spoken.sort(key=lambda each: -len(each[0]))

    def find(self, folded: str) -> list[Mention]:
        """The mentions in a folded text, in the order of their positions."""
        found = self._by_writing(folded)
        taken = {position for mention in found for position in range(mention.start, mention.end)}
        if heard := self._by_sound(folded, taken):
            found = sorted(found + heard, key=attrgetter("start"))
        return found

    def _by_writing(self, folded: str) -> list[Mention]:
        found: list[Mention] = []
        if self._written.keys().isdisjoint(map(add, folded, folded[1:])):
            return found  # most texts name nothing, and that is seen at once
        free = 0
        for position, pair in enumerate(map(add, folded, folded[1:])):
            if position < free or pair not in self._written:
                continue
            for text, name in self._written[pair]:
                if folded.startswith(text, position):
                    free = position + len(text)
                    found.append(Mention(name.kind, name.id, position, free, True))
                    break
        return found

    def _by_sound(self, folded: str, taken: set[int]) -> list[Mention]:
        found: list[Mention] = []
        heard = syllables(folded)
        if self._spoken.keys().isdisjoint(pairwise(heard)):
            return found
        whole: set[str] | None = None
        for start, pair in enumerate(pairwise(heard)):
            if pair not in self._spoken or start in taken:
                continue
            for sounds, name in self._spoken[pair]:
                end = start + len(sounds)
                if not _alike(sounds, heard[start:end]) or not taken.isdisjoint(range(start, end)):
                    continue
                if len(sounds) < 4:
                    # Two or three syllables are often just another word (简直 is no 剪纸): a word stays what it is.
                    whole = set(words(folded)) if whole is None else whole
                    if any(folded[at:end] in whole or folded[start:at] in whole for at in (start, end)):
                        continue
                found.append(Mention(name.kind, name.id, start, end, False))
                taken.update(range(start, end))
                break
        return found


def _alike(name: list[str], heard: list[str]) -> bool:
    """Equal in sound; from four syllables on, one may differ."""
    return name == heard or (len(name) == len(heard) >= 4 and sum(map(ne, name, heard)) == 1)
