"""The figures of an evaluation as lines for people."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

PARTS = ("right", "wrong", "asked", "refused")
OF_LINES = {"lines": "texts that have an answer", "oos_lines": "texts that have none"}


class Share(Struct, frozen=True):
    """Of some texts, with the interval that it was counted to."""

    count: int
    of: int
    share: float | None
    low: float
    high: float

    def __str__(self) -> str:
        return "—" if self.share is None else f"{100 * self.share:.1f} % ({100 * self.low:.1f}–{100 * self.high:.1f})"


class Line(Struct, frozen=True):
    """What becomes of texts where what reaches the line is said."""

    line: float
    right: Share
    wrong: Share
    asked: Share
    refused: Share


class Bin(Struct, frozen=True):
    size: int
    sure: float
    right: float
    low: float
    high: float


class Nested(Struct, frozen=True):
    """What of the figures is no single number."""

    intervals: dict[str, tuple[float, float]] = {}
    lines: dict[str, Line] | None = None
    oos_lines: dict[str, Line] | None = None
    reliability: list[Bin] = []


def table(figures: Mapping[str, object]) -> Iterator[str]:
    """A line a figure, with its interval; then what becomes of texts at each line, and how far the sureness holds."""
    nested = msgspec.convert(figures, Nested)
    for name, value in figures.items():
        if name not in Nested.__struct_fields__:
            low, high = nested.intervals.get(name, (None, None))
            between = "" if low is None else f"  ({low} to {high})"
            yield f"{name:>24}  {'—' if value is None else value}{between}"
    for field, what in OF_LINES.items():
        lines: dict[str, Line] | None = getattr(nested, field)
        if lines:
            yield from _lines(what, lines)
    if nested.reliability:
        yield ""
        yield "how sure it was, how often that was right"
        for each in nested.reliability:
            yield f"{each.sure:8.2f}  {each.right:.2f} ({each.low:.2f}–{each.high:.2f})  of {each.size}"


def _lines(what: str, lines: Mapping[str, Line]) -> Iterator[str]:
    of = next(iter(lines.values())).right.of
    yield ""
    yield f"{f'{of} {what}, said from':38}" + "".join(f"{part:>22}" for part in PARTS)
    for name, line in lines.items():
        yield f"{f'{name} ({line.line:.2f})':38}" + "".join(f"{getattr(line, part)!s:>22}" for part in PARTS)
