"""The judge: no figure falls behind the recorded one, the sets stay unseen, and what it makes of an answer."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daoxue import calibration
from knowledge.files import read_sample
from nlu.questions import read as read_data
from nlu.text import fold
from tests.judge import sets
from tests.judge.__main__ import judge
from tests.judge.figures import Better, Compared, Figure, compare, read_recorded, record, table
from tests.judge.scoring import SETS, unexpected, verdict_on
from tests.judge.sets import Expected, Question, Wanted
from tests.judge.stage import TODAY, Card, Option, Reply, Told

LEAST = 6  # characters that are a sentence
judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()))


async def test_no_figure_falls(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored = await judge(list(SETS), tmp_path, models)
    recorded = read_recorded()
    compared = compare([figure for each in scored.values() for figure in each.figures], recorded)
    with capsys.disabled():
        print(*(f"\n{each}; record it" for each in compared if each.has_risen), sep="")
    assert [str(each) for each in compared if each.has_fallen] == []
    assert [each.now.name for each in compared if not each.now.of] == [], "a figure of nothing"
    assert {each.now.name for each in compared} == set(recorded), "python -m tests.judge --record"


def test_the_sets_stay_unseen() -> None:
    questions = [question for entry in read_sample(TODAY).entries for question in entry.questions]
    data = read_data()
    ours = bare([*questions, *(text for _, text in data.all)])
    seen = {text for text in bare(sets.sentences()) & ours if len(text) >= LEAST}
    assert seen == set()


def bare(texts: Iterable[str]) -> set[str]:
    return {re.sub(r"[\W_]", "", fold(text)) for text in texts}


@pytest.mark.parametrize(
    ("before", "now", "of", "better", "fallen", "risen"),
    [
        (500, 490, 1000, "more", False, False),  # a point
        (500, 489, 1000, "more", True, False),
        (500, 511, 1000, "more", False, True),
        (5, 4, 10, "more", False, False),  # an item
        (5, 3, 10, "more", True, False),
        (5, 7, 10, "fewer", True, False),
        (5, 3, 10, "fewer", False, True),
        (9, 1, 10, "either", False, False),
    ],
)
def test_what_has_fallen(before: int, now: int, of: int, better: Better, fallen: bool, risen: bool) -> None:
    compared = Compared(Figure("x", now, of, better), Figure("x", before, of))
    assert (compared.has_fallen, compared.has_risen) == (fallen, risen)


def test_a_fall_is_told_with_its_size() -> None:
    compared = Compared(Figure("answers/all/right", 40, 100), Figure("answers/all/right", 50, 100))
    assert str(compared) == "answers/all/right: 50 of 100 (50.0 %) before, 40 of 100 (40.0 %) now, 10.0 points worse"
    assert list(table([compared]))[-1].split()[-2:] == ["-10.0", "!"]


def test_recording_a_set_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "recorded.tsv"
    assert read_recorded(path) == {}
    record([Figure("a/x", 1, 2), Figure("a/y", 1, 2), Figure("b/x", 12.345, 40)], path)
    record([Figure("a/x", 2, 2)], path)
    assert read_recorded(path) == {"a/x": Figure("a/x", 2, 2), "b/x": Figure("b/x", 12.35, 40)}


@given(judged)
def test_a_calibration_error_is_a_share(pairs: list[calibration.Judged]) -> None:
    assert 0 <= calibration.error(pairs) <= 1
    assert sum(each.size for each in calibration.bins(pairs)) == len(pairs)
    assert calibration.error(pairs, 1) <= calibration.error(pairs) + 1e-9  # a finer look finds no less


def test_calibration_errors() -> None:
    assert calibration.error([(0.8, True)] * 4 + [(0.8, False)]) == pytest.approx(0)
    assert calibration.error([(1.0, False), (0.0, True)]) == pytest.approx(1)
    assert calibration.error([(0.9, True), (0.2, True)]) == pytest.approx(0.45)


def told(text: str, *options: str, source: str = "", awaiting: str | None = None) -> Told:
    offered = tuple(Option(str(key), label) for key, label in enumerate(options, 1))
    return Told((Reply(text, offered),), awaiting, None, (source,) if source else ())


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (told("还有 19 个名额。", source="class:a"), "right"),
        (told("还有19个名额，收费。", source="class:a"), "wrong"),
        (told("您是想问“还有19个名额”吗？", "还有19个名额"), "asked_wrong"),
        (told("请选一个", "书法", "转人工"), "asked_wrong"),
        (told("哪一天？", awaiting="when"), "asked_slot"),
        (told("这个问题我还没有把握，19个名额？", "转人工"), "refused"),
    ],
)
def test_verdicts(answer: Told, verdict: str) -> None:
    assert verdict_on(Question("q", "?", Wanted("19个名额", "收费"), frozenset({"class"})), answer) == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (told("没有登记。"), "ok"),
        (told("学院有三层楼。", source="entry:a"), "claim"),
        (told("您是想问“有三层楼”吗？"), "ok"),
        (told("周一开门。", source="entry:a"), "look"),
    ],
)
def test_verdicts_on_what_nobody_can_know(answer: Told, verdict: str) -> None:
    assert verdict_on(Question("q", "?", Wanted("", "三层"), frozenset({"oos", "near"})), answer) == verdict


@pytest.mark.parametrize(
    ("answer", "expect", "problem"),
    [
        (told("书法班周三开课"), Expected(any_of=("书法",), none_of=("国画",), asks=False), ""),
        (told("国画班周三开课"), Expected(none_of=("国画",)), "must not say 国画"),
        (told("国画班周三开课"), Expected(any_of=("书法",)), "none of the expected"),
        (told("书法班周三开课"), Expected(asks=True), "does not ask"),
        (told("书法", "一", "二"), Expected(asks=True), ""),
        (told("哪一天呢", awaiting="when"), Expected(asks=True), ""),
        (told("哪一天？"), Expected(asks=False), "asks"),
        (told("周三。您满意吗？"), Expected(asks=False), ""),
        (told("周三"), Expected(offers_human=True), "offers no human"),
        (told("周三", "转人工"), Expected(offers_human=True), ""),
        (told("电话 1234"), Expected(repeats_previous=True), ""),
        (told("电话 5678"), Expected(repeats_previous=True), "does not repeat"),
        (told("None"), Expected(), "must not say None"),
    ],
)
def test_what_is_not_as_expected(answer: Told, expect: Expected, problem: str) -> None:
    assert unexpected(answer, expect, "电话 1234", ("None",)) == ([problem] if problem else [])


def test_all_that_can_be_read_is_judged() -> None:
    reply = Reply("两个班", (Option("1", "转人工"),), (Card("书法", ("周三", "免费")),))
    assert Told((reply,)).words == "两个班\n书法\n周三\n免费\n转人工"
