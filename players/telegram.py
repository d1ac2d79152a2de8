"""Telegram, played: the Bot API as a bot calls it, its webhooks and long polling, with the platform's tokens, limits and
errors; and residents with the app in hand.

Built from core.telegram.org/bots/api and from what was observed of it, not from our adapter. Whatever can go wrong out there
can be asked for: flood control, a bot that is blocked, groups that move, answers that are HTML, are lost, or never come.
"""

import asyncio
import itertools
import json
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]  # whatever JSON holds
TOKEN = "7300000001:AAF-played_by_nobody_0123456789abcdef"  # noqa: S105 - of nobody's
A_CHAT, A_GROUP, IN_ALL = (
    (1, 1.0),
    (20, 60.0),
    (30, 1.0),
)  # messages, within so many seconds; a chat's bursts may be longer
BURST = 8  # of a chat
DELIVERIES = 40  # how often an update is delivered to a webhook that does not take it


@dataclass
class Shown:
    """A message of the bot's on a screen."""

    id: int
    text: str
    kind: str = "text"
    html: str = ""
    buttons: list[list[Json]] = field(default_factory=list)
    keyboard: list[list[Json]] = field(default_factory=list)
    to: int | None = None

    @property
    def labels(self) -> list[str]:
        """What can be pressed."""
        return [each["text"] for row in self.buttons for each in row if "callback_data" in each]


@dataclass
class Chat:
    """A talk with one person, or a group."""

    id: int
    type: str = "private"
    seen: list[Shown] = field(default_factory=list)
    blocked: bool = False
    begun: bool = False
    moved_to: int = 0
    typing: int = 0
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=64))


@dataclass
class TelegramUser:
    """A user, with what the app showed them in passing."""

    id: int
    language: str = "zh-hans"
    first_name: str = "王<b>大爷</b>"  # names are whatever people write
    notices: list[str | None] = field(default_factory=list)

    def json(self) -> Json:
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": self.language}


class RefusalError(Exception):
    """The Bot API says no."""

    def __init__(self, code: int, description: str, **parameters: object) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class TelegramPlatform:
    """The platform with one bot on it. `clock` in seconds; `local` takes webhooks without https, as a Bot API server of one's
    own does. `faults` are what the next calls of a method meet: html, empty, hang, lost (done, and the answer lost), an HTTP
    status, a `RefusalError`, or seconds (a float) after which all is well."""

    def __init__(self, *, token: str = TOKEN, clock: Callable[[], float] = time.time, local: bool = True) -> None:
        self.token = token
        self.clock = clock
        self.local = local
        self.username = "daoxue_bot"
        self.me = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "导学", "username": self.username}
        self.webhook: Json = {}
        self.privacy = True  # of groups the bot hears only what is meant for it
        self.flood = True
        self.chats: dict[int, Chat] = {}
        self.calls: Counter[str] = Counter()
        self.faults: defaultdict[str, list[object]] = defaultdict(list)
        self.commands: dict[str, list[Json]] = {}
        self.pending: list[Json] = []
        self.files: dict[str, bytes] = {}  # that residents have sent, by file_id
        self.lost: list[Shown] = []  # what was done, and never answered
        self.statuses: list[int] = []  # that the webhook answered with
        self.queries: dict[str, TelegramUser] = {}
        self.news = asyncio.Condition()
        self.asking = 0
        self.listeners: list[Callable[[Chat, Shown], None]] = []
        self._updates, self._messages, self._ids = (
            itertools.count(880_000_001),
            itertools.count(101),
            itertools.count(1),
        )
        self._sent: deque[float] = deque(maxlen=IN_ALL[0])
        self._answers: list[Shown] = []

    # -- residents

    def person(self, id: int = 0, language: str = "zh-hans") -> TelegramUser:
        return TelegramUser(id or 5_000_000_000 + next(self._ids), language)

    def chat(self, who: TelegramUser) -> Chat:
        """The talk between a person and the bot."""
        return self.chats.setdefault(who.id, Chat(who.id))

    def group(self, kind: str = "supergroup") -> Chat:
        id = -1_001_000_000_000 - next(self._ids) if kind == "supergroup" else -4_000_000 - next(self._ids)
        return self.chats.setdefault(id, Chat(id, kind, begun=True))

    def message(self, who: TelegramUser, chat: Chat, **content: object) -> Json:
        chat.begun = True
        about: Json = {"id": chat.id, "type": chat.type}
        about |= {"first_name": who.first_name} if chat.type == "private" else {"title": "社区<script>群"}
        return {
            "message_id": next(self._messages), "from": who.json(), "chat": about, "date": int(self.clock()), **content,
        }  # fmt: skip

    async def say(self, who: TelegramUser, text: str, chat: Chat | None = None, **more: object) -> Json:
        """Types something; the update."""
        entities = _entities(text)
        return await self.send(who, chat, text=text, **({"entities": entities} if entities else {}), **more)

    async def send(self, who: TelegramUser, chat: Chat | None = None, **content: object) -> Json:
        """Sends whatever a message may hold."""
        chat = chat or self.chat(who)
        message = self.message(who, chat, **content)
        if chat.type != "private" and self.privacy and not self._is_meant(message):
            return {}
        return await self.happens("message", message)

    async def press(self, who: TelegramUser, shown: Shown, label: str, chat: Chat | None = None) -> Json:
        """Touches a button."""
        chat = chat or self.chat(who)
        data = next(each["callback_data"] for row in shown.buttons for each in row if each["text"] == label)
        return await self.press_data(who, shown, data, chat)

    async def press_data(self, who: TelegramUser, shown: Shown, data: str, chat: Chat) -> Json:
        id = str(next(self._updates))
        self.queries[id] = who
        about = {"message_id": shown.id, "chat": {"id": chat.id, "type": chat.type}, "date": 1, "text": shown.text}
        query = {"id": id, "from": who.json(), "chat_instance": "1", "data": data, "message": about}
        return await self.happens("callback_query", query)

    async def block(self, who: TelegramUser, *, blocked: bool = True) -> Json:
        """Blocks the bot, or lets it in again."""
        self.chat(who).blocked = blocked
        states = ({"status": "member"}, {"status": "kicked", "until_date": 0})
        old, new = states if blocked else states[::-1]
        about = {"id": who.id, "type": "private", "first_name": who.first_name}
        member = {"chat": about, "from": who.json(), "date": 1}
        member |= {"old_chat_member": {"user": self.me, **old}, "new_chat_member": {"user": self.me, **new}}
        return await self.happens("my_chat_member", member)

    async def upgrade(self, who: TelegramUser, old: Chat, *, told: bool = True) -> Chat:
        """A group becomes a supergroup: another chat."""
        new = self.group()
        old.moved_to = new.id
        if told:
            await self.happens("message", self.message(who, old, migrate_to_chat_id=new.id))
            await self.happens("message", self.message(who, new, migrate_from_chat_id=old.id))
        return new

    def _is_meant(self, message: Json) -> bool:
        words, answered = message.get("text") or message.get("caption") or "", message.get("reply_to_message")
        named = f"@{self.username}" in words
        return named or words.startswith("/") or bool(answered and answered["from"]["id"] == self.me["id"])

    # -- updates

    async def happens(self, kind: str, what: Json) -> Json:
        """An update, brought to the webhook or kept for who asks."""
        update = {"update_id": next(self._updates), kind: what}
        allowed = self.webhook.get("allowed_updates") or [
            "message",
            "edited_message",
            "callback_query",
            "my_chat_member",
        ]
        if kind in allowed:
            await self.deliver(update)
        return update

    async def deliver(self, update: Json, secret: str | None = None) -> int:
        """Brings an update once more, as the platform does; the last status."""
        if not self.webhook.get("url"):
            async with self.news:
                self.pending.append(update)
                self.news.notify_all()
            return 0
        headers = {"content-type": "application/json"}
        if given := secret if secret is not None else self.webhook.get("secret_token", ""):
            headers["x-telegram-bot-api-secret-token"] = given
        body = json.dumps(update, ensure_ascii=False).encode()
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            for number in range(DELIVERIES):
                try:
                    status = (await client.post(self.webhook["url"], content=body, headers=headers)).status_code
                except httpx.HTTPError:
                    status = 0
                self.statuses.append(status)
                if 200 <= status < 300 or status in (400, 403, 413):
                    break
                await asyncio.sleep(min(1.0, 0.1 * 2**number))
        return status

    # -- what the bot does

    def show(self, chat: Chat, shown: Shown) -> None:
        chat.seen.append(shown)
        for listener in self.listeners:
            listener(chat, shown)

    def count(self, chat: Chat) -> None:
        """Flood control. Raises `RefusalError`."""
        now = time.monotonic()
        if self.flood:
            most, within = (BURST, BURST / A_CHAT[0]) if chat.type == "private" else A_GROUP
            recent = [at for at in chat.sent if at > now - within]
            everywhere = [at for at in self._sent if at > now - IN_ALL[1]]
            if len(recent) >= most or len(everywhere) >= IN_ALL[0]:
                wait = 1 + int(min([*recent[:1], *everywhere[:1]]) + within - now)
                raise RefusalError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        chat.sent.append(now)
        self._sent.append(now)

    def next_message(self) -> int:
        return next(self._messages)


def _entities(text: str) -> list[Json]:
    """Commands at the beginning, and names: offsets in UTF-16, as the platform counts."""
    found: list[Json] = []
    for word in text.split():
        at = len(text[: text.index(word)].encode("utf-16-le")) // 2
        if word.startswith("/") and at == 0:
            found.append({"type": "bot_command", "offset": at, "length": len(word)})
        elif word.startswith("@"):
            found.append({"type": "mention", "offset": at, "length": len(word)})
    return found
