"""The weights by which a message is taken to go on with an answer follow from sentences; how well they tell them apart."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bot.aspects import clauses, sentences
from bot.rules.answers import LIKELY, SURELY, UNCLEAR, WEIGHTS, signs
from daoxue.app import App

ROWS = [line.split("\t") for line in (Path(__file__).parent / "goes_on.tsv").read_text("utf-8").splitlines()[1:]]
TODAY = date(2026, 11, 26)


def table(app: App) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A row of signs a sentence, and whether it goes on."""
    found = []
    for question, text, _ in ROWS:
        entry = app.library.answer(question, TODAY)
        assert entry is not None, question
        heard = app.comprehension.understand(text, TODAY)
        said = [each for sentence in sentences(*(entry.steps or (entry.answer,))) for each in clauses(sentence)]
        likeness = max(app.comprehension.likeness(heard.folded, said))
        found.append(signs(heard, likeness, heard.best is not None and heard.best.question == question))
    return np.array(found), np.array([row[2] == "1" for row in ROWS])


async def test_the_weights_are_those_of_the_sentences(app: App) -> None:
    found, goes_on = table(app)
    spread = np.append(1.0, found[:, 1:].std(axis=0))
    model = LogisticRegression(class_weight="balanced", fit_intercept=False, C=1.0)
    learnt = model.fit(found / spread, goes_on).coef_[0] / spread
    print(np.round(learnt, 2).tolist())
    assert np.array(WEIGHTS) == pytest.approx(learnt, rel=0.1, abs=0.1)
    odds = found @ np.array(WEIGHTS)
    assert roc_auc_score(goes_on, odds) > 0.9
    for line, found_of, taken_of in ((UNCLEAR, 0.7, 0.1), (LIKELY, 0.65, 0.06), (SURELY, 0.45, 0.02)):
        assert (odds[goes_on] >= line).mean() >= found_of
        assert (odds[~goes_on] >= line).mean() <= taken_of
