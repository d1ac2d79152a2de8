"""What is written, read aloud as people say it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Option, Reply
from integrations.speech import speech
from integrations.voice import CHOICES, render

READ = [
    ("周三 14:00—16:00", "周三下午2点到4点。"),
    ("08:30—20:30", "上午8点半到晚上8点半。"),
    ("11:30-12:15", "上午11点半到中午12点15分。"),
    ("下午2:30开始", "下午2点半开始。"),
    ("工作日9点到17点", "工作日9点到下午5点。"),
    ("下午13点", "下午1点。"),
    ("12月2日（周三）开课", "12月2日周三开课。"),
    ("截止2026-12-01", "截止2026年12月1日。"),
    ("电话 0551-6200 1234", "电话零五五幺，六二零零，幺二三四。"),
    ("电话0739-6123456", "电话零七三九，六幺二三四五六。"),
    ("拨 400-820-1234", "拨四零零，八二零，幺二三四。"),
    ("0739-6123456转8", "零七三九，六幺二三四五六转八。"),
    ("打 13812345678", "打幺三八幺二三四五六七八。"),
    ("请立即拨打120！", "请立即拨打幺二零！"),
    ("拨打12345", "拨打幺二三四五。"),
    ("材料费20至120元", "材料费20至120元。"),
    ("共 120 人", "共120人。"),
    ("学分 32 分", "学分32分。"),
    ("满2小时记1学分", "满两小时记1学分。"),
    ("地铁2号线", "地铁2号线。"),
    ("每月12日", "每月12日。"),
    ("看 https://learn.example.cn/a?b=1", "看。"),
    ("说“下一步”，看《指南》", "说下一步，看指南。"),
    ("每次2小时（免费）、多功能厅", "每次两小时，免费、多功能厅。"),
    ("打8折，优惠20%", "打8折，优惠百分之20。"),
    ("14-16岁", "14到16岁。"),
    ("1. 甲班（学院）\n2. 乙班", "第一，甲班，学院。第二，乙班。"),
    ("120积分可以换雨伞，够 110 学分", "120积分可以换雨伞，够110学分。"),
    ("比分 99:88", "比分99比88。"),
    ("徐**：学分 20 分", "徐：学分20分。"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "said"), READ)
def test_read_aloud(written: str, said: str) -> None:
    assert speech(written) == said


def test_a_list_that_was_read_is_not_read_again() -> None:
    options = (Option("1", "甲班（学院）"), Option("2", "乙班"))
    lines = render([Reply(text="有两个班\n1. 甲班（学院）：周三 14:00\n2. 乙班：周四", options=options)])
    assert lines[-1] == "想听哪一个的详情，请按它的数字。找人请按0。"
    lines = render([Reply(text="您想问哪一个？", options=options)])
    assert lines[-1] == "甲班，学院，请按1；乙班，请按2。找人请按0。"


@given(st.text(max_size=300), st.lists(st.text("课班（）12", min_size=1, max_size=8), max_size=9))
def test_nothing_that_needs_eyes_and_three_choices_at_most(text: str, labels: list[str]) -> None:
    options = tuple(Option(str(at + 1), label) for at, label in enumerate(labels))
    spoken = "".join(render([Reply(text=f"{text} http://a.b/c", options=options)]))
    assert "http" not in spoken
    assert not re.search(r"[“”《》「」【】（）()]", spoken)
    assert spoken.count("，请按") <= CHOICES
