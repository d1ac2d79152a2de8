"""Fetches what has come, from where it was fetched last, and hands it in: each message once, however often it is fetched.

The cursor is written down behind what it has passed. So whatever dies in between fetches the same again, and the platform's
id of a message tells that it was heard.
"""

import logging

import msgspec
from msgspec.structs import replace
from prometheus_client import Counter

from bot.admission import BusyError
from bot.channel import Core
from bot.edge import Failures, safely
from bot.messages import CONTINUE, Inbound
from bot.queue import Done, Failed, Later, Outcome
from bot.redlines import endangers
from integrations.tencent.packing import Place, pack
from integrations.wecom import messages
from integrations.wecom.api import KfPage, Wecom
from integrations.wecom.faults import WecomError, WecomFault
from integrations.wecom.hooks import new_row
from integrations.wecom.messages import KfMessage, Origin
from integrations.wecom.rendering import message as rendered
from integrations.wecom.settings import CHANNEL, POOL, WecomSettings
from store import conversations, deliveries, outbox, queue
from store.outages import OutageError
from store.queue import HELD, NewRow, QueueRow
from store.transaction import Transaction

log = logging.getLogger(__name__)
HAND = "wecom_hand"  # a kind of the queue: a talk goes to a colleague in WeCom
ROUND = 600_000  # ms between two looks without a notice: one may have been lost
LANE_OF_HANDS = f"{CHANNEL}-hands"
PAGES = 20  # that are fetched in one go
OLD = 3_600  # seconds: what is older when an account is first looked at is left alone
SOON = 1_000  # ms until what has to leave before is looked for again
WAITS, HAS = 2, 3  # states of a talk that is a colleague's
RECEIVED = Counter("daoxue_wecom_received", "Messages and events, by who sent them", ["origin"])
_decode = msgspec.json.Decoder(KfMessage).decode


class WecomHearing:
    """What the queue does with a notice, and with what is for a colleague."""

    def __init__(self, core: Core, settings: WecomSettings, api: Wecom) -> None:
        self._core = core
        self._settings = settings
        self._api = api
        self._failures = Failures()
        self._cursor = f"wecom:cursor:{settings.account}"

    async def look(self) -> None:
        """Fetches also without a notice, once in a while for all processes."""
        now = self._core.now()
        row = new_row("", f"round:{now // ROUND}", now)
        await self._core.database.write(lambda t: queue.put(t, row))

    async def fetch(self, row: QueueRow) -> Outcome:
        began, token = self._core.now(), row.body.decode()
        read = await self._core.database.read(lambda t: deliveries.get_shared(t, self._cursor))
        if read is not None and read.fetched_at > row.number:
            return Done()  # somebody has looked since
        cursor, first = (read.value.decode(), False) if read is not None else ("", True)
        try:
            for _ in range(PAGES):
                page = await self._page(cursor, token)
                for each in page.messages:
                    if not isinstance(outcome := await self._see_through(each, first=first), Done):
                        return outcome
                cursor = page.cursor
                await self._pass(cursor, 0 if page.has_more else began)
                if not page.has_more:
                    return Done()
        except WecomError as error:
            return error.leads_to(self._core.now())
        return Later(self._core.now())

    async def _page(self, cursor: str, token: str) -> KfPage:
        try:
            return await self._api.fetch(cursor, token)
        except WecomError as error:
            if error.meaning is not WecomFault.NOTICE:
                raise
        return await self._api.fetch(cursor, "")

    async def _pass(self, cursor: str, looked: int) -> None:
        """All before it is heard; `looked` (ms) is since when there was nothing more, 0 where there is."""
        await self._core.database.write(
            lambda t: deliveries.share(t, self._cursor, cursor.encode(), 0, looked), quick=True
        )

    async def _see_through(self, raw: bytes, *, first: bool) -> Outcome:
        """Takes a message, or puts it aside: what nobody can read, and what has failed so often that it would only keep others
        waiting. Otherwise what becomes of the look: it is to come again."""
        try:
            message = _decode(raw)
        except msgspec.DecodeError:
            await self._drop("form", raw)
            return Done()
        outcome = await safely("message not taken", self._taken(message, first=first), None)
        if outcome is not None:
            return outcome
        if not self._failures.enough(message.msgid):
            return Failed("a message was not taken")
        await self._drop("failed", raw)
        return Done()

    async def _taken(self, message: KfMessage, *, first: bool) -> Outcome:
        """What keeps us from going on is no fault of the message's, however often. Raises `WecomError` for all else."""
        try:
            await self._take(message, first=first)
        except WecomError as error:
            if error.of_moment:
                return error.leads_to(self._core.now())
            raise
        except (BusyError, OutageError):
            return Failed("busy")
        return Done()

    async def _drop(self, why: str, raw: bytes) -> None:
        """It would come again and again: told, and kept for a week where nobody can read it without our key."""
        log.error("dropped a message of WeCom's", extra={"error": why})
        now = self._core.now()
        await self._core.database.write(lambda t: deliveries.keep_dropped(t, CHANNEL, why, raw, now))

    async def _take(self, message: KfMessage, *, first: bool) -> None:
        RECEIVED.labels(str(message.origin)).inc()
        if first and message.send_time < self._core.clock() - OLD:
            return
        if message.msgtype == "event":
            await self._happened(message)
        elif message.origin == Origin.RESIDENT and message.external_userid:
            await self._hear(messages.inbound(message, self._core.now()))
        elif message.origin == Origin.COLLEAGUE:
            words = message.text.content or messages.NAMES.get(message.msgtype, "[其他消息]")
            await self._note(message.external_userid, message.msgid, f"【企业微信接待人员】{words}")

    # -- what a resident says

    async def _hear(self, said: Inbound) -> None:
        now = self._core.now()
        if await self._core.database.read(lambda t: _is_waiting(t, said.address)):
            await self._core.database.write(lambda t: _let_go(t, said.address, now))
        is_theirs = await self._is_a_colleagues(said)
        if is_theirs:
            said = replace(said, intent=CONTINUE, inline=True, outbox=False)
        receipt = await self._core.inbox.receive(said)
        if self._settings.seat and receipt.ticket and not receipt.seat and not is_theirs:
            ref = receipt.ticket
            row = NewRow(HAND, f"{HAND}:{ref}", LANE_OF_HANDS, _hand(said.address, ref), now + SOON)
            await self._core.database.write(lambda t: queue.put(t, row))

    async def _is_a_colleagues(self, said: Inbound) -> bool:
        """Whether a colleague in WeCom has the talk, so that we say nothing; but a danger is everybody's."""
        if not self._settings.seat or await self._api.state(said.address) not in (WAITS, HAS):
            return False
        return not endangers(await self._core.inbox.understand(said.text, said.at))

    async def hand(self, row: QueueRow) -> Outcome:
        """Gives a talk to a colleague, when what we had to say has left: afterwards we may say nothing."""
        user, ref = msgspec.json.decode(row.body, type=tuple[str, str])
        if await self._core.database.read(lambda t: _is_leaving(t, user)):
            return Later(self._core.now() + SOON)
        seat = self._settings.seat
        try:
            if not seat or await self._api.state(user) not in (0, 1):
                return Done()
            await self._api.hand_over(user, WAITS if seat == POOL else HAS, "" if seat == POOL else seat)
        except WecomError as error:
            return error.leads_to(self._core.now())
        where = "接待池" if seat == POOL else f"接待人员：{seat}"
        await self._note(user, f"{HAND}:{ref}", f"【企业微信】会话已转给{where}")
        return Done()

    # -- what happens

    async def _happened(self, message: KfMessage) -> None:
        event = message.event
        user = event.external_userid or message.external_userid
        if event.event_type == "enter_session" and event.welcome_code:
            await self._greet(user, message.msgid, event.welcome_code)
        if event.event_type == "msg_send_fail" and event.fail_type == messages.REFUSED:
            now = self._core.now()
            await self._core.database.write(lambda t: deliveries.lose(t, CHANNEL, user, now))
        if words := messages.told(event):
            await self._note(user, message.msgid, words)

    async def _greet(self, user: str, id: str, code: str) -> None:
        """A code is good for twenty seconds, and once: what does not go now does not go."""
        said = Inbound(channel=CHANNEL, address=user, id=id, text="[进入会话]", at=self._core.now(), intent="welcome", inline=True)  # fmt: skip
        receipt = await self._core.inbox.receive(said)
        if receipt.again or not receipt.answers:
            return
        outgoing, _ = pack(receipt.answers, Place(receipt.answers[0].seq, 0))
        if outgoing is not None:
            try:
                await self._api.greet(code, rendered(outgoing))
            except WecomError as error:
                log.warning("a greeting did not leave", extra={"error": str(error)})
                await self._note(user, f"{id}:greeting", "【微信客服】欢迎语可能没有送到")

    async def _note(self, user: str, id: str, words: str) -> None:
        """For seats to see, in a talk that there is; nothing answers it."""
        known = await self._core.database.read(lambda t: conversations.find(t, CHANNEL, user))
        if known is not None:
            said = Inbound(channel=CHANNEL, address=user, id=id, text=words, at=self._core.now(), intent=CONTINUE, inline=True)  # fmt: skip
            await self._core.inbox.receive(said)


def _hand(user: str, ref: str) -> bytes:
    return msgspec.json.encode((user, ref))


def _is_waiting(transaction: Transaction, user: str) -> bool:
    """Whether something waits for the resident to write, or they were not reached."""
    read = conversations.find(transaction, CHANNEL, user)
    if read is None:
        return False
    rows = outbox.owed(transaction, read.id)
    return any(row.due_at == HELD or row.is_given_up for row in rows) or deliveries.is_lost(transaction, CHANNEL, user)


def _let_go(transaction: Transaction, user: str, now: int) -> None:
    """They have written: what waited for that, or was given up, leaves."""
    deliveries.find_again(transaction, CHANNEL, user)
    read = conversations.find(transaction, CHANNEL, user)
    assert read is not None
    for row in outbox.owed(transaction, read.id):
        if (row.due_at == HELD or row.is_given_up) and not row.is_leaving(now):
            outbox.release(transaction, row, read.id, now)


def _is_leaving(transaction: Transaction, user: str) -> bool:
    """Whether something that is owed will leave by itself."""
    read = conversations.find(transaction, CHANNEL, user)
    rows = outbox.owed(transaction, read.id) if read is not None else []
    return any(row.due_at != HELD and not row.is_given_up for row in rows)
