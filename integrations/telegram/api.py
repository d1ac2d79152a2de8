"""The Bot API: the calls that we make, each answered or refused in time, and what each refusal means.

The client is python-telegram-bot's. The token is in no exception and no log line, and nothing that a resident wrote is.
"""

import logging
from collections.abc import Awaitable, Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import msgspec
from telegram import Bot, BotCommand, ReplyParameters, WebhookInfo
from telegram.error import TelegramError

from integrations.telegram.updates import ALLOWED, Me
from integrations.telegram.wire import CallRefusedError, Wire

T = TypeVar("T")
Markup = Mapping[str, object]  # a keyboard, as core.telegram.org/bots/api#replymarkup has it
log = logging.getLogger(__name__)
HELD = 25  # seconds that the platform may hold a question for updates
BATCH = 100  # updates that are asked for at once
LONGEST = 3_600.0  # seconds that we wait at most because we were told to; then the platform may say so again


class TelegramFault(Enum):
    """What an error is to us."""

    FLOOD = "too many messages"
    BLOCKED = "the resident has blocked the bot, or it was put out of the group"
    GONE = "nobody is reached there"
    MOVED = "the group has become another chat"
    TOKEN = "the token is no good"  # noqa: S105 - a meaning, not a secret
    CONFLICT = "somebody else asks for this bot's updates, or a webhook is set"
    STALE = "what it is about is too old, or so already"
    EXPIRED = "the platform does not have it any more"
    TOO_LARGE = "more than it gives to bots"
    WRONG = "a mistake of ours"
    UNREACHABLE = "no answer, or none that can be read"


# What a 400 says, by the beginning of its words; the platform has no codes for it.
_WORDS = {
    "chat not found": TelegramFault.GONE,
    "user not found": TelegramFault.GONE,
    "peer_id_invalid": TelegramFault.GONE,
    "have no rights to send a message": TelegramFault.BLOCKED,
    "not enough rights to send": TelegramFault.BLOCKED,
    "group chat was upgraded": TelegramFault.MOVED,
    "file is too big": TelegramFault.TOO_LARGE,
    "wrong file_id": TelegramFault.EXPIRED,
    "invalid file_id": TelegramFault.EXPIRED,
    "file is temporarily unavailable": TelegramFault.EXPIRED,
    "query is too old": TelegramFault.STALE,
    "message is not modified": TelegramFault.STALE,
    "message to edit not found": TelegramFault.STALE,
    "message can't be edited": TelegramFault.STALE,
}


class BotApiError(Exception):
    """A call that was refused, or got no answer. `retry` is in how many seconds it may be made again, `chat` what a group
    has become."""

    def __init__(self, meaning: TelegramFault, call: str, hint: str = "", *, retry: float = 0.0, chat: int = 0) -> None:
        super().__init__(f"Telegram {call}: {meaning.value}{hint}")
        self.meaning = meaning
        self.retry = retry
        self.chat = chat


class _PlatformFile(msgspec.Struct):
    file_path: str = ""
    file_size: int = 0


class BotApi:
    """One bot. All calls raise `BotApiError`. `alarm` holds the last error that a person has to see to."""

    def __init__(self, token: str, base: str) -> None:
        self.alarm: str | None = None
        self._me: Me | None = None
        self._url = f"{base}/bot{token}"
        self._files = f"{base}/file/bot{token}"
        self._wire, self._asking = Wire(), Wire()  # a question for updates takes its time
        self._bot = Bot(token, f"{base}/bot", request=self._wire, get_updates_request=self._asking)

    async def close(self) -> None:
        await self._wire.shutdown()
        await self._asking.shutdown()

    async def me(self) -> Me:
        """Who the bot is; asked once."""
        if self._me is None:
            user = await self._call("getMe", self._bot.get_me())
            self._me = Me(user.id, user.username or "")
        return self._me

    # -- to residents

    async def text(
        self, chat: int, html: str, markup: Markup | None = None, to: int | None = None, *, marked: bool = True
    ) -> None:
        """A message; `to` is the resident's that it answers. `marked` says that it is HTML."""
        values = {"chat_id": str(chat), "text": html}
        if marked:
            values["parse_mode"] = "HTML"
        if markup is not None:
            values["reply_markup"] = msgspec.json.encode(markup).decode()
        if (answered := _reply(to)) is not None:
            values["reply_parameters"] = answered.to_json()
        await self._call("sendMessage", self._wire.do(f"{self._url}/sendMessage", values))

    async def photo(self, chat: int, name: str, body: bytes, to: int | None = None) -> None:
        sending = self._bot.send_photo(chat, body, filename=name, reply_parameters=_reply(to))
        await self._call("sendPhoto", sending)

    async def document(self, chat: int, name: str, body: bytes, to: int | None = None) -> None:
        sending = self._bot.send_document(chat, body, filename=name, reply_parameters=_reply(to))
        await self._call("sendDocument", sending)

    async def typing(self, chat: int) -> None:
        """Shows for five seconds that somebody types."""
        await self._call("sendChatAction", self._bot.send_chat_action(chat, "typing"))

    # -- buttons

    async def pressed(self, query: str, notice: str | None) -> None:
        """The press was heard; the resident may be told something in passing."""
        await self._call("answerCallbackQuery", self._bot.answer_callback_query(query, notice))

    async def without_buttons(self, chat: int, message: int) -> None:
        await self._call("editMessageReplyMarkup", self._bot.edit_message_reply_markup(chat, message))

    # -- from residents

    async def file(self, id: str, most: int) -> bytes:
        """What a resident has sent, cut off above `most` bytes; of more than 20 MB the platform gives nothing."""
        told = await self._call("getFile", self._wire.do(f"{self._url}/getFile", {"file_id": id}))
        try:
            file = msgspec.json.decode(told, type=_PlatformFile)
        except msgspec.DecodeError:
            raise self._told(BotApiError(TelegramFault.UNREACHABLE, "getFile", " (not the Bot API)")) from None
        if file.file_size > most or not file.file_path:
            raise BotApiError(TelegramFault.TOO_LARGE if file.file_size > most else TelegramFault.EXPIRED, "getFile")
        return await self._call("file", self._fetched(file.file_path, most))

    async def _fetched(self, path: str, most: int) -> bytes:
        try:
            return await self._wire.fetch(f"{self._files}/{quote(path)}", most)
        except CallRefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:  # an address is good for an hour
                raise BotApiError(TelegramFault.EXPIRED, "file") from None
            raise

    # -- how updates come

    async def updates(self, offset: int | None) -> list[bytes]:
        """The updates from this one on, as soon as there is one, each by itself; all before it are done with."""
        values = {"limit": str(BATCH), "timeout": str(HELD), "allowed_updates": msgspec.json.encode(ALLOWED).decode()}
        if offset is not None:
            values["offset"] = str(offset)
        result = await self._call("getUpdates", self._asking.do(f"{self._url}/getUpdates", values, HELD))
        try:
            return [bytes(each) for each in msgspec.json.decode(result, type=list[msgspec.Raw])]
        except msgspec.DecodeError:
            raise self._told(BotApiError(TelegramFault.UNREACHABLE, "getUpdates", " (not the Bot API)")) from None

    async def webhook(self) -> WebhookInfo:
        return await self._call("getWebhookInfo", self._bot.get_webhook_info())

    async def call_at(self, url: str, secret: str) -> None:
        """Updates come there, with the secret."""
        await self._call(
            "setWebhook", self._bot.set_webhook(url, allowed_updates=ALLOWED, secret_token=secret, max_connections=40)
        )

    async def call_no_more(self) -> None:
        """No webhook; what has not been delivered waits."""
        await self._call("deleteWebhook", self._bot.delete_webhook(drop_pending_updates=False))

    async def offer(self, commands: Sequence[tuple[str, str]], language: str | None) -> None:
        """The bot's menu."""
        shown = [BotCommand(name, words) for name, words in commands]
        await self._call("setMyCommands", self._bot.set_my_commands(shown, language_code=language))

    # -- one call

    async def _call(self, name: str, asked: Awaitable[T]) -> T:
        try:
            result = await asked
        except TelegramError as error:
            raise self._refused(name, error) from None
        except (AttributeError, TypeError, KeyError, ValueError):  # JSON, and none of the Bot API's
            raise self._told(BotApiError(TelegramFault.UNREACHABLE, name, " (not the Bot API)")) from None
        self.alarm = None
        return result

    def _refused(self, name: str, error: TelegramError) -> BotApiError:
        if not isinstance(error, CallRefusedError):
            return self._told(BotApiError(TelegramFault.UNREACHABLE, name, f" ({error.message})"))
        if error.moved_to:
            return BotApiError(TelegramFault.MOVED, name, chat=error.moved_to)
        match error.status:
            case HTTPStatus.TOO_MANY_REQUESTS:
                return BotApiError(TelegramFault.FLOOD, name, retry=min(max(1.0, error.retry_after), LONGEST))
            case HTTPStatus.FORBIDDEN:
                return BotApiError(TelegramFault.BLOCKED, name)
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.NOT_FOUND:
                return self._told(BotApiError(TelegramFault.TOKEN, name))
            case HTTPStatus.CONFLICT:
                return self._told(BotApiError(TelegramFault.CONFLICT, name))
            case HTTPStatus.BAD_REQUEST:
                return self._wrong(name, error.words)
            case _:
                return self._told(BotApiError(TelegramFault.UNREACHABLE, name, f" ({error.message})"))

    def _wrong(self, name: str, words: str) -> BotApiError:
        said = words.lower().removeprefix("bad request: ")
        meaning = next((each for begins, each in _WORDS.items() if said.startswith(begins)), TelegramFault.WRONG)
        error = BotApiError(meaning, name)
        return self._told(error) if meaning is TelegramFault.WRONG else error

    def _told(self, error: BotApiError) -> BotApiError:
        """Told once, until something is answered."""
        if self.alarm != str(error):
            log.error("telegram", extra={"error": str(error)})
        self.alarm = str(error)
        return error


def _reply(to: int | None) -> ReplyParameters | None:
    return ReplyParameters(to, allow_sending_without_reply=True) if to is not None else None
