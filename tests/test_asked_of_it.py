"""The weights by which a half sentence is taken to ask for an aspect of what was told follow from sentences; how often they are right."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from bot.aspects import ASPECTS
from bot.rules import learnt
from bot.rules.learnt import LINE, OF_ASPECT, OF_ITSELF, Weighed
from bot.running import Runner
from bot.turn import Turn
from daoxue.app import App
from tests.talk import Resident

ROWS = [line.split("\t") for line in (Path(__file__).parent / "asked_of_it.tsv").read_text("utf-8").splitlines()[1:]]
LITTLE = 0.3  # by which large weights cost
Case = tuple[NDArray[np.float64], NDArray[np.float64]]  # a row of signs for each aspect and for itself; which are right


async def cases(app: App, monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """What is weighed of each sentence; none of those that a rule before takes."""
    seen: list[Weighed | None] = []

    def look(run: Runner, turn: Turn) -> None:
        seen.append(learnt.weighed(run, turn))

    monkeypatch.setattr(learnt, "aspect_of", look)
    monkeypatch.setattr(learnt, "IN_WORDS", set(ASPECTS))  # what is plain is weighed too
    found = []
    for first, then, wanted in ROWS:
        resident = Resident(app)
        await resident.say(first)
        seen.clear()
        await resident.say(then)
        if not seen or seen[0] is None:
            continue
        weighed, right = seen[0], wanted.split()
        signs = np.zeros((len(weighed.aspects) + 1, len(OF_ASPECT) + len(OF_ITSELF)))
        signs[:-1, : len(OF_ASPECT)], signs[-1, len(OF_ASPECT) :] = weighed.signs, weighed.alone
        found.append((signs, np.array([each in right for each in (*weighed.aspects, "-")], dtype=np.float64)))
    return [each for each in found if each[1].any()]


def shares(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.exp(odds - odds.max())
    return np.asarray(found / found.sum(), dtype=np.float64)


def cost(weights: NDArray[np.float64], among: list[Case]) -> tuple[float, NDArray[np.float64]]:
    """How unlikely what is right is held to be, and the slope of that."""
    sum_, slope = LITTLE * float(weights @ weights), 2 * LITTLE * weights
    for signs, right in among:
        share = shares(signs @ weights)
        weight = 0.6 if right[-1] and right.sum() > 1 else 1.0  # both may be meant
        sum_ -= weight * float(np.log(share @ right))
        slope = slope - weight * signs.T @ (share * right / (share @ right) - share)
    return sum_, slope


async def test_the_weights_are_those_of_the_sentences(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    among = await cases(app, monkeypatch)
    assert len(among) > 400
    learned = minimize(cost, np.zeros(len(OF_ASPECT) + len(OF_ITSELF)), args=(among,), jac=True, method="L-BFGS-B").x
    print(np.round(learned[: len(OF_ASPECT)], 2).tolist(), np.round(learned[len(OF_ASPECT) :], 2).tolist())
    assert np.array([*OF_ASPECT, *OF_ITSELF]) == pytest.approx(learned, abs=0.4)
    taken = right = 0
    for signs, wanted in among:
        share = shares(signs @ np.array([*OF_ASPECT, *OF_ITSELF]))
        best = int(share[:-1].argmax())
        if share[best] >= LINE:
            taken, right = taken + 1, right + int(wanted[best])
    assert taken > 200
    assert right / taken > 0.85
