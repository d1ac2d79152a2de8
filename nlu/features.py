"""What is compared of a text: characters, words, and how it sounds. Read once, for the classifier and the search."""

import re
from itertools import pairwise
from operator import add

from msgspec import Struct

from nlu.dialect import standard
from nlu.text import fold, syllables, without_fillers, words

# Numbers are left out: which number it is does not change what is asked, and entities find it in the whole text.
PIECES = re.compile(r"[一-鿿㐀-䶿]+|[a-z]+(?:'[a-z]+)?")


class Reading(Struct, frozen=True, gc=False):
    """`essence` are the words that carry the question: what differs in the rest only is understood alike. `grams` are
    searched by, `features` are all that the classifier sees; a name may occur repeatedly in both."""

    essence: str
    grams: list[str]
    features: list[str]


def essence(folded: str) -> str:
    """The pieces of a folded text that a reading is made of."""
    return " ".join(PIECES.findall(standard(without_fillers(folded))))


def read(text: str) -> Reading:
    """The reading of a text as it was written."""
    return of_essence(essence(fold(text)))


def of_essence(essence: str) -> Reading:
    """The reading of what `essence` left of a text."""
    grams: list[str] = []
    more: list[str] = []
    latin: list[str] = []
    for piece in essence.split():
        if piece[0] > "\u3000":
            _chinese(piece, grams, more)
        else:
            latin.append(piece)
    if latin:
        _latin(latin, grams, more)
    return Reading(essence, grams, grams + more)


def features(text: str) -> list[str]:
    """What a model learns from: a reading's `features`."""
    return read(text).features


def sounds(essence: str) -> list[str]:
    """Pairs of syllables: what is left of a text that was misheard or typed by sound."""
    found: list[str] = []
    for piece in essence.split():
        if piece[0] > "\u3000":
            found += [f"{left} {right}" for left, right in pairwise(syllables(piece))]
        else:
            found.append(piece)
    return found


def _chinese(run: str, grams: list[str], more: list[str]) -> None:
    grams += run
    grams += map(add, run, run[1:])
    for word in words(run):
        (grams if len(word) > 1 else more).append("w:" + word)
    more += [f"p:{left}_{right}" for left, right in pairwise(syllables(run))]


def _latin(run: list[str], grams: list[str], more: list[str]) -> None:
    grams += ["w:" + word for word in run]
    more += [f"b:{left}_{right}" for left, right in pairwise(run)]
    for word in run:
        padded = f" {word} "
        grams += ["c:" + padded[i : i + 3] for i in range(len(word))]
        for size in (2, 4, 5):
            more += ["c:" + padded[i : i + size] for i in range(len(padded) - size + 1)]
