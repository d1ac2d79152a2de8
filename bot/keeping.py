"""What may be kept of what anybody writes, residents and staff: no number of a learning card, an identity paper or a bank
card, and no one-time code. Decision 74."""

import re

from nlu.masking import mask
from nlu.numerals import has_check_digit
from nlu.proofs import covered as covered_numbers
from nlu.text import clean, visible

NAME = r"[A-Za-z0-9_.:-]{1,64}"  # what a client may call what it sends
_DIGITS = re.compile(r"\d(?:[_.:-]?\d){11,}")
_CARD = 12  # digits of a learning card


def kept(text: str) -> str:
    """A line of a resident's as it may be kept, whatever the talk is."""
    return covered_numbers(clean(text))


def covered(text: str) -> str:
    """What staff write, as it may be kept and as it is sent: with its lines, and as it was where no number is in it."""
    plain = visible(text)
    hidden = covered_numbers(plain)
    return text if hidden == plain else hidden


def is_number(name: str) -> bool:
    """Whether what a client calls what it sends is a number that nobody keeps. Most have digits in a row by chance, so it is
    asked for their check digits, and dates of birth."""
    runs = (re.sub(r"\D", "", match[0]) for match in _DIGITS.finditer(name))
    return any(mask(run) != run or (len(run) == _CARD and has_check_digit(run)) for run in runs)
