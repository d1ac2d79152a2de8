"""What the classifier sees of a text: character n-grams, words, and how it sounds."""

import re
from itertools import pairwise

from nlu.dialect import standard
from nlu.text import fold, syllables, without_fillers, words

PIECES = re.compile(r"[一-鿿㐀-䶿]+|[a-z]+(?:'[a-z]+)?|[0-9]+")


def features(text: str) -> list[str]:
    """Names of the features of a text; a name may occur repeatedly, and counts once."""
    found: list[str] = []
    latin: list[str] = []
    for piece in PIECES.findall(standard(without_fillers(fold(text)))):
        if piece[0] > "\u3000":
            _chinese(piece, found)
        else:
            latin.append("0" if piece[0].isdigit() else piece)
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
