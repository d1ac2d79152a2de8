"""WeCom customer service against a platform that is played: what residents see, and what colleagues do."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select

from daoxue import play_wecom
from daoxue.config import SETTINGS, Config, read
from integrations.tencent.packing import MORE
from integrations.wecom import messages
from integrations.wecom.messages import KfMessage
from integrations.wecom.settings import CHANNEL, WecomSettings
from players.wecom import COLLEAGUE, ENDED, OURS, POOL
from store import attachments, conversations, deliveries, outbox
from store.attachments import FileState
from store.schema import dropped
from store.transaction import Statement
from tests.customer_service import Counter, counter
from tests.desk_client import Desk
from tests.test_files import picture

RECORDED = [
    msgspec.json.decode(each) for each in (Path(__file__).parent / "recorded" / "wecom.jsonl").read_text().splitlines()
]
QUESTION, ANSWER = "积分会过期吗", "会。积分"


@pytest.fixture
async def talk(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counter]:
    async with counter(config, monkeypatch) as found:
        yield found


@pytest.fixture
async def handing(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counter]:
    async with counter(config, monkeypatch, seat="zhangsan") as found:
        yield found


async def post(url: str, body: bytes) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(url, content=body)).status_code


@pytest.mark.parametrize("one", [pytest.param(each, id=each["name"]) for each in RECORDED])
def test_a_message_as_the_platform_gives_it_says_what_it_says(one: dict[str, Any]) -> None:
    message = msgspec.convert(one["message"], KfMessage)
    if message.msgtype == "event":
        assert messages.told(message.event) == (one["says"] or "")
        assert bool(message.event.welcome_code) == (one["name"] == "entering")
    else:
        said = messages.inbound(message, 0)
        assert [said.text, said.intent] == one["says"]


# -- the callback


async def test_the_platform_tries_the_address_out(talk: Counter) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(talk.platform.echo("8123456789"))).text == "8123456789"
        assert (
            await client.get(talk.platform.echo("x").replace("msg_signature=", "msg_signature=0"))
        ).status_code == 403


async def test_what_is_not_the_platforms_is_refused(talk: Counter) -> None:
    url, body = talk.platform.notice()
    assert await post(url.replace("nonce=", "nonce=1"), body) == 403
    assert await post(url, body.replace(b"<Encrypt>", b"<Encrypt><x/>")) == 403
    assert await post(url, b"x" * 20_000) == 403
    assert await post(url + "&nonce=1", body) == 403
    assert await post(*talk.platform.notice(corp="ww9999999999999999")) == 403
    talk.clock.ahead = 400
    assert await post(url, body) == 403, "too long ago"
    assert not talk.platform.calls


async def test_what_is_of_another_account_or_kind_is_acknowledged_and_fetches_nothing(talk: Counter) -> None:
    assert await post(*talk.platform.notice(account="wk-other")) == 200
    assert await post(*talk.platform.notice(event="change_contact")) == 200
    await talk.deliver()
    assert not talk.platform.calls


# -- a talk


async def test_a_question_is_answered_once_however_often_it_is_told(talk: Counter) -> None:
    who = talk.platform.customer()
    [answer] = await talk.say(who, QUESTION)
    assert answer.startswith(ANSWER)
    for _ in range(3):
        assert await post(*talk.platform.notice()) == 200
    await talk.deliver()
    assert len(who.seen) == 1
    assert who.state == OURS


async def test_a_cursor_that_was_lost_repeats_nothing(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.say(who, QUESTION)
    await talk.app.database.write(lambda t: deliveries.share(t, f"wecom:cursor:{talk.platform.account}", b"", 0, 0))
    await talk.say(who, "几点开门")
    assert len([each for each in await talk.talk(who) if each == ("resident", QUESTION)]) == 1


async def test_many_pages_are_read_to_the_end(talk: Counter) -> None:
    talk.platform.page, talk.platform.mute = 2, True
    everybody = [talk.platform.customer() for _ in range(7)]
    for who in everybody:
        await talk.platform.say(who, QUESTION)
    talk.platform.mute = False
    await talk.platform.notify()
    await talk.deliver()
    assert [len(who.seen) for who in everybody] == [1] * 7
    assert talk.platform.calls["kf/sync_msg"] == 4


async def test_one_look_serves_all_notices_before_it(talk: Counter) -> None:
    everybody = [talk.platform.customer() for _ in range(6)]
    for who in everybody:
        await talk.platform.say(who, QUESTION)
    await talk.deliver()
    assert all(len(who.seen) == 1 for who in everybody)
    assert talk.platform.calls["kf/sync_msg"] < 6


async def test_a_notice_that_was_lost_or_has_ended_costs_time_alone(talk: Counter) -> None:
    who, other = talk.platform.customer(), talk.platform.customer()
    talk.platform.mute = True
    await talk.platform.say(who, QUESTION)
    for work in talk.app.channels[CHANNEL].work:
        await work.work()
    await talk.deliver()
    assert len(who.seen) == 1
    talk.platform.mute = False
    talk.platform.faults["kf/sync_msg"] = [95007]
    assert len(await talk.say(other, QUESTION)) == 1


async def test_what_lay_there_for_long_when_the_account_is_first_looked_at_is_left_alone(talk: Counter) -> None:
    old, new = talk.platform.customer(), talk.platform.customer()
    talk.platform.mute = True
    await talk.platform.say(old, QUESTION)
    talk.clock.ahead = 7_200
    talk.platform.mute = False
    assert len(await talk.say(new, QUESTION)) == 1
    assert not old.seen


async def test_what_nobody_can_read_holds_up_nothing(talk: Counter) -> None:
    who = talk.platform.customer()
    talk.platform._log.append((talk.clock(), {"msgid": 5, "msgtype": ["x"]}))
    assert len(await talk.say(who, QUESTION)) == 1


@pytest.mark.parametrize("kind", ["link", "miniprogram", "business_card", "video", "channels", "something_new"])
async def test_what_we_cannot_read_is_told_so(talk: Counter, kind: str) -> None:
    who = talk.platform.customer()
    await talk.platform.send(who, kind, "", **{kind: {"title": "<script>alert(1)</script>"}})
    await talk.deliver()
    assert len(who.seen) == 1


async def test_a_place_is_answered_and_a_picture_reaches_seats(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.platform.send(who, "location", "", location={"latitude": 31.86, "longitude": 117.28, "name": "家"})
    await talk.deliver()
    assert who.seen
    await talk.platform.show(who, "image", picture())
    await talk.deliver()

    def look(t):  # type: ignore[no-untyped-def]
        found = conversations.find(t, CHANNEL, who.id)
        assert found is not None
        return attachments.of_talk(t, found.id)

    [file] = await talk.app.database.read(look)
    assert file.state == FileState.KEPT


async def test_choices_are_a_menu_and_touching_one_chooses(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.say(who, "你好")
    menu = next(each["msgmenu"] for each in who.seen if each["msgtype"] == "msgmenu")
    entry = menu["list"][0]["click"]
    before = len(who.seen)
    await talk.platform.say(who, entry["content"], menu_id=entry["id"])
    await talk.deliver()
    assert len(who.seen) > before


async def test_who_opens_the_talk_is_greeted_once(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.platform.enter(who)
    await talk.deliver()
    assert len(who.seen) == 1
    await talk.platform.notify()
    await talk.deliver()
    assert len(who.seen) == 1
    assert talk.platform.calls["kf/send_msg"] == 0, "it is none of the five"
    assert len(await talk.say(who, QUESTION)) == 1


async def test_a_greeting_that_comes_too_late_is_none(talk: Counter) -> None:
    who = talk.platform.customer()
    talk.platform.mute = True
    await talk.platform.enter(who)
    talk.clock.ahead = 30
    talk.platform.mute = False
    assert len(await talk.say(who, QUESTION)) == 1


@pytest.mark.parametrize("fault", ["502", "lost", -1, 40013, 95018])
async def test_a_greeting_that_the_platform_does_not_take_is_told_and_holds_up_nothing(
    talk: Counter, fault: object
) -> None:
    who = talk.platform.customer()
    talk.platform.faults["kf/send_msg_on_event"] = [fault]
    await talk.platform.enter(who)
    await talk.deliver()
    assert talk.platform.calls["kf/send_msg_on_event"] == 1
    assert ("resident", "【微信客服】欢迎语可能没有送到") in await talk.talk(who)
    assert (await talk.say(who, QUESTION))[-1].startswith(ANSWER)


# -- five within 48 hours


async def waits(talk: Counter, who: str) -> int:
    def look(t):  # type: ignore[no-untyped-def]
        found = conversations.find(t, CHANNEL, who)
        assert found is not None
        return len(outbox.owed(t, found.id))

    return await talk.app.database.read(look)


async def test_a_seat_has_five_and_the_rest_leaves_when_the_resident_writes(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.say(who, "我要找工作人员")
    seat = await Desk(talk.app).person()
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await talk.deliver()
    for number in range(8):
        await seat.post(f"/tickets/{ref}/messages", {"id": f"w{number}", "text": f"第{number}句"})
        talk.clock.ahead += 15
        await talk.deliver()
    assert who.left == 0
    assert talk.platform.calls["kf/send_msg"] == 5, "the limit is kept, not tried out"
    assert await waits(talk, who.id)
    await talk.say(who, "好的")
    said = "\n".join(who.texts)
    assert all(said.count(f"第{number}句") == 1 for number in range(8)), said
    assert [said.index(f"第{number}句") for number in range(8)] == sorted(
        said.index(f"第{number}句") for number in range(8)
    )


async def test_the_last_of_the_five_says_that_there_is_more(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.say(who, "我要找工作人员")
    seat = await Desk(talk.app).person()
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    for number in range(8):
        await seat.post(f"/tickets/{ref}/messages", {"id": f"w{number}", "text": f"第{number}句" + "长" * 600})
    talk.clock.ahead += 15
    await talk.deliver()
    assert who.left == 0
    assert [each.endswith(MORE) for each in who.texts[-4:]] == [False, False, False, True]
    while await waits(talk, who.id):
        await talk.say(who, "继续")
    assert sum(each.count("长") for each in who.texts) == 8 * 600, "and what is left comes, once"


async def test_after_two_days_a_seat_sees_that_nothing_arrives(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.say(who, "我要找工作人员")
    seat = await Desk(talk.app, time.time).person()  # who is not signed out by then
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await talk.deliver()
    before = len(who.seen)
    talk.clock.ahead = 49 * 3600
    await seat.post(f"/tickets/{ref}/messages", {"id": "w", "text": "来晚了"})
    talk.clock.ahead += 15
    await talk.deliver()
    assert len(who.seen) == before
    assert await waits(talk, who.id)
    assert "来晚了" in "\n".join(await talk.say(who, "在吗"))


# -- the platform


@pytest.mark.parametrize("fault", ["html", "502", "lost", -1, 45009, 42001])
async def test_what_the_platform_does_to_a_message_is_mended(talk: Counter, fault: object) -> None:
    who = talk.platform.customer()
    talk.platform.faults["kf/send_msg"] = [fault]
    await talk.say(who, QUESTION)
    talk.clock.ahead = 120
    await talk.deliver()
    assert len(who.seen) == 1, "neither lost nor doubled"


@pytest.mark.parametrize("fault", ["html", "502", -1, 45009, 40014])
async def test_what_the_platform_does_to_a_look_is_mended(talk: Counter, fault: object) -> None:
    who = talk.platform.customer()
    talk.platform.faults["kf/sync_msg"] = [fault]
    await talk.say(who, QUESTION)
    talk.clock.ahead = 120
    await talk.deliver()
    assert len(who.seen) == 1


async def test_a_token_that_ended_is_fetched_anew_and_shared(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.say(who, QUESTION)
    assert talk.platform.calls["gettoken"] == 1
    await talk.say(who, "几点开门")
    assert talk.platform.calls["gettoken"] == 1
    talk.platform.expire()
    assert len(await talk.say(who, "怎么查积分")) == 1
    assert talk.platform.calls["gettoken"] == 2


async def test_a_wrong_secret_is_told_and_loses_nothing(talk: Counter) -> None:
    who, good = talk.platform.customer(), talk.platform.secret
    talk.platform.secret = "another"
    assert not await talk.say(who, QUESTION)
    health = await talk.app.channels[CHANNEL].health(0)
    assert health.alarm is not None
    assert "secret" in health.alarm
    assert good not in health.alarm
    talk.platform.secret = good
    talk.clock.ahead = 60
    await talk.deliver()
    assert len(who.seen) == 1
    assert (await talk.app.channels[CHANNEL].health(0)).alarm is None


async def test_who_refuses_messages_gets_none_until_they_write(talk: Counter) -> None:
    who = talk.platform.customer()
    await talk.say(who, "我要找工作人员")
    await talk.platform.fail(who, 10)
    await talk.deliver()
    assert any("居民拒收" in text for _, text in await talk.talk(who))
    assert len(await talk.say(who, QUESTION)) >= 1


# -- colleagues in WeCom


async def test_who_wants_a_person_gets_the_colleague_and_we_are_silent_until_it_ends(handing: Counter) -> None:
    who = handing.platform.customer()
    assert len(await handing.say(who, "我要找工作人员")) == 1
    handing.clock.ahead = 5
    await handing.deliver()
    assert (who.state, who.colleague) == (COLLEAGUE, "zhangsan")
    assert not await handing.say(who, QUESTION), "the colleague has it"
    await handing.platform.answer(who, "您好，我是张三")
    await handing.deliver()
    talk = [text for _, text in await handing.talk(who)]
    assert QUESTION in talk
    assert "【企业微信接待人员】您好，我是张三" in talk
    assert any("会话已转给接待人员：zhangsan" in text for text in talk)
    await handing.platform.end(who)
    await handing.deliver()
    assert who.state == ENDED
    assert "【企业微信】接待结束" in [text for _, text in await handing.talk(who)]


async def test_a_danger_is_our_desks_whoever_has_the_talk(handing: Counter) -> None:
    who = handing.platform.customer()
    await handing.say(who, "我要找工作人员")
    handing.clock.ahead = 5
    await handing.deliver()
    await handing.say(who, "有人晕倒了，喘不上气")
    seat = await Desk(handing.app).person()
    assert [each["priority"] for each in (await seat.get("/tickets?state=waiting"))["tickets"]] == [0]


async def test_what_fails_however_often_it_is_tried_is_put_aside_and_holds_up_nothing(handing: Counter) -> None:
    gone, who = handing.platform.customer(), handing.platform.customer()
    del handing.platform.customers[gone.id]
    await handing.platform.say(gone, QUESTION)
    await handing.platform.say(who, QUESTION)
    for _ in range(3):
        await handing.deliver()
        handing.clock.ahead += 5
    assert len(who.seen) == 1
    [why] = await handing.app.database.read(lambda t: [row[0] for row in t.all(Statement(select(dropped.c.why)))])
    assert why == "failed"


async def test_what_we_are_too_busy_for_is_not_put_aside(handing: Counter) -> None:
    who = handing.platform.customer()
    handing.platform.faults["kf/service_state/get"] = [-1, "502", -1, 45009, -1]
    await handing.platform.say(who, QUESTION)
    for _ in range(8):
        await handing.deliver()
        handing.clock.ahead += 70
    assert len(who.seen) == 1


async def test_a_colleague_who_is_not_there_leaves_it_to_our_desk(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counter(config, monkeypatch, seat="lisi") as talk:
        who = talk.platform.customer()
        await talk.say(who, "我要找工作人员")
        talk.clock.ahead = 5
        await talk.deliver()
        assert who.state == OURS
        assert len(await talk.say(who, QUESTION)) == 1


async def test_the_pool_of_wecom(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with counter(config, monkeypatch, seat="pool") as talk:
        who = talk.platform.customer()
        await talk.say(who, "我要找工作人员")
        talk.clock.ahead = 5
        await talk.deliver()
        assert who.state == POOL


async def test_in_the_terminal_every_command_is_something_that_happens(
    talk: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    phone = play_wecom.WeChatApp(talk.platform)
    for line in (
        "/enter",
        "想学点什么",
        "/press 1",
        "/picture",
        "/voice",
        "/location 31.8 117.2",
        "转人工",
        "/answer 您好",
        "/end",
    ):
        await phone._do(line)
        await talk.deliver()
    for line in ("/lose", "/html", "/mute", "/refuse"):
        await phone._do(line)
    shown = capsys.readouterr().out
    assert "[1]" in shown
    assert "zhangsan\x1b[0m 您好" in shown
    assert len(talk.platform.faults["kf/send_msg"]) == 2
    settings = play_wecom._settings(talk.platform, 1, 2, "/tmp", "pool")
    found = read(SETTINGS, {name: value for name, value in settings.items() if name.startswith("DAOXUE_")})
    assert found.channels.of(WecomSettings) == WecomSettings(
        enabled=True, account=talk.platform.account, seat="pool", api_base="http://127.0.0.1:2"
    )
