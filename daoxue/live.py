"""How well the engine understands that residents meet: the model as it is served, and what this centre answers."""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from bot.comprehension import Candidate, Understanding
from bot.keeping import kept
from daoxue.app import App
from daoxue.chat import label_of
from daoxue.evaluate import OUT_OF_SCOPE, FileRow, report, rows, truths
from daoxue.figures import Verdicts
from daoxue.table import Figures
from handlers import HANDLERS
from knowledge.library import Library
from nlu.classifier import TOGETHER
from nlu.judgement import OUTSIDE
from nlu.questions import FAQ, NO_ANSWER, OTHER

EVERY = 2.0  # seconds between two words of progress


async def evaluate(app: App, test_file: Path, today: date, diagram: Path | None) -> Figures:
    """Figures of what is made of a file's texts on a day; tells on standard error how far it is. Raises
    `KnowledgeError`."""
    return report(await verdicts(app, test_file, today), diagram)


async def verdicts(app: App, test_file: Path, today: date) -> Verdicts:
    """What is made of them."""
    tests = rows(test_file, 2)
    nothing = {*NO_ANSWER, *(OTHER + topic for topic in {handler.topic for handler in HANDLERS.values()})}
    truth, by_topic = truths(test_file, tests, {*HANDLERS, *_entries(app.library)}, nothing)
    began = time.perf_counter()
    heard = await _heard(app, tests, today)
    spent = time.perf_counter() - began
    told = [_topic(each) if by_topic else _label(each, app.library) for each in heard]
    score = np.array([each.best.score if each.best else 0.0 for each in heard])
    lines = heard[0].lines
    says = np.array([says for _, says in told])
    return Verdicts(
        truth=np.array(truth), best=np.array([label for label, _ in told]), kept=says & (by_topic | (score >= lines.ask)), says=says,
        sure=np.array([each.topic_probability for each in heard]) if by_topic else score, score=score, lines=lines,
        inside=np.array([each.inside for each in heard]), fit_seconds=None, us_per_parse=round(spent / len(tests) * 1e6, 1),
    )  # fmt: skip


def _entries(library: Library) -> set[str]:
    """The labels of what this centre may be asked."""
    return {*(FAQ + id for id in library.questions), *(f"entry:{id}" for id in library.entries)}


async def _heard(app: App, tests: Sequence[FileRow], today: date) -> list[Understanding]:
    """What is asked at the same moment is understood together."""
    found: list[Understanding] = []
    began = told = time.monotonic()
    for first in range(0, len(tests), TOGETHER):
        texts = [kept(row.columns[1]) for row in tests[first : first + TOGETHER]]
        found += await asyncio.gather(*(app.comprehension.together(text, today) for text in texts))
        if (now := time.monotonic()) - told >= EVERY:
            told = now
            print(f"nlu: {len(found)} of {len(tests)} ({now - began:.0f} s)", file=sys.stderr, flush=True)
    return found


def _label(heard: Understanding, library: Library) -> tuple[str, bool]:
    """The likeliest of the labels that have an answer, and whether it is likelier than that there is none."""
    labels = [_named(each, library) for each in heard.candidates]
    ours = next((label for label in labels if label not in NO_ANSWER), OUTSIDE)
    return ours, bool(labels) and labels[0] == ours


def _named(candidate: Candidate, library: Library) -> str:
    """An entry that answers a standard question is found by questions of its own as well: it is the same answer."""
    entry = library.entries.get(candidate.entry or "")
    question = library.asks(entry) if entry else None
    return FAQ + question.id if question else label_of(candidate)


def _topic(heard: Understanding) -> tuple[str, bool]:
    says = heard.topic != OUT_OF_SCOPE
    return heard.topic if says else OUTSIDE, says
