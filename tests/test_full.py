"""More at one moment than can be answered in time: pages and programs are told when to come again, what comes from
platforms is kept and answered when there is room, calls and who may be in danger go before."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot import admission
from daoxue.app import App
from daoxue.config import Config
from players.wechat.residents import OnScreen
from tests.official import Official, official
from tests.telephone import RESIDENT, Line, line
from tests.test_flood import Client, client, say
from tests.test_wechat import text

__all__ = ["client"]
QUESTION = "积分会过期吗"


class Held:
    """Turns that are begun, and do not end before they are let go."""

    def __init__(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self._may_go = asyncio.Event()
        respond = app.inbox._mind.dialogue.respond

        async def held(turn: object) -> None:
            self.begun += 1
            await self._may_go.wait()
            await respond(turn)  # type: ignore[arg-type]

        monkeypatch.setattr(app.inbox._mind.dialogue, "respond", held)
        monkeypatch.setattr(admission, "FULL", 3)

    async def until(self, count: int) -> None:
        for _ in range(1_000):
            if self.begun >= count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{self.begun} turns have begun")

    def let_go(self) -> None:
        self._may_go.set()


async def test_a_page_is_told_when_to_come_again(app: App, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    held, home = Held(app, monkeypatch), client("203.0.113.7")
    first = [asyncio.create_task(say(home, QUESTION, f"{number:032d}")) for number in range(3)]
    await held.until(3)
    refused = await say(home, QUESTION, f"{9:032d}", id="again")
    assert (refused.status_code, refused.json()["code"]) == (429, "busy")
    assert 1 <= int(refused.headers["retry-after"]) <= 5
    danger = asyncio.create_task(say(home, "我不想活了", f"{8:032d}"))
    await held.until(4)
    held.let_go()
    answers = await asyncio.gather(*first, danger)
    assert [each.status_code for each in answers] == [200] * 4
    taken = await say(home, QUESTION, f"{9:032d}", id="again")
    assert taken.status_code == 200
    assert len(taken.json()["messages"]) >= 1, "nothing of it had been accepted"


Talks = list[asyncio.Task[list[OnScreen]]]


async def full(account: Official, monkeypatch: pytest.MonkeyPatch) -> tuple[Held, Talks]:
    """There is no room for another one, and what those hear who have it."""
    platform, held = account.platform, Held(account.app, monkeypatch)
    talks = [asyncio.create_task(platform.say(platform.resident(), "怎么报名")) for _ in range(3)]
    await held.until(3)
    return held, talks


async def test_wechat_is_answered_in_time_and_later(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with official(config, monkeypatch) as account:
        platform = account.platform
        who = platform.resident()
        await platform.subscribe(who)
        held, talks = await full(account, monkeypatch)
        assert await platform.say(who, QUESTION) == [], "acknowledged"
        assert held.begun == 3, "and not thought about"
        held.let_go()
        assert all("报名" in text(each) for each in await asyncio.gather(*talks))
        await _answered(account)
        assert [each.way for each in who.seen[1:]] == ["custom"]
        assert "积分" in who.seen[-1].text
        await _answered(account)
        assert len(who.seen) == 2, "and once"


async def test_what_is_said_behind_what_was_put_off_is_answered_behind_it(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with official(config, monkeypatch) as account:
        platform = account.platform
        who = platform.resident()
        await platform.subscribe(who)
        held, talks = await full(account, monkeypatch)
        assert await platform.say(who, QUESTION) == []
        held.let_go()
        await asyncio.gather(*talks)
        assert await platform.say(who, "怎么报名") == [], "there is room, but not before the first is answered"
        for _ in range(2):
            await _answered(account)
        first, second = (each.text for each in who.seen[1:])
        assert ("积分" in first, "报名" in second) == (True, True)
        assert "积分" in text(await platform.say(who, QUESTION)), "nothing is before this one"


async def test_who_may_be_in_danger_is_answered_at_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with official(config, monkeypatch) as account:
        platform = account.platform
        who = platform.resident()
        held, talks = await full(account, monkeypatch)
        danger = asyncio.create_task(platform.say(who, "我不想活了"))
        await held.until(4)
        held.let_go()
        assert text(await danger)
        await asyncio.gather(*talks)


async def test_wechat_without_the_right_to_write_is_asked_to_ask(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with official(config, monkeypatch, customer_service=False) as account:
        platform = account.platform
        who = platform.resident()
        held, talks = await full(account, monkeypatch)
        assert "回复【1】" in text(await platform.say(who, QUESTION))
        held.let_go()
        await asyncio.gather(*talks)
        await _answered(account)
        assert "积分" in text(await platform.say(who, "1"))


async def _answered(account: Official) -> None:
    """What was put off is taken up, and leaves."""
    await account.app.queue.work()
    await account.deliver()


@pytest.fixture
async def texting(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    async with line(config, monkeypatch) as running:
        yield running


async def test_a_text_is_taken_and_answered_by_a_text(texting: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(texting.app, monkeypatch)
    others = [asyncio.create_task(texting.carrier.text(f"+8613900001{number}00", "怎么报名")) for number in range(3)]
    await held.until(3)
    assert await texting.carrier.text(RESIDENT, QUESTION) == []
    held.let_go()
    await asyncio.gather(*others)
    assert await texting.carrier.text(RESIDENT, "怎么报名") == [], "said behind it, and answered behind it"
    for _ in range(2):
        await texting.app.queue.work()
        await texting.deliver()
    sent = [each.body for each in texting.carrier.texts if each.to == RESIDENT]
    assert len(sent) == 2
    assert ("积分" in sent[0], "报名" in sent[1]) == (True, True)
