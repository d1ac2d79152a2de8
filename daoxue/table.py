"""The figures of an evaluation, and the lines that people read of them."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from daoxue.intervals import Interval

PARTS = ("right", "wrong", "asked", "refused")


class Share(Struct, frozen=True):
    """Of some texts, with the interval that it was counted to."""

    count: int
    of: int
    share: float | None
    low: float
    high: float

    def __str__(self) -> str:
        return "—" if self.share is None else f"{100 * self.share:.1f} % ({100 * self.low:.1f}–{100 * self.high:.1f})"


class TableLine(Struct, frozen=True):
    """What becomes of texts where what reaches the line is said."""

    line: float
    right: Share
    wrong: Share
    asked: Share
    refused: Share


class TableBin(Struct, frozen=True):
    """What is said about equally surely: how many, how surely, and the share that is right with its interval."""

    size: int
    sure: float
    right: float
    low: float
    high: float


class Nested(Struct, frozen=True):
    """What of the figures is no single number: what each lies between, what becomes of texts at each line (of those that
    have no answer too, where there are any), and how far the sureness holds."""

    intervals: dict[str, Interval]
    lines: dict[str, TableLine]
    oos_lines: dict[str, TableLine] | None
    reliability: list[TableBin]


class Figures(Struct, frozen=True):
    """By name; None where one does not apply."""

    values: dict[str, float | None]
    nested: Nested | None = None

    def as_object(self) -> dict[str, object]:
        """All of them, as JSON has it."""
        return {**self.values, **(msgspec.to_builtins(self.nested) if self.nested else {})}


def table(figures: Figures) -> Iterator[str]:
    """A line a figure, with its interval; then what becomes of texts at each line, and how far the sureness holds."""
    nested = figures.nested
    for name, value in figures.values.items():
        between = nested.intervals.get(name) if nested else None
        told = "" if between is None else f"  ({between[0]} to {between[1]})"
        yield f"{name:>24}  {'—' if value is None else value}{told}"
    if nested is None:
        return
    yield from _lines("texts that have an answer", nested.lines)
    if nested.oos_lines:
        yield from _lines("texts that have none", nested.oos_lines)
    if nested.reliability:
        yield ""
        yield "how sure it was, how often that was right"
        for each in nested.reliability:
            yield f"{each.sure:8.2f}  {each.right:.2f} ({each.low:.2f}–{each.high:.2f})  of {each.size}"


def _lines(what: str, lines: Mapping[str, TableLine]) -> Iterator[str]:
    of = next(iter(lines.values())).right.of
    yield ""
    yield f"{f'{of} {what}, said from':38}" + "".join(f"{part:>22}" for part in PARTS)
    for name, line in lines.items():
        yield f"{f'{name} ({line.line:.2f})':38}" + "".join(f"{getattr(line, part)!s:>22}" for part in PARTS)
