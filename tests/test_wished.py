"""What is wished is not taken for what is refused, and what is refused is refused of that alone."""

import pytest

from daoxue.app import App
from tests.test_details import said


@pytest.mark.parametrize(
    ("told", "wish", "words", "never"),
    [
        ("书法班", "我要晚上的", "书法晚间班", "书法周末班"),
        ("书法班", "我要周三的", "书法班（学院）", "书法晚间班"),
        ("书法班", "周三我要去听", "书法班（学院）", "书法晚间班"),
        ("书法班", "我得周六才行", "书法周末班", "书法班（学院）"),
        ("书法班", "帮我看周三", "书法班（学院）", "书法晚间班"),
        ("太极班", "要周末的", "太极拳周末班", "太极拳晚间班"),
        ("太极班", "周二早上我在家没事", "太极拳班（学院）", "太极拳周末班"),
        ("太极班", "我周二周四都在", "太极拳班（学院）", "太极拳周末班"),
        ("电脑班", "我要周末上", "电脑初级周末班", "电脑初级晚间班"),
        ("电脑班", "晚上我赶得上", "电脑初级晚间班", "电脑初级周末班"),
        ("太极拳周末班", "周六我陪老伴去", "", "太极拳晚间班"),
        ("太极拳周末班", "周六我要带孙女去", "", "太极拳晚间班"),
        ("太极拳周末班", "周六我得早点到", "", "太极拳晚间班"),
        ("瑜伽班", "晚上我跑步过去", "", "不合适"),
        ("瑜伽班", "我周二跟同事一块儿来", "", "不合适"),
        ("国画班", "周五我打算去", "", "不合适"),
        ("八段锦班", "周二我带水杯", "", "不合适"),
    ],
)
async def test_what_one_wishes_is_not_refused(told: str, wish: str, words: str, never: str, app: App) -> None:
    answer = await said(app, told, wish)
    assert words in answer
    assert never not in answer


@pytest.mark.parametrize(
    ("told", "matter", "words", "never"),
    [
        ("书法班", "周三我要去医院", "书法周末班", "书法班（学院）"),
        ("书法班", "周六我得接外孙", "书法晚间班", "书法周末班"),
        ("太极班", "周二我在外地", "太极拳周末班", "太极拳班（学院）"),
        ("太极拳周末班", "周六我要带孙女", "太极拳晚间班", "太极拳周末班"),
    ],
)
async def test_a_matter_elsewhere_is_a_reason(told: str, matter: str, words: str, never: str, app: App) -> None:
    answer = await said(app, told, matter)
    assert words in answer
    assert never not in answer


@pytest.mark.parametrize(
    ("told", "asked", "never"),
    [
        ("太极班", "青禾街道不熟，地址在哪", "还有名额"),
        ("太极班", "青禾街道太偏了，怎么过去", "还有名额"),
        ("书法班", "周六太热门了吧", "书法晚间班"),
        ("书法班", "周六早上太冷还上课吗", "书法晚间班"),
        ("书法班", "周六赶不上能请假吗", "书法晚间班"),
    ],
)
async def test_what_is_asked_of_it_refuses_nothing(told: str, asked: str, never: str, app: App) -> None:
    assert never not in await said(app, told, asked)


async def test_what_was_refused_of_one_subject_does_not_deny_another(app: App) -> None:
    for other in ("国画班有吗", "合唱班有吗"):
        answer = await said(app, "书法班，学院的不要", other)
        assert "（学院）" in answer
        assert "不合适" not in answer
    assert "瑜伽晚间班" in await said(app, "太极班，晚上的不要", "瑜伽班有吗")


@pytest.mark.parametrize("between", [("取消",), ("谢谢",), ("学分怎么查", "积分能换什么", "学习卡怎么办")])
async def test_what_was_refused_is_forgotten_after_other_matters(between: tuple[str, ...], app: App) -> None:
    assert "书法班（学院）" in await said(app, "书法班，学院的不要", *between, "我想报名书法班")


async def test_who_enrols_is_told_that_something_is_left_out(app: App) -> None:
    answer = await said(app, "书法班，学院的不要", "我想报名书法班")
    assert "书法班（学院）" not in answer
    assert "没有列在里面" in answer


async def test_a_kind_that_is_not_wanted_leaves_the_others_in_pages(app: App) -> None:
    answer = await said(app, "有什么活动", "电影就不去了")
    assert "这一类" not in answer
    assert "更多" in answer
    for more in ("还有什么活动", "更多"):
        answer = await said(app, "有什么活动", "电影就不去了", more)
        assert "后面没有" not in answer
        assert "电影" not in answer


async def test_a_class_after_work_fits(app: App) -> None:
    answer = await said(app, "瑜伽班", "我上班，六点才下班")
    assert "瑜伽晚间班" in answer
    assert "没有合适" not in answer
