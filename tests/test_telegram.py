"""A talk on Telegram, from the platform's side: what is sent, what appears, and what happens when something goes wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from daoxue.config import Config
from integrations.telegram import rendering
from players.telegram import RefusalError, Shown, TelegramUser
from store import conversations, deliveries
from store import queue as owed
from tests.desk_client import Desk
from tests.messenger import SECRET, Messenger, messenger


@pytest.fixture
async def talk(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Messenger]:
    async with messenger(config, monkeypatch) as connected:
        yield connected


def one(shown: list[Shown]) -> Shown:
    [only] = shown
    return only


async def said(talk: Messenger, who: TelegramUser) -> list[str]:
    """What the resident has said, as it is kept."""
    read = await talk.app.database.read(lambda t: conversations.find(t, "telegram", str(who.id)))
    if read is None:
        return []
    rows = await talk.app.database.read(lambda t: conversations.messages(t, read.id, 1, read.seq))
    return [json.loads(row.body)["reply"]["text"] for row in rows if row.author == "resident"]


# -- what is said, and what appears


async def test_a_question_is_answered_in_one_message_with_its_source(talk: Messenger) -> None:
    answer = one(await talk.say(talk.platform.person(), "积分会过期吗"))
    assert answer.text.startswith("会。积分")
    assert "<i>—— " in answer.html


async def test_the_same_update_again_is_answered_once(talk: Messenger) -> None:
    who = talk.platform.person()
    update = await talk.platform.say(who, "积分会过期吗")
    await talk.platform.deliver(update)
    await talk.deliver()
    assert len(talk.platform.chat(who).seen) == 1
    assert talk.platform.statuses == [200, 200]


async def test_webhooks_that_come_twice_at_once_and_out_of_order_are_each_answered_once(talk: Messenger) -> None:
    who = talk.platform.person()
    hook, talk.platform.webhook = talk.platform.webhook, {}
    first, second = await talk.platform.say(who, "积分会过期吗"), await talk.platform.say(who, "几点开门")
    talk.platform.webhook = hook
    await asyncio.gather(*(talk.platform.deliver(each) for each in (second, first, second, first)))
    await talk.deliver()
    assert sorted(await said(talk, who)) == ["几点开门", "积分会过期吗"]
    assert len(talk.platform.chat(who).seen) == 2


@pytest.mark.parametrize(
    ("command", "begins"),
    [("/start", "您好，欢迎您来"), ("/start promo", "您好，欢迎您来"), ("/help", ""), ("/human", "")],
)
async def test_commands_mean_what_the_menu_says(talk: Messenger, command: str, begins: str) -> None:
    who = talk.platform.person()
    assert one(await talk.say(who, command)).text.startswith(begins)
    assert (await said(talk, who))[0] in ("[开始]", "菜单", "人工")


async def test_who_begins_in_an_english_app_is_greeted_in_english(talk: Messenger) -> None:
    answer = one(await talk.say(talk.platform.person(language="en"), "/start"))
    assert answer.text.startswith("Welcome!")


async def test_a_choice_is_made_once_by_a_button_of_ours(talk: Messenger) -> None:
    who = talk.platform.person()
    offered = await choices(talk, who)
    label, data = offered.labels[0], offered.buttons[0][0]["callback_data"]
    assert len(data.encode()) <= 64
    answer = await talk.press(who, offered, label)
    assert answer
    assert offered.buttons == [], "what was chosen is no button any more"
    assert who.notices == [None]
    again = await talk.platform.press_data(who, offered, data, talk.platform.chat(who))
    await talk.platform.deliver(again)
    await talk.deliver()
    assert "已经用过" in (who.notices[1] or "")
    assert (await said(talk, who)).count(label) == 1


async def test_two_buttons_pressed_at_once_are_one_choice(talk: Messenger) -> None:
    who = talk.platform.person()
    offered = await choices(talk, who)
    chat = talk.platform.chat(who)
    before = len(await said(talk, who))
    data = [each[0]["callback_data"] for each in offered.buttons[:2]]
    await asyncio.gather(*(talk.platform.press_data(who, offered, each, chat) for each in data))
    assert len(await said(talk, who)) == before + 1


async def test_a_button_is_dead_when_the_talk_has_gone_on(talk: Messenger) -> None:
    who = talk.platform.person()
    offered = await choices(talk, who)
    await talk.say(who, "积分会过期吗")
    assert await talk.press(who, offered, offered.labels[0]) == []
    assert "已经用过" in (who.notices[-1] or "")


@pytest.mark.parametrize("data", ["", "1.1.AAAAAAAAAAAAAAAAAAAA", "x", "9.1", "1.1.é", "-1.1.x", "<script>.1.x"])
async def test_what_we_have_not_written_on_a_button_chooses_nothing(talk: Messenger, data: str) -> None:
    who = talk.platform.person()
    offered = await choices(talk, who)
    before = await said(talk, who)
    await talk.platform.press_data(who, offered, data, talk.platform.chat(who))
    assert await said(talk, who) == before


async def test_a_button_of_somebody_else_chooses_nothing(talk: Messenger) -> None:
    who, other = talk.platform.person(), talk.platform.person()
    offered = await choices(talk, who)
    await choices(talk, other)
    before = await said(talk, other)
    data = offered.buttons[0][0]["callback_data"]
    await talk.platform.press_data(other, offered, data, talk.platform.chat(other))
    assert await said(talk, other) == before


async def choices(talk: Messenger, who: TelegramUser) -> Shown:
    """A message with two buttons or more."""
    for words in ("积分", "有什么班", "书法班", "课程"):
        for shown in await talk.say(who, words):
            if len(shown.labels) >= 2:
                return shown
    raise AssertionError


async def test_an_edited_message_is_not_a_new_one(talk: Messenger) -> None:
    who = talk.platform.person()
    await talk.say(who, "积分会过期吗")
    edited = talk.platform.message(who, talk.platform.chat(who), text="几点开门", edit_date=1)
    talk.platform.webhook["allowed_updates"] = ["message", "edited_message"]
    await talk.platform.happens("edited_message", edited)
    await talk.deliver()
    assert await said(talk, who) == ["积分会过期吗"]
    assert talk.platform.statuses == [200, 200]


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ({"sticker": {"file_id": "a", "file_unique_id": "a", "type": "regular", "width": 1, "height": 1, "is_animated": False,
                      "is_video": False, "emoji": "👍"}}, "👍"),
        ({"voice": {"file_id": "a", "file_unique_id": "a", "duration": 3}}, "[语音]"),
        ({"photo": [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]}, "[图片]"),
        ({"document": {"file_id": "a", "file_unique_id": "a", "file_name": "<script>"}}, "[文件]"),
        ({"video_note": {"file_id": "a", "file_unique_id": "a", "length": 1, "duration": 1}}, "[视频留言]"),
        ({"photo": [], "caption": "积分会过期吗"}, "积分会过期吗"),
        ({"dice": {"emoji": "🎲", "value": 4}}, "🎲"),
        ({"contact": {"phone_number": "13912345678", "first_name": "别人", "user_id": 1}}, "[名片]"),
        ({"location": {"latitude": 31.83, "longitude": 117.23}}, "[位置]"),
    ],
)  # fmt: skip
async def test_what_is_no_text_is_answered_sensibly(talk: Messenger, content: dict[str, Any], kept: str) -> None:
    who = talk.platform.person()
    assert await talk.send(who, **content)
    assert (await said(talk, who))[0] == kept


async def test_a_seat_sees_what_came_with_a_caption(talk: Messenger) -> None:
    ref, who, seat = await ticket(talk)
    photo = [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]
    await talk.send(who, photo=photo, caption="你看这张")
    shown = json.dumps((await seat.get(f"/tickets/{ref}"))["messages"][-1], ensure_ascii=False)
    assert "你看这张" in shown
    assert "[图片]" in shown


async def test_a_place_that_is_shared_is_looked_for_and_kept_nowhere(talk: Messenger) -> None:
    who = talk.platform.person()
    answer = await talk.send(who, location={"latitude": 31.83, "longitude": 117.23})
    assert answer[0].text.startswith("离您这里最近的学习点")
    assert not any("31.83" in each for each in await said(talk, who))


async def test_where_a_number_is_asked_for_the_app_can_share_it(talk: Messenger) -> None:
    who = talk.platform.person()
    shown = await talk.say(who, "请给我回电话")
    assert shown[-1].keyboard == [[{"text": "📱 发送我的手机号", "request_contact": True}]]
    contact = {"phone_number": "8613912345678", "first_name": "王", "user_id": who.id}
    answer = await talk.send(who, contact=contact)
    assert "139****5678" in answer[0].text


async def test_an_album_is_answered_once(talk: Messenger) -> None:
    who = talk.platform.person()
    photo = [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]
    for _ in range(3):
        await talk.send(who, photo=photo, media_group_id="77")
    assert len(talk.platform.chat(who).seen) == 1
    other = talk.platform.person()
    await talk.send(other, photo=photo, media_group_id="78", caption="积分会过期吗")
    await talk.send(other, photo=photo, media_group_id="78")
    assert one(talk.platform.chat(other).seen).text.startswith("会。积分")


async def test_what_is_long_is_cut_where_a_sentence_ends_and_arrives_in_order(
    talk: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "LONGEST", 300)
    ref, who, seat = await ticket(talk)
    long = "".join(f"第{number}句：请带😀到<前台>。" for number in range(80))
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": long})
    before = len(talk.platform.chat(who).seen)
    await talk.deliver()
    parts = [each.text for each in talk.platform.chat(who).seen[before:]]
    assert len(parts) >= 4
    assert "".join(parts) == long
    assert all(len(each.encode("utf-16-le")) <= 600 and each.endswith("。") for each in parts)


async def ticket(talk: Messenger) -> tuple[str, TelegramUser, Any]:
    """A resident whose talk a seat has."""
    who = talk.platform.person()
    await talk.say(who, "转人工")
    seat = await Desk(talk.app).person()
    [listed] = (await seat.get("/tickets?state=waiting"))["tickets"]
    await seat.post(f"/tickets/{listed['ref']}/take")
    await talk.deliver()
    return listed["ref"], who, seat


async def test_what_a_seat_writes_and_sends_arrives_as_it_is(talk: Messenger) -> None:
    ref, who, seat = await ticket(talk)
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": "1 < 2 && <b>不粗</b> <script>alert(1)</script>"})
    await talk.deliver()
    assert talk.platform.chat(who).seen[-1].text == "1 < 2 && <b>不粗</b> <script>alert(1)</script>"
    file = ("地图.txt", "地图".encode(), "text/plain")
    await seat.client.post(f"/api/tickets/{ref}/files", data={"id": "f1"}, files={"file": file})
    await talk.deliver()
    shown = talk.platform.chat(who).seen[-1]
    assert (shown.kind, shown.text) == ("document", "地图.txt")


async def test_it_is_shown_that_a_seat_writes(talk: Messenger) -> None:
    _, who, _ = await ticket(talk)
    read = await talk.app.database.read(lambda t: conversations.find(t, "telegram", str(who.id)))
    assert read is not None
    for _ in range(3):
        talk.app.live.typing(read.id, "seat")
    talk.app.live.typing(read.id, "resident")
    await talk.settled()
    assert talk.platform.chat(who).typing == 1, "once in a while is enough"


# -- groups


async def test_in_a_group_only_who_addresses_the_bot_is_answered(talk: Messenger) -> None:
    group, who = talk.platform.group(), talk.platform.person()
    talk.platform.privacy = False
    assert await talk.say(who, "积分会过期吗", group) == []
    answer = one(await talk.say(who, "@daoxue_bot 积分会过期吗", group))
    assert answer.text.startswith("会。积分")
    assert answer.to is not None, "it answers a message"
    assert await talk.say(who, "/help@other_bot", group) == []
    assert await talk.say(who, "/help@DAOXUE_bot", group)
    back = {
        "message_id": answer.id,
        "date": 1,
        "chat": {"id": group.id, "type": "supergroup"},
        "from": talk.platform.me,
    }
    assert await talk.say(who, "几点开门", group, reply_to_message=back)


async def test_nothing_personal_is_asked_or_told_in_a_group(talk: Messenger) -> None:
    group, who = talk.platform.group(), talk.platform.person()
    for words in ("查我的学分", "转人工", "我要投诉你们", "请给我回电话"):
        shown = await talk.say(who, f"@daoxue_bot {words}", group)
        assert "私聊" in shown[0].text, words
        assert any(each.get("url") == "https://t.me/daoxue_bot" for row in shown[0].buttons for each in row)
    seat = await Desk(talk.app).person()
    assert (await seat.get("/tickets?state=waiting"))["tickets"] == []


async def test_a_danger_in_a_group_calls_a_person_all_the_same(talk: Messenger) -> None:
    group, who = talk.platform.group(), talk.platform.person()
    shown = await talk.say(who, "@daoxue_bot 有人晕倒了，喘不上气", group)
    assert "120" in shown[0].text
    seat = await Desk(talk.app).person()
    assert len((await seat.get("/tickets?state=waiting"))["tickets"]) == 1


async def test_what_a_seat_writes_in_a_group_stands_under_what_was_asked(talk: Messenger) -> None:
    """So it says for whom it is, and stays in the group's topic."""
    group, who = talk.platform.group(), talk.platform.person()
    await talk.say(who, "@daoxue_bot 有人晕倒了，喘不上气", group)
    asked = group.seen[-1].to
    assert asked is not None
    seat = await Desk(talk.app).person()
    [listed] = (await seat.get("/tickets?state=waiting"))["tickets"]
    await seat.post(f"/tickets/{listed['ref']}/take")
    await seat.post(f"/tickets/{listed['ref']}/messages", {"id": "m1", "text": "救护车在路上"})
    await talk.deliver()
    assert (group.seen[-1].text, group.seen[-1].to) == ("救护车在路上", asked)


async def test_choices_in_a_group_are_for_whom_they_were_given(talk: Messenger) -> None:
    group, who, other = talk.platform.group(), talk.platform.person(), talk.platform.person()
    for words in ("积分", "有什么班", "书法班", "课程"):
        shown = (await talk.say(who, f"@daoxue_bot {words}", group))[-1]
        if shown.labels:
            break
    before = len(group.seen)
    await talk.press(other, shown, shown.labels[0], group)
    assert "给别人" in (other.notices[-1] or "")
    assert len(group.seen) == before
    assert await talk.press(who, shown, shown.labels[0], group)


@pytest.mark.parametrize("told", [True, False])
async def test_a_group_that_moves_goes_on_in_the_same_talk(talk: Messenger, told: bool) -> None:
    old, who = talk.platform.group("group"), talk.platform.person()
    await talk.say(who, "@daoxue_bot 有人晕倒了，喘不上气", old)
    seat = await Desk(talk.app).person()
    [listed] = (await seat.get("/tickets?state=waiting"))["tickets"]
    await seat.post(f"/tickets/{listed['ref']}/take")
    await talk.deliver()
    new = await talk.platform.upgrade(who, old, told=told)
    await seat.post(f"/tickets/{listed['ref']}/messages", {"id": "m1", "text": "救护车在路上"})
    await talk.deliver()
    assert new.seen[-1].text == "救护车在路上"
    await talk.say(who, "@daoxue_bot 谢谢", new)
    whole = await seat.get(f"/tickets/{listed['ref']}")
    assert any("谢谢" in json.dumps(each, ensure_ascii=False) for each in whole["messages"])


@pytest.mark.parametrize("writer", [{"is_bot": True}, {"id": 777000, "is_bot": False, "_sender_chat": True}])
async def test_bots_and_channels_get_no_answer(talk: Messenger, writer: dict[str, Any]) -> None:
    who = talk.platform.person()
    message = talk.platform.message(who, talk.platform.chat(who), text="积分会过期吗")
    message["from"] |= {key: value for key, value in writer.items() if not key.startswith("_")}
    if "_sender_chat" in writer:
        message["sender_chat"] = {"id": -100123, "type": "channel", "title": "c"}
    await talk.platform.happens("message", message)
    await talk.deliver()
    assert talk.platform.chat(who).seen == []


# -- what goes wrong out there


async def test_flood_control_is_waited_for_and_nothing_is_lost(talk: Messenger) -> None:
    who = talk.platform.person()
    talk.platform.faults["sendMessage"] = [RefusalError(429, "Too Many Requests: retry after 7", retry_after=7)]
    assert await talk.say(who, "积分会过期吗") == []
    assert await talk.say(who, "几点开门") == []
    await talk.deliver()
    assert talk.platform.calls["sendMessage"] == 1, "nothing is asked of it until then"
    talk.clock.ahead += 7.1
    await talk.deliver()
    first, second = talk.platform.chat(who).seen
    assert first.text.startswith("会。积分"), "in order"
    assert talk.platform.calls["sendMessage"] == 3
    assert second


async def test_who_has_blocked_the_bot_is_left_alone_until_they_write(talk: Messenger) -> None:
    ref, who, seat = await ticket(talk)
    await talk.platform.block(who)
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": "您好"})
    before = talk.platform.calls["sendMessage"]
    await talk.deliver()
    assert talk.platform.calls["sendMessage"] == before
    [given_up] = await talk.app.database.read(lambda t: owed.given_up(t, 10))
    assert "blocked" in given_up.outcome
    await talk.platform.block(who, blocked=False)
    await seat.post(f"/tickets/{ref}/messages", {"id": "m2", "text": "又来了"})
    await talk.deliver()
    assert talk.platform.chat(who).seen[-1].text == "又来了"


async def test_a_block_that_nobody_told_of_is_learnt_by_sending(talk: Messenger) -> None:
    ref, who, seat = await ticket(talk)
    talk.platform.chat(who).blocked = True
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": "您好"})
    await talk.deliver()
    assert await talk.app.database.read(lambda t: deliveries.is_lost(t, "telegram", str(who.id)))
    talk.platform.chat(who).blocked = False
    await talk.say(who, "在吗")
    assert not await talk.app.database.read(lambda t: deliveries.is_lost(t, "telegram", str(who.id)))


async def test_what_is_leaving_when_the_process_stops_has_left_and_leaves_no_second_time(talk: Messenger) -> None:
    who = talk.platform.person()
    talk.platform.faults["sendMessage"] = [0.3]
    await talk.platform.say(who, "积分会过期吗")
    assert talk.platform.chat(who).seen == []
    await talk.app.channels["telegram"].close()
    assert len(talk.platform.chat(who).seen) == 1
    talk.clock.ahead += 60
    await talk.deliver()
    assert len(talk.platform.chat(who).seen) == 1


@pytest.mark.parametrize("fault", ["html", "empty", 502, 500, RefusalError(400, "Bad Request: strange", odd="x")])
async def test_an_api_that_answers_something_else_loses_nothing(talk: Messenger, fault: object) -> None:
    who = talk.platform.person()
    talk.platform.faults["sendMessage"] = [fault]
    await talk.say(who, "积分会过期吗")
    talk.clock.ahead += 5
    await talk.deliver()
    assert one(talk.platform.chat(who).seen).text.startswith("会。积分")


async def test_what_fails_is_told_once(talk: Messenger, caplog: pytest.LogCaptureFixture) -> None:
    who = talk.platform.person()
    talk.platform.faults["sendMessage"] = ["html"] * 3
    await talk.say(who, "积分会过期吗")
    for _ in range(2):
        talk.clock.ahead += 5
        await talk.deliver()
    health = await talk.app.channels["telegram"].health(0)
    assert health.alarm is not None
    assert [each.message for each in caplog.records if each.name == "integrations.telegram.api"] == ["telegram"]
    assert talk.platform.token not in caplog.text
    talk.clock.ahead += 60
    await talk.deliver()
    assert (await talk.app.channels["telegram"].health(0)).alarm is None


async def test_a_wrong_token_is_the_desks_to_see_and_uses_up_no_attempt(talk: Messenger) -> None:
    who = talk.platform.person()
    talk.platform.token, right = "1:wrong", talk.platform.token
    await talk.say(who, "积分会过期吗")
    for _ in range(20):
        talk.clock.ahead += 31
        await talk.deliver()
    assert "token" in ((await talk.app.channels["telegram"].health(0)).alarm or "")
    talk.platform.token = right
    talk.clock.ahead += 31
    await talk.deliver()
    assert len(talk.platform.chat(who).seen) == 1


# -- what comes in from others


async def test_only_who_knows_the_secret_is_heard(talk: Messenger) -> None:
    body = json.dumps({"update_id": 1}).encode()
    for secret in (None, "", "x", SECRET + "x", SECRET.upper()):
        assert await talk.post(body, secret) == 403
    assert await talk.post(body) == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"\xff", 400), (b"[]", 400), (b"{}", 400), (b'{"update_id": "1"}', 400), (b"x" * 300_000, 413),
        (b'{"update_id": 1, "message": ' + b'{"reply_to_message": ' * 5_000 + b"{}" + b"}" * 5_001, 400),
        (b'{"update_id": 1, "message": 5}', 200), (b'{"update_id": 1, "message": {"date": 1e99}}', 200),
        (b'{"update_id": 1, "message": {"message_id": "<script>", "date": 1, "chat": {"id": "x", "type": "private"},'
         b' "from": {"id": 1, "is_bot": false, "first_name": "x"}, "text": "hi"}}', 200),
        (b'{"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"},'
         b' "from": {"id": 1, "is_bot": false, "first_name": "x"}, "text": {"a": 1}}}', 200),
        (b'{"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"},'
         b' "from": {"id": 1, "is_bot": false, "first_name": "x"}, "location": {"latitude": 1e9, "longitude": "x"}}}', 200),
        (b'{"update_id": 1, "some_new_kind": {"a": 1}}', 200),
    ],
)  # fmt: skip
async def test_what_is_no_update_is_told_so_and_answered_to_nobody(talk: Messenger, body: bytes, status: int) -> None:
    assert await talk.post(body) == status
    await talk.deliver()
    assert talk.platform.calls["sendMessage"] == 0


async def test_scripts_in_every_field_are_words(talk: Messenger) -> None:
    who = talk.platform.person()
    who.first_name = "<script>alert(1)</script>"
    shown = await talk.say(who, "<script>alert(1)</script> & \x00\u202e积分会过期吗")
    assert shown
    assert "<script" not in shown[0].html
