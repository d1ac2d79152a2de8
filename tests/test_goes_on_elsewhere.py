"""我刚才在微信问的那个: what was asked on one channel, and is gone on with on another."""

import pytest

from daoxue.app import App
from tests.talk import Resident

THERE = "我刚才在微信问的那个"


async def at_both(app: App) -> tuple[Resident, Resident]:
    wechat, browser = Resident(app, "wechat"), Resident(app)
    await wechat.prove()
    return wechat, browser


@pytest.mark.parametrize(
    "said", [THERE, "接着微信上说的", "继续我之前在公众号里问的", "what I asked on wechat just now"]
)
async def test_who_has_proven_it_goes_on(app: App, said: str) -> None:
    wechat, browser = await at_both(app)
    answer = (await wechat.say("学分怎么兑换积分")).splitlines()[0]
    await browser.prove()
    told = await browser.say(said)
    assert told.startswith(("好的，接着您刚才在别的渠道上问的", "All right, going on"))
    assert said.startswith("what") or answer in told


async def test_who_has_proven_nothing_hears_nothing_of_it(app: App) -> None:
    wechat, browser = await at_both(app)
    await wechat.say("学分怎么兑换积分")
    told = await browser.say(THERE)
    assert "我在这里看不到" in told
    assert "积分" not in told
    assert "看不到" in await Resident(app, "sms").say(THERE)


@pytest.mark.parametrize("asked", ["我有多少学分", "我要投诉", "你好"])
async def test_what_is_private_is_not_said_again(app: App, asked: str) -> None:
    """One card may be known to a whole family."""
    wechat, browser = await at_both(app)
    await wechat.say(asked)
    await browser.prove()
    assert "请再说一遍" in await browser.say(THERE)


@pytest.mark.parametrize("said", ["微信公众号叫什么", "我在网上看的太极班多少钱", "微信上说的那个太极班几点上课"])
async def test_a_question_of_its_own_is_answered(app: App, said: str) -> None:
    _, browser = await at_both(app)
    await browser.prove()
    assert "别的渠道" not in await browser.say(said)
