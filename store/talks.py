"""Talks counted for reports: what a resident and we said to each other on one day. That much stays of a talk when its words
are taken out."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select

from store import past
from store.schema import conversation, message, ticket, unanswered
from store.transaction import Transaction
from store.units import DAY


def _counting(said: past.Columns) -> Select[tuple[object, ...]]:
    talk = (
        select(
            said.conversation,
            ((said.at - bindparam("first")) // DAY).label("day"),
            func.sum(case((said.author == "resident", 1), else_=0)).label("asked"),
            func.sum(case((said.author == "seat", 1), else_=0)).label("helped"),
        )
        .where(said.at >= bindparam("first"), said.at < bindparam("last"))
        .group_by(said.conversation, "day")
        .subquery()
    )
    begins: ColumnElement[int] = bindparam("first") + talk.c.day * DAY
    ends = begins + DAY
    tickets = (
        select(ticket.c.ref)
        .where(
            ticket.c.conversation == talk.c.conversation,
            ticket.c.opened_at < ends,
            func.coalesce(ticket.c.closed_at, 1 << 60) >= begins,
        )
        .exists()
    )
    gaps = (
        select(func.count())
        .where(unanswered.c.conversation == talk.c.conversation, unanswered.c.at >= begins, unanswered.c.at < ends)
        .scalar_subquery()
    )
    told = select(
        conversation.c.channel,
        talk.c.asked,
        case((tickets, 1), else_=talk.c.helped).label("helped"),
        gaps.label("gaps"),
    ).join_from(talk, conversation, conversation.c.id == talk.c.conversation)
    each = told.where(talk.c.asked > 0).subquery()
    return select(
        each.c.channel,
        func.count(),
        func.sum(case((and_(each.c.helped == 0, each.c.gaps == 0), 1), else_=0)),
        func.sum(each.c.asked),
        func.sum(each.c.gaps),
    ).group_by(each.c.channel)


_BY_CHANNEL = past.reading(message, _counting)


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
    rows = transaction.all(_BY_CHANNEL[transaction.dialect], first=first, last=last)
    return [TalkRow(cast(str, row[0]), *(int(str(each)) for each in row[1:])) for row in rows]
