"""What the bot sends: a message of the talk at a time, by whichever process wrote it, else by the queue.

`sendMessage` cannot be repeated without being done twice. So what has left is written down at once; where no answer comes,
or the process dies between the platform's having it and our writing so, the message is sent again: it may then be read
twice, and is never lost (docs/telegram.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot import conversation
from bot.channel import Core
from bot.conversation import Conversation
from bot.inbox import Receipt, numbered
from bot.messages import Numbered
from bot.queue import Done, Failed, Later, Lost, Outcome
from integrations.telegram import rendering
from integrations.telegram.api import BotApi, BotApiError, Markup, TelegramFault
from integrations.telegram.buttons import Buttons, Press
from integrations.telegram.chats import Chats
from integrations.telegram.rendering import PICTURES, Piece
from integrations.telegram.settings import CHANNEL
from integrations.telegram.updates import chat_of, reply_to
from store import attachments, conversations, deliveries, outbox
from store.outbox import DueRow
from store.transaction import Transaction

RESTS = 30_000  # ms in which a platform that does not know our token, or is asked by somebody else, is left alone
SOON = 1_000  # ms after which what did not leave at once is tried by the queue
BACK = 60  # messages of a talk among which the resident's last is looked for
_REMEMBERED = 1_000  # chats that were told to wait


@dataclass(frozen=True, slots=True)
class Owed:
    """What a conversation is to be sent: messages as they were said, from a part on, with what is asked for. `to` is the
    resident's message that they stand under in a group."""

    conversation: int
    address: str
    said: Sequence[Numbered]
    part: int
    asked: str
    to: int | None


class Leaving:
    """The outlet."""

    pulls = False

    def __init__(self, core: Core, api: BotApi, buttons: Buttons, chats: Chats) -> None:
        self._core = core
        self._api = api
        self._buttons = buttons
        self._chats = chats
        self._waits: dict[int, int] = {}  # chats that had too much, until when (ms)

    # -- at once, by the process that has answered

    async def at_once(self, receipt: Receipt, address: str) -> None:
        """Sends what answers a message; what does not leave now is the queue's. Who writes is there, whatever we were told
        of them."""
        database, conversation = self._core.database, receipt.conversation
        is_next, lost, to = await database.read(
            lambda t: (
                outbox.is_next(t, conversation, receipt.last_seq),
                deliveries.is_lost(t, CHANNEL, address),
                _under(t, conversation, address, receipt.answers),
            )
        )
        if lost:
            await database.write(lambda t: deliveries.find_again(t, CHANNEL, address))
        if not receipt.answers:
            return
        at = self._core.now()
        if is_next:
            owed = Owed(conversation, address, receipt.answers, 0, _asked(receipt.state), to)
            match await self._sent(owed):
                case Done():
                    return
                case Later(then):
                    at = then
                case Failed() | Lost():
                    at += SOON
        await self._core.outbox.put_off(conversation, receipt.last_seq, at)

    # -- by the queue

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Sends the next message of what the row holds."""

        def look(transaction: Transaction) -> tuple[Owed | None, bool]:
            mine = outbox.ending(transaction, row.conversation, row.last_seq)
            rows = conversations.messages(transaction, row.conversation, row.first_seq, row.last_seq)
            read = conversations.get(transaction, row.conversation)
            if mine is None or read is None:
                return None, False
            said = [numbered(each) for each in rows if each.author != "resident"]
            to = _under(transaction, row.conversation, row.address, said)
            owed = Owed(row.conversation, row.address, said, mine.part, _asked(conversation.load(read.state)), to)
            return owed, deliveries.is_lost(transaction, CHANNEL, row.address)

        owed, lost = await self._core.database.read(look)
        if owed is None:
            return Done()
        return Lost(TelegramFault.BLOCKED.value) if lost else await self._sent(owed)

    # -- one message

    async def _sent(self, owed: Owed) -> Outcome:
        """Sends one message, and writes down that it has left."""
        found = rendering.pieces(owed.said, self._core.public_url)
        chat = await self._chats.now(chat_of(owed.address))
        now = self._core.now()
        if (until := self._waits.get(chat, 0)) > now:
            return Later(until)
        if owed.part < len(found):
            self._core.observe("sending")
            try:
                await self._push(chat, owed, found[owed.part])
            except BotApiError as error:
                return await self._refused(error, owed.address, chat)
        if owed.part + 1 < len(found):
            at = self._core.now()
            await self._core.database.insist(lambda t: _go_on(t, owed, at), quick=True)
        else:
            await self._core.outbox.settle(owed.conversation, owed.said[-1].seq)
        return Done()

    async def _push(self, chat: int, owed: Owed, piece: Piece) -> None:
        """Raises `BotApiError`. What is refused for its form is sent once more, simpler."""
        if piece.file is not None:
            return await self._file(chat, piece, owed.to)
        markup = await self._markup(owed, piece)
        try:
            await self._api.text(chat, piece.html, markup, owed.to)
        except BotApiError as error:
            if error.meaning is not TelegramFault.WRONG:
                raise
            await self._api.text(chat, piece.plain + rendering.numbered(piece.options), to=owed.to, marked=False)

    async def _file(self, chat: int, piece: Piece, to: int | None) -> None:
        assert piece.file is not None
        id = piece.file.path.rsplit("/", 1)[-1]
        found = await self._core.database.read(lambda t: attachments.get(t, id))
        if found is None:
            return  # deleted meanwhile: there is nothing to send
        name, kind, body = found
        await (self._api.photo if kind in PICTURES else self._api.document)(chat, name, body, to)

    async def _markup(self, owed: Owed, piece: Piece) -> Markup | None:
        """Buttons under what can be chosen; in a group one that leads to where nobody reads along; else what shares a
        number or a place, where that is asked for."""
        line = self._core.texts.line
        group = ":" in owed.address
        rows = [
            [{"text": each.label, "callback_data": self._buttons.write(owed.address, Press(piece.seq, each.key))}]
            for each in piece.options
        ]
        if group:
            me = await self._api.me()
            rows.append([{"text": line(piece.lang, "telegram.alone"), "url": f"https://t.me/{me.username}"}])
        if rows:
            return {"inline_keyboard": rows}
        if owed.asked == "phone":
            share: dict[str, object] = {"text": line(piece.lang, "telegram.contact"), "request_contact": True}
        elif owed.asked == "place":
            share = {"text": line(piece.lang, "telegram.place"), "request_location": True}
        else:
            return None
        return {"keyboard": [[share]], "resize_keyboard": True, "one_time_keyboard": True}

    async def _refused(self, error: BotApiError, address: str, chat: int) -> Outcome:
        """What an error of the platform's leads to."""
        now = self._core.now()
        match error.meaning:
            case TelegramFault.FLOOD:
                if len(self._waits) >= _REMEMBERED:
                    self._waits = {each: until for each, until in self._waits.items() if until > now}
                self._waits[chat] = now + int(error.retry * 1000)
                return Later(self._waits[chat])
            case TelegramFault.MOVED:
                await self._chats.move(chat, error.chat)
                return Later(now)
            case TelegramFault.BLOCKED | TelegramFault.GONE:
                await self._core.database.write(lambda t: deliveries.lose(t, CHANNEL, address, now))
                return Lost(error.meaning.value)
            case TelegramFault.TOKEN | TelegramFault.CONFLICT:
                return Later(now + RESTS)
            case TelegramFault.WRONG:
                return Lost(error.meaning.value)
            case _:
                return Failed(error.meaning.value)


def _go_on(transaction: Transaction, owed: Owed, at: int) -> None:
    """One message of several has left: the queue goes on with the next."""
    if (row := outbox.ending(transaction, owed.conversation, owed.said[-1].seq)) is not None:
        outbox.advance(transaction, row, owed.conversation, (row.first_seq, owed.part + 1), at)


def _asked(state: Conversation) -> str:
    """What the talk waits for, where the app can share it."""
    task = state.tasks[-1] if state.tasks else None
    if task is None or task.asked is None:
        return ""
    return "place" if task.intent == "nearest_to_me" else task.asked


def _under(transaction: Transaction, conversation: int, address: str, said: Sequence[Numbered]) -> int | None:
    """In a group the resident's message that this answers, else the last that they wrote there: it says for whom it is, and keeps
    it in the group's topic."""
    if ":" not in address or not said:
        return None
    if (answered := reply_to(said[0].message.re or "")) is not None:
        return answered
    first = said[0].seq
    before = [numbered(each) for each in conversations.messages(transaction, conversation, max(1, first - BACK), first)]
    theirs = (reply_to(each.message.re or "") for each in reversed(before) if each.author == "resident")
    return next((each for each in theirs if each is not None), None)
