"""A record of which only the least is written down: what is not is left out or said not to be on record, never glued in."""

from datetime import timedelta
from typing import Literal

import pytest

from bot.texts import Texts
from daoxue import check
from daoxue.app import App
from knowledge.catalogue import UNWRITTEN, Activity, Course, Opening, Organisation, Record, TrainingClass
from knowledge.consistency import inconsistencies
from knowledge.entries import Entry
from knowledge.headings import Theme
from tests.talk import Resident, its_day
from tests.test_held import new, put  # noqa: F401 - a fixture

TODAY = its_day()


def place(
    id: str, name: str, level: Literal["college", "school", "site"], parent: str | None, *hours: Opening
) -> Organisation:
    return Organisation(
        id=id, name=name, level=level, parent=parent, address="东街1号", phone="0535-5210033", hours=hours, facilities=UNWRITTEN,
        accessible=UNWRITTEN, north=0.0, east=0.0, checked_on=TODAY,
    )  # fmt: skip


def course(id: str, name: str, theme: str) -> Course:
    return Course(
        id=id, name=name, theme=theme, level="零基础", prerequisite=UNWRITTEN, mode="线下", summary="从头学起。", assessment=UNWRITTEN,
        lessons=(),
    )  # fmt: skip


def group(
    id: str, name: str, course: str, *, ballot: bool = False, fee: int = 0, audience: str = "成人", condition: str = ""
) -> TrainingClass:
    return TrainingClass(
        id=id, name=name, course=course, organisation="taocun", first_day=TODAY + timedelta(9), sessions=5, days=(4,), starts="14:00",
        ends="15:30", room=UNWRITTEN, teacher=UNWRITTEN, capacity=20, fee=fee, audience=audience,
        eligibility=condition or ("不限" if audience == "成人" else "一家一个名额"), materials=UNWRITTEN,
        enrol_from=TODAY - timedelta(1), enrol_until=TODAY + timedelta(6), ballot=ballot,
    )  # fmt: skip


KNOWN: list[Record] = [
    place("college", "青禾县图书馆书院", "college", None, Opening((1, 2, 3, 4, 5, 6, 7), "00:00", "24:00")),
    place("taocun", "桃村书屋", "school", "college"),
    Theme(id="books", name="古籍"),
    course("chant", "方言吟诵", "古籍"), course("comics", "亲子绘本", "亲子"),
    group("chant-1", "吟诵下乡班", "chant", fee=60), group("comics-1", "亲子绘本班", "comics", ballot=True, audience="3—6岁儿童和家长"),
    Activity(
        id="airing", name="晒书节", organisation="college", first_day=TODAY + timedelta(5), last_day=TODAY + timedelta(5), starts="09:00",
        ends="16:00", place="书院天井", summary="看古籍晾晒。", enrol=UNWRITTEN,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("方言吟诵在哪儿上", "地点：桃村书屋。"),
        ("桃村书屋几点开门", "桃村书屋的开放时间没有登记，去之前请打0535-5210033"),
        ("桃村书屋明天开门吗", "没有登记"),
        ("轮椅能进去吗", "没有登记"),
        ("桃村书屋有什么设施", "桃村书屋这方面的情况没有登记，请打0535-5210033"),
        ("晒书节是哪天", "看古籍晾晒。怎么参加没有登记，请打0535-5210033"),
        ("我要报吟诵下乡班", "到桃村书屋现场报名。"),
        ("吟诵下乡班老师是谁", "没有登记"),
        ("吟诵下乡班的详细情况", ""),
    ],
)
async def test_what_nobody_has_written_is_not_glued_into_sentences(new: App, said: str, told: str) -> None:  # noqa: F811
    await put(new, [], KNOWN)
    answer = await Resident(new).say(said)
    assert told in answer
    assert UNWRITTEN not in answer
    assert "平时：。" not in answer


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("你们一共有几门课", "一共 2 门课，分 2 个主题"),
        ("课程分哪些主题", "古籍：方言吟诵"),
        ("一共有多少个学校", "一共 1 所学校、0 个站点：桃村书屋"),
        ("抽签是怎么回事", "亲子绘本班：报名结束后抽签；其他班先到先得"),
        ("亲子绘本班是先到先得吗", "亲子绘本班：报名结束后抽签，不是先到先得"),
        ("培训要钱吗", "吟诵下乡班：学费60元"),
        ("什么班免费", "：\n亲子绘本班：免费"),
        ("亲子绘本班怎么报名", "3—6岁儿童和家长；一家一个名额"),
    ],
)
async def test_what_the_records_say_is_not_refused(new: App, said: str, told: str) -> None:  # noqa: F811
    await put(new, [], KNOWN)
    assert told in await Resident(new).say(said)


async def test_what_nothing_is_on_record_for_is_no_choice_beside_what_there_is(new: App) -> None:  # noqa: F811
    await put(new, [], KNOWN)
    answer = await Resident(new).say("你们有几个分院")
    assert "查学分积分" not in answer


def test_what_is_in_brackets_is_left_out_where_it_is_not_on_record() -> None:
    texts = Texts()
    values = {"name": "吟诵班", "first": "4月1日", "times": "周四", "sessions": 5, "last": "5月1日", "place": "书屋"}
    assert texts.line("zh", "class.schedule", **values, teacher="王老师").endswith("地点：书屋，王老师授课。")
    assert texts.line("zh", "class.schedule", **values, teacher=UNWRITTEN).endswith("地点：书屋。")
    assert texts.line("en", "class.schedule", **values, teacher=UNWRITTEN).endswith("at 书屋.")
    assert not any("[[" in texts.line("zh", key, **values, teacher="王") for key in ("class.schedule",))


async def test_a_place_without_hours_has_no_class_outside_of_them(new: App) -> None:  # noqa: F811
    await put(new, [], KNOWN)
    assert inconsistencies(new.library.catalogue) == []
    assert check.outside(new.library.catalogue, TODAY) == []


async def test_a_question_of_ones_own_that_is_hardly_near_is_not_asked_back(new: App) -> None:  # noqa: F811
    card = Entry(
        id="card", topic="course_faq", questions=("怎么办借书证", "借书要押金吗", "读者证怎么办"), answer="带身份证到服务台办。",
        source="手册", owner="王", valid_from=TODAY, valid_until=TODAY,
    )  # fmt: skip
    await put(new, [card], KNOWN)
    assert "借书证" not in await Resident(new).say("我想投诉")
    assert "借书证" not in await Resident(new).say("桃村书屋有什么设施")
    assert "借书证" not in await Resident(new).say("候补怎么登记")
    assert "带身份证" in await Resident(new).say("怎么办借书证")
