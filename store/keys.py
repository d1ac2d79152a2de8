"""Everybody's keyed digests, made anew: when the key changes, and when a database from before is brought up to date."""

from collections.abc import Callable
from typing import cast

import msgspec
from sqlalchemy import bindparam, delete, or_, select, update

from store import past
from store.schema import (
    binding,
    consent,
    conversation,
    dropped,
    invitation,
    learner,
    one_time_code,
    remote_copy,
    ticket,
    ticket_event,
)
from store.ticket_events import TicketOpened, TicketProven, decode, encode
from store.transaction import Statement, Transaction

_LEARNERS = Statement(select(learner.c.id, learner.c.status, learner.c.body))
_REWRITE = Statement(
    update(learner)
    .where(learner.c.id == bindparam("which"))
    .values(card=bindparam("new_card"), phone=bindparam("new_phone"))
)
_BINDINGS = Statement(select(binding.c.channel, binding.c.person, binding.c.learner, binding.c.address))
_TALKS = Statement(select(conversation.c.channel, conversation.c.address))
_REBIND = Statement(
    update(binding)
    .where(
        binding.c.channel == bindparam("on"), binding.c.person == bindparam("was"), binding.c.learner == bindparam("which")
    )
    .values(person=bindparam("becomes"))
)  # fmt: skip
_CONSENTED = Statement(select(consent.c.channel, consent.c.person).distinct())
_RECONSENT = Statement(
    update(consent)
    .where(consent.c.channel == bindparam("on"), consent.c.person == bindparam("was"))
    .values(person=bindparam("becomes"))
)
_TICKETS = Statement(
    select(ticket.c.ref, ticket.c.person, conversation.c.channel, conversation.c.address).join(
        conversation, conversation.c.id == ticket.c.conversation
    )
)
_REPERSON = Statement(update(ticket).where(ticket.c.ref == bindparam("which")).values(person=bindparam("becomes")))
_FIRST = past.reading(
    ticket_event,
    lambda event: select(event.id, event.kind, event.body).where(
        event.ticket == bindparam("ref"),
        or_(event.kind == TicketOpened.kind, event.kind == TicketProven.kind),
    ),
)
_REWRITE_EVENT = past.changing(
    ticket_event,
    lambda events: update(events).where(events.c.id == bindparam("which")).values(body=bindparam("new_body")),
)
SHORT_LIVED = (one_time_code, invitation, remote_copy, dropped)
_SHORT_LIVED = tuple(Statement(delete(each)) for each in SHORT_LIVED)


def learners(transaction: Transaction) -> list[tuple[int, bytes]]:
    """Those who are still somebody: number and closed body."""
    rows = cast(list[tuple[int, str, bytes]], transaction.all(_LEARNERS))
    return [(id, body) for id, status, body in rows if status != "void"]


def redigest(transaction: Transaction, id: int, card: str, phone: str) -> None:
    """The digests that a learner is looked up by."""
    transaction.run(_REWRITE, which=id, new_card=card, new_phone=phone)


def rebind(transaction: Transaction, old: Callable[[str, str], str], new: Callable[[str, str], str]) -> None:
    """Where learners are known, and what anybody agreed to: under `new` of channel and address instead of `old`."""
    known: dict[tuple[str, str], str] = {}
    for channel, address in cast(list[tuple[str, str]], transaction.all(_TALKS)):
        known[channel, old(channel, address)] = new(channel, address)
    for row in transaction.all(_BINDINGS):
        channel, was, id, address = cast(tuple[str, str, int, str], row)
        becomes = known[channel, was] = new(channel, address)
        transaction.run(_REBIND, on=channel, was=was, which=id, becomes=becomes)
    for channel, was in cast(list[tuple[str, str]], transaction.all(_CONSENTED)):
        if (channel, was) in known:
            transaction.run(_RECONSENT, on=channel, was=was, becomes=known[channel, was])


def reperson(transaction: Transaction, person: Callable[[str, str, str], str]) -> None:
    """Whose tickets are: `person` of what stood there, the channel and the address. Nobody stays nobody."""
    for row in transaction.all(_TICKETS):
        ref, was, channel, address = cast(tuple[str, str, str, str], row)
        if was.startswith("erased-"):
            continue
        becomes = person(was, channel, address)
        transaction.run(_REPERSON, which=ref, becomes=becomes)
        for id, kind, body in cast(list[tuple[int, str, bytes]], transaction.all(_FIRST[transaction.dialect], ref=ref)):
            first = msgspec.structs.replace(decode(kind, body), person=becomes)
            past.change(transaction, _REWRITE_EVENT, which=id, new_body=encode(first))


def forget_short_lived(transaction: Transaction) -> None:
    """Codes, invitations, copies from elsewhere and what could not be read go."""
    for statement in _SHORT_LIVED:
        transaction.run(statement)
