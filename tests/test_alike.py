"""Subjects that are described and not named: by an author who had been given the table and avoided every word of it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot import described
from daoxue.app import App
from knowledge import alike
from knowledge.alike import Alike
from nlu.encoder import Encoder, Use
from nlu.text import fold
from tests.talk import Resident

Floats = NDArray[np.float64]
ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "described" / "subjects.tsv").read_text("utf-8").splitlines()[1:]
]


@pytest.fixture(scope="module")
def known() -> Alike:
    return Alike(Use())


def signs(known: Alike) -> tuple[Floats, list[int]]:
    found = [np.stack(known.signs(fold(text), described.parts_of(fold(text)))) for text, _ in ROWS]
    return np.array(found), [known.names.index(name) for _, name in ROWS]


def learnt(found: Floats, right: list[int]) -> Floats:
    """The weights that make what is meant likeliest."""
    weights = np.array(alike.WEIGHTS) * (0.5, 2, 0.5)  # from elsewhere
    step = np.array([30.0, 0.1, 10.0])
    for _ in range(400):
        odds = np.einsum("k,nks->ns", weights, found)
        odds = np.exp(odds - odds.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        meant = found[np.arange(len(right)), :, right]
        weights = weights + step * np.mean(meant - np.einsum("nks,ns->nk", found, odds), axis=0)
    return weights


def test_the_weights_follow_from_the_sentences(known: Alike) -> None:
    found, right = signs(known)
    assert learnt(found, right) == pytest.approx(alike.WEIGHTS, rel=0.15)


def test_most_are_among_the_likeliest(known: Alike) -> None:
    """Of some 350 subjects, without one word of the table."""
    places = []
    for text, name in ROWS:
        ranked = [each for each, _ in known.ranked(fold(text), described.parts_of(fold(text)))]
        places.append(ranked.index(name))
    assert sum(place == 0 for place in places) > 0.5 * len(places)
    assert sum(place < 3 for place in places) > 0.7 * len(places)


def test_the_points_are_of_the_table(known: Alike, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes it runs `python -m knowledge.alike`; of an older table no point is taken, and words alone tell."""
    assert known.signs("学茶艺", [])[0].any()
    monkeypatch.setattr(alike, "_of", lambda encoder: "another")
    words_alone = Alike(Use())
    assert not words_alone.signs("学茶艺", [])[0].any()
    assert words_alone.ranked("想学泡功夫茶的手艺", [])[0][0] == "茶艺"


@pytest.mark.parametrize("encoder", [None])
def test_without_an_encoder_words_tell(encoder: Encoder | None) -> None:
    assert Alike(encoder).ranked("想学泡功夫茶的手艺", [])[0][0] == "茶艺"


async def test_it_is_asked_about_and_not_assumed(app: App) -> None:
    await app.library.all_read()
    resident = Resident(app)
    assert "\n茶叶种植\n" in await resident.say("承包了二十亩茶山，想学学管护这一块")
    assert "没有查到“茶叶种植”的班" in await resident.say("1")


@pytest.mark.parametrize(
    "text", ["你们有什么课", "老人能学什么", "报名要带什么", "想学点东西", "一个班坐多少人", "教室里有监控吗"]
)
async def test_what_says_no_subject_is_none(app: App, text: str) -> None:
    await app.library.all_read()
    said = await Resident(app).say(text)
    assert not [each for each in ("说的像是", "没有查到") if each in said]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("我想学修电动车", "电工基础"),
        ("学咖啡拉花", "西点烘焙"),
        ("想学法语", "老年英语口语"),
        ("想学太极扇", "太极拳"),
    ],
)
async def test_what_is_near_stands_beside_what_nobody_teaches(app: App, text: str, near: str) -> None:
    receipt = await Resident(app).receipt(text)
    labels = [each.label for answer in receipt.answers for each in answer.message.reply.options]
    assert near in labels
    assert not {"家庭消防安全", "家长课堂", "垃圾分类"} & {*labels}
