"""What moderators do to topics, posts, accounts and categories: nothing is answered where nobody should, what comes back is
answered after all, and whoever has a ticket of it knows."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from bot.channel import Means
from bot.examining import Severity
from bot.messages import Numbered
from daoxue.config import Config
from integrations.forum import hearing
from integrations.forum.examining import examine
from integrations.forum.following import GONE_CATEGORIES
from integrations.forum.hooks import RECEIVED
from integrations.forum.rows import LANE
from players.forum import ForumRefusedError, Member, Written
from players.forum_staff import ForumStaff
from store import queue, settings, ticket_lists
from store.conversations import ConversationRow
from store.transaction import Transaction
from tests.desk_client import Desk, Person
from tests.foruming import CATEGORY, Foruming, environment, foruming
from tests.test_forum import SURE, UNSURE, answered, tickets

ELSEWHERE = 9


@pytest.fixture
async def talk(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Foruming]:
    async with foruming(config, monkeypatch) as connected:
        yield connected


@pytest.fixture
def staff(talk: Foruming) -> ForumStaff:
    return ForumStaff(talk.forum)


@pytest.fixture
async def seat(talk: Foruming) -> Person:
    return await Desk(talk.app).person()


def flooded(talk: Foruming) -> None:
    """The next post is not taken at once."""
    talk.forum.faults["reply"] = [ForumRefusedError(429, "slow down", "rate_limit", wait_seconds=30)]


async def later(talk: Foruming) -> None:
    talk.clock.ahead += 30
    await talk.deliver()


async def told(seat: Person, ref: str) -> list[str]:
    """What a seat was told of it, beside what was written."""
    messages = (await seat.get(f"/tickets/{ref}"))["messages"]
    return [each["text"] for each in messages if each["author"] == "resident" and each["text"].startswith("【")]


# -- what comes back


async def test_a_post_that_is_there_again_is_answered_after_all(talk: Foruming, staff: ForumStaff) -> None:
    flooded(talk)
    post, said = await talk.ask("请教", SURE)
    await talk.forum.delete(post)
    await later(talk)
    assert (said, talk.said(post.topic)) == ([], [])
    for _ in range(2):
        await staff.recover(post)
        await later(talk)
    [answer] = talk.said(post.topic)
    assert answer.startswith("会。积分")


async def test_what_was_answered_is_not_answered_again_when_it_is_back(talk: Foruming, staff: ForumStaff) -> None:
    post, _ = await talk.ask("请教", SURE)
    await talk.forum.delete(post)
    await staff.recover(post)
    await later(talk)
    assert len(talk.said(post.topic)) == 1


async def test_a_seat_sees_that_a_post_is_back(talk: Foruming, staff: ForumStaff, seat: Person) -> None:
    post, _ = await talk.ask("请教", UNSURE)
    [ref] = await tickets(seat)
    await staff.delete(post.topic)
    await talk.deliver()
    await staff.recover(post)
    await talk.deliver()
    assert await told(seat, ref) == ["【话题已被删除，不再答复】", "【话题又可以答复了】"]
    await answered(talk, seat, "没有这个考试。")
    assert "没有这个考试" in talk.said(post.topic)[-1]
    assert await tickets(seat) == []


async def test_a_seat_sees_that_a_reply_is_back(talk: Foruming, staff: ForumStaff, seat: Person) -> None:
    _, post = await asked_below(talk, UNSURE)
    await talk.deliver()
    [ref] = await tickets(seat)
    await talk.forum.delete(post)
    await talk.deliver()
    await staff.recover(post)
    await talk.deliver()
    assert await told(seat, ref) == ["【帖子已被删除，不再答复】", "【帖子恢复了】"]


# -- topics


async def test_a_topic_that_leaves_our_categories_is_answered_no_more(talk: Foruming, staff: ForumStaff) -> None:
    flooded(talk)
    post, _ = await talk.ask("请教", SURE)
    await talk.forum.rename(post.topic, category=ELSEWHERE)
    await later(talk)
    assert talk.said(post.topic) == []
    assert await talk.app.database.read(lambda t: queue.given_up(t, 10)) == []
    assert await talk.reply(talk.forum.member(), post.topic, SURE) == []


async def test_a_seat_answers_where_the_topic_is_now(talk: Foruming, seat: Person) -> None:
    post, _ = await talk.ask("请教", UNSURE)
    [ref] = await tickets(seat)
    await talk.forum.rename(post.topic, category=ELSEWHERE)
    await talk.deliver()
    assert await told(seat, ref) == ["【话题移到了别的版块】"]
    await answered(talk, seat, "没有这个考试。")
    assert "没有这个考试" in talk.said(post.topic)[-1]


async def test_a_seat_sees_what_becomes_of_a_topic(talk: Foruming, staff: ForumStaff, seat: Person) -> None:
    post, _ = await talk.ask("请教", UNSURE)
    other = talk.forum.member()
    await talk.reply(other, post.topic, "我也想问，量子力学考试在哪里报名")
    refs = await tickets(seat)
    topic = post.topic
    for done in (
        staff.close(topic), staff.close(topic), staff.archive(topic), staff.archive(topic, archived=False), staff.close(topic, closed=False),
        staff.list(topic, visible=False), staff.list(topic), talk.forum.rename(topic, "另一个标题"), staff.delete(topic),
    ):  # fmt: skip
        await done
        await talk.deliver()
    for ref in refs:
        assert [each[1:6] for each in await told(seat, ref) if "话题" in each] == [
            "话题已关闭", "话题已归档", "话题已关闭", "话题又可以", "话题不再列", "话题又可以", "话题已被删",
        ]  # fmt: skip


async def test_of_topics_without_a_ticket_nothing_is_asked(talk: Foruming, staff: ForumStaff) -> None:
    post = await talk.forum.open(talk.forum.member(), "请教", SURE, category=ELSEWHERE)
    await staff.close(post.topic)
    await staff.list(post.topic, visible=False)
    await talk.deliver()
    assert talk.forum.calls["topic"] == 0


async def test_what_was_taken_from_view_is_answered_when_it_is_there_for_all(talk: Foruming, staff: ForumStaff) -> None:
    post = await talk.forum.open(talk.forum.member(), "请教", SURE, CATEGORY, visible=False)
    await talk.deliver()
    assert talk.said(post.topic) == []
    await staff.list(post.topic)
    await talk.deliver()
    assert len(talk.said(post.topic)) == 1


# -- posts that are moved


async def asked_below(talk: Foruming, text: str) -> tuple[Member, Written]:
    """A question in somebody else's topic."""
    first = await talk.forum.open(talk.forum.member(), "大家好", "大家早上好", CATEGORY)
    who = talk.forum.member()
    post = await talk.forum.write(who, first.topic, text)
    return who, post


async def test_a_question_that_was_moved_before_it_was_read_is_answered_there(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with foruming(config, monkeypatch, wait=60) as talk:
        _, post = await asked_below(talk, SURE)
        old = post.topic
        new = await ForumStaff(talk.forum).move([post], "积分", CATEGORY)
        talk.clock.ahead += 60
        await talk.deliver()
        assert (len(talk.said(new)), talk.said(old)) == (1, [])


async def test_a_question_that_was_moved_elsewhere_is_not_answered(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with foruming(config, monkeypatch, wait=60) as talk:
        _, post = await asked_below(talk, SURE)
        new = await ForumStaff(talk.forum).move([post], "积分", ELSEWHERE)
        talk.clock.ahead += 60
        await talk.deliver()
        assert talk.said(new) == []


async def test_a_seat_answers_where_the_question_is_now(talk: Foruming, staff: ForumStaff, seat: Person) -> None:
    _, post = await asked_below(talk, UNSURE)
    await talk.deliver()
    [ref] = await tickets(seat)
    new = await staff.move([post], "考试", CATEGORY)
    await talk.forum.edit(post, "量子力学考试在哪里")
    await talk.deliver()
    assert await tickets(seat) == [ref], "it is the same question"
    await answered(talk, seat, "没有这个考试。")
    assert "没有这个考试" in talk.said(new)[-1]


async def test_only_what_is_not_new_is_looked_for_in_other_topics(
    talk: Foruming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many tickets are open: a post that is new stands where it was written, and one that was read is found there."""
    looks, read = list[str](), list[int]()
    talks, before = ticket_lists.talks, hearing._before

    def looked(transaction: Transaction, channel: str) -> list[tuple[int, str]]:
        looks.append(channel)
        return talks(transaction, channel)

    def reading(transaction: Transaction, row: ConversationRow, post: int) -> Numbered | None:
        read.append(row.id)
        return before(transaction, row, post)

    who = talk.forum.member()
    await talk.ask("请教", UNSURE, who)
    await talk.ask("一样的问题", UNSURE)  # of another author
    monkeypatch.setattr(ticket_lists, "talks", looked)
    other, _ = await talk.ask("再请教", UNSURE, who)
    await talk.forum.edit(other, "量子力学考试几号报名")
    await talk.deliver()
    assert looks == []

    unread = await talk.forum.write(who, other.topic, SURE)
    await talk.app.database.write(lambda t: queue.drop_lane(t, LANE))
    monkeypatch.setattr(hearing, "_before", reading)
    await talk.forum.edit(unread, "停车收费吗")
    await talk.deliver()
    assert len(looks) == 1
    assert len(read) == len(set(read)) == 2, "where it stands, and the author's other talk"


async def test_a_question_that_was_moved_with_its_answer_is_not_answered_again(
    talk: Foruming, staff: ForumStaff
) -> None:
    post, _ = await talk.ask("请教", SURE)
    old = post.topic
    below = await talk.forum.write(talk.forum.member(), old, "停车收费吗")
    await talk.deliver()
    before = len(talk.said(old))
    new = await staff.move([each for each in old.posts if each.type == 1], "积分", CATEGORY)
    await talk.deliver()
    await talk.forum.edit(below, "停车要收费吗")
    await talk.deliver()
    assert len(talk.said(new)) == before == 2


# -- accounts and categories


async def test_a_seat_sees_that_an_author_is_gone(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with foruming(config, monkeypatch, wait=5) as talk:  # posts wait, accounts do not
        await _an_author_goes(talk, ForumStaff(talk.forum), await Desk(talk.app).person())


async def _an_author_goes(talk: Foruming, staff: ForumStaff, seat: Person) -> None:
    who = talk.forum.member()
    await talk.ask("请教", UNSURE, who)
    [ref] = await tickets(seat)
    for done in (
        staff.suspend(who),
        staff.suspend(who, suspended=False),
        staff.destroy(who),
        staff.suspend(talk.forum.member()),
    ):
        await done
    await talk.deliver()
    assert await told(seat, ref) == [
        "【作者的论坛账号被停用】", "【作者的论坛账号恢复了】", "【作者的论坛账号已注销】", "【话题已被删除，不再答复】",
    ]  # fmt: skip


async def test_what_befalls_accounts_and_categories_waits_in_the_queue(
    talk: Foruming, staff: ForumStaff, seat: Person
) -> None:
    """The webhook writes down what is to be done, and counts it as what it is."""
    who = talk.forum.member()
    await talk.ask("请教", UNSURE, who)
    [ref] = await tickets(seat)
    before = counted()
    await staff.suspend(who)
    await staff.suspend(talk.forum.member())
    await staff.delete_category(CATEGORY)
    await staff.close(next(iter(talk.forum.topics.values())))
    found = talk.app.database.look(lambda t: queue.of_lane(t, LANE, 10))
    assert sorted(each.kind for each in found) == ["forum_account", "forum_category", "forum_topic"]
    assert {what: number for what, n in counted().items() if (number := n - before.get(what, 0))} == {
        "account": 1, "category": 1, "topic": 1, "ignored": 1,
    }  # fmt: skip
    assert await told(seat, ref) == []
    assert talk.app.database.look(lambda t: settings.get(t, GONE_CATEGORIES)) is None
    await talk.deliver()
    assert {each[1:6] for each in await told(seat, ref)} == {"作者的论坛", "话题已关闭"}


def counted() -> dict[str, float]:
    """Events so far, by what came of them."""
    [metric] = RECEIVED.collect()
    return {each.labels["what"]: each.value for each in metric.samples if each.name.endswith("_total")}


async def test_a_category_that_was_deleted_is_told_until_the_settings_name_it_no_more(
    talk: Foruming, staff: ForumStaff
) -> None:
    channel = talk.app.channels["forum"]
    await staff.delete_category(7)
    assert (await channel.health(0)).alarm is None, "none of ours"
    means = Means(talk.app.config.channels, environment(), None, "", talk.clock)
    assert [each.severity for each in await examine(means)] == [Severity.OK]
    await staff.delete_category(CATEGORY)
    await talk.deliver()
    assert f"版块 {CATEGORY}" in str((await channel.health(0)).alarm)
    kept = talk.app.database.look(lambda t: settings.get(t, GONE_CATEGORIES))
    assert kept == msgspec.json.encode([CATEGORY]), "a document of the centre's, and no token that somebody leases"
    [found] = await examine(means)
    assert (found.severity, str(CATEGORY) in found.seen.zh) == (Severity.FAULT, True)
