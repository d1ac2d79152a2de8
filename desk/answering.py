"""What a seat says goes by the way that its resident asked for after hours too: as long as they have not come back to talk."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from bot.inbox import encode
from bot.messages import Message
from bot.waiting import RUNG_UP
from store import conversations, tickets
from store.ticket_events import TicketMoved, TicketRaised, TicketSaid
from store.ticket_rows import TicketRow
from store.transaction import Transaction


class Wish(Struct, frozen=True):
    """A channel, and the resident's address on it."""

    channel: str
    address: str


def wished(transaction: Transaction, ref: str) -> Wish | None:
    """How the resident of a ticket asked to be answered, the last word of it; None where they are rung up, asked for
    nothing, have spoken in the talk again since a seat answered, or go on in another talk."""
    wish, answered = None, False
    for event in tickets.events(transaction, ref):
        match event.happened:
            case TicketRaised(slots=slots) if "answer_by" in slots:
                wish, answered = _wish(slots), False
            case TicketSaid(by="seat"):
                answered = True
            case TicketSaid(by="resident") if answered:
                wish = None
            case TicketMoved():
                wish = None
    return wish


def _wish(slots: Mapping[str, str]) -> Wish | None:
    channel = slots["answer_by"]
    if channel == RUNG_UP:
        return None
    return Wish(channel, slots["mail"] if "mail" in slots else f"+86{slots['phone']}")


def carry(transaction: Transaction, found: TicketRow, body: bytes, seq: int, now: int) -> None:
    """Says in the talk of that way what was said as message `seq` of the ticket's own; once, as part of the same commit."""
    wish = wished(transaction, found.ref)
    if wish is None:
        return
    talk = conversations.find(transaction, wish.channel, wish.address)
    if talk is None:
        talk = conversations.begin(transaction, wish.channel, wish.address, now)
    if talk.id == found.conversation:
        return
    said = msgspec.json.decode(body, type=Message)
    carried = encode(Message(reply=said.reply))
    conversations.say(transaction, talk, [("seat", carried)], now, id=_key(found.ref, found.conversation, seq))


def carried(transaction: Transaction, ref: str) -> set[tuple[int, int]]:
    """What of a ticket was said on other channels: conversations, and the numbers of messages in them."""
    events = [event.happened for event in tickets.events(transaction, ref)]
    wishes = {_wish(each.slots) for each in events if isinstance(each, TicketRaised) and "answer_by" in each.slots}
    found = [conversations.find(transaction, wish.channel, wish.address) for wish in wishes if wish is not None]
    said = [each for each in events if isinstance(each, TicketSaid) and each.by == "seat"]
    keys = {_key(ref, each.conversation, each.seq) for each in said}
    there = [(talk.id, conversations.answered(transaction, talk.id, key)) for talk in found if talk for key in keys]
    return {(talk, at[1]) for talk, at in there if at is not None}


def _key(ref: str, conversation: int, seq: int) -> str:
    return f"{ref}:{conversation}:{seq}"
