"""What is done to a topic, an account or a category as a whole: whoever has a ticket of it is told."""

import logging
from collections.abc import Callable
from enum import Enum

import msgspec

from bot.admission import BusyError
from bot.channel import Core
from bot.inbox import numbered
from bot.messages import CONTINUE, Inbound
from bot.queue import Done, Failed, Outcome
from integrations.forum.api import ForumApi, ForumError, ForumFault, ForumTopic
from integrations.forum.rows import account_of, category_of, topic_of
from integrations.forum.settings import BACK, CHANNEL, ForumSettings
from store import conversations, settings, ticket_lists
from store.queue import QueueRow
from store.transaction import Transaction

TOPIC = "topic"  # begins `refs` of what is told of a topic; its state follows
GONE_CATEGORIES = "forum categories gone"  # the setting: numbers
_ACCOUNTS = {
    "user_destroyed": "【作者的论坛账号已注销】", "user_suspended": "【作者的论坛账号被停用】", "user_unsuspended": "【作者的论坛账号恢复了】",
}  # fmt: skip
_numbers = msgspec.json.Decoder(list[int]).decode
log = logging.getLogger(__name__)


class TopicState(Enum):
    """How a topic is, as seats are told."""

    GONE = "【话题已被删除，不再答复】"
    ELSEWHERE = "【话题移到了别的版块】"
    CLOSED = "【话题已关闭，答复贴不出去】"
    ARCHIVED = "【话题已归档，答复贴不出去】"
    UNLISTED = "【话题不再列出，只有知道地址的人看得到】"
    OPEN = "【话题又可以答复了】"


class ForumFollower:
    """Tells, and is no judge: what is answered is decided where a post is read or an answer leaves."""

    def __init__(self, core: Core, settings: ForumSettings, api: ForumApi) -> None:
        self._core = core
        self._settings = settings
        self._api = api

    async def has_tickets_in(self, topic: int) -> bool:
        """Whether somebody waits for an answer in it."""
        return bool(await self._talks(_in(topic)))

    async def has_tickets_of(self, user: int) -> bool:
        """Whether an author waits for an answer, in whatever topic."""
        return bool(await self._talks(_of(user)))

    async def look(self, row: QueueRow) -> Outcome:
        """What the queue does with a topic: tells those who have its tickets how it is, where that is news."""
        number = topic_of(row.body)
        try:
            topic = await self._api.topic(number, 1)
        except ForumError as error:
            if error.meaning is not ForumFault.GONE:
                return error.leads_to(self._core.now())
            topic = None
        state = self._state(topic)
        try:
            for talk, address in await self._talks(_in(number)):
                await self.tell_of_topic(talk, address, state)
        except BusyError:
            return Failed("busy")
        return Done()

    async def tell_of_topic(self, talk: int, address: str, state: TopicState) -> None:
        """Tells whoever has the talk's ticket, where it is news; what two have seen at once is told once. Raises `BusyError`."""
        before, count = await self._core.database.read(lambda t: _told(t, talk))
        if before is not state:
            await self._tell(address, state.value, f"{TOPIC}:{count}", (TOPIC, state.name))

    def _state(self, topic: ForumTopic | None) -> TopicState:
        if topic is None or topic.deleted_at:
            return TopicState.GONE
        if topic.category_id not in self._settings.categories:
            return TopicState.ELSEWHERE
        if topic.archived:
            return TopicState.ARCHIVED
        if topic.closed:
            return TopicState.CLOSED
        return TopicState.OPEN if topic.visible else TopicState.UNLISTED

    async def tell_of_account(self, row: QueueRow) -> Outcome:
        """What the queue does with an account: tells those who have its author's tickets."""
        user, state = account_of(row.body)
        try:
            for _, address in await self._talks(_of(user)):
                await self._tell(address, _ACCOUNTS[state], row.key, ())
        except BusyError:
            return Failed("busy")
        return Done()

    async def note_category(self, row: QueueRow) -> Outcome:
        """What the queue does with a category of ours that was deleted: keeps it for all processes, until the settings name it no
        more."""
        category = category_of(row.body)

        def work(transaction: Transaction) -> None:
            there = _gone_categories(transaction)
            value = msgspec.json.encode(sorted({*there, category}))
            settings.put(transaction, GONE_CATEGORIES, value, "system", self._core.now())

        await self._core.database.write(work, quick=True)
        log.error("forum", extra={"error": f"category {category} was deleted"})
        return Done()

    async def alarm(self) -> str | None:
        """What a person has to see to."""
        gone = set(await self._core.database.read(_gone_categories)) & set(self._settings.categories)
        named = "、".join(map(str, sorted(gone)))
        return f"论坛里删掉了版块 {named}，请改 channels.forum.categories" if gone else None

    async def _talks(self, fits: Callable[[str], bool]) -> list[tuple[int, str]]:
        found = await self._core.database.read(lambda t: ticket_lists.talks(t, CHANNEL))
        return [(talk, address) for talk, address in found if fits(address)]

    async def _tell(self, address: str, text: str, id: str, refs: tuple[str, ...]) -> None:
        """Tells whoever has its ticket, and nobody else. Raises `BusyError`."""
        said = Inbound(
            channel=CHANNEL, address=address, id=id, text=text, at=self._core.now(), intent=CONTINUE, refs=refs, inline=True
        )  # fmt: skip
        await self._core.inbox.receive(said)


def _in(topic: int) -> Callable[[str], bool]:
    """Of addresses, those of a topic."""
    return lambda address: address.startswith(f"{topic}:")


def _of(user: int) -> Callable[[str], bool]:
    """Of addresses, those of an author."""
    return lambda address: address.endswith(f":{user}")


def _told(transaction: Transaction, talk: int) -> tuple[TopicState, int]:
    """How the topic is, as far as the talk knows, and how often that was told."""
    row = conversations.get(transaction, talk)
    said = conversations.messages(transaction, talk, max(1, row.seq - BACK), row.seq) if row is not None else []
    refs = [numbered(each).message.refs for each in said if each.author == "resident"]
    states = [TopicState[each[1]] for each in refs if each[:1] == (TOPIC,)]
    return (states[-1] if states else TopicState.OPEN), len(states)


def _gone_categories(transaction: Transaction) -> list[int]:
    found = settings.get(transaction, GONE_CATEGORIES)
    return _numbers(found) if found is not None else []
