"""Everyday names of what is taught: the table's form, and what they mean in catalogues that know nothing of them."""

from collections import Counter
from datetime import date

import pytest

from daoxue.app import App
from knowledge.catalogue import Catalogue, Course, TrainingClass
from knowledge.everyday import Everyday, subjects
from tests.talk import Resident


def course(id: str, name: str, *aliases: str) -> Course:
    return Course(
        id=id, name=name, theme="技能", aliases=aliases, level="初级", prerequisite="无", mode="线下", summary="无", assessment="无", lessons=(),
    )  # fmt: skip


def group(name: str, of: str) -> TrainingClass:
    day = date(2026, 12, 1)
    return TrainingClass(
        id=name, name=name, course=of, organisation="o", first_day=day, sessions=4, days=(1,), starts="09:00", ends="10:00", room="1",
        teacher="周", capacity=20, audience="居民", eligibility="无", materials="无", enrol_from=day, enrol_until=day,
    )  # fmt: skip


def meant(text: str, *records: Course | TrainingClass) -> list[tuple[str, ...]]:
    return [each.courses for each in Everyday(Catalogue.of(records)).said(text)]


def test_the_table() -> None:
    known = Counter(text for each in subjects() for text in {*each.said})
    assert len(subjects()) > 240
    assert len({each.name for each in subjects()}) == len(subjects())
    assert not [text for text, number in known.items() if number > 3 or len(text) < 2]
    assert all(each.said for each in subjects())


def test_a_title_says_what_is_taught() -> None:
    """Whoever wrote it wrote no aliases."""
    assert meant("有没有教修电路的", course("e", "维修电工（中级）")) == [("e",)]
    assert meant("有没有教修电路的", course("e", "夜校甲班"), group("电工取证班（城东）", "e")) == [("e",)]
    assert meant("有没有教修电路的", course("e", "强电弱电", "电工")) == [("e",)]


def test_of_a_compound_the_last_word() -> None:
    both = course("p", "智能手机摄影"), course("s", "智能手机应用")
    assert meant("想学拍照片", *both) == [("p",)]
    assert meant("手机咋用，想学", *both) in ([("s",)], [])
    assert meant("写大字", course("b", "书法与国画")) == meant("画梅花", course("b", "书法与国画")) == [("b",)]


def test_what_two_courses_teach_is_both() -> None:
    assert meant("写大字的班", course("a", "书法初级"), course("b", "书法提高")) == [("a", "b")]


def test_what_nobody_teaches_is_a_subject() -> None:
    (said,) = Everyday(Catalogue.of([course("e", "电工")])).said("学开无人机")
    assert (said.courses, said.subject[:3]) == ((), "无人机")


def test_a_name_of_the_centres_own_means_what_it_says() -> None:
    """The gazetteer of its catalogue reads that."""
    assert meant("写大字", course("b", "书法"), course("k", "少儿绘画", "写大字")) == []


@pytest.mark.parametrize("text", ["微信扫码付不了学费", "我手机没电了", "电路坏了找谁"])
async def test_beside_learning_they_mean_nothing(app: App, text: str) -> None:
    resident = Resident(app)
    assert "个班" not in await resident.say(text)
