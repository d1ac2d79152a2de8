"""Numbers are a condition: 3号楼 is never answered with what 5号楼 asks."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge.index import Rows
from nlu.features import Reading, skeleton
from nlu.numbers import NAMES

Mask = NDArray[np.bool_]
Numbers = Mapping[str, frozenset[str]]
Key = TypeVar("Key", bound=Hashable)


class Named(Protocol):
    """What is to be known of a text: the numbers in it by kind, its other numerals, and the rest of it."""

    @property
    def numbers(self) -> Numbers: ...
    @property
    def rest(self) -> str: ...
    @property
    def numerals(self) -> tuple[str, ...]: ...


class NumberIndex:
    """The numbers of the texts of an index."""

    def __init__(self, texts: Sequence[Named]) -> None:
        self._size = len(texts)
        self._numbers: dict[int, Numbers] = {n: text.numbers for n, text in enumerate(texts) if text.numbers}
        kinds: defaultdict[str, list[int]] = defaultdict(list)
        single: defaultdict[tuple[str, frozenset[str]], list[int]] = defaultdict(list)
        self._several: defaultdict[str, list[int]] = defaultdict(list)
        for n, numbers in self._numbers.items():
            for kind, values in numbers.items():
                kinds[kind].append(n)
                if len(values) == 1:
                    single[kind, values].append(n)
                else:
                    self._several[kind].append(n)
        bare: defaultdict[str, list[int]] = defaultdict(list)
        exact: defaultdict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
        self._rest: dict[int, str] = {}  # of the texts with numbers or numerals, what else is in them
        for n, text in enumerate(texts):
            if text.numbers or text.numerals:
                self._rest[n] = text.rest
            if text.numerals:
                bare[text.rest].append(n)
                exact[text.rest, text.numerals].append(n)
        self._numeral = np.zeros(self._size, dtype=bool)
        self._numeral[list(self._rest)] = True
        self._naming = np.zeros(self._size, dtype=bool)
        self._naming[[n for n, numbers in self._numbers.items() if numbers.keys() & NAMES]] = True
        self._kinds, self._single, self._bare, self._exact = _rows(kinds), _rows(single), _rows(bare), _rows(exact)

    def barred(self, question: Reading) -> Mask | None:
        """The texts that name another number of a kind than the question does, or something else by number (a room for a
        building), or differ from it in numerals only; None where it names none. Of several numbers of a kind, one of both
        has to name all that the other does."""
        rest, numerals = skeleton(question.text)
        if not numerals and not question.numbers:
            return None
        barred = np.zeros(self._size, dtype=bool)
        if numerals:
            barred[self._bare.get(rest, _NONE)] = True
            barred[self._exact.get((rest, numerals), _NONE)] = False
        for kind, values in question.numbers.items():
            other = np.zeros(self._size, dtype=bool)
            other[self._kinds.get(kind, _NONE)] = True
            for value in values:
                other[self._single.get((kind, frozenset([value])), _NONE)] = False
            for n in self._several.get(kind, ()):
                theirs = self._numbers[n][kind]
                other[n] = not (theirs <= values or values <= theirs)
            barred |= other
        if named := question.numbers.keys() & NAMES:
            others = self._naming.copy()
            for kind in named:
                others[self._kinds.get(kind, _NONE)] = False
            barred |= others
        return barred

    def agreement(self, question: Reading, texts: Rows) -> NDArray[np.float64]:
        """A row a text: whether it names a number of a kind that the question names too, and whether one of them names a
        kind that the other does not."""
        asked = question.numbers.keys()
        found = np.zeros((len(texts), 2))
        found[:, 1] = bool(asked)
        for place, n in self._with_numerals(texts):
            kinds = self._numbers.get(n, _NOTHING).keys()
            found[place] = bool(asked & kinds), asked != kinds
        return found

    def undecided(self, question: Reading, texts: Rows) -> Mapping[str, list[int]]:
        """The places in `texts` of those that name numbers of which the question says nothing, by what else is in them:
        such of one kind differ in nothing that was asked."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        asked = question.numbers.keys()
        for place, n in self._with_numerals(texts):
            if not asked or self._numbers.get(n, _NOTHING).keys() - asked:
                found[self._rest[n]].append(place)
        return found

    def _with_numerals(self, texts: Rows) -> Iterable[tuple[int, int]]:
        """Place and text of those that have any."""
        places = np.flatnonzero(self._numeral[texts])
        return zip(places.tolist(), texts[places].tolist(), strict=True)


_NOTHING: Numbers = {}
_NONE: Rows = np.zeros(0, dtype=np.intp)


def _rows(found: Mapping[Key, list[int]]) -> dict[Key, Rows]:
    return {key: np.array(rows, dtype=np.intp) for key, rows in found.items()}
