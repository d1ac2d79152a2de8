"""Figures, what was recorded of them, and how they compare."""

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

RECORDED = Path(__file__).parent / "recorded.tsv"
POINT = 0.01
Better = Literal["more", "fewer", "either"]


class Figure(Struct, frozen=True):
    """`count` of `of` items; `better` says which way is up. A mean over items stands as their sum."""

    name: str
    count: float
    of: int
    better: Better = "more"

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


class Scored(Struct, frozen=True):
    """A set's figures, and a line for each item that went wrong."""

    figures: list[Figure]
    wrong: list[str]


class Tally:
    """How many of each group are right."""

    def __init__(self) -> None:
        self._right: Counter[str] = Counter()
        self._of: Counter[str] = Counter()

    def add(self, groups: Iterable[str], right: bool) -> None:
        for group in groups:
            self._right[group] += right
            self._of[group] += 1

    def figures(self, name: str) -> list[Figure]:
        return [Figure(name.format(group), self._right[group], self._of[group]) for group in sorted(self._of)]


class Compared(Struct, frozen=True):
    """A figure beside the recorded one, if there is one."""

    now: Figure
    before: Figure | None

    @property
    def risen(self) -> float:
        """Share by which it is better, worse where negative; of what may go either way, by which it is more."""
        if self.before is None:
            return 0.0
        change = self.now.share - self.before.share
        return -change if self.now.better == "fewer" else change

    @property
    def allowed(self) -> float:
        """Share that is no difference: a point or an item, whichever is larger."""
        return max(POINT, 1 / self.now.of) + 1e-9 if self.now.of else POINT

    @property
    def has_fallen(self) -> bool:
        return self.now.better != "either" and self.risen < -self.allowed

    @property
    def has_risen(self) -> bool:
        return self.now.better != "either" and self.risen > self.allowed

    def __str__(self) -> str:
        before = self.before or self.now
        how = f"{100 * abs(self.risen):.1f} points {'better' if self.risen > 0 else 'worse'}"
        return f"{self.now.name}: {told(before)} before, {told(self.now)} now, {how}"


def compare(figures: Iterable[Figure], recorded: Mapping[str, Figure]) -> list[Compared]:
    return [Compared(figure, recorded.get(figure.name)) for figure in figures]


def told(figure: Figure) -> str:
    count = f"{figure.count:.0f}" if figure.count == int(figure.count) else f"{figure.count:.1f}"
    return f"{count} of {figure.of} ({100 * figure.share:.1f} %)"


def table(compared: Iterable[Compared]) -> Iterator[str]:
    """Lines: the figure, now, recorded, and by how many points it differs; ! where it has fallen, + where risen."""
    yield f"{'figure':34}{'now':>24}{'recorded':>24}{'points':>9}"
    for each in compared:
        before = told(each.before) if each.before else "-"
        change = f"{100 * (each.now.share - each.before.share):+.1f}" if each.before else "-"
        mark = " !" if each.has_fallen else " +" if each.has_risen else ""
        yield f"{each.now.name:34}{told(each.now):>24}{before:>24}{change:>9}{mark}"


def read_recorded(path: Path = RECORDED) -> dict[str, Figure]:
    """By name; none where nothing was recorded yet."""
    if not path.exists():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    return {name: Figure(name, float(count), int(of)) for name, count, of in rows}


def record(figures: Collection[Figure], path: Path = RECORDED) -> None:
    """Writes them down; what was recorded of other sets than theirs stays."""
    sets = {figure.name.partition("/")[0] for figure in figures}
    others = [each for each in read_recorded(path).values() if each.name.partition("/")[0] not in sets]
    kept = sorted([*others, *(replace(each, count=round(each.count, 2)) for each in figures)], key=lambda f: f.name)
    path.write_text("".join(f"{each.name}\t{each.count:g}\t{each.of}\n" for each in kept), encoding="utf-8")
