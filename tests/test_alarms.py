"""The decision about red lines: how sure a model and words together are, and what is no alarm."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import redlines
from bot.alarming import LIFE, Context, contexts, is_over, words_of
from bot.comprehension import Candidate, Understanding
from nlu import entities
from nlu.gazetteer import Gazetteer
from nlu.judgement import NO, Lines, Ranked
from nlu.text import fold


def heard(text: str, red: Ranked = NO, *candidates: Candidate) -> Understanding:
    """What a model may have made of a text."""
    folded = fold(text)
    found = entities.find(folded, Gazetteer([]), date(2026, 11, 26))
    return Understanding(text, folded, found, candidates, 0.5, "chitchat", 0.5, red, NO, Lines(0.8, 0.5, 0.1))


def believed(kind: str, share: float) -> tuple[Ranked, Candidate]:
    return Ranked(kind, share), Candidate(share, "human_agent", kind)


@pytest.mark.parametrize("kind", LIFE)
def test_two_lines(kind: str) -> None:
    assert redlines.detect(heard("就这样子了", *believed(kind, 0.95))) == redlines.Alarm(kind, True)
    assert redlines.detect(heard("就这样子了", *believed(kind, 0.2))) == redlines.Alarm(kind, False)
    assert redlines.detect(heard("就这样子了", *believed(kind, 0.02))) is None


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_what_is_likelier_is_never_less_of_an_alarm(share: float, less: float, more: float) -> None:
    def level(red: float) -> int:
        alarm = redlines.detect(
            heard("就这样子了", Ranked("emergency", red), Candidate(share, "human_agent", "emergency"))
        )
        return 0 if alarm is None else 1 + alarm.sure

    assert level(min(less, more)) <= level(max(less, more))


def test_words_are_the_floor_whatever_the_model_thinks() -> None:
    for text in ("有人晕倒了", "我不想活了", "着火了", "我妈在书法课上昏迷了", "累死了，不想活了"):
        alarm = redlines.detect(heard(text))
        assert alarm is not None, text
        assert alarm.kind in LIFE, text


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("太极鞋跳楼价了", Context.IDIOM),
        ("可把我累死了", Context.IDIOM),
        ("前年我妈昏倒过一回，早就没事了", Context.OVER),
        ("急救班讲不讲触电怎么救", Context.SUPPOSED),
        ("昨晚看新闻说有个人溺水了", Context.OF_OTHERS),
        ("抖音上有人触电，吓人", Context.OF_OTHERS),
        ("看电视演有人落水", Context.OF_OTHERS),
        ("上次广场上有人晕倒没人会救，心肺复苏哪里能学", Context.OF_OTHERS),
        ("我爷爷十年前心梗走的，现在想学慢病管理的课", Context.OF_OTHERS),
        ("触电急救的讲座在几楼", Context.TOPIC),
    ],
)
def test_context_takes_words_their_alarm(text: str, context: Context) -> None:
    assert context in contexts(fold(text), words_of(fold(text)))
    assert redlines.detect(heard(text)) is None


def test_a_lesson_asked_for_behind_it_takes_no_danger_its_alarm() -> None:
    alarm = redlines.detect(heard("我爸昏迷了，书法课我去不了"))
    assert alarm is not None
    assert alarm.kind == "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "看电视的时候老伴突然晕倒了", "我爸看着新闻就晕倒了", "刚看新闻隔壁楼着火了", "听广播的老头子晕倒了咋办",
        "上次那个人又晕倒了，哪里学急救的快来", "我妈在家看电视晕倒了叫不醒", "爷爷听广播昏倒在地", "刷抖音，胸口闷得慌，喘不上来气",
        "我在看新闻，我老公打我", "抖音上认识的人拿刀要砍我", "看电影有人晕倒了，在你们报告厅", "有人晕倒了！上次教的心肺复苏怎么按",
        "我妈昏迷了，上回教的心肺复苏怎么做", "去年在你们那学急救的，老伴心梗了", "我以前学过急救，但是我爸晕倒了没反应了",
    ],
)  # fmt: skip
def test_what_happens_beside_the_news_is_danger(text: str) -> None:
    assert redlines.detect(heard(text, *believed("emergency", 0.9))) == redlines.Alarm("emergency", True)


@pytest.mark.parametrize(
    ("text", "child"),
    [
        ("我今年11岁，想学围棋", True),
        ("我在读五年级，能自己来吗", True),
        ("我才九岁", True),
        ("我还没满14", True),
        ("我今年66岁，想学围棋", False),
        ("我孙子7岁，能学围棋吗", False),
        ("我家老二上三年级", False),
        ("我伢5岁可以不", False),
        ("俺伢儿8岁能不能学", False),
        ("我叫伢子，今年10岁", True),
        ("我小学五年级就没读了", False),
        ("6岁能报吗", False),
        ("我是五年级的班主任", False),
    ],
)
def test_who_is_a_child(text: str, child: bool) -> None:
    alarm = redlines.detect(heard(text))
    assert (alarm == redlines.Alarm("minor", True)) is child


@given(st.integers(18, 110))
def test_grown_ups_who_say_their_age_are_no_children(age: int) -> None:
    alarm = redlines.detect(heard(f"我今年{age}岁，想报名", *believed("minor", 0.98)))
    assert alarm is None


def test_without_a_red_line_the_other_readings_gain_its_share() -> None:
    both = heard("嗯", NO, Candidate(0.9, "human_agent", "despair"), Candidate(0.06, "chitchat", "goodbye"))
    left = redlines.without(both).candidates
    assert [each.intent for each in left] == ["goodbye"]
    assert 0.06 < left[0].score < 0.5, "nor are they sure for that"


def test_help_that_has_come_is_told_from_danger_anew() -> None:
    assert is_over("人已经醒过来了")
    assert is_over("救护车来了")
    assert not is_over("车来了,又有一个人晕倒了")
