"""Courses that residents describe in words of their own: the weights follow from sentences, and hold for other courses by
another author; and how such a talk goes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bot import described, phrases
from daoxue.app import App
from knowledge import taught
from knowledge.catalogue import Course, Lesson
from knowledge.taught import Taught
from nlu.encoder import Use
from nlu.text import fold
from tests.talk import Resident

HERE = Path(__file__).parent / "described"
Signs = NDArray[np.float64]  # a row a course, a column a weight


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (HERE / name).read_text("utf-8").splitlines()[1:]]


def elsewhere() -> list[Course]:
    return [
        Course(
            id=id, name=name, theme="x", level="零基础", prerequisite="不需要基础", mode="线下", summary=summary,
            assessment="无", lessons=tuple(Lesson(title, 10) for title in lessons.split("、")),
        )
        for id, name, summary, lessons in rows("courses.tsv")
    ]  # fmt: skip


def read(courses: Sequence[Course]) -> Taught:
    found = Taught(courses, Use())
    while not found.meaning.complete:
        found.meaning.read()
    return found


def signs(courses: Taught, text: str, monkeypatch: pytest.MonkeyPatch) -> Signs:
    columns = []
    for number in range(len(taught.WEIGHTS)):
        monkeypatch.setattr(taught, "WEIGHTS", np.eye(len(taught.WEIGHTS))[number])
        columns.append(courses.strengths(fold(text), described.parts_of(fold(text))))
    monkeypatch.undo()
    return np.stack(columns, axis=1)


def learnt(found: list[tuple[Signs, NDArray[np.bool_]]]) -> NDArray[np.float64]:
    """The weights that make the courses that are meant likeliest among all."""
    weights = np.ones(len(taught.WEIGHTS))
    for _ in range(300):
        slope = np.zeros(len(weights))
        for each, right in found:
            odds = each @ weights
            chance = np.exp(odds - odds.max())
            chance /= chance.sum()
            slope += (((chance * right) / (chance * right).sum() - chance)[:, None] * each).sum(axis=0)
        weights += 2.0 * slope / len(found)
    return weights


def leads(found: Signs, text: str) -> list[float]:
    strengths = np.sort(found @ np.array(taught.WEIGHTS))
    return [strengths[-1], strengths[-1] - strengths[-2], float(phrases.is_of_a_course(fold(text)))]


def test_the_weights_are_those_of_the_sentences(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    courses = read(list(app.library.catalogue.courses.values()))
    known = [(signs(courses, text, monkeypatch), set(meant.split("|")), text) for meant, text in rows("sample.tsv")]
    told = [(each, np.isin(courses.ids, list(meant))) for each, meant, _ in known if meant & set(courses.ids)]
    assert learnt(told) == pytest.approx(taught.WEIGHTS, rel=0.1)
    strongest = [courses.ids[int((each @ np.array(taught.WEIGHTS)).argmax())] for each, _, _ in known]
    right = [first in meant for first, (_, meant, _) in zip(strongest, known, strict=True)]
    model = LogisticRegression(C=10).fit([leads(each, text) for each, _, text in known], right)
    weights = (described.STRENGTH, described.LEAD, described.TAUGHT, described.BIAS)
    assert [*model.coef_[0], model.intercept_[0]] == pytest.approx(weights, rel=0.15, abs=0.05)


def test_they_hold_for_other_courses(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an author who invented them and saw neither the sample's nor the sentences about those."""
    courses = read(elsewhere())
    first = three = taken = right = 0
    sentences = rows("elsewhere.tsv")
    for meant, text in sentences:
        found = signs(courses, text, monkeypatch)
        ranked = [courses.ids[row] for row in (-(found @ np.array(taught.WEIGHTS))).argsort()[:3]]
        first += ranked[0] in meant.split("|")
        three += bool(set(ranked) & set(meant.split("|")))
        odds = np.dot(leads(found, text), (described.STRENGTH, described.LEAD, described.TAUGHT)) + described.BIAS
        taken += bool(odds >= described.MEANT)
        right += bool(odds >= described.MEANT and ranked[0] in meant.split("|"))
    of = sum(meant not in {"none", "other"} for meant, _ in sentences)
    assert first / of > 0.45
    assert three / of > 0.6
    assert right / taken > 0.8


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("喂鱼喂虾的那个班", "水产养殖班"),
        ("拉二胡的夜班", "二胡晚间班"),
        ("跟孙辈咋相处，有讲的没", "隔代教育"),
        ("医院那个号现在都要在手机里头戳，我不会，有地方教吗", "智慧就医"),
        ("脑子老忘事，有练脑子的课不", "记忆力训练"),
        ("种菜的有没有", "大棚蔬菜种植班"),
    ],
)
async def test_what_is_described_is_found(app: App, asked: str, told: str) -> None:
    await app.library.all_read()
    assert told in await Resident(app).say(asked)


async def test_who_goes_on_means_the_likeliest(app: App) -> None:
    await app.library.all_read()
    resident = Resident(app)
    assert "陶艺" in await resident.say("捏泥巴烧碗那个班")
    assert "陶艺周末班（学院）还有 2 个名额" in await resident.say("还塞得进人不")
