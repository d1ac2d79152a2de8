"""What an engine made of texts whose labels are known, in figures, each with the interval that it was counted to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from daoxue import calibration
from daoxue.calibration import Judged
from daoxue.intervals import Interval, bootstrap, wilson
from daoxue.table import Figures, Nested, Share, TableBin, TableLine
from nlu.judgement import OUTSIDE, Lines

REJECTED = 0.05  # share of the in-scope that is rejected where `oos_recall_at_5pct` is read

Rows = NDArray[np.bool_]
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A row a text. `truth` and `best` are labels, `OUTSIDE` where there is no answer; `best` is the likeliest of ours.
    `kept` is whether the engine's own line lets it through, `says` whether that is what it holds for likeliest at all,
    `sure` the probability that it is right, and `inside` that there is any answer; `score` is what is measured by the
    `lines`: the likeliest answer's probability, though it be the topic that is judged."""

    truth: NDArray[np.str_]
    best: NDArray[np.str_]
    kept: Rows
    says: Rows
    sure: NDArray[np.float64]
    inside: NDArray[np.float64]
    score: NDArray[np.float64]
    lines: Lines
    fit_seconds: float | None
    us_per_parse: float

    @property
    def scope(self) -> Rows:
        """What has an answer."""
        return np.not_equal(self.truth, OUTSIDE)

    @property
    def right(self) -> Rows:
        return np.equal(self.best, self.truth) & self.scope

    @property
    def said(self) -> list[Judged]:
        """Of what an answer of ours is named to: how surely, and whether rightly."""
        return list(zip(self.sure[self.says].tolist(), self.right[self.says].tolist(), strict=True))


def figures(found: Verdicts) -> Figures:
    scope, kept, right = found.scope, found.kept, found.right
    refuses = not bool(scope.all())
    decided = np.where(kept, found.best, OUTSIDE) if refuses else found.best
    none = np.zeros(0, dtype=bool)
    shares: dict[str, Rows] = {
        "accuracy": decided == found.truth,
        "in_scope_accuracy": right[scope] & (kept[scope] | (not refuses)),
        "forced_accuracy": right[scope],
        "oos_recall": ~kept[~scope],
        "oos_precision": (~scope)[~kept] if refuses else none,
    }
    others = _others(found, decided, refuses)
    every = np.arange(len(scope))
    values = {name: share(rows) for name, rows in shares.items()}
    values |= {name: _rounded(figure(every)) for name, figure in others.items()}
    intervals = {name: wilson(int(rows.sum()), len(rows)) for name, rows in shares.items() if len(rows)}
    drawn = {name: bootstrap(figure, len(scope)) for name, figure in others.items() if values[name] is not None}
    names = [
        "accuracy", "macro_f1", "in_scope_accuracy", "forced_accuracy", "oos_recall", "oos_precision", "auroc",
        "oos_recall_at_5pct", "mcc", "ece", "ece_with_strays",
    ]  # fmt: skip
    intervals |= {name: each for name, each in drawn.items() if each}
    nested = Nested(
        {name: (round(low, 4), round(high, 4)) for name, (low, high) in intervals.items()},
        at_lines(found, scope), at_lines(found, ~scope) if refuses else None, reliability(found),
    )  # fmt: skip
    told = {name: values[name] for name in names}
    spent = {"fit_seconds": found.fit_seconds, "us_per_parse": found.us_per_parse, "texts": len(scope)}
    return Figures({**told, **spent}, nested)


def _others(
    found: Verdicts, decided: NDArray[np.str_], refuses: bool
) -> Mapping[str, Callable[[Numbers], float | None]]:
    """Figures that are no shares, of the rows with some numbers."""
    scope, inside, sure, right = found.scope, found.inside, found.sure, found.right.astype(np.float64)
    _, codes = np.unique(np.concatenate([found.truth, decided]), return_inverse=True)
    truth, chosen = codes[: len(scope)], codes[len(scope) :]

    def mixed(rows: Numbers) -> bool:
        return refuses and bool(scope[rows].any()) and not bool(scope[rows].all())

    def lost(rows: Numbers) -> float:
        strays, ours = inside[rows][~scope[rows]], inside[rows][scope[rows]]
        return float((strays < np.quantile(ours, REJECTED)).mean())

    def in_scope(rows: Numbers) -> float | None:
        ours = rows[scope[rows]]
        return calibration.error_of(sure[ours], right[ours]) if len(ours) else None

    def with_strays(rows: Numbers) -> float | None:
        said = rows[found.says[rows]]
        return calibration.error_of(sure[said], right[said]) if len(said) else None

    return {
        "macro_f1": lambda rows: macro_f1(truth[rows], chosen[rows]),
        "auroc": lambda rows: auroc(scope[rows], inside[rows]) if mixed(rows) else None,
        "oos_recall_at_5pct": lambda rows: lost(rows) if mixed(rows) else None,
        "mcc": lambda rows: matthews(scope[rows], found.kept[rows]) if refuses else None,
        "ece": in_scope,
        "ece_with_strays": with_strays,
    }


def auroc(truth: Rows, score: NDArray[np.float64]) -> float:
    """How probably one of those that are true has the higher score than one of those that are not; alike, half."""
    true, others = np.sort(score[truth]), score[~truth]
    below, at_most = (np.searchsorted(true, others, side) for side in ("left", "right"))
    return float(1 - (below + at_most).mean() / 2 / len(true))


def macro_f1(truth: Numbers, chosen: Numbers) -> float:
    """The mean over all labels that are meant or chosen, as large ones as small ones."""
    size = int(max(truth.max(), chosen.max())) + 1
    both = np.bincount(truth, minlength=size) + np.bincount(chosen, minlength=size)
    hits = np.bincount(truth[truth == chosen], minlength=size)
    return float((2 * hits[both > 0] / both[both > 0]).mean())


def matthews(truth: Rows, chosen: Rows) -> float:
    """Matthews' correlation, -1 to 1; 0 where either is all of one kind."""
    spread = float(truth.std() * chosen.std())
    return float((truth & chosen).mean() - truth.mean() * chosen.mean()) / spread if spread else 0.0


def at_lines(found: Verdicts, rows: Rows) -> dict[str, TableLine]:
    """Of these rows: how many are said rightly and wrongly where what reaches a line is said, how many are asked about
    then, and how many are refused."""
    ask = found.says & (found.score >= found.lines.ask)
    told: dict[str, TableLine] = {}
    for name, line in msgspec.structs.asdict(found.lines).items():
        said = found.says & (found.score >= line)
        parts = {"right": said & found.right, "wrong": said & ~found.right, "asked": ask & ~said, "refused": ~ask}
        told[name] = TableLine(round(line, 4), **{part: _share(each[rows]) for part, each in parts.items()})
    return told


def reliability(found: Verdicts) -> list[TableBin]:
    return [
        TableBin(
            each.size, round(each.sure, 4), round(each.right, 4), *_interval(round(each.right * each.size), each.size)
        )
        for each in calibration.bins(found.said)
    ]


def _share(rows: Rows) -> Share:
    count = int(rows.sum())
    return Share(count, len(rows), share(rows), *_interval(count, len(rows)))


def _interval(count: int, of: int) -> Interval:
    low, high = wilson(count, of)
    return round(low, 4), round(high, 4)


def share(truths: Rows) -> float | None:
    return _rounded(float(truths.mean())) if len(truths) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
