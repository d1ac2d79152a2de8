"""Taking out what was written of somebody: conversations, tickets, learners, the audit. The rows that must be kept stay,
with nothing in them that tells who it was."""

from typing import cast

from sqlalchemy import Text, bindparam, delete, select, update

from store import conversations, deliveries, outbox, replies
from store.database import Statement, Transaction
from store.schema import (
    attachment,
    audit,
    binding,
    call,
    consent,
    conversation,
    delivered,
    dispute,
    enrolment,
    inbound,
    invitation,
    learner,
    message,
    notice,
    one_time_code,
    remote_copy,
    sent_text,
    ticket,
    ticket_event,
    unanswered,
)

NEVER = 1 << 60  # ms: what is erased is not looked at again as something old

_BLANK_MESSAGES = Statement(
    update(message).where(message.c.conversation == bindparam("which")).values(body=bindparam("blank"))
)
_BLANK_TICKET = Statement(
    update(ticket).where(ticket.c.ref == bindparam("which")).values(body=bindparam("blank"), person=bindparam("nobody"))
)
_BLANK_EVENT = Statement(
    update(ticket_event).where(ticket_event.c.id == bindparam("which")).values(body=bindparam("blank"))
)
_FORGET = Statement(
    update(conversation)
    .where(conversation.c.id == bindparam("which"))
    .values(address=bindparam("nobody", type_=Text), state=b"", version=conversation.c.version + 1, updated_at=NEVER)
)
_OF_CONVERSATION = tuple(
    Statement(delete(each).where(each.c.conversation == bindparam("which")))
    for each in (delivered, attachment, unanswered, inbound, call, sent_text)
)
_OLD = Statement(
    select(conversation.c.id)
    .where(
        conversation.c.updated_at < bindparam("before"),
        conversation.c.ticket.is_(None),
    )
    .order_by(conversation.c.updated_at)
    .limit(bindparam("most"))
)
_OLD_AUDIT = Statement(delete(audit).where(audit.c.at < bindparam("before")))
_BLANK_LEARNER = Statement(
    update(learner)
    .where(learner.c.id == bindparam("which"))
    .values(card=bindparam("nobody"), phone=bindparam("nobody"), status="void", body=bindparam("blank"))
)
_OF_LEARNER = tuple(
    Statement(delete(each).where(each.c.learner == bindparam("which")))
    for each in (binding, notice, dispute, one_time_code, invitation, remote_copy)
)
_END_ENROLMENTS = Statement(
    update(enrolment)
    .where(enrolment.c.learner == bindparam("which"), enrolment.c.state != "admitted")
    .values(state="withdrawn", until=None)
)
_CONSENTS = Statement(
    select(consent.c.purpose, consent.c.version, consent.c.given, consent.c.at)
    .where(consent.c.channel == "learner", consent.c.person == bindparam("person"))
    .order_by(consent.c.id)
)
_BINDINGS = Statement(
    select(binding.c.channel, binding.c.role, binding.c.scope, binding.c.bound_at, binding.c.until).where(
        binding.c.learner == bindparam("which")
    )
)


def forget_conversation(transaction: Transaction, id: int, blank: bytes) -> None:
    """Every message becomes `blank`; the address, the state and all that hangs on the conversation go."""
    transaction.run(_BLANK_MESSAGES, which=id, blank=blank)
    for statement in _OF_CONVERSATION:
        transaction.run(statement, which=id)
    outbox.settle(transaction, id, 1 << 60)
    replies.forget(transaction, id)
    if (talk := conversations.get(transaction, id)) is not None:
        deliveries.forget_deferred(transaction, talk.channel, talk.address)
    transaction.run(_FORGET, which=id, nobody=f"erased-{id}")


def blank_ticket(transaction: Transaction, ref: str, blank: bytes, nobody: str) -> None:
    """`blank` instead of its handover, `nobody` instead of its person."""
    transaction.run(_BLANK_TICKET, which=ref, blank=blank, nobody=nobody)


def blank_event(transaction: Transaction, id: int, blank: bytes) -> None:
    transaction.run(_BLANK_EVENT, which=id, blank=blank)


def old_conversations(transaction: Transaction, before: int, most: int) -> list[int]:
    """Those without a ticket in which nothing was said since then (ms)."""
    return [cast(int, row[0]) for row in transaction.all(_OLD, before=before, most=most)]


def forget_audit(transaction: Transaction, before: int) -> int:
    """Lines older than that (ms) go; how many."""
    return transaction.run(_OLD_AUDIT, before=before)


def forget_learner(transaction: Transaction, id: int, blank: bytes) -> None:
    """Who it was goes, with all that the ledger does not need; enrolments that were no admission end."""
    transaction.run(_BLANK_LEARNER, which=id, nobody=f"erased-{id}", blank=blank)
    for statement in _OF_LEARNER:
        transaction.run(statement, which=id)
    transaction.run(_END_ENROLMENTS, which=id)


def consents(transaction: Transaction, id: int) -> list[list[object]]:
    """What a learner agreed to and took back: purpose, version, given, time."""
    return [list(each) for each in transaction.all(_CONSENTS, person=str(id))]


def bindings(transaction: Transaction, id: int) -> list[list[object]]:
    """Where a learner is known: channel, role, scope, since, until."""
    return [list(each) for each in transaction.all(_BINDINGS, which=id)]
