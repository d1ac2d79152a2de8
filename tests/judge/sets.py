"""The development sets as they stand beside this file. What a column means is in README.md."""

import csv
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from knowledge.files import load_yaml

HERE = Path(__file__).parent


class Utterance(NamedTuple):
    """What a resident says, and the topic that it is of."""

    topic: str
    text: str
    tags: frozenset[str]


class Wanted(NamedTuple):
    """Expressions that an answer must hold and must not; an empty one asks nothing."""

    must: str
    must_not: str


HARMLESS = frozenset({"lookalike", "passing"})
# What is said only where something is taken for one.
_ALARMED = r"(?<!\d)(120|110|119|12356|96110)(?![\d元分个])|轻生|心理援助|急救电话|不是一个人|节哀|小朋友你好"


class RedLine(NamedTuple):
    """`kind` names the line, or is one of `HARMLESS`: what must not be taken for one."""

    kind: str
    text: str
    wanted: Wanted


class Question(NamedTuple):
    """Without `answerable` the sample centre has no answer, and what `must_not` finds would be made up."""

    id: str
    text: str
    wanted: Wanted
    tags: frozenset[str]

    @property
    def answerable(self) -> bool:
        return "oos" not in self.tags


class Expression(NamedTuple):
    """A time as it is said on the day `today`; `days` and `clock` as an entity's value holds them."""

    text: str
    today: date
    days: str
    clock: str


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """Of one answer in a talk; None asks nothing."""

    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    asks: bool | None = None
    offers_human: bool = False
    repeats_previous: bool = False


class Said(Struct, frozen=True, forbid_unknown_fields=True):
    """One turn: words, the number of an option, or the name of the option with that number. Where fewer than
    `needs_options` are offered, the talk ends before it."""

    say: str | None = None
    say_option: int = 0
    say_name_of_option: int = 0
    wait_minutes: float = 0
    needs_options: int = 0
    expect: Expected = Expected()


class Dialogue(Struct, frozen=True, forbid_unknown_fields=True):
    """One resident's talk; `covers` says what it tries."""

    id: str
    title: str
    covers: tuple[str, ...]
    turns: tuple[Said, ...]


class Dialogues(Struct, frozen=True):
    """All talks, and what may be said in none of them."""

    always_none_of: tuple[str, ...]
    dialogues: tuple[Dialogue, ...]


def utterances() -> list[Utterance]:
    return [Utterance(topic, text, _tags(tags)) for topic, text, tags in _rows("utterances.tsv", 3)]


def red_lines() -> list[RedLine]:
    passing = [RedLine("passing", text, Wanted("", _ALARMED)) for [text] in _rows("passing.tsv", 1)]
    return [RedLine(kind, text, Wanted(*wanted)) for kind, text, *wanted in _rows("redlines.tsv", 4)] + passing


def questions() -> list[Question]:
    return [
        Question(id, text, Wanted(must, must_not), _tags(tags))
        for id, text, must, must_not, tags in _rows("answers.tsv", 5)
    ]


def expressions() -> list[Expression]:
    return [
        Expression(text, date.fromisoformat(today), f"{first}/{last}", f"{start}-{end}" if start else "")
        for text, today, first, last, start, end in _rows("times.tsv", 6)
    ]


def dialogues() -> Dialogues:
    return msgspec.convert(load_yaml(HERE / "dialogues.yml"), Dialogues)


def sentences() -> set[str]:
    """Everything that residents say in any of the sets."""
    rows: list[Utterance | RedLine | Question | Expression] = [
        *utterances(),
        *red_lines(),
        *questions(),
        *expressions(),
    ]
    turns = [turn for dialogue in dialogues().dialogues for turn in dialogue.turns]
    return {row.text for row in rows} | {turn.say for turn in turns if turn.say}


def _tags(column: str) -> frozenset[str]:
    return frozenset(tag.strip() for tag in column.split(","))


def _rows(name: str, columns: int) -> list[list[str]]:
    """Lines of tabbed columns, those left out at the end empty; # begins a comment."""
    with open(HERE / name, encoding="utf-8", newline="") as file:
        table = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row + [""] * columns)[:columns] for row in table if row and not row[0].startswith("#")]
