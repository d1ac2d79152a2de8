"""What a resident on WeChat is owed: what of it goes into a response, and what becomes of it.

A response may be lost, and nobody says so: WeChat asks again, three times in all, until it has one. So what is owed stays a
row of the queue, on trial, until WeChat would have asked again and has not (decision 35). The third response is the last
that it asks for; nothing would tell of its loss, so what the first two held leaves by itself instead, or where it may not,
waits for the resident's next word.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from bot.inbox import Receipt
from bot.messages import CONTINUE, Inbound
from integrations.tencent.owed import of_rows, opened
from integrations.tencent.packing import Place, pack
from integrations.wechat.settings import CHANNEL
from store import conversations, deliveries, outbox
from store.outbox import Carried, OwedRow, Span
from store.queue import HELD
from store.transaction import Transaction

EVERY = 5_000  # ms after which WeChat asks again for a response that it has not got
ASKS_AGAIN = 7_000  # ms after which it would have
ASKS_NO_MORE = 12_500  # ms after which it would have for the last time, were nobody there before
HEARS = 4_000  # ms after a response at which whoever decides has to have been there, to have heard of its loss
TIMES = 3  # that WeChat asks for a response

_encode = msgspec.json.Encoder().encode


class Owing:
    """`since` is when this process began to hear of what is lost (ms)."""

    def __init__(self, public_url: str, since: int) -> None:
        self._public_url = public_url
        self._since = since

    def claim(
        self, transaction: Transaction, said: Inbound, receipt: Receipt, now: int, *, may_push: bool
    ) -> tuple[bytes, bool]:
        """Decides what goes into the response: what is owed from before, and the answer; as much as fits. Empty where
        nothing does, or where it leaves by itself. Whoever asks again gets the same. Also whether some of it is on
        trial."""
        known = deliveries.answer(transaction, receipt.conversation, said.id)
        if known is not None:
            return _again(transaction, said, receipt, known, now, may_push=may_push)
        rows = outbox.owed(transaction, receipt.conversation)
        own = receipt.answers
        is_owed = bool(own) and any(row.first_seq <= own[0].seq <= row.last_seq for row in rows)
        if receipt.again and not is_owed:
            let_go(transaction, CHANNEL, said.address, now)
            if not own or deliveries.was_sent(transaction, receipt.conversation, own[0].seq):
                return b"", False
            rows = []  # it was in a response that did not arrive
        if said.intent != CONTINUE:
            rows = without_rests(transaction, receipt.conversation, rows)
        leaving = next((number for number, row in enumerate(rows) if row.is_leaving(now)), len(rows))
        if is_owed:
            receipt = replace(receipt, answers=())
        body = self._filled(transaction, receipt, rows[:leaving], Carried(said.id, 1, now), may_push=may_push)
        return body, bool(rows[:leaving])

    def _filled(
        self, transaction: Transaction, receipt: Receipt, rows: Sequence[OwedRow], trial: Carried, *, may_push: bool
    ) -> bytes:
        """What is owed and the answers, as much as one response holds; the rest is owed."""
        conversation, own, now = receipt.conversation, receipt.answers, trial.at
        saying = [*of_rows(transaction, conversation, rows), *own]
        if not saying:
            return b""
        start = Place(rows[0].first_seq, rows[0].part) if rows else Place(own[0].seq, 0)
        outgoing, after = pack(opened(saying, self._public_url), start)
        for row in rows:
            _put_on_trial(transaction, conversation, row, after, trial)
        if after is not None and own:
            begun = after.seq >= own[0].seq
            seq, part = (after.seq, after.part) if begun else (own[0].seq, 0)
            rest = Span(seq, own[-1].seq, part, rest=True)
            outbox.leave(transaction, conversation, CHANNEL, rest, HELD if begun or not may_push else now)
        if outgoing is not None and after is not None and is_held(transaction, conversation, after):
            outgoing = outgoing.unfinished()
        body = _encode(outgoing) if outgoing else b""
        last = after.seq if after else saying[-1].seq
        deliveries.left(transaction, conversation, (saying[0].seq, last), now, trial.inbound, body)
        return body

    def decide(self, transaction: Transaction, conversation: int, trial: Carried, now: int) -> int | None:
        """What was in a response has arrived, for WeChat asked no more: the number of the last such message. None where
        the process that was to write it has died over it, and this one came too late to be asked again: it leaves now."""
        rows = _on_trial(transaction, conversation, trial.inbound)
        if not trial.written and self._since > trial.at + HEARS:
            for row in rows:
                outbox.release(transaction, row, conversation, now)
            return None
        for row in rows:
            if row.trial is None or row.trial.then is None:
                outbox.drop(transaction, [row])
            else:
                place = Place(*row.trial.then)
                outbox.advance(
                    transaction, row, conversation, row.trial.then, _due(transaction, conversation, place, now)
                )
        last = rows[-1].trial.then if rows and rows[-1].trial else None
        return last[0] - 1 if last else rows[-1].last_seq if rows else None


def _again(
    transaction: Transaction, said: Inbound, receipt: Receipt, known: bytes, now: int, *, may_push: bool
) -> tuple[bytes, bool]:
    """A response that did not arrive. The last of them holds nothing: what is owed leaves otherwise, or waits to be asked for,
    and the answer follows it."""
    conversation = receipt.conversation
    rows = _on_trial(transaction, conversation, said.id)
    asked = max((_asked(row.trial, now) for row in rows if row.trial), default=0)
    if not rows or asked < TIMES:
        for row in rows:
            assert row.trial is not None
            again = replace(row.trial, asked=asked, at=now, written=False)
            outbox.try_(transaction, row, conversation, again, now + ASKS_NO_MORE)
        return known, bool(rows)
    due = now if may_push else HELD
    for row in rows:
        outbox.release(transaction, row, conversation, due)
    own = receipt.answers
    if own and not any(row.first_seq <= own[0].seq <= row.last_seq for row in rows):
        others = outbox.owed(transaction, conversation)
        outbox.drop(transaction, [row for row in others if row.is_rest and own[0].seq <= row.first_seq <= own[-1].seq])
        outbox.leave(transaction, conversation, CHANNEL, Span(own[0].seq, own[-1].seq), due)
    deliveries.take_back(transaction, conversation, said.id)
    return b"", True


def _asked(trial: Carried, now: int) -> int:
    """How often WeChat has asked, with this time; also while nobody was there."""
    return trial.asked + max(1, round((now - trial.at) / EVERY))


def written(transaction: Transaction, conversation: int, inbound: str) -> None:
    """The response to a message is on the line."""
    for row in _on_trial(transaction, conversation, inbound):
        assert row.trial is not None
        outbox.try_(transaction, row, conversation, replace(row.trial, written=True), row.trial.at + ASKS_AGAIN)


def _on_trial(transaction: Transaction, conversation: int, inbound: str) -> list[OwedRow]:
    """What is in the response to a message, as far as nobody knows."""
    rows = outbox.owed(transaction, conversation)
    return [row for row in rows if row.trial is not None and row.trial.inbound == inbound]


def _put_on_trial(
    transaction: Transaction, conversation: int, row: OwedRow, after: Place | None, trial: Carried
) -> None:
    """A row of which something is in a response, or of which nothing was: that may leave."""
    until = trial.at + ASKS_NO_MORE
    if after is None or row.last_seq < after.seq:
        outbox.try_(transaction, row, conversation, trial, until)
    elif (after.seq, after.part) > (row.first_seq, row.part):
        outbox.try_(transaction, row, conversation, replace(trial, then=(after.seq, after.part)), until)
    else:
        outbox.release(transaction, row, conversation, _due(transaction, conversation, after, trial.at))


def let_go(transaction: Transaction, channel: str, address: str, now: int) -> None:
    """What waited for the resident to write, or was given up, leaves: they have written."""
    read = conversations.find(transaction, channel, address)
    if read is None:
        return
    for row in outbox.owed(transaction, read.id):
        asked_for = row.is_rest and _author(transaction, read.id, row.first_seq) == "bot"
        if (row.due_at == HELD or row.is_given_up) and not asked_for and not row.is_leaving(now):
            outbox.release(transaction, row, read.id, now)


def without_rests(transaction: Transaction, conversation: int, rows: Sequence[OwedRow]) -> list[OwedRow]:
    """The rest of an old answer of the bot's is of no use when the talk has gone on."""
    stale = [row for row in rows if row.is_rest and _author(transaction, conversation, row.first_seq) == "bot"]
    outbox.drop(transaction, stale)
    return [row for row in rows if row not in stale]


def is_held(transaction: Transaction, conversation: int, after: Place) -> bool:
    """Whether what comes next waits until the resident asks for it: the rest of an answer does, a seat's words do not."""
    return _author(transaction, conversation, after.seq) == "bot"


def _due(transaction: Transaction, conversation: int, after: Place, now: int) -> int:
    return HELD if is_held(transaction, conversation, after) else now


def _author(transaction: Transaction, conversation: int, seq: int) -> str:
    found = conversations.messages(transaction, conversation, seq, seq)
    return found[0].author if found else ""
