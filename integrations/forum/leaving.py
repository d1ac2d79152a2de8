"""What is posted: an answer in the topic of its question, once.

A post cannot be repeated without being there twice. So before each the topic is looked at: for the question, which may have
been changed or deleted, and for an answer of ours with the same mark, which is there where the response to it was lost. What
leaves at once, by who has just read the topic to answer it, needs no second look: it was never tried before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from bot import conversation
from bot.channel import Core
from bot.inbox import Receipt, numbered
from bot.messages import Numbered
from bot.queue import Done, Failed, Later, Lost, Outcome
from integrations.forum import wording
from integrations.forum.api import ForumApi, ForumError, ForumFault, ForumPost, ForumTopic
from integrations.forum.events import PostToRead
from integrations.forum.rendering import MARKED, PostWriter
from integrations.forum.rows import new_row
from integrations.forum.settings import BACK, CHANNEL, ForumSettings
from store import conversations, outbox, queue
from store.outbox import DueRow
from store.transaction import Transaction

PATIENCE = 5.0  # seconds that a post waits for those before it, and then gives way
SOON = 1_000  # ms until it is tried again


@dataclass(frozen=True, slots=True)
class ForumAnswer:
    """What is to be posted: `said`, to `what`, which read as `read` says; `ref` is of the ticket whose seat says it, empty where we do."""

    what: PostToRead
    read: str
    said: Sequence[Numbered]
    ref: str


class ForumLeaving:
    """The outlet."""

    pulls = False

    def __init__(self, core: Core, settings: ForumSettings, api: ForumApi, writer: PostWriter) -> None:
        self._core = core
        self._categories = settings.categories
        self._api = api
        self._writer = writer
        self._waits = 0  # until when (ms) the forum takes nothing more
        self._posting = asyncio.Lock()  # it takes one every few seconds

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Posts what the row holds. What the desk says of a ticket (who has it, that it is closed) is nothing for all to
        read, and stays here."""
        answer = await self._core.database.read(lambda t: _answer(t, row))
        if answer is None:
            return await self._left(row)
        try:
            return await self._in_turn(now, lambda: self._posted(row, answer, now))
        except ForumError as error:
            if error.meaning is ForumFault.GONE:
                return await self._without_question(row, answer)
            return error.leads_to(now)

    async def at_once(self, receipt: Receipt, what: PostToRead, topic: ForumTopic) -> None:
        """Posts what has just answered a post of the topic as it was read; what does not leave now is the queue's."""
        now, talk = self._core.now(), receipt.conversation
        owed = await self._core.database.read(lambda t: outbox.owed(t, talk))
        outcome: Outcome = Later(now)
        if owed and owed[0].last_seq == receipt.last_seq and not (topic.closed or topic.archived):
            mark = self._mark(talk, owed[0].first_seq)
            try:
                outcome = await self._in_turn(now, lambda: self._write(what, receipt.answers, mark, ""))
            except ForumError as error:
                outcome = error.leads_to(now)
        if isinstance(outcome, Done):
            return await self._core.outbox.settle(talk, receipt.last_seq)
        await self._core.outbox.put_off(
            talk, receipt.last_seq, outcome.at if isinstance(outcome, Later) else now + SOON
        )

    async def _in_turn(self, now: int, post: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """One after the other, and none while the forum takes no more. Raises `ForumError`."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._posting.acquire()
        except TimeoutError:
            return Later(max(self._waits, now + SOON))
        try:
            return await post() if self._waits <= now else Later(self._waits)
        except ForumError as error:
            if error.meaning is ForumFault.FLOOD:
                self._waits = now + int(error.retry * 1000)
            raise
        finally:
            self._posting.release()

    async def _posted(self, row: DueRow, answer: ForumAnswer, now: int) -> Outcome:
        """Raises `ForumError`."""
        what, topic, post = await self._question(answer.what)
        if post is None or not (answer.ref or topic.is_answered_in(self._categories)):
            return await self._without_question(row, answer)
        mark = self._mark(row.conversation, row.first_seq)
        if await self._is_there(topic, what, mark):
            return await self._left(row)
        if topic.closed or topic.archived:
            return Lost("the topic is closed")
        if not answer.ref and self._core.vault.digest(CHANNEL, wording.told(topic, post)) != answer.read:
            return await self._read_anew(row, what, now)
        outcome = await self._write(what, answer.said, mark, answer.ref)
        return await self._left(row) if isinstance(outcome, Done) else outcome

    async def _question(self, what: PostToRead) -> tuple[PostToRead, ForumTopic, ForumPost | None]:
        """A post where it stands now, with its topic. Raises `ForumError`."""
        try:
            topic = await self._api.topic(what.topic, what.number)
            if (post := topic.find(what.post)) is not None:
                return what, topic, post
        except ForumError as error:
            if error.meaning is not ForumFault.GONE:
                raise
        moved = await self._api.whereabouts(what.post)
        if moved is None:
            raise ForumError(ForumFault.GONE)
        what = replace(what, topic=moved.topic_id, number=moved.post_number)
        topic = await self._api.topic(what.topic, what.number)
        return what, topic, topic.find(what.post)

    async def _write(self, what: PostToRead, said: Sequence[Numbered], mark: str, ref: str) -> Outcome:
        """Raises `ForumError`."""
        self._core.observe("sending")
        try:
            await self._api.reply(
                what.topic, what.number, self._writer.post([each.message.reply for each in said], mark, ref)
            )
        except ForumError as error:
            if error.meaning is ForumFault.GONE:
                return Failed("it may not post there")
            raise
        self._core.observe("sent")
        return Done()

    def _mark(self, conversation: int, first: int) -> str:
        return self._core.vault.digest(CHANNEL, f"{conversation}:{first}")[:24]

    async def _is_there(self, topic: ForumTopic, what: PostToRead, mark: str) -> bool:
        """Whether it was posted before."""
        unseen = topic.unseen(what.post)
        posts = [*topic.post_stream.posts, *(await self._api.posts(what.topic, unseen) if unseen else ())]
        return any(f"{MARKED}{mark}" in each.raw for each in posts)

    async def _read_anew(self, row: DueRow, what: PostToRead, now: int) -> Outcome:
        """The question was changed before its answer left: that is not posted, and the question read again."""
        again = new_row(replace(what, anew=True), f"again-{row.id}", now, now)
        await self._core.database.write(lambda t: queue.put(t, again), quick=True)
        return Done()

    async def _without_question(self, row: DueRow, answer: ForumAnswer) -> Outcome:
        """The question was deleted, or stands where we do not answer: nothing answers it any more, and a seat sees that its words
        are not there."""
        return Lost("the post was deleted") if answer.ref else await self._left(row)

    async def _left(self, row: DueRow) -> Outcome:
        await self._core.outbox.left(row)
        return Done()


def _answer(transaction: Transaction, row: DueRow) -> ForumAnswer | None:
    """None where nothing of it is for all to read."""
    first = max(1, row.first_seq - BACK)
    said = [numbered(each) for each in conversations.messages(transaction, row.conversation, first, row.last_seq)]
    here = [each for each in said if each.seq >= row.first_seq]
    seats = [each for each in here if each.author == "seat"]
    mine = seats or [each for each in here if each.author == "bot" and each.message.re]
    if not mine:
        return None
    asked = [each for each in said if each.author == "resident" and len(each.message.refs) == 3]
    to = asked[-1] if seats else next(each for each in asked if each.message.re == mine[-1].message.re)
    post, number, read = to.message.refs
    topic, _, user = row.address.partition(":")
    talk = conversations.get(transaction, row.conversation)
    assert talk is not None
    ref = (talk.ticket or conversation.load(talk.state).closed or "") if seats else ""
    return ForumAnswer(PostToRead(int(topic), int(number), int(post), int(user)), read, mine, ref)
