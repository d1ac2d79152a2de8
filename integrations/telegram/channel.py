"""What comes from Telegram, by whichever way: each update is committed before it is acknowledged, and its answer leaves at
once after that."""

import asyncio
import contextlib
import hmac
import logging
import time
from collections.abc import Awaitable, Coroutine

from msgspec.structs import replace
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send
from telegram import CallbackQuery, ChatMemberUpdated, Message, Update

from bot.admission import BusyError
from bot.channel import Core
from bot.edge import BodyError, Failures, body_of, respond, safely
from bot.inbox import Receipt
from bot.messages import Inbound
from integrations.telegram import updates
from integrations.telegram.api import BotApi, BotApiError
from integrations.telegram.buttons import Buttons, Press
from integrations.telegram.chats import Chats
from integrations.telegram.leaving import Leaving
from integrations.telegram.settings import CHANNEL
from integrations.telegram.updates import UnusableUpdateError
from store import conversations, deliveries
from store.transaction import Transaction

log = logging.getLogger(__name__)
LARGEST = 262_144  # bytes of an update; a message of 4 096 characters that answers another is some 60 000
TO_END = 5.0  # seconds that what is leaving has when the process stops
TYPED = 5.0  # seconds that typing is shown without telling the platform again
SECRET = b"x-telegram-bot-api-secret-token"
RECEIVED = Counter("daoxue_telegram_received", "Updates, by what came of them", ["what"])
REFUSED = Counter("daoxue_telegram_refused", "Requests not proven to come from Telegram, by reason", ["why"])
_OUT = ("kicked", "left")


class TelegramChannel:
    """The webhook (an ASGI application), and what becomes of an update."""

    def __init__(self, core: Core, api: BotApi, buttons: Buttons, chats: Chats, leaving: Leaving, secret: str) -> None:
        self._core = core
        self._api = api
        self._buttons = buttons
        self._chats = chats
        self._leaving = leaving
        self._secret = secret.encode()
        self._under_way: set[asyncio.Task[None]] = set()
        self._typed: dict[int, float] = {}
        self._failures = Failures()
        core.live.on_typing(self._seat_types)

    # -- the webhook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Where it fails, nothing was accepted, and Telegram delivers it again.
        status = await safely("update not accepted", self._accepted(scope, receive), 503, quietly=BusyError)
        await respond(send, status, b"", [(b"cache-control", b"no-store")])

    async def _accepted(self, scope: Scope, receive: Receive) -> int:
        """The status to answer with."""
        given = [value for name, value in scope["headers"] if name == SECRET]
        if len(given) != 1 or not hmac.compare_digest(given[0], self._secret):
            REFUSED.labels("secret").inc()
            return 403
        try:
            body = await body_of(receive, LARGEST)
        except BodyError as error:
            REFUSED.labels(str(error)).inc()
            return 413
        try:
            update = updates.parse(body)
        except UnusableUpdateError as error:
            await self.drop(error, body)
            return 200
        except ValueError:
            REFUSED.labels("body").inc()
            return 400
        return 200 if await self.see_through(update, body) else 503

    async def see_through(self, update: Update, body: bytes) -> bool:
        """Takes an update, or puts it aside: what cannot be used, and what has failed so often that it would only keep others
        waiting. False where it is to come again."""
        taken = await safely("update not taken", self._taken(update, body), None)
        if taken is not None:
            return taken
        if not self._failures.enough(update.update_id):
            return False
        await self.drop(UnusableUpdateError("failed"), body)
        return True

    async def _taken(self, update: Update, body: bytes) -> bool:
        """False where nothing was accepted: that is no fault of the update's, however often."""
        try:
            await self.take(update)
        except UnusableUpdateError as error:
            await self.drop(error, body)
        except BusyError:
            return False
        return True

    async def drop(self, error: UnusableUpdateError, body: bytes) -> None:
        """It would come again and again: counted, told, and kept for a week where nobody can read it without our key."""
        RECEIVED.labels("dropped").inc()
        log.error("dropped an update of Telegram's", extra={"error": str(error)})
        now = self._core.now()
        await self._core.database.write(lambda t: deliveries.keep_dropped(t, CHANNEL, str(error), body, now))

    # -- an update

    async def take(self, update: Update) -> None:
        """Commits what a resident says by it. The same update again is nothing new. Raises `BusyError` where nothing was
        accepted, and `UnusableUpdateError`."""
        if (query := update.callback_query) is not None:
            await self._press(query)
        elif (message := update.message) is not None:
            await self._message(update, message)
        elif (member := update.my_chat_member) is not None:
            await self._member(member)
        else:  # an edited message, a post, a reaction: nothing that is said to us
            RECEIVED.labels("ignored").inc()

    async def _message(self, update: Update, message: Message) -> None:
        if (moved := updates.moved(message)) is not None:
            return await self._chats.move(moved.old, moved.new)
        if not updates.is_said(message):
            return RECEIVED.labels("ignored").inc()
        me = await self._api.me() if updates.is_group(message) else None
        if me is not None and not updates.is_addressed(message, me):
            return RECEIVED.labels("ignored").inc()
        chat = await self._chats.first(message.chat.id)
        said = updates.inbound(update, message, chat, me, self._core.now())
        if said is None:
            return RECEIVED.labels("ignored").inc()
        if message.media_group_id and said.files:  # answered once, and each picture of it is kept
            await self._core.inbox.receive(updates.one_of_album(said, message))
            said = replace(said, files=())
        if await self._is_of_an_answered_album(said, message):
            return RECEIVED.labels("ignored").inc()
        RECEIVED.labels("message").inc()
        await self._receive(said)

    async def _is_of_an_answered_album(self, said: Inbound, message: Message) -> bool:
        """Whether it is a picture of several of which one came with words: those were answered."""
        if not message.media_group_id or message.caption:
            return False
        told = f"told:{said.id}"

        def look(transaction: Transaction) -> bool:
            read = conversations.find(transaction, CHANNEL, said.address)
            return read is not None and conversations.answered(transaction, read.id, told) is not None

        return await self._core.database.read(look)

    async def _receive(self, said: Inbound) -> Receipt:
        receipt = await self._core.inbox.receive(said)
        if not receipt.again:
            self._run(self._leave(said.address, receipt))  # while the update is acknowledged
        return receipt

    async def _leave(self, address: str, receipt: Receipt) -> None:
        # What fails here is still owed, and the queue's.
        await safely("an answer did not leave", self._leaving.at_once(receipt, address), None)

    # -- buttons

    async def _press(self, query: CallbackQuery) -> None:
        RECEIVED.labels("press").inc()
        message = query.message
        if message is None or query.data is None or query.from_user.is_bot:
            return await self._tell(query, None)
        chat = await self._chats.first(message.chat.id)
        address = str(chat) if chat > 0 else f"{chat}:{query.from_user.id}"
        press = self._buttons.read(address, query.data)
        if press is None:
            return await self._tell(query, "telegram.theirs" if chat < 0 else "telegram.used")
        said = Inbound(
            channel=CHANNEL, address=address, id=f"press:{press.seq}", text="", at=self._core.now(), choice=press.key,
            public=chat < 0,
        )  # fmt: skip
        # All buttons under a message have one id, so whatever is pressed first is all that is ever heard.
        if await self._is_over(said, press):
            return await self._tell(query, "telegram.used")
        receipt = await self._receive(said)
        await self._tell(query, "telegram.used" if receipt.again else None)
        await self._quietly(self._api.without_buttons(message.chat.id, message.message_id))

    async def _is_over(self, said: Inbound, press: Press) -> bool:
        """Whether the talk has gone on since, so that the choice means nothing any more."""

        def look(transaction: Transaction) -> bool:
            read = conversations.find(transaction, CHANNEL, said.address)
            if read is None:
                return True
            since = conversations.messages(transaction, read.id, press.seq + 1, read.seq)
            return any(each.author == "resident" for each in since)

        return await self._core.database.read(look)

    async def _tell(self, query: CallbackQuery, key: str | None) -> None:
        """In passing: a button that nobody answers goes on turning."""
        lang = "zh" if (query.from_user.language_code or "zh").startswith("zh") else "en"
        await self._quietly(self._api.pressed(query.id, self._core.texts.line(lang, key) if key else None))

    # -- who is there

    async def _member(self, happened: ChatMemberUpdated) -> None:
        """The bot was blocked or let in again: in a chat with one person that is all there is to know."""
        RECEIVED.labels("member").inc()
        if happened.chat.type != "private":
            return
        address, now = str(happened.chat.id), self._core.now()
        if happened.new_chat_member.status in _OUT:
            await self._core.database.write(lambda t: deliveries.lose(t, CHANNEL, address, now))
        else:
            await self._core.database.write(lambda t: deliveries.find_again(t, CHANNEL, address))

    async def _quietly(self, call: Awaitable[None]) -> None:
        """What nothing depends on; an error of it is the desk's to see, as `health`."""
        with contextlib.suppress(BotApiError):
            await call

    # -- a seat writes

    def _seat_types(self, conversation: int, author: str) -> None:
        """Shown to the resident, at most every few seconds."""
        now = time.monotonic()
        if author == "seat" and now - self._typed.get(conversation, 0.0) > TYPED:
            if len(self._typed) > 1_000:
                self._typed.clear()
            self._typed[conversation] = now
            self._run(self._type(conversation))

    async def _type(self, conversation: int) -> None:
        read = await self._core.database.read(lambda t: conversations.get(t, conversation))
        if read is not None and read.channel == CHANNEL:
            await self._quietly(self._api.typing(await self._chats.now(updates.chat_of(read.address))))

    # -- the end

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """What is leaving has left before the connections end: else it would leave twice."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=TO_END)
        await self._api.close()
