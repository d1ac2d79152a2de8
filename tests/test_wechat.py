"""Residents on WeChat, through the platform as it behaves: signed, encrypted, impatient, and delivering again."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from daoxue.app import App
from daoxue.config import Config
from integrations.wechat import channel as wechat_channel
from players.wechat.residents import OnScreen, Passage, Resident
from store import conversations, deliveries
from tests.desk_client import Desk, Person
from tests.official import Official, official


@pytest.fixture
async def account(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Official]:
    async with official(config, monkeypatch) as running:
        yield running


def text(seen: list[OnScreen]) -> str:
    return "\n".join(each.text for each in seen)


async def asked_for_a_person(account: Official, who: Resident) -> tuple[Person, str]:
    """A resident with a ticket, and the seat that has taken it."""
    if not who.follows:
        await account.platform.subscribe(who)
    await account.platform.say(who, "转人工")
    seat = await Desk(account.app).person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await account.deliver()
    return seat, ref


async def said_in(app: App, who: Resident) -> list[tuple[str, str]]:
    """The conversation as it is kept."""
    read = await app.database.read(lambda t: conversations.find(t, "wechat", who.openid))
    assert read is not None
    opened = await app.database.read(lambda t: conversations.messages(t, read.id, 1, 1 << 30))
    return [(row.author, row.body.decode()) for row in opened]


async def test_a_talk_of_ten_turns_an_escalation_and_a_seats_answer(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    welcome = await platform.subscribe(who)
    assert "欢迎您来" in text(welcome)
    assert len(text(welcome).split("\n\n")[0].splitlines()) <= 3, "who we are and the notice, in three lines"
    for said, expected in (
        ("太极拳班在哪里上课", "您问的是哪一个"), ("第二个", "临江街道社区学校"), ("那个班几点", "19:00"), ("学费多少", "免费"),
        ("积分怎么兑换", "兑换"), ("学院几点开门", "08:30"), ("怎么报名", "报名"), ("谢谢", "不客气"),
        ("密码忘了登不上去", "1"), ("下一步", "步"),
    ):  # fmt: skip
        seen = await platform.say(who, said)
        assert [each.way for each in seen] == ["passive"], (said, seen)
        assert expected in text(seen), (said, text(seen))
    await platform.click(who, "human")
    assert "工单" in who.seen[-1].text
    seat = await Desk(account.app).person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "a", "text": "您好，我是坐席，请说。"})
    await account.deliver()
    assert "您好，我是坐席，请说。" in text([each for each in who.seen if each.way == "custom"])
    assert await platform.say(who, "我的卡丢了") == [], "a seat has it: the bot says nothing"
    whole = await seat.get(f"/tickets/{ref}")
    assert "我的卡丢了" in [each["text"] for each in whole["messages"]]
    assert whole["quota"]["left"] >= 5
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    await account.deliver()
    assert "办结" in text(who.seen[-1:]) or "结束" in text(who.seen[-1:])
    assert not [each for each in who.seen if each.way == "broken"]


@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
async def test_each_mode(config: Config, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    async with official(config, monkeypatch, mode=mode) as account:
        who = account.platform.resident()
        assert "您好" in text(await account.platform.say(who, "你好"))


async def test_every_kind_of_message_has_an_answer_or_is_acknowledged(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    await platform.subscribe(who)
    assert "语音" in text(await platform.speak(who))
    assert "您好" in text(await platform.speak(who, "你好"))
    assert "看不了" in text(await platform.show_picture(who))
    near = await platform.send_location(who, 31.8278, 117.2289)
    assert "枫苑社区教学站点" in text(near)
    assert "比较远" in text(await platform.send_location(who, 0.0, 0.0))
    assert "65 门课" in text(await platform.click(who, "course"))
    assert "您可以直接说" in text(await platform.click(who, "no such key"))
    for kind in (
        "VIEW",
        "LOCATION",
        "TEMPLATESENDJOBFINISH",
        "kf_create_session",
        "subscribe_msg_sent_event",
        "what_is_this",
    ):
        assert await platform.event(who, kind, "<EventKey><![CDATA[x]]></EventKey>") == [], kind
    kept = str(await said_in(account.app, who))
    assert "31.82" not in kept, "where somebody is, is not kept"


async def test_a_message_that_comes_again_gets_the_very_same_answer(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    platform.again = 0.1
    letter = platform.letter(
        who, "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>42</MsgId>"
    )
    await platform.deliver(who, letter, Passage(lose=2))
    assert len(letter.responses) == 3
    assert len({platform.read(each, who.openid).text for each in letter.responses}) == 1
    at_once = await asyncio.gather(*(platform.deliver(who, letter) for _ in range(5)))
    assert {text(seen[-1:]) for seen in at_once} == {who.seen[0].text}
    assert [author for author, _ in await said_in(account.app, who)] == ["resident", "bot"]


async def test_two_events_of_one_second_are_two(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    now = platform.clock()
    await platform.click(who, "course", way=Passage(at=now))
    await platform.click(who, "human", way=Passage(at=now))
    await platform.click(who, "human", way=Passage(at=now))
    assert len(who.seen) == 3
    assert [author for author, _ in await said_in(account.app, who)].count("resident") == 2


def slowed(account: Official, monkeypatch: pytest.MonkeyPatch, seconds: float, budget: float = 0.3) -> list[float]:
    """Answers take longer than there is time for; how much longer can be changed."""
    respond = account.app.inbox._mind.dialogue.respond
    takes = [seconds]

    async def slowly(turn: object) -> None:
        await asyncio.sleep(takes[0])
        await respond(turn)  # type: ignore[arg-type]

    monkeypatch.setattr(account.app.inbox._mind.dialogue, "respond", slowly)
    monkeypatch.setattr(wechat_channel, "BUDGET", budget)
    account.platform.patience = budget + 0.4
    return takes


async def test_what_takes_too_long_comes_as_a_message_of_its_own(
    account: Official, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, who = account.platform, account.platform.resident()
    await platform.subscribe(who)
    slowed(account, monkeypatch, 0.6)
    assert await platform.say(who, "怎么报名") == [], "acknowledged, without an answer yet"
    await asyncio.sleep(0.6)
    await account.deliver()
    assert [each.way for each in who.seen[1:]] == ["custom"]
    assert "报名" in who.seen[-1].text
    await account.deliver()
    assert len(who.seen) == 2, "and once"


async def test_a_slow_answer_is_not_said_twice_when_the_message_comes_again(
    account: Official, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, who = account.platform, account.platform.resident()
    await platform.subscribe(who)
    slowed(account, monkeypatch, 1.0)
    await platform.say(who, "书法班的学费", way=Passage(lose=1))  # the acknowledgement is lost; it comes again
    await asyncio.sleep(1.5)
    await account.deliver()
    assert len(who.seen) == 2, who.seen
    assert [author for author, _ in await said_in(account.app, who)].count("resident") == 2


async def test_what_was_acknowledged_outlives_the_process(account: Official, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, who = account.platform, account.platform.resident()
    await platform.subscribe(who)
    slowed(account, monkeypatch, 60)
    assert await platform.say(who, "书法班的学费") == []
    for late in list(account.webhook._late):
        late.cancel()  # the process dies here
    monkeypatch.undo()
    account.clock.ahead += 61
    assert await account.app.queue.work() == 1
    await account.deliver()
    assert [each.way for each in who.seen[1:]] == ["custom"]
    assert await account.app.queue.work() == 0


async def test_without_the_right_to_write_a_slow_answer_is_asked_for(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with official(config, monkeypatch, customer_service=False) as account:
        platform, who = account.platform, account.platform.resident()
        takes = slowed(account, monkeypatch, 0.6)
        assert "回复【1】查看结果" in text(await platform.say(who, "怎么报名"))
        await asyncio.sleep(0.5)
        await account.deliver()
        assert platform.calls["message/custom/send"] == 0
        assert "回复【1】" in text(await platform.say(who, "1")), "still slow: said again"
        await asyncio.sleep(0.5)
        takes[0] = 0.0
        assert "报名" in text(await platform.say(who, "1"))
        assert "报名" not in text(await platform.say(who, "1")), "there is nothing more to go on with"


async def test_a_long_answer_goes_on_when_asked(account: Official) -> None:
    who = account.platform.resident()
    seat, ref = await asked_for_a_person(account, who)
    long = "".join(f"第{number}句话说的是这一件事情。" for number in range(300))[:2000]
    await seat.post(f"/tickets/{ref}/messages", {"id": "long", "text": long})
    before = len(who.seen)
    await account.deliver()
    parts = [each.text for each in who.seen[before:]]
    assert len(parts) > 1
    assert all(len(part.encode()) <= 1800 for part in parts)
    assert all(part.endswith("。") for part in parts[:-1]), "cut at sentences' ends"
    assert "".join(parts) == long


async def test_the_quota_is_kept_and_nothing_is_lost(account: Official) -> None:
    """Five messages after the resident's word: they are counted, the last one asks for an answer, the rest waits."""
    platform, who = account.platform, account.platform.resident()
    who.follows = True  # since long ago
    seat, ref = await asked_for_a_person(account, who)
    await platform.say(who, "我想问学分")
    before = len(who.seen)
    for number in range(8):
        await seat.post(f"/tickets/{ref}/messages", {"id": f"m{number}", "text": f"第{number}句"})
        await account.deliver()
    assert [each.text for each in who.seen[before:]] == ["第0句", "第1句", "第2句", "第3句"]
    assert (await seat.get(f"/tickets/{ref}/reach"))["quota"]["left"] == 1
    account.clock.ahead += 11
    await account.deliver()
    last = who.seen[-1].text
    assert last.startswith("第4句\n\n第5句\n\n第6句\n\n第7句"), "what came meanwhile goes together"
    assert "请随便回一个字" in last
    await seat.post(f"/tickets/{ref}/messages", {"id": "m8", "text": "第8句"})
    await account.deliver()
    account.clock.ahead += 30
    await account.deliver()
    assert who.seen[-1].text == last, "nothing more may be sent"
    assert (await seat.get(f"/tickets/{ref}/reach"))["quota"]["left"] == 0
    assert text(await platform.say(who, "好")) == "第8句", "and it comes with the resident's next word"
    assert platform.calls["message/custom/send"] == 6, "one for the seat's coming, five for the resident's word"


async def test_a_seat_that_types_is_seen_typing(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    await asked_for_a_person(account, who)
    read = await account.app.database.read(lambda t: conversations.find(t, "wechat", who.openid))
    assert read is not None
    for _ in range(3):
        account.app.live.typing(read.id, "seat")
    for _ in range(100):
        await asyncio.sleep(0.01)
        if who.typing_until:
            break
    assert who.typing_until > account.clock()
    assert platform.calls["message/custom/typing"] == 1


async def test_a_picture_of_a_seats_arrives_as_one(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    seat, ref = await asked_for_a_person(account, who)
    png = b"\x89PNG\r\n\x1a\n" + bytes(100)
    answer = await seat.client.post(
        f"/api/tickets/{ref}/files", files={"file": ("地图.png", png, "image/png")}, data={"id": "f1"}
    )
    assert answer.status_code == 200, answer.text
    await account.deliver()
    assert who.seen[-1].kind == "image"
    assert platform.calls["media/upload"] == 1


async def test_choices_of_a_message_of_its_own_can_be_touched(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    seat, ref = await asked_for_a_person(account, who)
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    await account.deliver()
    account.clock.ahead += 5
    await account.app.desk.tickets.survey(ref, int(account.clock() * 1000))
    await account.deliver()
    survey = who.seen[-1]
    assert survey.kind == "msgmenu"
    await platform.choose(who, survey.options[0], "0")
    assert (await seat.get(f"/tickets/{ref}"))["ticket"]["stars"] == 5


async def test_what_residents_type_breaks_nothing(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    for said in (
        "]]>", "a]]>b]]>c", "<xml><Content>x</Content></xml>", "&lt;script&gt;", "\x1d你好\x08", "😀😀😀", "   ", "？？？", "好" * 20_000,
        "<!DOCTYPE html>", "<a href='http://x'>链接</a>", "１３８００００１３７０", "340102195001011234", "你好\ufffe",
    ):  # fmt: skip
        seen = await platform.say(who, said)
        assert [each.way for each in seen] == ["passive"], (said[:30], seen)
    assert "340102195001011234" not in str(await said_in(account.app, who))


async def test_who_has_left_is_not_written_to(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    seat, ref = await asked_for_a_person(account, who)
    await platform.unsubscribe(who)
    await seat.post(f"/tickets/{ref}/messages", {"id": "late", "text": "还在吗"})
    calls = platform.calls["message/custom/send"]
    await account.deliver()
    assert platform.calls["message/custom/send"] == calls
    assert (await seat.get(f"/tickets/{ref}"))["dead"] is True, "and the seat sees that it does not arrive"
    await platform.subscribe(who)
    read = await account.app.database.read(lambda t: deliveries.is_lost(t, "wechat", who.openid))
    assert not read
