"""What is told to whoever filled in a sheet, in both languages."""

import os
from collections.abc import Mapping
from typing import Literal

import msgspec

from knowledge.words import Words, in_words

Lang = Literal["zh", "en"]


class CellError(Exception):
    """What stands in a cell cannot be meant. No number or name of a person is in what is said."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh)
        self.said = Words(zh, en)


def language(environment: Mapping[str, str] = os.environ) -> Lang:
    """Of whoever sits at the terminal: English where it says so, else Chinese."""
    set_to = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return "en" if set_to.lower().startswith("en") else "zh"


def of_type(error: msgspec.ValidationError) -> Words:
    """What a type says, without what was in the cell: that may be somebody's number."""
    return in_words(str(error))
