"""A seat's answer becomes a draft for editors: by hand, or when a ticket is closed whose talk everybody could read."""

import re
from datetime import datetime, timedelta

import msgspec

from bot.inbox import kept
from desk import drafts
from desk.errors import TicketError
from desk.masking import mask, mask_said
from desk.opening import Opened
from desk.parts import Desk
from desk.standards import asked_in_vain
from store import knowledge

VALID_DAYS = 180
ANSWERED = "answered"  # a result of tickets: what was asked was told
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}")


async def draft(desk: Desk, opened: Opened, by: str, now: int) -> str:
    """The last answer of a seat as a draft: to the standard question that the resident asked where it has no answer yet, else
    to the question in their words; its id. Raises `TicketError` where there is no answer, or its draft is there already."""
    answers = [each for each in opened.messages if each.author == "seat"]
    if not answers:
        raise TicketError("invalid", "还没有坐席的回答")
    ref = opened.ticket.ref
    answer = _nameless(mask(answers[-1].message.reply.text))
    asked = [each for each in opened.messages if each.author == "resident" and each.seq < answers[-1].seq]
    question = mask_said(asked[-1]) if asked else mask(opened.handover.summary, theirs=True)
    question = _nameless(question)[:200]
    today = datetime.now(desk.zone).date()
    id = drafts.id_of(ref, answers[-1].seq)
    [standard] = await asked_in_vain(desk.comprehension, [question], today)
    asks: dict[str, object] = {"standard": standard} if standard else {"questions": [question]}
    topic = desk.library.questions[standard].topic if standard else opened.ticket.topic
    entry = {
        "id": id, "topic": topic, **asks, "answer": answer, "source": f"坐席回答，工单 {ref}", "owner": by, "valid_from": str(today),
        "valid_until": str(today + timedelta(days=VALID_DAYS)),
    }  # fmt: skip
    await desk.editing.save(msgspec.json.encode(entry), by, now, None)
    return id


async def draft_of_closed(desk: Desk, ref: str, result: str, by: str, now: int) -> None:
    """The same for a ticket that is being closed, where its channel wants that; once."""
    if result != ANSWERED:
        return
    opened = await desk.tickets.show(ref)
    if not desk.channels[opened.ticket.channel].drafts:
        return
    last = next((each.seq for each in reversed(opened.messages) if each.author == "seat"), None)
    if last is None or await desk.database.read(lambda t: knowledge.get(t, drafts.id_of(ref, last))) is not None:
        return
    await draft(desk, opened, by, now)


def _nameless(text: str) -> str:
    """Without what leads to somebody: papers, cards, proofs, mail addresses. Telephone numbers are masked before."""
    return _MAIL.sub("[邮箱]", kept(text))
