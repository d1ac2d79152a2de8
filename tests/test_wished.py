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
