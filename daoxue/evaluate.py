"""How well an engine that is trained here understands, and our search finds, on anybody's data: the figures behind
`nlu evaluate` and `knowledge evaluate`."""

import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from daoxue import model
from daoxue.diagram import reliability
from daoxue.figures import Verdicts, auroc, figures, share
from daoxue.table import Figures
from daoxue.train import learn
from knowledge.files import KnowledgeError
from knowledge.search import KnowledgeIndex, by_variants
from nlu.classifier import Classifier
from nlu.encoder import Encoder
from nlu.features import read
from nlu.judgement import OUTSIDE, Budget, Verdict
from nlu.questions import Data, DataError
from nlu.questions import read as read_data
from nlu.training import TrainingError, train

REFUSED = 0.9  # share of the unanswerable that is refused where `right_at_90pct_refused` is read
LONGEST = 10_000  # characters of a row: what is longer is no question, and no answer
SHOWN = 20  # problems that are told at once
OUT_OF_SCOPE = "out_of_scope"  # the topic of what we have no answer to


class FileRow(NamedTuple):
    """A line of a file, by its number."""

    number: int
    columns: list[str]


def rows(path: Path, least: int) -> list[FileRow]:
    """The lines that are not empty, by their tabs. Raises `KnowledgeError` with everything that is wrong, by row."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KnowledgeError([f"{path}: cannot be read: {error.strerror}"]) from error
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise KnowledgeError([f"{path}:{number}: not UTF-8"]) from error
    found = [FileRow(number, line.rstrip("\r").split("\t")) for number, line in enumerate(lines, 1) if line.strip()]
    if problems := [f"{path}:{row.number}: {problem}" for row in found if (problem := _problem(row.columns, least))]:
        raise KnowledgeError(problems[:SHOWN])
    if not found:
        raise KnowledgeError([f"{path}: empty"])
    return found


def _problem(columns: Sequence[str], least: int) -> str:
    """What is wrong with a row; empty where nothing is."""
    if (size := sum(map(len, columns))) > LONGEST:
        return f"{size} characters, over {LONGEST}"
    if len(columns) < least:
        return f"fewer than {least} columns"
    if not columns[0].strip():
        return "text without a label"
    return "" if any(each.strip() for each in columns[1:]) else "a label without text"


def nlu(train_file: Path | None, test_file: Path, meaning: Encoder | None, diagram: Path | None) -> Figures:
    """Figures of an engine that is trained on a file, or on our own data; its diagram into a file where one is named.
    Raises `KnowledgeError`."""
    if train_file is not None:
        return report(by_file(train_file, test_file, meaning), diagram)
    try:
        return report(by_our_data(read_data(), test_file, meaning), diagram)
    except DataError as error:
        raise KnowledgeError(error.problems) from error


def report(found: Verdicts, diagram: Path | None) -> Figures:
    """The figures, and the diagram beside them. Raises `KnowledgeError`."""
    if diagram is not None:
        try:
            diagram.write_bytes(reliability(found.said))
        except OSError as error:
            raise KnowledgeError([f"{diagram}: cannot be written: {error.strerror}"]) from error
    return figures(found)


def by_file(train_file: Path, test_file: Path, meaning: Encoder | None) -> Verdicts:
    """An engine that is trained on a file. Raises `KnowledgeError`."""
    examples = [(row.columns[0], row.columns[1]) for row in rows(train_file, 2)]
    tests = rows(test_file, 2)
    began = time.perf_counter()
    try:
        classifier = train(examples, encoder=meaning)
    except TrainingError as error:
        raise KnowledgeError([f"{train_file}: {error}"]) from error
    fitted = time.perf_counter() - began
    return _judged(classifier, tests, [row.columns[0] for row in tests], fitted)


def by_our_data(data: Data, test_file: Path, meaning: Encoder | None) -> Verdicts:
    """The engine that is trained on our own data. Raises `KnowledgeError`."""
    tests, scheme = rows(test_file, 2), model.scheme(data)
    asked = {label for label, _ in data.all if scheme.asks(label)}
    truth, by_topic = truths(test_file, tests, asked, scheme.nothing)
    began = time.perf_counter()
    classifier = learn(data, meaning)
    return _judged(classifier, tests, truth, time.perf_counter() - began, by_topic)


def truths(
    path: Path, tests: Sequence[FileRow], labels: Collection[str], nothing: Collection[str]
) -> tuple[list[str], bool]:
    """What each row should be understood as, and whether that is its topic: a file holds labels, or topics. Raises
    `KnowledgeError` where a row names neither."""
    topics = {*model.topics().values(), OUT_OF_SCOPE}
    given = [row.columns[0] for row in tests]
    strange = [each for each in given if each not in {*labels, *nothing, OUTSIDE}]
    by_topic = bool(strange) and all(each in {*topics, OUTSIDE} for each in given)
    if strange and not by_topic:
        problems = [
            f"{path}:{row.number}: there is no label {row.columns[0][:80]}"
            for row in tests if row.columns[0] in set(strange)
        ]  # fmt: skip
        raise KnowledgeError(problems[:SHOWN])
    return [OUTSIDE if each in {*nothing, OUT_OF_SCOPE} else each for each in given], by_topic


def _judged(
    classifier: Classifier, tests: Sequence[FileRow], truth: Sequence[str], fitted: float, by_topic: bool = False
) -> Verdicts:
    began = time.perf_counter()
    verdicts = classifier.classify([read(row.columns[1]) for row in tests])
    spent = time.perf_counter() - began
    nothing = {OUTSIDE, *(classifier.labels[number] for number in classifier.model.groups.nothing)}
    told = [_topic(each) if by_topic else _label(each, nothing) for each in verdicts]
    score = np.array([verdict.confidence for verdict in verdicts])
    inside = np.array([verdict.inside for verdict in verdicts])
    best = np.array([label for label, _ in told])
    return Verdicts(
        truth=np.array(truth), best=best, kept=best != OUTSIDE if by_topic else inside >= classifier.line,
        says=np.array([says for _, says in told]), sure=np.array([each.topic.probability for each in verdicts]) if by_topic else score,
        inside=inside, score=score, lines=classifier.lines(Budget()), fit_seconds=round(fitted, 3), us_per_parse=round(spent / len(tests) * 1e6, 1),
    )  # fmt: skip


def _label(verdict: Verdict, nothing: Collection[str]) -> tuple[str, bool]:
    """The likeliest of the labels that have an answer, and whether it is likelier than that there is none."""
    first = verdict.ranked[0].label
    ours = next((each.label for each in verdict.ranked if each.label not in nothing), first)
    return ours, first not in nothing


def _topic(verdict: Verdict) -> tuple[str, bool]:
    says = verdict.topic.label != OUT_OF_SCOPE
    return verdict.topic.label if says else OUTSIDE, says


def knowledge(entries_file: Path, queries_file: Path, meaning: Encoder | None) -> Figures:
    """Our search, of a file's queries over a file's entries. Raises `KnowledgeError`."""
    entries = [(row.columns[0], [text for text in row.columns[1:] if text]) for row in rows(entries_file, 2)]
    queries = rows(queries_file, 2)
    began = time.perf_counter()
    search = KnowledgeIndex(by_variants(entries), meaning)
    while search.meaning is not None and not search.meaning.complete:
        search.meaning.read()
    built = time.perf_counter()
    readings = [read(row.columns[1]) for row in queries]
    points = None if meaning is None else meaning.encode([reading.text for reading in readings])
    found = search.search(readings, 10, points)
    searched = time.perf_counter()
    wanted = [set(row.columns[0].split(",")) for row in queries]
    answerable = np.array([ids != {"-"} for ids in wanted])
    places = np.array([_place([hit.id for hit in hits], ids) for hits, ids in zip(found, wanted, strict=True)])
    scores = np.array([hits[0].score if hits else 0.0 for hits in found])
    mixed = bool(answerable.any() and not answerable.all())
    line = float(np.quantile(scores[~answerable], REFUSED)) if mixed else 0.0
    there = places[answerable]
    return Figures({
        "recall_at_1": share(there == 1), "recall_at_3": share((there > 0) & (there <= 3)), "recall_at_10": share(there > 0),
        "mrr_at_10": round(float(np.where(there > 0, 1 / np.maximum(there, 1), 0).mean()), 4) if len(there) else None,
        "auroc": round(auroc(answerable, scores), 4) if mixed else None,
        "right_at_90pct_refused": share(((places == 1) & (scores > line))[answerable]) if mixed else None,
        "build_seconds": round(built - began, 3),
        "us_per_query": round((searched - built) / len(queries) * 1e6, 1),
    })  # fmt: skip


def _place(ids: Sequence[str], wanted: set[str]) -> int:
    """The place of the first right hit, from 1; 0 where there is none."""
    return next((place for place, id in enumerate(ids, 1) if id in wanted), 0)
