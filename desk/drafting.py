"""A seat's answer becomes a draft for editors: by hand, or when a ticket is closed whose talk everybody could read."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from bot.channel import Channel
from bot.comprehension import Comprehension
from bot.keeping import kept
from desk import drafts
from desk.editing import Editing
from desk.errors import TicketError
from desk.masking import mask, mask_said
from desk.opening import Opened
from desk.standards import asked_in_vain
from knowledge.library import Library
from store import knowledge
from store.database import Database

VALID_DAYS = 180
ANSWERED = "answered"  # a result of tickets: what was asked was told
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}")


class Drafting:
    """Of `channels` those say whether everybody can read what is said there. Days are those of `zone`; `now` is milliseconds
    since 1970 UTC."""

    def __init__(
        self, database: Database, editing: Editing, comprehension: Comprehension, library: Library, zone: ZoneInfo,
        channels: Mapping[str, Channel],
    ) -> None:  # fmt: skip
        self._database = database
        self._editing = editing
        self._comprehension = comprehension
        self._library = library
        self._zone = zone
        self._channels = channels

    async def draft(self, opened: Opened, by: str, now: int) -> str:
        """The last answer of a seat as a draft: to the standard question that the resident asked where it has no answer yet,
        else to the question in their words; its id. Raises `TicketError` where there is no answer, or its draft is there
        already."""
        answers = [each for each in opened.messages if each.author == "seat"]
        if not answers:
            raise TicketError("invalid", "还没有坐席的回答")
        ref = opened.ticket.ref
        answer = _nameless(mask(answers[-1].message.reply.text))
        asked = [each for each in opened.messages if each.author == "resident" and each.seq < answers[-1].seq]
        question = mask_said(asked[-1]) if asked else mask(opened.handover.summary, theirs=True)
        question = _nameless(question)[:200]
        today = datetime.fromtimestamp(now / 1000, self._zone).date()
        id = drafts.id_of(ref, answers[-1].seq)
        [standard] = await asked_in_vain(self._comprehension, [question], today)
        asks: dict[str, object] = {"standard": standard} if standard else {"questions": [question]}
        topic = self._library.questions[standard].topic if standard else opened.ticket.topic
        entry = {
            "id": id, "topic": topic, **asks, "answer": answer, "source": f"坐席回答，工单 {ref}", "owner": by,
            "valid_from": str(today), "valid_until": str(today + timedelta(days=VALID_DAYS)),
        }  # fmt: skip
        await self._editing.save(msgspec.json.encode(entry), by, now, None)
        return id

    async def draft_of_closed(self, opened: Opened, by: str, now: int) -> None:
        """The same for a ticket that is being closed as answered, where its channel wants that; once."""
        if not self._channels[opened.ticket.channel].drafts:
            return
        last = next((each.seq for each in reversed(opened.messages) if each.author == "seat"), None)
        if last is None:
            return
        id = drafts.id_of(opened.ticket.ref, last)
        if await self._database.read(lambda t: knowledge.get(t, id)) is None:
            await self.draft(opened, by, now)


def _nameless(text: str) -> str:
    """Without what leads to somebody: papers, cards, proofs, mail addresses. Telephone numbers are masked before."""
    return _MAIL.sub("[邮箱]", kept(text))
