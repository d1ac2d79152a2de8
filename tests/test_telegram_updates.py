"""Updates as the platform has sent them over the years, in the shapes that its documentation and other projects keep."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.json import decode, encode

from integrations.telegram import updates
from integrations.telegram.updates import Me, UnusableUpdateError

ME = Me(7300000001, "daoxue_bot")
# As old ones are: nobody is said to be a bot or none, and files have one id.
USER: dict[str, Any] = {"id": 1111111, "first_name": "Test", "last_name": "Lastname", "username": "Test"}
CHAT: dict[str, Any] = {**USER, "type": "private"}
FILE = {"file_id": "AwADBAADbXXXXXXXXXXXGBdhD2l6_XX", "file_size": 3897500}
GROUP = {"id": -1001234567890, "title": "群", "type": "supergroup"}
RECORDED: list[dict[str, Any]] = [
    decode(each) for each in (Path(__file__).parent / "recorded" / "telegram.jsonl").read_text().splitlines()
]


def heard(message: dict[str, Any], me: Me | None = None) -> tuple[str, str | None] | None:
    """What it says, and means."""
    whole = {
        "update_id": 10000,
        "message": {"date": 1441645532, "chat": CHAT, "message_id": 1365, "from": USER, **message},
    }
    update = updates.parse(encode(whole))
    assert update.message is not None
    if not updates.is_said(update.message):
        return None
    found = updates.inbound(update, update.message, update.message.chat.id, me, 0)
    return (found.text, found.intent) if found is not None else None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"text": "/start"}, ("[开始]", "welcome")),
        ({"text": "/start@daoxue_bot deep-link"}, ("[开始]", "welcome")),
        ({"text": "/unknown thing"}, ("/unknown thing", None)),
        ({"text": "/"}, ("/", None)),
        ({"text": "Bold and italics", "entities": [{"type": "italic", "offset": 9, "length": 7}, {"type": "new_kind", "offset": 0, "length": 4}]},
         ("Bold and italics", None)),
        ({"text": "转发的", "forward_from": {"id": 222222, "first_name": "F", "last_name": "L"}, "forward_date": 1441645550}, ("转发的", None)),
        ({"text": "转发的", "forward_origin": {"type": "channel", "chat": {"id": -10000000, "type": "channel", "title": "c"}, "message_id": 1,
                                            "date": 1}}, ("转发的", None)),
        ({"text": "答", "reply_to_message": {"date": 1441645000, "chat": CHAT, "message_id": 1334, "text": "问"}}, ("答", None)),
        ({"audio": {**FILE, "duration": 243, "mime_type": "audio/mpeg", "title": "x"}}, ("[音频]", "cannot_read")),
        ({"voice": {**FILE, "duration": 5, "mime_type": "audio/ogg"}}, ("[语音]", "cannot_read")),
        ({"document": {**FILE, "file_name": "测试.pdf", "mime_type": "application/pdf"}}, ("[文件]", "sent_file")),
        ({"photo": [{**FILE, "width": 90, "height": 51}, {**FILE, "width": 320, "height": 180}], "caption": "看"}, ("看", None)),
        ({"video": {**FILE, "width": 1, "height": 1, "duration": 2}}, ("[视频]", "cannot_read")),
        ({"sticker": {**FILE, "width": 436, "height": 512, "emoji": "👍", "thumb": {**FILE, "width": 77, "height": 90}}}, ("👍", None)),
        ({"sticker": {**FILE, "width": 436, "height": 512}}, ("🙂", None)),
        ({"contact": {"phone_number": "+8613912345678", "first_name": "我", "user_id": 1111111}}, ("13912345678", None)),
        ({"contact": {"phone_number": "0123456789", "first_name": "别人"}}, ("[名片]", "cannot_read")),
        ({"location": {"latitude": -2.890287, "longitude": -79.004333}}, ("[位置]", "nearest_to_me")),
        ({"venue": {"location": {"latitude": 31.8, "longitude": 117.2}, "title": "c", "address": "a"},
          "location": {"latitude": 31.8, "longitude": 117.2}}, ("[位置]", "nearest_to_me")),
        ({"poll": {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False, "is_anonymous": True,
                   "type": "regular", "allows_multiple_answers": False}}, ("[投票]", "cannot_read")),
        ({"something_of_next_year": {"a": 1}}, None),
        ({"new_chat_members": [USER], "chat": GROUP}, None),
        ({"pinned_message": {"date": 0, "chat": CHAT, "message_id": 1}}, None),
        ({"text": "hi", "from": {**USER, "is_bot": True}}, None),
        ({"text": "hi", "chat": {"id": -1, "type": "channel", "title": "c"}}, None),
    ],
)  # fmt: skip
def test_a_message_says_what_it_says(message: dict[str, Any], expected: tuple[str, str | None] | None) -> None:
    assert heard(message) == expected


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 10000},
        {"update_id": 10000, "edited_message": {"date": 1, "chat": CHAT, "message_id": 1, "from": USER, "text": "e", "edit_date": 1}},
        {"update_id": 10000, "inline_query": {"id": "134567890097", "from": USER, "query": "q", "offset": ""}},
        {"update_id": 10000, "chosen_inline_result": {"result_id": "12", "from": USER, "query": "q", "inline_message_id": "1234"}},
        {"update_id": 10000, "callback_query": {"id": "4382bf", "from": USER, "data": "d", "inline_message_id": "1234"}},
        {"update_id": 10000, "channel_post": {"date": 1, "chat": {"id": -1, "type": "channel", "title": "c"}, "message_id": 1, "text": "x"}},
        {"update_id": 10000, "kind_of_next_year": {"x": [1, {"y": 2}]}},
    ],
)  # fmt: skip
def test_what_is_no_message_is_no_mistake(update: dict[str, Any]) -> None:
    assert updates.parse(encode(update)).message is None


@pytest.mark.parametrize(
    "message",
    [
        {"from": {**USER, "id": "1111111"}, "text": "x"}, {"message_id": "1", "text": "x"}, {"chat": {**CHAT, "id": 1.5}, "text": "x"},
        {"text": ["x"]}, {"caption": 5, "photo": []}, {"media_group_id": 5, "text": "x"}, {"chat": 5, "text": "x"},
        {"location": {"latitude": 91, "longitude": 0}}, {"location": {"latitude": 0, "longitude": "0"}}, {"date": "soon", "text": "x"},
        {"date": 10**20, "text": "x"}, {"entities": 5, "text": "x"},
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_to_be_so(message: dict[str, Any]) -> None:
    with pytest.raises(UnusableUpdateError):
        heard(message)


def test_an_update_has_one_name_however_often_it_comes_and_tells_what_it_answers() -> None:
    whole = {"update_id": 10000, "message": {"date": 1, "chat": CHAT, "message_id": 1365, "from": USER, "text": "x"}}
    update = updates.parse(encode(whole))
    assert update.message is not None
    first = updates.inbound(update, update.message, 5, None, 0)
    assert first is not None
    assert first == updates.inbound(update, update.message, 5, None, 0)
    assert updates.reply_to(first.id) == 1365
    assert updates.reply_to("album:5") is None
    assert updates.reply_to("press:5") is None


@pytest.mark.parametrize("text", ["@daoxue_bot 几点开门", "几点开门 @DAOXUE_BOT", "几点@daoxue_bot开门"])
def test_in_a_group_the_bots_name_is_no_part_of_the_question(text: str) -> None:
    said = heard({"text": text, "chat": GROUP}, ME)
    assert said is not None
    assert said[0].replace(" ", "") == "几点开门"


@pytest.mark.parametrize("one", [pytest.param(each, id=each["name"]) for each in RECORDED])
def test_an_update_as_the_platform_sends_it_says_what_it_says(one: dict[str, Any]) -> None:
    update = updates.parse(encode(one["update"]))
    message, said = update.message, None
    if message is not None and updates.is_said(message):
        group = updates.is_group(message)
        if not group or updates.is_addressed(message, ME):
            said = updates.inbound(update, message, message.chat.id, ME if group else None, 0)
    assert ([said.text, said.intent] if said is not None else None) == one["says"]
