"""What is compared of a text: characters, words, and how it sounds. Read once, for the classifier and the search."""

import re
from bisect import bisect
from itertools import pairwise
from operator import add

from msgspec import Struct

from nlu.dialect import standard
from nlu.numbers import quantities
from nlu.numerals import CHINESE
from nlu.numerals import read as in_digits
from nlu.text import fold, syllables, without_fillers, words

# Digits are no pieces of their own: a number counts with its unit, and stands behind the words.
PIECES = re.compile(r"[一-鿿㐀-䶿]+|[a-z]+(?:'[a-z]+)?")
NUMERALS = re.compile(f"[{CHINESE}]")
_NUMERAL_RUN = re.compile(rf"\d+(?:\.\d+)?[{CHINESE}]*|[{CHINESE}]+")
_NO_VALUES: frozenset[str] = frozenset()
NUMBER = "#"  # before a number in an essence: #age=72
AGES = (14, 18, 45, 60, 70)  # years from which on another is asked of, or told to, somebody


class Reading(Struct, frozen=True, gc=False):
    """`essence` are the words that carry the question, and the numbers: what differs in the rest only is understood
    alike. `grams` are searched by, `features` are all that the classifier sees; a name may occur repeatedly in both.
    `text` is what a sentence encoder reads, `numbers` are the values of those that name or count something, by kind."""

    essence: str
    grams: list[str]
    features: list[str]
    text: str
    numbers: dict[str, frozenset[str]]


def essence(folded: str) -> str:
    """The pieces of a folded text that a reading is made of."""
    numbers = quantities(folded)
    for each in reversed(numbers):  # 三号楼 is 3号楼
        folded = folded[: each.start] + NUMERALS.sub("", folded[each.start : each.end]) + folded[each.end :]
    words = PIECES.findall(standard(without_fillers(folded)))
    return " ".join([*words, *(f"{NUMBER}{each.kind}={each.value}" for each in numbers)])


def read(text: str) -> Reading:
    """The reading of a text as it was written."""
    folded = fold(text)
    return of_essence(essence(folded), folded)


def for_meaning(folded: str) -> str:
    """What a sentence encoder reads of a folded text: it has not heard the dialects."""
    return standard(without_fillers(folded))


def skeleton(text: str) -> tuple[str, tuple[str, ...]]:
    """What of a reading's `text` is no numeral, and those numerals, in digits, that name and count nothing: of a date, in
    a word. Texts of one skeleton differ in numbers only."""
    for each in reversed(quantities(text)):
        text = text[: each.start] + "、" + _NUMERAL_RUN.sub("", text[each.start : each.end]) + text[each.end :]
    numerals = tuple(in_digits(each) or each for each in _NUMERAL_RUN.findall(text))
    return NUMBER.join(PIECES.findall(_NUMERAL_RUN.sub("、", text))), numerals


def of_essence(essence: str, text: str) -> Reading:
    """The reading of what `essence` left of a folded text."""
    grams: list[str] = []
    more: list[str] = []
    latin: list[str] = []
    numbers: dict[str, frozenset[str]] = {}
    for piece in essence.split():
        if piece[0] > "\u3000":
            _chinese(piece, grams, more)
        elif piece[0] == NUMBER:
            kind, _, value = piece[1:].partition("=")
            numbers[kind] = numbers.get(kind, _NO_VALUES) | {value}
            more.append(_size(kind, value))
        else:
            latin.append(piece)
    if latin:
        _latin(latin, grams, more)
    return Reading(essence, grams, grams + more, for_meaning(text), numbers)


def _size(kind: str, value: str) -> str:
    """What a number tells a classifier: its unit, and how large it is where that matters."""
    if kind == "age":
        return f"n:age{bisect(AGES, float(value))}"
    if kind in {"money", "points", "credits", "people", "hours"}:
        return f"n:{kind}{len(value.partition('.')[0])}"
    return f"n:{kind}"


def features(text: str) -> list[str]:
    """What a model learns from: a reading's `features`."""
    return read(text).features


def sounds(essence: str) -> list[str]:
    """Pairs of syllables: what is left of a text that was misheard or typed by sound."""
    found: list[str] = []
    for piece in essence.split():
        if piece[0] == NUMBER:
            continue
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
