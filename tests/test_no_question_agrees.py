"""No question agrees to anything: not the one whether somebody means it, nor the one whether something has to be done."""

import pytest

from bot.commands import commands
from daoxue.app import App
from tests.talk import Resident

ASKED = [
    "要本人去吗",
    "要行吗",
    "是的吗",
    "是吗",
    "对吗",
    "确认可以吗",
    "是不是要本人去",
    "要一下好吗",
    "当然可以吗",
    "不是吗",
]
# Whether something has to be done, that would be done at once where it is wished for.
WHETHER = [
    "要不要留我电话",
    "要不要先挂失",
    "要挂失吗",
    "要找人工吗",
    "要不要给我回电话",
    "丢了卡是不是要挂失",
    "要不要转人工",
]


@pytest.mark.parametrize("text", ASKED)
def test_it_is_no_yes_to_the_letter(text: str) -> None:
    assert not commands(text) & {"yes", "fine"}


def test_a_yes_in_the_words_of_the_place_is_one() -> None:
    for text in ("是", "要", "要的", "是呢", "对啊", "确定", "好嘞", "行嘞", "好滴", "好的呀", "可以哩"):
        assert commands(text) & {"yes", "fine"}, text


@pytest.mark.parametrize("text", ASKED)
async def test_a_question_enrols_nobody(text: str, app: App) -> None:
    resident = Resident(app)
    await resident.prove(1)
    await resident.say("我要报太极拳周末班")
    assert "报名太极拳周末班（青禾街道）吗" in await resident.say("给我报名")
    await resident.say(text)
    assert not await app.accounts.enrolments.of(1)
    await resident.say("我要报太极拳周末班")
    await resident.say("给我报名")
    await resident.say("是")
    assert await app.accounts.enrolments.of(1)


@pytest.mark.parametrize("text", WHETHER)
async def test_whether_it_has_to_be_is_not_done(text: str, app: App) -> None:
    resident = Resident(app)
    receipt = await resident.receipt(text)
    assert receipt.handed_over is None
    assert receipt.ticket is None
    assert not any("回电话给您" in each.message.reply.text for each in receipt.answers)


@pytest.mark.parametrize("text", ["我要挂失，行吗", "我要挂失学习卡", "能帮我转人工吗", "转人工行吗"])
async def test_a_wish_in_the_form_of_a_question_is_done(text: str, app: App) -> None:
    assert (await Resident(app).receipt(text)).handed_over is not None


async def test_whether_something_has_to_be_said_is_no_message(app: App) -> None:
    resident = Resident(app)
    await resident.say("我要留言")
    receipt = await resident.receipt("要不要写日期")
    assert receipt.handed_over is None
    assert receipt.state.tasks[-1].asked == "detail"
