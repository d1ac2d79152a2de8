"""What the official account sends by itself: customer-service messages, of which there are few. They are merged, and what
does not fit waits until the resident writes."""

import asyncio
import time
from datetime import datetime

from bot.channel import ChannelHealth, Core
from bot.inbox import new_ticket
from bot.messages import Handover, Priority
from bot.queue import Done, Failed, Later, Lost, Outcome
from bot.waiting import reference
from integrations.tencent import packing
from integrations.tencent.owed import allowed, move, of_rows, opened
from integrations.tencent.packing import Outgoing, Place
from integrations.tencent.quota import Allowance
from integrations.wechat import rendering
from integrations.wechat.api import Wechat
from integrations.wechat.faults import WechatError, WechatFault
from integrations.wechat.owing import Owing, is_held, without_rests
from integrations.wechat.settings import CHANNEL, WechatSettings
from store import attachments, conversations, deliveries, outbox, tickets
from store.conversations import ConversationRow
from store.outbox import Carried, DueRow, OwedRow
from store.queue import HELD
from store.transaction import Transaction
from store.units import DAY

QUIET = 10_000  # ms that the last message allowed waits for others to go with it
TYPED = 10.0  # seconds that typing is shown without telling the platform again
REMEMBERED = 3 * DAY  # how things left, for the quota


class WechatOutlet:
    """The outlet. `may_push` is whether the account has the right to send customer-service messages; the platform may say
    otherwise."""

    pulls = False

    def __init__(self, core: Core, api: Wechat) -> None:
        self._core = core
        self.may_push = core.stanzas.of(WechatSettings).customer_service
        self.api = api
        self.owing = Owing(core.public_url, self._core.now())
        self._menus = True  # until the platform does not take them
        self._typed: dict[int, float] = {}
        self._hints: set[asyncio.Task[None]] = set()
        core.live.on_typing(self._seat_types)

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Sends the next message of what the conversation is owed, as much as one message takes."""
        read, rows, quota, lost = await self._core.database.read(lambda t: self._state(t, row.conversation, now))
        trial = next((each.trial for each in rows if each.id == row.id), None)
        if trial is not None:
            return await self._tried(row.conversation, trial, now)
        if not self.may_push:
            return Later(HELD)
        if lost:
            return Lost(WechatFault.GONE.value)
        if any(each.id != row.id and each.is_leaving(now) for each in rows):
            return Later(now + 1_000)
        if quota.left == 0:
            return Later(HELD)
        if len(rows) > 1:
            rows = await self._core.database.write(lambda t: without_rests(t, row.conversation, rows))
        if not any(each.id == row.id for each in rows):
            return Done()
        if rows[0].id != row.id:
            return Later(max(rows[0].due_at, now + 1_000))  # in order: with what comes before it, or after that
        saying = await self._core.database.read(lambda t: of_rows(t, row.conversation, rows))
        if quota.left == 1 and now - saying[-1].at < QUIET:
            return Later(saying[-1].at + QUIET)
        place = Place(rows[0].first_seq, rows[0].part)
        outgoing, after = packing.pack(opened(saying, self._core.public_url), place, images=True)
        assert outgoing is not None
        held = after is not None and await self._core.database.read(lambda t: is_held(t, row.conversation, after))
        if quota.left == 1 and (read.ticket or after):
            outgoing = outgoing.ending("\n" + self._core.texts.line("zh", "wechat.last"))
        elif held:
            outgoing = outgoing.unfinished()
        self._core.observe("sending")
        try:
            await self._push(read.address, outgoing)
        except WechatError as error:
            return await self._refused(error, read, now)
        last = after.seq if after else saying[-1].seq

        def settle(transaction: Transaction) -> None:
            deliveries.left(transaction, row.conversation, (place.seq, last), now)
            move(transaction, row.conversation, rows, after, HELD if held else now, now)

        await self._core.database.insist(settle, quick=True)
        self._core.live.delivered(row.conversation, last - 1 if after else last)
        return Done()

    async def _tried(self, conversation: int, trial: Carried, now: int) -> Outcome:
        """WeChat has had its time to ask again for a response: what was in it has arrived, or leaves now."""
        last = await self._core.database.write(lambda t: self.owing.decide(t, conversation, trial, now), quick=True)
        if last is not None:
            self._core.live.delivered(conversation, last)
        return Done()

    def _state(
        self, transaction: Transaction, conversation: int, now: int
    ) -> tuple[ConversationRow, list[OwedRow], Allowance, bool]:
        read = conversations.get(transaction, conversation)
        assert read is not None
        rows = [row for row in outbox.owed(transaction, conversation) if not row.is_given_up]
        return (
            read,
            rows,
            _allowance(transaction, conversation, now),
            deliveries.is_lost(transaction, CHANNEL, read.address),
        )

    async def _push(self, openid: str, outgoing: Outgoing) -> None:
        """Raises `WechatError`. What is too long, or has choices that are not taken, is sent once more, simpler."""
        media = ""
        if outgoing.image is not None:
            id = outgoing.image.path.rsplit("/", 1)[-1]
            found = await self._core.database.read(lambda t: attachments.get(t, id))
            if found is None:
                return  # deleted meanwhile: there is nothing to send
            media = await self.api.upload_image(*found)
        try:
            await self.api.send(rendering.custom(outgoing, openid, menus=self._menus, media=media))
        except WechatError as error:
            if error.meaning is WechatFault.MENU:
                self._menus = False
            elif error.meaning is WechatFault.TOO_LONG:
                head = packing.cut(outgoing.lines, packing.LARGEST // 3)[0]
                outgoing = Outgoing(text=head, lang=outgoing.lang).unfinished()
            else:
                raise
            await self.api.send(rendering.custom(outgoing, openid, menus=False))

    async def _refused(self, error: WechatError, read: ConversationRow, now: int) -> Outcome:
        """What an error of the platform's leads to."""
        match error.meaning:
            case WechatFault.USED_UP:
                self._core.live.ring()
                return Later(HELD)
            case WechatFault.FORBIDDEN:
                self.may_push = False
                return Later(HELD)
            case WechatFault.TOO_OFTEN | WechatFault.TOKEN | WechatFault.ADDRESS:
                return Later(self.api.opens("message/custom/send"))
            case WechatFault.GONE:
                await self._core.database.write(lambda t: deliveries.lose(t, CHANNEL, read.address, now))
                return Lost(error.meaning.value)
            case WechatFault.CLOSED:
                await self._call_instead(read, now)
                return Later(HELD)
            case _ if error.of_account:
                return Later(self.api.opens("message/custom/send"))
            case _:
                return Failed(error.meaning.value)

    async def _call_instead(self, read: ConversationRow, now: int) -> None:
        """What cannot be written any more is for somebody to say: a ticket, where there is none."""
        if read.ticket is not None:
            return
        summary = self._core.texts.line("zh", "wechat.undelivered")
        about = Handover(
            topic="human_agent", reason="undelivered", skill="general", priority=Priority.ORDINARY, summary=summary
        )
        person = await self._core.identity.owner(CHANNEL, read.address, now)
        new = new_ticket(reference(datetime.fromtimestamp(now / 1000, self._core.zone)), about, person, "zh")

        def work(transaction: Transaction) -> None:
            tickets.open(transaction, read.id, CHANNEL, read.seq, new, now)
            tickets.hold(transaction, read.id, new.ref, None)

        await self._core.database.write(work)
        self._core.live.ring()

    async def allowance(self, conversation: int) -> Allowance:
        """How many messages a seat may still send, and until when."""
        now = self._core.now()
        return await self._core.database.read(lambda t: _allowance(t, conversation, now))

    async def health(self, now: int) -> ChannelHealth:
        """Whether it may send by itself, and what the platform complains of."""
        return ChannelHealth(self.api.alarm, may_push=self.may_push)

    # -- typing

    def _seat_types(self, conversation: int, author: str) -> None:
        if author == "seat" and time.monotonic() - self._typed.get(conversation, 0.0) > TYPED:
            if len(self._typed) > 1000:
                self._typed.clear()
            self._typed[conversation] = time.monotonic()
            hint = asyncio.create_task(self._type(conversation))
            self._hints.add(hint)
            hint.add_done_callback(self._hints.discard)

    async def _type(self, conversation: int) -> None:
        """Only within 30 seconds of the resident's last word does the platform take it."""
        now = self._core.now()
        read = await self._core.database.read(lambda t: conversations.get(t, conversation))
        if read is None or read.channel != CHANNEL or not self.may_push:
            return
        heard = await self._core.database.read(lambda t: deliveries.last_heard(t, conversation))
        if heard and now - heard[0][1] < 30_000:
            try:
                await self.api.typing(read.address)
            except WechatError as error:
                if error.meaning is WechatFault.FORBIDDEN:
                    self.may_push = False

    # -- what is old

    async def forget(self) -> None:
        """Takes out the records whose time is over; hourly is enough."""
        now = self._core.now()
        await self._core.database.write(lambda t: deliveries.forget(t, now - REMEMBERED))


def _allowance(transaction: Transaction, conversation: int, now: int) -> Allowance:
    return allowed(transaction, conversation, now, lambda id: id.startswith("mid:"))
