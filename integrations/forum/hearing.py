"""Looks at a post when its time has come, as it stands then and where it stands then: answers it, hands it to a person, or tells
the seat that has the talk that it was changed, deleted, or is there again."""

from collections.abc import Sequence
from typing import NamedTuple

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
from integrations.forum.events import PostToRead
from integrations.forum.following import ForumFollower, TopicState
from integrations.forum.judging import PostVerdict, judge
from integrations.forum.leaving import ForumLeaving
from integrations.forum.rows import to_read
from integrations.forum.settings import BACK, CHANNEL, ForumSettings
from store import conversations, outbox, ticket_lists
from store.conversations import ConversationRow
from store.outbox import OwedRow
from store.queue import QueueRow
from store.transaction import Transaction

FIRST = "1"  # the number of the post that a topic begins with


class TopicTalk(NamedTuple):
    """What was said between an author and us in a topic; `before` is the last form of a post that was read."""

    row: ConversationRow
    before: Numbered | None
    owed: Sequence[OwedRow]


class ForumReader:
    """What the queue does with a post."""

    def __init__(
        self, core: Core, settings: ForumSettings, api: ForumApi, leaving: ForumLeaving, follower: ForumFollower
    ) -> None:
        self._follower = follower
        self._core = core
        self._leaving = leaving
        self._settings = settings
        self._api = api

    async def read(self, row: QueueRow) -> Outcome:
        what = to_read(row.body)
        try:
            what, topic, post = await self._found(what)
        except ForumError as error:
            return error.leads_to(self._core.now())
        try:
            if topic is None or post is None:
                await self._gone(what)
            elif self._is_a_residents(topic, post):
                await self._look(what, topic, post)
        except BusyError:
            return Failed("busy")
        return Done()

    async def _found(self, what: PostToRead) -> tuple[PostToRead, ForumTopic | None, ForumPost | None]:
        """A post with its topic, also where it was moved meanwhile: of that nobody tells. Raises `ForumError`."""
        topic = await self._topic(what)
        post = topic.find(what.post or topic.first) if topic is not None else None
        if post is not None:
            return replace(what, post=post.id), topic, post
        moved = await self._api.whereabouts(what.post) if what.post else None
        if moved is None or moved.topic_id == what.topic:
            return what, topic, None
        what = replace(what, topic=moved.topic_id, number=moved.post_number, elsewhere=True)
        topic = await self._topic(what)
        return what, topic, topic.find(what.post) if topic is not None else None

    async def _topic(self, what: PostToRead) -> ForumTopic | None:
        """None where it is gone. Raises `ForumError`."""
        try:
            return await self._api.topic(what.topic, what.number)
        except ForumError as error:
            if error.meaning is not ForumFault.GONE:
                raise
            return None

    def _is_a_residents(self, topic: ForumTopic, post: ForumPost) -> bool:
        """Whether it stands where we answer, and no colleague and no machine has written it."""
        if not topic.is_answered_in(self._settings.categories) or post.post_type != 1:
            return False
        return not (post.is_of_staff or self._is_own(post) or wording.is_of_a_machine(post))

    def _is_own(self, post: ForumPost) -> bool:
        return post.username.lower() == self._settings.username.lower()

    async def _look(self, what: PostToRead, topic: ForumTopic, post: ForumPost) -> None:
        said = self._inbound(what, topic, post)
        known, seen = await self._core.database.read(lambda t: _talk(t, what, said.id))
        if seen and what.back and known is not None:
            said = replace(said, id=f"{said.id}:back")
            seen = await self._is_known_again(known, said, answered=self._is_answered(topic, post))
        if seen or (known is None and self._is_answered(topic, post)):
            return
        if known is not None:
            said = replace(said, address=known.row.address)  # whatever topic it was moved to
        changed = known is not None and known.before is not None and not (what.anew or what.back)
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

    async def _is_known_again(self, known: TopicTalk, said: Inbound, *, answered: bool) -> bool:
        """Of a post that was read, deleted, and is there again, whether there is nothing to do: it is answered, or a person has
        it, who is told. What was not answered because it was gone is read as if it were new."""
        if known.row.ticket is not None:
            if said.refs[1] != FIRST:  # of a whole topic its own event tells
                told = replace(said, text="【帖子恢复了】", intent=CONTINUE, inline=True, cards=(), refs=())
                await self._core.inbox.receive(told)
            return True
        seen = await self._core.database.read(lambda t: conversations.answered(t, known.row.id, said.id))
        return answered or seen is not None or bool(known.owed)

    def _is_answered(self, topic: ForumTopic, post: ForumPost) -> bool:
        """Whether an answer of ours stands there already: both were moved there."""
        return any(
            self._is_own(each)
            and wording.is_of_a_machine(each)
            and (each.reply_to_post_number or 1) == post.post_number
            for each in topic.post_stream.posts
        )

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
        """Tells whoever has its ticket that a post was deleted, or the topic that it began. Of a topic that is of no concern any
        more no post is known to be."""
        if not what.post:
            return
        id = f"{what.post}:gone"
        known, seen = await self._core.database.read(lambda t: _talk(t, what, id))
        if known is None or known.before is None or known.row.ticket is None or seen:
            return
        if what.number == 1:
            return await self._follower.tell_of_topic(known.row.id, known.row.address, TopicState.GONE)
        said = Inbound(
            channel=CHANNEL, address=known.row.address, id=id, text="【帖子已被删除，不再答复】", at=self._core.now(),
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
    before = _before(transaction, row, what.post) if row is not None else None
    if before is None and what.elsewhere:
        row, before = _moved(transaction, what, row) or (row, None)
    if row is None:
        return None, False
    seen = conversations.answered(transaction, row.id, id) is not None
    return TopicTalk(row, before, outbox.owed(transaction, row.id)), seen


def _before(transaction: Transaction, row: ConversationRow, post: int) -> Numbered | None:
    """The last form of a post that was read in a talk."""
    said = conversations.messages(transaction, row.id, max(1, row.seq - BACK), row.seq)
    earlier = [numbered(each) for each in said if each.author == "resident"]
    return next((each for each in reversed(earlier) if each.message.refs[:1] == (str(post),)), None)


def _moved(
    transaction: Transaction, what: PostToRead, here: ConversationRow | None
) -> tuple[ConversationRow, Numbered] | None:
    """The talk of another topic in which a post has a ticket that is not closed: it was moved from there. Addresses are sealed
    whole, so no statement asks for those of one author."""
    for talk, address in ticket_lists.talks(transaction, CHANNEL):
        is_another = here is None or talk != here.id
        row = conversations.get(transaction, talk) if is_another and address.endswith(f":{what.user}") else None
        if row is not None and (before := _before(transaction, row, what.post)) is not None:
            return row, before
    return None
