"""How well we understand and find, on anybody's data: the figures behind `nlu evaluate` and `knowledge evaluate`."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, matthews_corrcoef, roc_auc_score

from knowledge.files import KnowledgeError
from knowledge.search import Search, by_variants
from nlu.classifier import OUTSIDE
from nlu.encoder import Encoder
from nlu.features import read
from nlu.training import TrainingError, train

Figures = dict[str, float | None]
REFUSED = 0.9  # share of the unanswerable that is refused where `right_at_90pct_refused` is read
REJECTED = 0.05  # share of the in-scope that is rejected where `oos_recall_at_5pct` is read
BINS = 10  # of the calibration error


def evaluate(what: str, first: Path, second: Path, meaning: Encoder | None) -> Figures:
    """`nlu` of a training and a test file, or `knowledge` of an entries and a queries file. Raises `KnowledgeError`."""
    try:
        return _nlu(first, second, meaning) if what == "nlu" else _knowledge(first, second, meaning)
    except TrainingError as error:
        raise KnowledgeError([f"{first}: {error}"]) from error


def _rows(path: Path, least: int) -> list[list[str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError([f"{path}: cannot be read: {error}"]) from error
    rows = [line.split("\t") for line in lines if line.strip()]
    if problems := [
        f"{path}:{number}: fewer than {least} columns" for number, row in enumerate(rows, 1) if len(row) < least
    ]:
        raise KnowledgeError(problems[:20])
    if not rows:
        raise KnowledgeError([f"{path}: empty"])
    return rows


def _nlu(train_file: Path, test_file: Path, meaning: Encoder | None) -> Figures:
    examples = [(row[0], row[1]) for row in _rows(train_file, 2)]
    tests = [(row[0], row[1]) for row in _rows(test_file, 2)]
    began = time.perf_counter()
    classifier = train(examples, encoder=meaning)
    fitted = time.perf_counter()
    verdicts = classifier.classify([read(text) for _, text in tests])
    parsed = time.perf_counter()
    truth = np.array([label for label, _ in tests])
    # `OUTSIDE` is a label to the engine, which may be likelier than any intent; which of these it would be is asked too.
    ranked = [
        next((each for each in verdict.ranked if each.label != OUTSIDE), verdict.ranked[0]) for verdict in verdicts
    ]
    best = np.array([each.label for each in ranked])
    inside = np.array([verdict.inside for verdict in verdicts])
    sure = np.array([verdict.confidence for verdict in verdicts])
    kept = inside >= classifier.line
    scope = truth != OUTSIDE
    refuses = not scope.all()
    decided = np.where(kept, best, OUTSIDE) if refuses else best
    return {
        "accuracy": _mean(decided == truth),
        "macro_f1": round(float(f1_score(truth, decided, average="macro")), 4),
        "in_scope_accuracy": _mean((best == truth)[scope] & (kept[scope] | (not refuses))),
        "forced_accuracy": _mean((best == truth)[scope]),
        "oos_recall": _mean(~kept[~scope]) if refuses else None,
        "oos_precision": _mean((~scope)[~kept]) if refuses and (~kept).any() else None,
        "auroc": round(float(roc_auc_score(scope, inside)), 4) if refuses and scope.any() else None,
        "oos_recall_at_5pct": _mean(inside[~scope] < np.quantile(inside[scope], REJECTED))
        if refuses and scope.any()
        else None,
        "mcc": round(float(matthews_corrcoef(scope, kept)), 4) if refuses else None,
        "ece": _calibration_error(sure[scope], (best == truth)[scope]),
        "fit_seconds": round(fitted - began, 3),
        "us_per_parse": round((parsed - fitted) / len(tests) * 1e6, 1),
    }


def _knowledge(entries_file: Path, queries_file: Path, meaning: Encoder | None) -> Figures:
    entries = [(row[0], [text for text in row[1:] if text]) for row in _rows(entries_file, 2)]
    queries = _rows(queries_file, 2)
    began = time.perf_counter()
    search = Search(by_variants(entries), meaning)
    while search.meaning is not None and not search.meaning.complete:
        search.meaning.read()
    built = time.perf_counter()
    readings = [read(row[1]) for row in queries]
    points = None if meaning is None else meaning.encode([reading.text for reading in readings])
    found = search.search(readings, 10, points)
    searched = time.perf_counter()
    wanted = [set(row[0].split(",")) for row in queries]
    answerable = np.array([ids != {"-"} for ids in wanted])
    places = np.array([_place([hit.id for hit in hits], ids) for hits, ids in zip(found, wanted, strict=True)])
    scores = np.array([hits[0].score if hits else 0.0 for hits in found])
    mixed = bool(answerable.any() and not answerable.all())
    line = float(np.quantile(scores[~answerable], REFUSED)) if mixed else 0.0
    there = places[answerable]
    return {
        "recall_at_1": _mean(there == 1), "recall_at_3": _mean((there > 0) & (there <= 3)), "recall_at_10": _mean(there > 0),
        "mrr_at_10": round(float(np.where(there > 0, 1 / np.maximum(there, 1), 0).mean()), 4) if len(there) else None,
        "auroc": round(float(roc_auc_score(answerable, scores)), 4) if mixed else None,
        "right_at_90pct_refused": _mean(((places == 1) & (scores > line))[answerable]) if mixed else None,
        "build_seconds": round(built - began, 3),
        "us_per_query": round((searched - built) / len(queries) * 1e6, 1),
    }  # fmt: skip


def _place(ids: Sequence[str], wanted: set[str]) -> int:
    """The place of the first right hit, from 1; 0 where there is none."""
    return next((place for place, id in enumerate(ids, 1) if id in wanted), 0)


def _mean(truths: NDArray[np.bool_]) -> float | None:
    return round(float(truths.mean()), 4) if len(truths) else None


def _calibration_error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float | None:
    """Expected calibration error: how far, on average, sureness is from how often it is right."""
    if not len(sure):
        return None
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [
        abs(sure[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean() for each in np.unique(bins)
    ]
    return round(float(sum(gaps)), 4)
