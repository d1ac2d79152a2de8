"""What the classifier sees of a text: character n-grams, words, and how it sounds."""

import re
from itertools import pairwise

from nlu.dialect import standard
from nlu.text import fold, syllables, without_fillers, words

# Numbers are left out: which number it is does not change what is asked, and entities find it in the whole text.
PIECES = re.compile(r"[一-鿿㐀-䶿]+|[a-z]+(?:'[a-z]+)?")


def essence(text: str) -> str:
    """The words of a text that carry its question: what differs in the rest only is understood alike."""
    return " ".join(PIECES.findall(standard(without_fillers(fold(text)))))


def features(text: str) -> list[str]:
    """Names of the features of a text; a name may occur repeatedly, and counts once."""
    found: list[str] = []
    latin: list[str] = []
    for piece in essence(text).split():
        if piece[0] > "\u3000":
            _chinese(piece, found)
        else:
            latin.append(piece)
    if latin:
        _latin(latin, found)
    return found


def _chinese(run: str, found: list[str]) -> None:
    length = len(run)
    found += run
    found += [run[i : i + 2] for i in range(length - 1)]
    found += [run[i : i + 3] for i in range(length - 2)]
    cut = words(run)
    found += ["w:" + word for word in cut]
    sounds = syllables(run)
    found += [f"p:{left}_{right}" for left, right in pairwise(sounds)]


def _latin(run: list[str], found: list[str]) -> None:
    found += ["w:" + word for word in run]
    found += [f"b:{left}_{right}" for left, right in pairwise(run)]
    for word in run:
        padded = f" {word} "
        for size in (2, 3, 4, 5):
            found += ["c:" + padded[i : i + size] for i in range(len(padded) - size + 1)]
