"""Talks counted for reports: what a resident and we said to each other on one day. That much stays of a talk when its words
are taken out."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, and_, bindparam, case, func, select

from store.schema import conversation, message, ticket, unanswered
from store.transaction import Statement, Transaction

DAY = 86_400_000
_within = and_(message.c.at >= bindparam("first"), message.c.at < bindparam("last"))
_talk = (
    select(
        message.c.conversation,
        ((message.c.at - bindparam("first")) // DAY).label("day"),
        func.sum(case((message.c.author == "resident", 1), else_=0)).label("asked"),
        func.sum(case((message.c.author == "seat", 1), else_=0)).label("helped"),
    )
    .where(_within)
    .group_by(message.c.conversation, "day")
    .subquery()
)
_begins: ColumnElement[int] = bindparam("first") + _talk.c.day * DAY
_ends = _begins + DAY
_tickets = (
    select(ticket.c.ref)
    .where(
        ticket.c.conversation == _talk.c.conversation,
        ticket.c.opened_at < _ends,
        func.coalesce(ticket.c.closed_at, 1 << 60) >= _begins,
    )
    .exists()
)
_gaps = (
    select(func.count())
    .where(unanswered.c.conversation == _talk.c.conversation, unanswered.c.at >= _begins, unanswered.c.at < _ends)
    .scalar_subquery()
)
_told = select(
    conversation.c.channel,
    _talk.c.asked,
    case((_tickets, 1), else_=_talk.c.helped).label("helped"),
    _gaps.label("gaps"),
).join_from(_talk, conversation, conversation.c.id == _talk.c.conversation)
_each = _told.where(_talk.c.asked > 0).subquery()
_BY_CHANNEL = Statement(
    select(
        _each.c.channel,
        func.count(),
        func.sum(case((and_(_each.c.helped == 0, _each.c.gaps == 0), 1), else_=0)),
        func.sum(_each.c.asked),
        func.sum(_each.c.gaps),
    ).group_by(_each.c.channel)
)


@dataclass(frozen=True, slots=True)
class TalkRow:
    """Talks of a channel; `alone` were answered by the bot, with no seat, no open ticket and nothing that it did not
    understand. `messages` are the residents', `not_understood` those of them that nothing answered."""

    channel: str
    talks: int
    alone: int
    messages: int
    not_understood: int


def counted(transaction: Transaction, first: int, last: int) -> list[TalkRow]:
    """Talks from `first` (ms, a midnight) to before `last`, a day from midnight to midnight being 24 hours."""
    rows = transaction.all(_BY_CHANNEL, first=first, last=last)
    return [TalkRow(cast(str, row[0]), *(int(str(each)) for each in row[1:])) for row in rows]
