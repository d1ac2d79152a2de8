"""What we ask of the platform: seldom, once, and with a way on for every answer."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from msgspec.structs import replace

from bot.inbox import numbered
from daoxue.config import Config
from daoxue.logs import silence
from integrations.tencent.quota import Heard, allowance
from integrations.wechat.api import Wechat
from integrations.wechat.faults import MEANINGS, WechatError
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from players.wechat.residents import Passage, Resident
from store import conversations, outbox, queue
from store.database import Database
from store.outbox import OwedRow, order_key
from tests.conftest import free_port
from tests.official import Official, behind, official

TEXT = {"msgtype": "text", "text": {"content": "x"}}


@pytest.fixture
async def account(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Official]:
    async with official(config, monkeypatch) as running:
        yield running


def api(account: Official) -> Wechat:
    api: Wechat = account.outlet.api
    return api


def follower(account: Official) -> Resident:
    who = account.platform.resident()
    who.follows = True
    return who


async def heard(account: Official) -> Resident:
    """A follower who has just said something, and is told one thing by a seat."""
    who = follower(account)
    await account.platform.say(who, "你好")
    return who


async def tell(account: Official, who: Resident, text: str = "通知") -> int:
    """Something for the outbox to send; the conversation."""
    from bot.inbox import encode
    from bot.messages import Message, Reply

    read = await account.app.database.read(lambda t: conversations.find(t, "wechat", who.openid))
    assert read is not None
    body = encode(Message(reply=Reply(text=text)))
    now = int(account.clock() * 1000)
    await account.app.database.write(lambda t: conversations.say(t, read, [("system", body)], now))
    return read.id


async def owed(account: Official, conversation: int) -> tuple[int, bool] | None:
    return await account.app.database.read(lambda t: outbox.undelivered(t, conversation))


async def test_one_token_for_an_hour_of_calls(account: Official) -> None:
    who = await heard(account)
    for _ in range(60):
        account.clock.ahead += 60
        await account.platform.say(who, "你好")
        await api(account).send({"touser": who.openid, **TEXT})
    assert account.platform.calls["stable_token"] == 1
    account.clock.ahead += 3600
    await account.platform.say(who, "你好")
    await api(account).send({"touser": who.openid, **TEXT})
    assert account.platform.calls["stable_token"] == 2, "renewed before it ends"
    assert not [each for each in who.seen if each.way == "broken"]


async def test_many_calls_at_once_and_many_processes_fetch_one_token(config: Config) -> None:
    platform, port = WechatPlatform(), free_port()
    databases = [Database(config.database.url) for _ in range(4)]
    apis = [Wechat(platform.app_id, platform.secret, f"http://127.0.0.1:{port}", each, time.time) for each in databases]
    async with behind(wechat_api.server(platform), port):
        await asyncio.gather(*(each.callback_addresses() for each in apis for _ in range(8)))
        assert platform.calls["stable_token"] == 1
        platform.revoke_tokens()
        await asyncio.gather(*(each.callback_addresses() for each in apis for _ in range(8)), return_exceptions=True)
        assert platform.calls["stable_token"] <= 2, "and when it is no good any more, one again"
    for each, database in zip(apis, databases, strict=True):
        await each.close()
        database.close()


async def test_a_token_that_is_no_good_is_renewed_once_and_never_in_a_loop(account: Official) -> None:
    await api(account).callback_addresses()
    account.clock.ahead += 60
    account.platform.revoke_tokens()
    assert await api(account).callback_addresses(), "renewed, and tried again"
    assert account.platform.calls["stable_token"] == 2
    account.clock.ahead += 60
    account.platform.faults["getcallbackip"] = [40001] * 50
    with pytest.raises(WechatError):
        await api(account).callback_addresses()
    assert account.platform.calls["stable_token"] == 4, "refused with that too, it is fetched anew"
    assert len(account.platform.faults["getcallbackip"]) == 47, "two tries more, no further"
    for _ in range(10):
        with pytest.raises(WechatError):
            await api(account).callback_addresses()
    assert account.platform.calls["stable_token"] == 4, "nor again at once"
    assert len(account.platform.faults["getcallbackip"]) == 47
    assert api(account).alarm is not None


async def test_no_secret_in_what_is_said_about_errors(account: Official, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    silence()
    platform, who = account.platform, await heard(account)
    said = []
    for fault in ("html", "empty", "502", 40001, 40164, 48001, -1):
        platform.faults["message/custom/send"] = [fault] * 3
        with pytest.raises(WechatError) as caught:
            await api(account).send({"touser": who.openid, **TEXT})
        said.append(repr(caught.value) + repr(caught.value.__cause__))
        account.clock.ahead += 40
    dead = Wechat(platform.app_id, platform.secret, "http://127.0.0.1:9", Database("sqlite:///:memory:"), time.time)
    with pytest.raises(WechatError) as caught:
        await dead.session("code")
    said.append(repr(caught.value) + repr(caught.value.__context__ if not caught.value.__suppress_context__ else ""))
    await dead.close()
    # The servers' own access log is off; the tests' catcher of logs brings it back.
    ours = [each.getMessage() for each in caplog.records if each.name != "uvicorn.access"]
    everything = "".join(said + ours)
    assert platform.secret not in everything
    assert who.openid not in everything
    assert not any(token in everything for token in platform.tokens)


async def test_a_wrong_secret_is_an_alarm_not_a_storm(account: Official) -> None:
    account.platform.secret = "changed"
    for _ in range(3):
        with pytest.raises(WechatError):
            await api(account).callback_addresses()
    assert account.platform.calls["stable_token"] == 1, "and then none for a while"
    account.clock.ahead += 6
    with pytest.raises(WechatError):
        await api(account).callback_addresses()
    assert account.platform.calls["stable_token"] == 2
    assert "40125" in (api(account).alarm or "")


ROWS: dict[int, tuple[int, str]] = {
    -1: (1, "again"), 40001: (2, "again"), 40164: (1, "again"), 40003: (1, "dead"), 43004: (1, "dead"), 46004: (1, "dead"),
    45002: (2, "sent"), 45009: (1, "waits"), 45011: (1, "waits"), 45015: (1, "held"), 45047: (1, "held"), 45098: (2, "sent"),
    40200: (2, "sent"), 48001: (1, "held"), 48004: (1, "held"), 50002: (1, "held"),
}  # fmt: skip


@pytest.mark.parametrize("code", ROWS)
async def test_every_row_of_the_table_of_errors(account: Official, code: int) -> None:
    platform, who = account.platform, await heard(account)
    calls, expected = ROWS[code]
    conversation = await tell(account, who)
    platform.faults["message/custom/send"] = [code]
    before = len(who.seen)
    await account.deliver()
    assert code in MEANINGS
    left = await owed(account, conversation)
    if expected == "sent":
        assert [each.text for each in who.seen[before:]]
        assert left is None
        assert platform.calls["message/custom/send"] == calls
    elif code == 40001:
        assert left is None, "sent with a new token"
    else:
        assert who.seen[before:] == []
        assert left is not None
        assert left[1] == (expected == "dead")
    if expected in ("held", "waits", "again"):
        tried = platform.calls["message/custom/send"]
        account.clock.ahead += 5 if expected == "waits" else 0
        await account.deliver()
        assert platform.calls["message/custom/send"] == tried, "not before its time"
    if expected == "held":
        assert "通知" in "".join(each.text for each in await platform.say(who, "在吗")), "it comes with the next answer"
    if code == 45011:
        account.clock.ahead += 61
        await account.deliver()
        assert await owed(account, conversation) is None
    if code == 45009:
        account.clock.ahead += 86_400
        assert "通知" in "".join(each.text for each in await platform.say(who, "在吗"))
    if expected == "held" or code == 45009:
        assert await written_down(account, conversation) != [], "until WeChat does not ask for the response again"
        account.clock.ahead += 8
        await account.deliver()
        assert await owed(account, conversation) is None
        assert "".join(each.text for each in who.seen).count("通知") == 1
    if code == 45015:
        tickets = await account.app.tickets.in_state("waiting")
        assert [each.channel for each in tickets] == ["wechat"], "somebody has to call instead"
    if expected == "dead":
        await tell(account, who, "还有")
        tried = platform.calls["message/custom/send"]
        await account.deliver()
        assert platform.calls["message/custom/send"] == tried, "nothing more is sent there"


async def test_a_token_refused_twice_is_fetched_anew(account: Official) -> None:
    platform, who = account.platform, await heard(account)
    conversation = await tell(account, who)
    platform.faults["message/custom/send"] = [40001, 40001]
    await account.deliver()
    assert await owed(account, conversation) is None
    assert platform.calls["message/custom/send"] == 3


async def test_without_a_token_nobodys_attempts_are_spent(account: Official) -> None:
    """What is wrong with the account is no message's fault: all wait, and the platform is left alone."""
    platform = account.platform
    everybody = [await heard(account) for _ in range(5)]
    talks = [await tell(account, who) for who in everybody]
    platform.faults["message/custom/send"] = [40001] * 1000
    for _ in range(120):
        account.clock.ahead += 5
        await account.deliver()
    rows = [row for talk in talks for row in await account.app.database.read(lambda t, talk=talk: queue.in_order(t, order_key(talk)))]  # type: ignore[misc] # fmt: skip
    assert [(row.state, row.attempts) for row in rows] == [("due", 0)] * 5
    assert platform.calls["message/custom/send"] < 100, "in ten minutes"
    platform.faults.clear()
    account.clock.ahead += 300
    await account.deliver()
    for who in everybody:
        assert [each.text for each in who.seen if each.way == "custom"] == ["通知"]


async def test_what_an_outage_kept_leaves_with_the_residents_next_message(account: Official) -> None:
    platform, who = account.platform, await heard(account)
    platform.faults["message/custom/send"] = ["502"] * 1000
    conversation = await tell(account, who, "第一句")
    for _ in range(15):
        account.clock.ahead += 600
        await account.deliver()
    assert await owed(account, conversation) == (3, True), "given up"
    await tell(account, who, "第二句")
    await account.deliver()
    platform.faults.clear()
    [seen] = await platform.say(who, "在吗")
    assert seen.text.startswith("第一句\n\n第二句")
    await written_down(account, conversation)
    account.clock.ahead += 8
    await account.deliver()
    assert await owed(account, conversation) is None
    assert not [each for each in who.seen if each.way == "custom"]


@pytest.mark.parametrize("lose", range(4))
async def test_what_was_in_a_response_that_is_lost_still_arrives(account: Official, lose: int) -> None:
    platform, who = account.platform, await heard(account)
    platform.again = 0.1
    platform.faults["message/custom/send"] = [45047]
    conversation = await tell(account, who, "坐席的话")
    await account.deliver()
    await platform.say(who, "在吗", Passage(lose=lose))
    await written_down(account, conversation)
    for _ in range(4):
        account.clock.ahead += 4
        await account.deliver()
    assert "".join(each.text for each in who.seen).count("坐席的话") == 1
    assert await owed(account, conversation) is None
    read = await account.app.database.read(lambda t: conversations.get(t, conversation))
    assert read is not None
    said = await account.app.database.read(lambda t: conversations.messages(t, conversation, read.seq, read.seq))
    assert numbered(said[0]).message.reply.text.splitlines()[0] in who.seen[-1].text, "and so does the answer, after it"


@pytest.mark.parametrize("lose", range(4))
async def test_nor_is_it_lost_where_the_account_may_not_write_by_itself(
    config: Config, monkeypatch: pytest.MonkeyPatch, lose: int
) -> None:
    async with official(config, monkeypatch, customer_service=False) as account:
        platform, who = account.platform, await heard(account)
        platform.again = 0.1
        conversation = await tell(account, who, "坐席的话")
        await account.deliver()
        await platform.say(who, "在吗", Passage(lose=lose))
        await written_down(account, conversation)
        account.clock.ahead += 14
        await account.deliver()
        for _ in range(2):
            await platform.say(who, "1")
            await written_down(account, conversation)
            account.clock.ahead += 14
            await account.deliver()
        assert "".join(each.text for each in who.seen).count("坐席的话") == 1
        assert await owed(account, conversation) is None


async def written_down(account: Official, conversation: int) -> list[OwedRow]:
    """What is in a response, once that it was written is written down too: the response is here before."""
    for _ in range(500):
        rows = await account.app.database.read(lambda t: outbox.owed(t, conversation))
        if all(row.trial is None or row.trial.written for row in rows):
            return rows
        await asyncio.sleep(0.01)
    raise AssertionError("it never was")


@pytest.mark.parametrize("written", [False, True])
async def test_who_was_not_there_when_it_was_asked_for_again(account: Official, written: bool) -> None:
    """The process dies with a response, and another comes too late to hear of it: it leaves again only where it may not have
    left at all."""
    platform, who = account.platform, await heard(account)
    platform.faults["message/custom/send"] = [45047]
    conversation = await tell(account, who, "坐席的话")
    await account.deliver()
    await platform.say(who, "在吗")
    [row] = await written_down(account, conversation)
    assert row.trial is not None
    trial = replace(row.trial, written=written)
    await account.app.database.write(lambda t: outbox.try_(t, row, conversation, trial, trial.at + 12_500))
    account.outlet.owing._since = trial.at + 6_000
    account.clock.ahead += 13
    await account.deliver()
    assert [each.text for each in who.seen if each.way == "custom"] == ([] if written else ["坐席的话"])
    assert await owed(account, conversation) is None


@pytest.mark.parametrize("fault", ["html", "empty", "502"])
async def test_an_answer_that_cannot_be_read_is_no_success(account: Official, fault: str) -> None:
    platform, who = account.platform, await heard(account)
    conversation = await tell(account, who)
    platform.faults["message/custom/send"] = [fault, fault]
    await account.deliver()
    assert await owed(account, conversation) is not None
    for _ in range(3):
        account.clock.ahead += 5
        await account.deliver()
    assert await owed(account, conversation) is None
    assert [each.text for each in who.seen if each.way == "custom"] == ["通知"]


async def test_a_platform_that_hangs_holds_up_nobody_else(account: Official, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, who, other = account.platform, await heard(account), await heard(account)
    await tell(account, who)
    await tell(account, other, "给另一位")
    platform.faults["message/custom/send"] = ["hang"]
    sending = await account.app.queue.begin()
    for _ in range(100):
        await asyncio.sleep(0.02)
        if [each for each in (*who.seen, *other.seen) if each.way == "custom"]:
            break
    assert len([each for each in (*who.seen, *other.seen) if each.way == "custom"]) == 1
    for task in sending:
        task.cancel()
    await asyncio.sleep(0)


async def test_menus_and_codes(account: Official) -> None:
    platform = account.platform
    found = await api(account).invite("scene-1", 300)
    assert found.url.startswith("http://weixin.qq.com/")
    assert await api(account).callback_addresses()
    platform.faults["menu/create"] = [-1]
    await api(account).create_menu({"button": [{"type": "click", "name": "查学分", "key": "balance"}]})
    assert platform.calls["menu/create"] == 2, "busy: what does no harm is repeated"


def test_the_quota() -> None:
    said, menu = Heard(1000, True), Heard(2000, False)
    assert allowance([], [], 0).left == 0
    assert allowance([said], [], 1001).left == 5
    assert allowance([said], [1500, 1600], 2001).left == 3
    assert allowance([said], [1] * 9, 2001).left == 5, "what was sent before does not count"
    assert allowance([said, menu], [], 2001).left == 8
    assert allowance([said, menu], [2100, 2200], 2300).left == 6
    assert allowance([said, menu], [2100, 2200], 2000 + 60_001).left == 5, "the short window closes first"
    assert allowance([said, menu], [2100, 2200, 2300, 2400], 2000 + 60_001).left == 4
    assert allowance([menu], [2100, 2200, 2300], 2400).left == 0
    assert allowance([said], [], 1000 + 48 * 3_600_000).left == 0
    assert allowance([said, Heard(9_000_000, True)], [5000] * 5, 9_000_001).left == 5, "each word opens five anew"


async def test_a_ticket_has_the_day_of_the_centre(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a word cannot be sent any more, somebody is to say it: on the day that it is there, not in Shanghai."""
    west = replace(config, centre=replace(config.centre, timezone="Etc/GMT+12"))
    async with official(west, monkeypatch) as account:
        account.clock.ahead = 86_400 - (account.clock() + 8 * 3600) % 86_400 + 12 * 3600  # noon in Shanghai
        who = await heard(account)
        await tell(account, who)
        account.platform.faults["message/custom/send"] = [45015]
        await account.deliver()
        (row,) = await account.app.tickets.in_state("waiting")
        there = datetime.fromtimestamp(account.clock(), west.zone)
        assert row.ref.startswith(f"{there:%m%d}-")
