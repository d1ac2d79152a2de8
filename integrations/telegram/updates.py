"""What each update of Telegram's is to us. Pure: an update in, a message of a resident's out, or nothing.

Types: core.telegram.org/bots/api#update. No name of anybody's is taken from it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from telegram import Contact, Location, Message, MessageEntity, Update, User

from bot.messages import CONTINUE, Arrived, Card, Inbound
from integrations.telegram.settings import CHANNEL

ALLOWED = ("message", "callback_query", "my_chat_member")  # the kinds of updates that we ask for
# Commands: what each means, and the words that it stands for in the talk.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "start": ("welcome", "[开始]"),
    "help": ("menu", "菜单"),
    "menu": ("menu", "菜单"),
    "balance": ("balance", "查学分"),
    "course": ("find_course", "找课程"),
    "human": ("human", "人工"),
}
SHOWN = ("course", "balance", "human", "help")  # of them, in the bot's menu
_CALLS = re.compile(r"@(\w{1,64})", re.ASCII)
_GROUPS = ("group", "supergroup")
# What cannot be read, by the field that holds it.
_UNREAD: Mapping[str, tuple[str, str]] = {
    "voice": ("voice", "[语音]"), "audio": ("voice", "[音频]"), "video_note": ("voice", "[视频留言]"),
    "photo": ("image", "[图片]"), "animation": ("image", "[动图]"), "video": ("video", "[视频]"),
    "document": ("file", "[文件]"), "story": ("image", "[动态]"), "poll": ("poll", "[投票]"), "checklist": ("poll", "[清单]"),
    "paid_media": ("image", "[图片]"), "game": ("game", "[游戏]"),
}  # fmt: skip


class UnusableUpdateError(ValueError):
    """From Telegram, and nothing that we can use. The message is a word for the counter."""


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A group that has become another chat."""

    old: int
    new: int


_json = msgspec.json.Decoder(dict[str, object]).decode
_USER: Mapping[str, object] = {"is_bot": False, "first_name": ""}
_SINCE: Mapping[str, Mapping[str, object]] = {
    "from": _USER, "forward_from": _USER, "user": _USER, "via_bot": _USER, "new_chat_members": _USER,
    "left_chat_member": _USER, "poll": {"allows_revoting": False, "members_only": False}, "callback_query": {"chat_instance": ""},
    "file": {"file_unique_id": "", "type": "regular", "is_animated": False, "is_video": False, "width": 0, "height": 0,
             "duration": 0, "length": 0},
}  # fmt: skip


def number(body: bytes) -> int | None:
    """What an update is called; None of what is none."""
    try:
        known = _json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    id = known.get("update_id")
    return id if type(id) is int else None


def parse(body: bytes) -> Update:
    """Raises `UnusableUpdateError`, and `ValueError` for what is no update at all."""
    try:
        known = _json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("not an update") from error
    if type(known.get("update_id")) is not int:
        raise ValueError("not an update")
    try:
        try:
            return Update.de_json(known, None)
        except TypeError:  # something is lacking
            _complete(known)
            return Update.de_json(known, None)
    except (TypeError, AttributeError, KeyError, ValueError, OverflowError, OSError, RecursionError) as error:
        raise UnusableUpdateError("form") from error


def _complete(value: object, name: str = "") -> None:
    """Adds what the platform has added since, to what was kept of it or is played."""
    if isinstance(value, dict):
        for field, otherwise in _SINCE.get("file" if "file_id" in value else name, {}).items():
            value.setdefault(field, otherwise)
        for key, each in value.items():
            _complete(each, key)
    elif isinstance(value, list):
        for each in value:
            _complete(each, name)


def is_group(message: Message) -> bool:
    return message.chat.type in _GROUPS


def address(message: Message, chat: int) -> str:
    """Whose talk it is: a chat with one person, else one person in a chat."""
    return f"{chat}:{_writer(message).id}" if is_group(message) else str(chat)


def chat_of(address: str) -> int:
    return int(address.partition(":")[0])


def moved(message: Message) -> Moved | None:
    """A group that has just become a supergroup, as both tell it."""
    if (new := message.migrate_to_chat_id) is not None:
        return Moved(message.chat.id, new)
    old = message.migrate_from_chat_id
    return Moved(old, message.chat.id) if old is not None else None


def is_said(message: Message) -> bool:
    """Whether a person says something there that is for us to hear: no bot, no channel, no anonymous administrator. Raises
    `UnusableUpdateError`."""
    writer = message.from_user
    if writer is not None:
        _check(message, writer)
    return (
        writer is not None
        and not writer.is_bot
        and message.sender_chat is None
        and message.chat.type in ("private", *_GROUPS)
    )


def is_addressed(message: Message, me: Me) -> bool:
    """Whether somebody in a group means the bot: names it, answers it, or gives it a command by its name."""
    answered = message.reply_to_message
    if answered is not None and answered.forum_topic_created is not None:
        answered = (
            None  # what is said in a topic of a group answers the topic's beginning, where it answers nothing else
        )
    if answered is not None and answered.from_user is not None and answered.from_user.id == me.id:
        return True
    return any(_names(entity, words, me) for entity, words in _entities(message))


def _entities(message: Message) -> Iterator[tuple[MessageEntity, str]]:
    kinds: list[str | None] = [MessageEntity.MENTION, MessageEntity.TEXT_MENTION, MessageEntity.BOT_COMMAND]
    yield from message.parse_entities(kinds).items() if message.text else ()
    yield from message.parse_caption_entities(kinds).items() if message.caption else ()


def _names(entity: MessageEntity, words: str, me: Me) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    return words.lower().rpartition("@")[2] == me.username.lower() and "@" in words


def inbound(update: Update, message: Message, chat: int, me: Me | None, at: int) -> Inbound | None:
    """What a resident said; None for what has no answer. `chat` is the chat as we know it, `me` the bot where others are in
    the talk. Raises `UnusableUpdateError`."""
    group = is_group(message)
    said = Inbound(
        channel=CHANNEL, address=address(message, chat), id=_identity(update, message), text="", at=at,
        lang=_language(message), public=group,
    )  # fmt: skip
    if message.text:
        return _spoken(said, _without_name(message.text, me))
    unread = next((each for field, each in _UNREAD.items() if getattr(message, field)), None)
    if not group and unread is not None:
        said = msgspec.structs.replace(said, files=_files(message, unread))
    if message.caption:
        cards = (Card(unread[1], ()),) if unread else ()
        return msgspec.structs.replace(_with(said, _without_name(message.caption, me)), cards=cards)
    if message.sticker is not None or message.dice is not None:
        return _with(said, (message.sticker.emoji if message.sticker else message.dice and message.dice.emoji) or "🙂")
    if message.contact is not None:
        return _with_contact(said, message.contact, _writer(message))
    if (place := message.venue.location if message.venue else message.location) is not None:
        return _located(said, place)
    if unread is None:
        return None
    intent = "sent_file" if said.files and unread[0] != "voice" else "cannot_read"
    return _with(said, unread[1], intent, {"kind": unread[0]})


def _files(message: Message, unread: tuple[str, str]) -> tuple[Arrived, ...]:
    """What seats get to see of it, by what the platform calls it: the largest of a picture's sizes."""
    document = message.document if unread[0] == "file" else None
    found = message.voice or message.audio or document or (message.photo[-1] if message.photo else None)
    if found is None or not isinstance(found.file_id, str):
        return ()
    name = getattr(found, "file_name", None)
    return (Arrived(name if isinstance(name, str) and name else unread[1].strip("[]"), ref=found.file_id),)


def _check(message: Message, writer: User) -> None:
    """What is a number and what is text is so, whoever has written it. Raises `UnusableUpdateError`."""
    texts = message.text, message.caption, message.media_group_id, writer.language_code
    if not all(type(each) is int for each in (message.chat.id, message.message_id, writer.id)):
        raise UnusableUpdateError("number")
    if not all(each is None or isinstance(each, str) for each in texts):
        raise UnusableUpdateError("text")


def _identity(update: Update, message: Message) -> str:
    """The same for every delivery of an update, and for all pictures of an album: they are answered once, its words where it
    has some."""
    if message.media_group_id:
        album = f"album:{message.media_group_id}"[:64]
        return f"told:{album}" if message.caption else album
    return f"update:{update.update_id}:{message.message_id}"


def one_of_album(said: Inbound, message: Message) -> Inbound:
    """One picture of several, by itself: nothing answers it."""
    word = next(words for field, (_, words) in _UNREAD.items() if getattr(message, field))
    id = f"one:{message.message_id}:{said.id}"[:64]
    return msgspec.structs.replace(said, id=id, text=word, intent=CONTINUE, slots={}, cards=())


def reply_to(id: str) -> int | None:
    """The number of the resident's message that has this id; None where it says none."""
    kind, _, rest = id.partition(":")
    number = rest.rpartition(":")[2]
    return int(number) if kind == "update" and number.isdigit() else None


def _language(message: Message) -> str | None:
    """What the app of somebody who begins is set to; all else the talk shows."""
    code = _writer(message).language_code or ""
    begins = bool(message.text) and message.text is not None and message.text.startswith("/start")
    return "en" if begins and code and not code.startswith("zh") else None


def _without_name(text: str, me: Me | None) -> str:
    """What is said to the bot, without calling it."""
    if me is None:
        return text.strip()
    return _CALLS.sub(lambda call: " " if call[1].lower() == me.username.lower() else call[0], text).strip()


def _spoken(said: Inbound, text: str) -> Inbound:
    if text.startswith("/"):
        name = text[1:].split(None, 1)[0].partition("@")[0].lower() if text[1:].strip() else ""
        if (meant := COMMANDS.get(name)) is not None:
            return _with(said, meant[1], meant[0])
    return _with(said, text)


def _with_contact(said: Inbound, contact: Contact, writer: User) -> Inbound:
    """Their own number is an answer; somebody else's is nothing to be taken up."""
    if contact.user_id != writer.id or not isinstance(contact.phone_number, str):
        return _with(said, "[名片]", "cannot_read", {"kind": "contact"})
    digits = "".join(char for char in contact.phone_number if char.isascii() and char.isdigit())
    return _with(said, digits.removeprefix("86") if len(digits) == 13 else digits)


def _located(said: Inbound, place: Location) -> Inbound:
    north, east = place.latitude, place.longitude
    if not (isinstance(north, int | float) and isinstance(east, int | float)) or abs(north) > 90 or abs(east) > 180:
        raise UnusableUpdateError("location")
    return msgspec.structs.replace(_with(said, "[位置]", "nearest_to_me"), position=(float(north), float(east)))


def _with(said: Inbound, text: str, intent: str | None = None, slots: dict[str, str] | None = None) -> Inbound:
    return msgspec.structs.replace(said, text=text, intent=intent, slots=slots or {})


def _writer(message: Message) -> User:
    writer = message.from_user
    if writer is None:
        raise UnusableUpdateError("from")
    return writer
