"""Looks at a post when its time has come, as it stands then: answers it, hands it to a person, or tells the seat that has the
talk that it was changed or deleted."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from accounts.limits import POSTS, POSTS_OVER
from bot.admission import BusyError
from bot.channel import Core
from bot.edge import safely
from bot.inbox import numbered
from bot.messages import CONTINUE, Card, Inbound, Numbered
from bot.queue import Done, Failed, Outcome
from bot.redlines import endangers
from bot.turn import Turn
from integrations.forum import wording
from integrations.forum.api import ForumApi, ForumError, ForumFault, ForumPost, ForumTopic
from integrations.forum.hooks import PostToRead
from integrations.forum.judging import PostVerdict, judge
from integrations.forum.leaving import ForumLeaving
from integrations.forum.settings import CHANNEL, ForumSettings
from store import conversations, outbox
from store.conversations import ConversationRow
from store.outbox import OwedRow
from store.queue import QueueRow
from store.transaction import Transaction

BACK = 120  # messages of a talk among which an earlier form of a post is looked for
_decode = msgspec.json.Decoder(PostToRead).decode


class TopicTalk(NamedTuple):
    """What was said between an author and us in a topic; `before` is the last form of a post that was read."""

    row: ConversationRow
    before: Numbered | None
    owed: Sequence[OwedRow]


class ForumReader:
    """What the queue does with a post."""

    def __init__(self, core: Core, settings: ForumSettings, api: ForumApi, leaving: ForumLeaving) -> None:
        self._core = core
        self._leaving = leaving
        self._settings = settings
        self._api = api

    async def read(self, row: QueueRow) -> Outcome:
        what = _decode(row.body)
        try:
            topic = await self._api.topic(what.topic, what.number)
        except ForumError as error:
            if error.meaning is not ForumFault.GONE:
                return error.leads_to(self._core.now())
            topic = None
        post = topic.find(what.post or topic.first) if topic is not None else None
        if post is not None:
            what = replace(what, post=post.id)
        try:
            if topic is None or post is None:
                await self._gone(what)
            elif self._is_a_residents(topic, post):
                await self._look(what, topic, post)
        except BusyError:
            return Failed("busy")
        return Done()

    def _is_a_residents(self, topic: ForumTopic, post: ForumPost) -> bool:
        """Whether it stands where we answer, and no colleague and no machine has written it."""
        if topic.category_id not in self._settings.categories or topic.archetype != "regular" or post.post_type != 1:
            return False
        return not (post.is_of_staff or self._is_own(post) or wording.is_of_a_machine(post))

    def _is_own(self, post: ForumPost) -> bool:
        return post.username.lower() == self._settings.username.lower()

    async def _look(self, what: PostToRead, topic: ForumTopic, post: ForumPost) -> None:
        said = self._inbound(what, topic, post)
        known, seen = await self._core.database.read(lambda t: _talk(t, what, said.id))
        if seen:
            return
        changed = known is not None and known.before is not None and not what.anew
        if known is not None and changed and not await self._is_open_again(known, said):
            return
        if self._core.limits.take((POSTS, str(what.user))) > 0 and not await self._endangers(said):
            return await self._too_many(what, said, has_ticket=known is not None and known.row.ticket is not None)
        asks_us = self._asks_us(topic, post)
        silent = known is not None and known.before is not None and known.row.ticket is not None

        def handed(turn: Turn) -> Inbound | None:
            return self._handed(said, judge(turn, asks_us=asks_us), silent=silent)

        receipt = await self._core.inbox.weigh(said, handed)
        if receipt is not None and not receipt.again and receipt.answers:
            await safely("an answer did not leave", self._leaving.at_once(receipt, what, topic), None)

    async def _endangers(self, said: Inbound) -> bool:
        return endangers(await self._core.inbox.understand(said.text, said.at))

    async def _too_many(self, what: PostToRead, said: Inbound, *, has_ticket: bool) -> None:
        """A person looks at them, and is called once, in whatever topics they are: two machines that answer one another end
        here, and nobody fills the queue or the forum."""
        if has_ticket or self._core.limits.take((POSTS_OVER, str(what.user))) == 0:
            person = self._handed(said, PostVerdict.PERSON, silent=has_ticket)
            assert person is not None
            await self._core.inbox.receive(replace(person, outbox=not has_ticket))

    def _handed(self, said: Inbound, verdict: PostVerdict, *, silent: bool) -> Inbound | None:
        """What is handed in of it; `silent` says that whoever has its ticket is told, and nobody else."""
        if verdict is PostVerdict.PERSON:
            return self._noted(said) if silent else replace(said, intent="human", public=False)
        return None if verdict is PostVerdict.NOTHING else said

    async def _is_open_again(self, known: TopicTalk, said: Inbound) -> bool:
        """Of a post that was changed, whether it is to be read anew: what we said to it has not left yet, and does not now; or
        a person has it, and has not answered. A seat at it is told."""
        assert known.before is not None
        first = known.before.seq
        pending = [row for row in known.owed if row.first_seq > first and not row.is_given_up]
        if pending and not any(row.is_leaving(self._core.now()) for row in pending):
            await self._core.database.write(lambda t: outbox.drop(t, pending))
            return True
        if known.row.seat is not None:
            await self._core.inbox.receive(self._noted(said))
        return known.row.ticket is not None and known.row.seat is None

    def _asks_us(self, topic: ForumTopic, post: ForumPost) -> bool:
        """Whether it is said to us or to everybody. What one resident says to another, and what a colleague has answered
        already, is answered where we know it for sure, and is no ticket."""
        posts = topic.post_stream.posts
        if any(each.is_of_staff and each.reply_to_post_number == post.post_number for each in posts):
            return False
        to = next((each for each in posts if each.post_number == post.reply_to_post_number), None)
        return to is None or to.post_number == 1 or to.user_id == post.user_id or self._is_own(to)

    async def _gone(self, what: PostToRead) -> None:
        """Tells whoever has its ticket that a post was deleted. Of a topic that is of no concern any more no post is known to be."""
        if not what.post:
            return
        id = f"{what.post}:gone"
        known, seen = await self._core.database.read(lambda t: _talk(t, what, id))
        if known is not None and known.before is not None and known.row.ticket is not None and not seen:
            said = Inbound(
                channel=CHANNEL, address=_address(what), id=id, text="【帖子已被删除，不再答复】", at=self._core.now(),
                intent=CONTINUE, inline=True,
            )  # fmt: skip
            await self._core.inbox.receive(said)

    def _inbound(self, what: PostToRead, topic: ForumTopic, post: ForumPost) -> Inbound:
        mark = self._core.vault.digest(CHANNEL, wording.told(topic, post))
        link = f"{self._settings.base}/t/{what.topic}/{what.number}"
        return Inbound(
            channel=CHANNEL, address=_address(what), id=f"{what.post}:{mark}", text=wording.words(topic, post),
            at=self._core.now(), cards=(Card(topic.title[:200], (link,)),), refs=(str(what.post), str(what.number), mark),
            public=True,
        )  # fmt: skip

    def _noted(self, said: Inbound) -> Inbound:
        """For seats alone."""
        return replace(said, text=f"【帖子改过了】\n{said.text}", intent=CONTINUE, inline=True)


def _address(what: PostToRead) -> str:
    """One talk for each author in each topic."""
    return f"{what.topic}:{what.user}"


def _talk(transaction: Transaction, what: PostToRead, id: str) -> tuple[TopicTalk | None, bool]:
    """The talk that a post belongs to, and whether it was read as it is now."""
    row = conversations.find(transaction, CHANNEL, _address(what))
    if row is None:
        return None, False
    said = conversations.messages(transaction, row.id, max(1, row.seq - BACK), row.seq)
    earlier = [numbered(each) for each in said if each.author == "resident"]
    before = next((each for each in reversed(earlier) if each.message.refs[:1] == (str(what.post),)), None)
    seen = conversations.answered(transaction, row.id, id) is not None
    return TopicTalk(row, before, outbox.owed(transaction, row.id)), seen
