"""A question of the centre's own answers nobody who shares all but what it hangs on."""

import pytest
from msgspec.structs import replace

from bot.claiming import claim
from nlu.judgement import Lines
from nlu.text import fold
from tests.test_own_questions import entry

LINES, NEAR = Lines(sure=0.85, likely=0.5, ask=0.15), 0.95
SEASICK = entry("own-seasick", ("晕船能学开船吗", "我晕船怎么办", "坐船会吐能报驾驶班不"), "能。前两次课在岸上。")


@pytest.mark.parametrize(
    "text", ["我晕船学得了开船吗", "晕船能学开船吗", "坐船会吐能报班不", "晕船怎么办", "头晕想吐怎么办"]
)
def test_what_it_hangs_on_is_claimed(text: str) -> None:
    assert claim(SEASICK, NEAR, fold(text), LINES) == NEAR


@pytest.mark.parametrize(
    "text",
    ["夏天能学开船吗", "近视眼能学开船吗", "没有渔民证学得了开船吗", "女的可以学开船不", "我65岁还晕船，能学开船吗"],
)
def test_its_tail_alone_is_not_sure(text: str) -> None:
    assert claim(SEASICK, NEAR, fold(text), LINES) == LINES.likely


@pytest.mark.parametrize("text", ["我17岁能报开船不", "65岁还能学开渔船吗", "六十六岁能学开船不"])
def test_no_age_is_claimed_that_it_does_not_speak_of(text: str) -> None:
    assert claim(SEASICK, NEAR, fold(text), LINES) == 0
    spoken_of = replace(SEASICK, answer="能，18 至 60 岁都行。")
    assert claim(spoken_of, NEAR, fold(text), LINES) == LINES.likely


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ("台风天上不上课", "刮台风上不上课"),
        ("钢琴房可以借用吗", "琴房能借吗"),
        ("能带孩子上课吗", "可以带娃不"),
        ("报名要带什么", "我70岁报名带什么"),
    ],
)
def test_other_questions_are_claimed_as_before(own: str, text: str) -> None:
    assert claim(entry("own", (own,)), NEAR, fold(text), LINES) == NEAR
