"""Posts in a forum, from the forum's side: what is written, what is answered in the topic, and what goes wrong."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from accounts import limits
from daoxue.config import Config
from integrations.channels import CHANNELS
from integrations.forum import rendering, wording
from integrations.forum.api import ForumPost, ForumTopic, _Stream
from integrations.forum.rows import LANE
from integrations.forum.settings import PATH, ForumSettings
from players.forum import ForumRefusedError
from store import conversations, knowledge, queue
from tests.desk_client import Desk, Person
from tests.foruming import CATEGORY, Foruming, foruming

RECORDED = [json.loads(each) for each in (Path(__file__).parent / "recorded" / "forum.jsonl").read_text().splitlines()]
UNSURE = "量子力学考试什么时候"
SURE = "积分会过期吗"


@pytest.fixture
async def talk(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Foruming]:
    async with foruming(config, monkeypatch) as connected:
        yield connected


async def tickets(seat: Person) -> list[str]:
    return [each["ref"] for each in (await seat.get("/tickets?state=waiting"))["tickets"]]


async def answered(talk: Foruming, seat: Person, text: str) -> str:
    """The only ticket, taken and answered by a seat."""
    [ref] = await tickets(seat)
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": text})
    talk.clock.ahead += 60
    await talk.deliver()
    return ref


# -- what is written, and what is answered


async def test_what_we_know_is_answered_with_its_source_and_marked_as_the_assistants(talk: Foruming) -> None:
    post, [answer] = await talk.ask(SURE, "到账两年多了")
    assert answer.startswith("会。积分")
    assert "*（出处：" in answer
    assert "自动答复" in answer
    assert talk.url in answer, "where what is personal is asked"
    assert talk.forum.calls["reply"] == 1
    assert post.topic.posts[-1].to is None


async def test_a_reply_is_answered_below_itself_and_goes_on_with_its_authors_talk(talk: Foruming) -> None:
    who = talk.forum.member()
    post, _ = await talk.ask("书法晚间班几点上课", who=who)
    [answer] = await talk.reply(who, post.topic, "那什么时候开课")
    assert "12月17日" in answer
    assert post.topic.posts[-1].to == 3


async def test_what_we_do_not_know_becomes_a_ticket_whose_answer_is_posted_in_the_topic(talk: Foruming) -> None:
    seat = await Desk(talk.app).person()
    post, [told] = await talk.ask(UNSURE, "有没有人知道")
    assert "转人工" in told
    ref = await answered(talk, seat, "我们没有这个考试，请问大学的自考办。")
    shown = await seat.get(f"/tickets/{ref}")
    assert shown["messages"][0]["text"] == f"{UNSURE} 有没有人知道"
    assert shown["messages"][0]["cards"][0]["lines"] == [f"{talk_base(talk)}/t/{post.topic.id}/1"]
    answer = talk.said(post.topic)[-1]
    assert answer.startswith("我们没有这个考试")
    assert f"工作人员答复（工单 {ref}）" in answer
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    await talk.deliver()
    assert len(talk.said(post.topic)) == 2, "who has it and that it is closed is nobody's business there"


def talk_base(talk: Foruming) -> str:
    return talk.app.config.channels.of(ForumSettings).base


async def test_what_a_class_costs_is_told_where_everybody_reads(talk: Foruming) -> None:
    _, [answer] = await talk.ask("书法晚间班多少钱")
    assert "单独找我办" not in answer
    assert "元" in answer


@pytest.mark.parametrize("personal", ["我的学分还有多少", "我要投诉你们的老师", "请给我回个电话"])
async def test_what_is_personal_is_pointed_to_a_private_way_and_is_no_ticket(talk: Foruming, personal: str) -> None:
    _, [answer] = await talk.ask("请教", personal)
    assert "单独找我办" in answer
    assert talk.url in answer
    assert await tickets(await Desk(talk.app).person()) == []


async def test_a_life_in_danger_does_not_wait_for_a_seat(talk: Foruming) -> None:
    _, [answer] = await talk.ask("我不想活了")
    assert "12356" in answer
    assert len(await tickets(await Desk(talk.app).person())) == 1


@pytest.mark.parametrize("who", ["own", "staff", "elsewhere", "message", "machine", "small"])
async def test_what_is_not_asked_of_us_is_not_answered(talk: Foruming, who: str) -> None:
    forum, raw = talk.forum, SURE
    author = forum.assistant if who == "own" else forum.member(staff=who == "staff")
    if who == "machine":
        raw += "\n<!-- dx:0123 -->"
    elif who == "small":
        raw = "谢谢大家"
    category, kind = (9 if who == "elsewhere" else CATEGORY), "private_message" if who == "message" else "regular"
    post = await forum.open(author, raw.partition("\n")[0], raw, category, archetype=kind)
    await talk.deliver()
    assert talk.said(post.topic) == ([SURE] if who == "own" else [])
    assert forum.statuses == [200]


async def test_residents_among_themselves_are_left_alone_but_where_we_know_it(talk: Foruming) -> None:
    one, other = talk.forum.member(), talk.forum.member()
    post, _ = await talk.ask(SURE, who=one)
    first = await talk.forum.write(other, post.topic, "同学你上次那个后来怎么样了", None)
    await talk.deliver()
    before = len(await tickets(await Desk(talk.app).person()))
    assert await talk.reply(one, post.topic, "还是老样子，下次再说吧", first) == []
    [answer] = await talk.reply(one, post.topic, "你们学院几点开门", first)
    assert "08:30" in answer
    assert len(await tickets(await Desk(talk.app).person())) == before


async def test_what_a_colleague_has_answered_is_no_ticket(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with foruming(config, monkeypatch, wait=60) as talk:
        post, said = await talk.ask(UNSURE)
        await talk.forum.write(talk.forum.member(staff=True), post.topic, "没有这个考试", post)
        talk.clock.ahead += 60
        await talk.deliver()
        assert said == talk.said(post.topic) == []


# -- webhooks


async def test_events_that_come_twice_and_out_of_order_are_answered_once(talk: Foruming) -> None:
    who = talk.forum.member()
    hook, talk.forum.hook = talk.forum.hook, ""
    post = await talk.forum.open(who, "请教", "几点开门", CATEGORY)
    await talk.forum.edit(post, SURE)
    talk.forum.hook = hook
    for headers, body in [*reversed(talk.forum.events), *talk.forum.events]:
        assert await talk.forum.bring(headers, body) == 200
        await talk.deliver()
    [answer] = talk.said(post.topic)
    assert answer.startswith("会。积分")


@pytest.mark.parametrize("one", [pytest.param(each, id=each["name"]) for each in RECORDED])
async def test_an_event_as_the_forum_sends_it_leads_to_the_post_that_it_is_about(
    one: dict[str, Any], talk: Foruming
) -> None:
    body = json.dumps(one["body"], ensure_ascii=False)
    now = datetime.fromtimestamp(talk.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    body = body.replace('"created_at": "2026-11-20T02:00:12.411Z"', f'"created_at": "{now}"')
    assert await talk.forum.deliver(one["event"], body.encode(), kind=one["event"].partition("_")[0]) == 200
    rows = await talk.app.database.read(lambda t: queue.of_lane(t, LANE, 9))
    assert [json.loads(each.body)[:4] for each in rows] == ([one["read"]] if one["read"] else [])


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "0" * 64])
async def test_a_forged_event_is_not_taken(talk: Foruming, signature: str) -> None:
    post = await talk.forum.open(talk.forum.member(), SURE, SURE, category=9)
    body = json.dumps({"post": talk.forum.hooked(post) | {"category_id": CATEGORY}}).encode()
    talk.forum.back_off = 0
    assert await talk.forum.deliver("post_created", body, signature=signature) == 403
    await talk.deliver()
    assert talk.forum.calls["topic"] == 0


async def test_what_is_proven_and_of_no_use_is_acknowledged(talk: Foruming) -> None:
    forum = talk.forum
    post = await forum.open(forum.member(), SURE, SURE, category=9)
    whole = forum.hooked(post) | {"category_id": CATEGORY}
    odd = [json.dumps({"post": whole | each}).encode() for each in ({"id": 1 << 60}, {"user_id": 10**30})]
    bodies = [b"", b"[]", b"\xff", b'{"post": {}}', *odd]
    assert {await forum.deliver("post_created", body) for body in bodies} == {200}
    assert await forum.deliver("ping", b'{"ping":"OK"}', kind="ping") == 200
    assert await forum.deliver("post_created", json.dumps({"post": whole}).encode(), id="x" * 80) == 200
    await talk.deliver()
    assert forum.calls["topic"] == 0


async def test_an_oversize_event_is_refused_before_it_is_read(talk: Foruming) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(talk.url + PATH, content=b"x" * 1_100_000)
    assert answer.status_code == 413


# -- edits and deletions


async def test_a_question_is_answered_as_it_stands_when_its_time_has_come(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with foruming(config, monkeypatch, wait=60) as talk:
        kept, gone = [await talk.forum.open(talk.forum.member(), "请教", "你好呀", CATEGORY) for _ in range(2)]
        await talk.forum.edit(kept, SURE, told=False)
        await talk.forum.delete(gone, told=False)
        await talk.deliver()
        assert talk.said(kept.topic) == []
        talk.clock.ahead += 60
        await talk.deliver()
        [answer] = talk.said(kept.topic)
        assert answer.startswith("会。积分")
        assert talk.said(gone.topic) == []


@pytest.mark.parametrize("told", [True, False])
async def test_a_question_that_was_changed_before_its_answer_left_is_read_anew(talk: Foruming, told: bool) -> None:
    talk.forum.faults["reply"] = [ForumRefusedError(429, "slow down", "rate_limit", wait_seconds=30)]
    post, said = await talk.ask("请教", "几点开门")
    assert said == []
    await talk.forum.edit(post, SURE, told=told)
    talk.clock.ahead += 30
    await talk.deliver()
    [answer] = talk.said(post.topic)
    assert answer.startswith("会。积分")


async def test_a_topic_that_comes_into_a_category_of_ours_is_read_once(talk: Foruming) -> None:
    post = await talk.forum.open(talk.forum.member(), "请教", SURE, category=9)
    await talk.deliver()
    assert talk.said(post.topic) == []
    for _ in range(2):
        await talk.forum.rename(post.topic, category=CATEGORY)
        await talk.deliver()
    [answer] = talk.said(post.topic)
    assert answer.startswith("会。积分")


async def test_of_old_topics_that_are_moved_nothing_is_answered(talk: Foruming) -> None:
    post = await talk.forum.open(talk.forum.member(), "请教", SURE, category=9, began=talk.clock() - 4 * 86_400)
    await talk.forum.rename(post.topic, category=CATEGORY)
    await talk.deliver()
    assert talk.forum.calls["topic"] == 0


async def test_a_seat_sees_another_title(talk: Foruming) -> None:
    seat = await Desk(talk.app).person()
    post, _ = await talk.ask(UNSURE, "请问一下")
    [ref] = await tickets(seat)
    await seat.post(f"/tickets/{ref}/take")
    await talk.forum.rename(post.topic, "量子力学考试在哪里")
    await talk.deliver()
    last = (await seat.get(f"/tickets/{ref}"))["messages"][-1]["text"]
    assert last.startswith("【帖子改过了】 量子力学考试在哪里")


async def test_an_answer_stands_when_its_question_is_changed_afterwards(talk: Foruming) -> None:
    post, _ = await talk.ask("请教", "几点开门")
    await talk.forum.edit(post, SURE)
    await talk.deliver()
    assert len(talk.said(post.topic)) == 1


async def test_a_seat_sees_that_a_question_was_changed_and_deleted(talk: Foruming) -> None:
    seat = await Desk(talk.app).person()
    post, _ = await talk.ask("请教", UNSURE)
    [ref] = await tickets(seat)
    await talk.forum.edit(post, "量子力学考试在哪里")
    await talk.deliver()
    await seat.post(f"/tickets/{ref}/take")
    await talk.forum.edit(post, "量子力学考试几点开始")
    await talk.deliver()
    await talk.forum.delete(post)
    await talk.deliver()
    texts = [each["text"] for each in (await seat.get(f"/tickets/{ref}"))["messages"] if each["author"] == "resident"]
    assert [text.partition(" ")[0] for text in texts[1:]] == [
        "【帖子改过了】",
        "【帖子改过了】",
        "【话题已被删除，不再答复】",
    ]
    assert len(talk.said(post.topic)) == 1


async def test_a_deleted_post_is_answered_no_more_and_the_seat_sees_it(talk: Foruming) -> None:
    seat = await Desk(talk.app).person()
    post, _ = await talk.ask(UNSURE)
    await talk.forum.delete(post)
    ref = await answered(talk, seat, "没有这个考试。")
    assert len(talk.said(post.topic)) == 1
    given_up = await talk.app.database.read(lambda t: queue.given_up(t, 10))
    assert [each.outcome for each in given_up] == ["the post was deleted"]
    assert (await seat.get(f"/tickets/{ref}"))["ticket"]["ref"] == ref


# -- drafts


async def test_an_answered_topic_becomes_a_draft_without_what_is_personal(talk: Foruming) -> None:
    desk = Desk(talk.app)
    seat = await desk.person()
    asked = f"@awang {UNSURE}，信箱 wang@home.test"
    await talk.ask(UNSURE, asked)
    ref = await answered(talk, seat, "没有这个考试。要问请打 13912345678 找 li@centre.test。")
    await (await desk.person()).post(f"/tickets/{ref}/close", {"result": "answered"}, expect=409)
    assert not await talk.app.database.read(lambda t: knowledge.beginning(t, f"seat-{ref}-")), "by who does not have it"
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    drafts = await talk.app.database.read(lambda t: knowledge.beginning(t, f"seat-{ref}-"))
    [entry] = [json.loads(body) for body in drafts.values()]
    assert entry["answer"].startswith("没有这个考试")
    assert UNSURE in entry["questions"][0]
    for number in ("awang", "wang@", "13912345678", "li@"):
        assert number not in json.dumps(entry, ensure_ascii=False)
    [id] = drafts
    assert (kept := await talk.app.database.read(lambda t: knowledge.get(t, id)))
    assert kept.status == "draft"


@pytest.mark.parametrize("result", ["spam", "unsolved"])
async def test_what_was_not_answered_becomes_no_draft(talk: Foruming, result: str) -> None:
    seat = await Desk(talk.app).person()
    await talk.ask(UNSURE)
    ref = await answered(talk, seat, "请看置顶。")
    await seat.post(f"/tickets/{ref}/close", {"result": result})
    assert await talk.app.database.read(lambda t: knowledge.beginning(t, f"seat-{ref}-")) == {}


# -- what goes wrong


async def test_a_flood_is_waited_for_and_nothing_is_asked_meanwhile(talk: Foruming) -> None:
    talk.forum.faults["reply"] = [ForumRefusedError(429, "slow down", "rate_limit", wait_seconds=40)]
    posts = [await talk.forum.open(talk.forum.member(), "请教", SURE, CATEGORY) for _ in range(3)]
    await talk.deliver()
    assert talk.forum.calls["reply"] == 1
    talk.clock.ahead += 40
    for _ in posts:
        await talk.deliver()
    assert [len(talk.said(post.topic)) for post in posts] == [1, 1, 1]


async def test_an_answer_whose_response_was_lost_is_looked_for_before_it_is_posted_again(talk: Foruming) -> None:
    talk.forum.remembers = talk.forum.limits = False
    talk.forum.faults["reply"] = ["lost"]
    post = await talk.forum.open(talk.forum.member(), "请教", SURE, CATEGORY)
    await talk.app.queue.work()
    await talk.app.queue.work()
    for _ in range(30):  # the topic goes on, far beyond what is shown with its first post
        await talk.forum.write(talk.forum.member(staff=True), post.topic, "顶")
    post.topic.posts.append(post.topic.posts.pop(1))
    talk.clock.ahead += 60
    await talk.deliver()
    assert len(talk.forum.lost) == len(talk.said(post.topic)) == talk.forum.calls["reply"] == 1


@pytest.mark.parametrize("kind", ["topic", "reply"])
@pytest.mark.parametrize("fault", ["html", "maintenance", 503, ForumRefusedError(403, "key", "invalid_access")])
async def test_a_forum_that_is_down_or_does_not_know_our_key_is_told_once_and_asked_again(
    talk: Foruming, caplog: pytest.LogCaptureFixture, kind: str, fault: object
) -> None:
    key, wrong = talk.forum.key, isinstance(fault, ForumRefusedError)
    post = await talk.forum.open(talk.forum.member(), "请教", SURE, CATEGORY)
    talk.forum.faults[kind] = [fault] * 3
    talk.forum.faults["session"] = [fault] * 3 if wrong else []
    for _ in range(3):
        await talk.deliver()
        talk.clock.ahead += 30
    assert [each.message for each in caplog.records].count("forum") == 1
    assert talk.forum.key == key
    talk.clock.ahead += 30
    await talk.deliver()
    assert len(talk.said(post.topic)) == 1
    assert await talk.app.database.read(lambda t: queue.given_up(t, 10)) == []


async def test_a_wrong_key_is_seen_at_the_desk(talk: Foruming) -> None:
    talk.forum.key = "another"
    post, said = await talk.ask(SURE)
    health = await talk.app.channels["forum"].health(0)
    assert said == []
    assert health.alarm is not None
    assert "key" in health.alarm
    talk.forum.key = "0f" * 32
    talk.clock.ahead += 30
    await talk.deliver()
    assert len(talk.said(post.topic)) == 1
    assert (await talk.app.channels["forum"].health(0)).alarm is None


async def test_a_topic_that_was_moved_to_where_we_may_not_read_is_let_go(talk: Foruming) -> None:
    post = await talk.forum.open(talk.forum.member(), SURE, SURE, CATEGORY)
    post.topic.secured = True
    await talk.deliver()
    assert talk.forum.calls["session"] == 2, "of the topic, and of where the post may be now"
    assert (await talk.app.channels["forum"].health(0)).alarm is None
    assert (await talk.app.database.read(lambda t: queue.owed(t, 1 << 60))) == []


async def test_a_post_that_is_refused_as_too_similar_is_tried_again(talk: Foruming) -> None:
    talk.forum.faults["reply"] = [ForumRefusedError(422, "Body is too similar to what you recently posted")]
    post, _ = await talk.ask(SURE)
    talk.clock.ahead += 30
    await talk.deliver()
    assert len(talk.said(post.topic)) == 1


async def test_in_a_closed_topic_nothing_is_posted_and_people_see_it(talk: Foruming) -> None:
    post = await talk.forum.open(talk.forum.member(), SURE, SURE, CATEGORY, closed=True)
    await talk.deliver()
    assert talk.said(post.topic) == []
    given_up = await talk.app.database.read(lambda t: queue.given_up(t, 10))
    assert [each.outcome for each in given_up] == ["the topic is closed"]


async def test_posts_that_wait_for_a_moderator_are_told_at_the_desk(talk: Foruming) -> None:
    talk.forum.approves = True
    await talk.ask(SURE)
    assert len(talk.forum.waiting) == 1
    assert "审核" in str((await talk.app.channels["forum"].health(0)).alarm)


async def test_two_machines_that_answer_one_another_end(talk: Foruming) -> None:
    machine = talk.forum.member("another_bot")
    post, _ = await talk.ask(SURE, who=machine)
    for number in range(15):
        await talk.reply(machine, post.topic, f"{SURE}？{number}", post.topic.posts[-1])
    before = len(talk.said(post.topic))
    assert before <= 12
    assert await talk.reply(machine, post.topic, SURE, post.topic.posts[-1]) == []
    assert len(await tickets(await Desk(talk.app).person())) == 1


async def test_who_opens_topic_after_topic_gets_one_person_and_silence_but_where_a_life_is_in_danger(
    talk: Foruming,
) -> None:
    who = talk.forum.member()
    for number in range(25):
        await talk.ask(f"{SURE}？{number}", who=who)
    assert sum(map(len, map(talk.said, talk.forum.topics.values()))) == limits.POSTS.most + 1
    assert len(await tickets(await Desk(talk.app).person())) == 1
    _, [answer] = await talk.ask("我妈晕倒了，没有呼吸了", who=who)
    assert "120" in answer


async def test_scripts_and_names_in_what_we_post_are_only_text(talk: Foruming) -> None:
    seat = await Desk(talk.app).person()
    post, _ = await talk.ask(UNSURE)
    await answered(talk, seat, "<script>alert(1)</script> @all [x](javascript:1) https://a.test/x_y_z")
    answer = talk.said(post.topic)[-1].partition("\n")[0]
    assert answer == "\\<script\\>alert(1)\\</script\\> @\u200ball \\[x\\](javascript:1) https://a.test/x_y_z"


# -- forms


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('[quote="王, post:1, topic:2"]\n几点开门\n[/quote]\n\n那周末呢', "那周末呢"),
        ("[quote]a[quote]b[/quote]c[/quote]好", "好"),
        ("[quote]没有完", "[quote]没有完"),
        ("> 引用\n@daoxue 几点**开门**？", "几点开门？"),
        ("看[这里](https://a.test/x)<b>吗</b><!-- 注 -->", "看这里 吗"),
        ("![图|690x388](upload://abc.png)", "[图片]"),
        ("## 标题\n- 一\n- 二", "标题\n一\n二"),
        ("", ""),
    ],
)
def test_the_words_of_a_post(raw: str, said: str) -> None:
    post = ForumPost(id=2, post_number=2, raw=raw)
    assert wording.words(ForumTopic(id=1, title="请教", post_stream=_Stream((post,))), post) == said


@pytest.mark.parametrize("nasty", ["[quote " * 40_000, "[" * 200_000, "<" * 200_000, "![" * 100_000, "@" * 200_000])
def test_words_that_were_written_to_hurt_take_no_time(nasty: str) -> None:
    post = ForumPost(id=2, post_number=2, raw=nasty)
    wording.words(ForumTopic(id=1, title="请教", post_stream=_Stream((post,))), post)
    rendering.plain(nasty)


async def test_the_talk_is_kept_apart_by_topic_and_author(talk: Foruming) -> None:
    who = talk.forum.member()
    first, _ = await talk.ask("请教", SURE, who)
    second, _ = await talk.ask("再请教", SURE, who)
    for post in (first, second):
        at = f"{post.topic.id}:{who.id}"
        assert await talk.app.database.read(lambda t, at=at: conversations.find(t, "forum", at)) is not None  # type: ignore[misc]


async def test_the_same_event_id_is_one_event(talk: Foruming) -> None:
    await talk.forum.open(talk.forum.member(), SURE, SURE, CATEGORY)
    [(headers, body)] = talk.forum.events
    await talk.forum.bring(headers, body)
    assert [each.rows for each in await talk.app.database.read(lambda t: queue.owed(t, 1 << 60))] == [1]


def test_what_a_forum_needs_is_named() -> None:
    stanzas, channel = Config().channels.having(ForumSettings(enabled=True)), CHANNELS["forum"]
    assert channel.unset(stanzas) == ["channels.forum.base", "channels.forum.username", "channels.forum.categories"]
    assert channel.lacking(stanzas, {}) == [
        "channels.forum: FORUM_API_KEY",
        "channels.forum: FORUM_WEBHOOK_SECRET",
    ]
