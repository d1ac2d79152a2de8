"""In the queue and after: a matter of its own gets a ticket of its own, a complaint never goes to whom it is about, one
turn tells one number, and nobody is promised a seat that is not there."""

import re

import pytest

from daoxue.app import App
from desk.errors import TicketError
from desk.people import Profile
from desk.routing import OVERFLOW
from desk.tickets import PassedOn
from store import people
from store.people import PresenceRow
from store.ticket_rows import TicketRow
from tests.history import check
from tests.talk import Resident, ten_o_clock

REF = re.compile(r"\d{4}-\d{5}")
AT = int(ten_o_clock() * 1000)
LONG = 2 * OVERFLOW
PROMISED = re.compile("马上|就来|接上|大约要等")


async def seat(app: App, name: str, *, skills: tuple[str, ...] = (), langs: tuple[str, ...] = ("zh",)) -> None:
    """Somebody who sits at the desk from now on."""
    await app.desk.people.add(name, "seat", 1, "test", Profile(skills=skills, langs=langs))
    await app.database.write(lambda t: people.come(t, PresenceRow(f"page-{name}", name, 1, AT + 10**9)))


async def ticket(app: App, ref: str | None) -> TicketRow:
    assert ref
    opened = await app.tickets.show(ref)
    check(opened)
    return opened.ticket


async def served(app: App, seat: str = "wang", said: str = "转人工") -> tuple[Resident, str]:
    """A resident whose ticket a seat has just closed."""
    resident = Resident(app)
    ref = (await resident.receipt(said)).ticket
    assert ref
    await app.tickets.take(ref, seat, AT)
    await app.tickets.close(ref, seat, "answered", AT)
    return resident, ref


# -- a matter of its own


@pytest.mark.parametrize(("said", "reason", "skill", "priority"), [
    ("有人晕倒了，喘不上气", "emergency", "duty", 0), ("我不想活了", "despair", "care", 0), ("我要投诉老师迟到", "complaint", "complaint", 2),
    ("我已经给他转了三千块了，说是学分换养老金", "scam_report", "complaint", 1), ("我的学分不对", "credit_dispute", "credit", 2),
])  # fmt: skip
async def test_after_a_closed_ticket_a_matter_of_its_own_opens_a_fresh_one(
    said: str, reason: str, skill: str, priority: int, either_app: App
) -> None:
    resident, before = await served(either_app)
    receipt = await resident.receipt(said)
    row = await ticket(either_app, receipt.ticket)
    assert row.ref != before
    opened = await either_app.tickets.show(row.ref)
    assert (opened.handover.reason, row.skill, row.priority) == (reason, skill, priority)
    assert opened.handover.summary == said
    assert (await ticket(either_app, before)).state == "closed"


async def test_who_is_not_done_goes_on_with_the_same_ticket(either_app: App) -> None:
    for said in ("转人工", "那个东西弄了还是那样哎"):
        resident, before = await served(either_app)
        assert (await resident.receipt(said)).ticket == before


async def test_a_call_that_is_promised_after_a_closed_ticket_is_owed(either_app: App) -> None:
    resident, before = await served(either_app)
    await resident.say("请给我回电话")
    row = await ticket(either_app, (await resident.receipt("13800138000")).ticket)
    assert row.ref != before
    assert row.call_since is not None


@pytest.mark.parametrize("said", ["不要给我打电话了", "不用打了", "你们老来电话烦死了", "please don't call me"])
async def test_a_call_that_is_refused_is_owed_no_more(said: str, either_app: App) -> None:
    resident = Resident(either_app)
    for each in ("转人工", "打电话给我"):
        await resident.say(each)
    ref = (await resident.receipt("13800138000")).ticket
    assert (await ticket(either_app, ref)).call_since is not None
    told = await resident.say(said)
    assert "不打电话给您" in told or "nobody will ring you" in told
    row = await ticket(either_app, ref)
    assert (row.call_since, row.state) == (None, "waiting")
    assert "13800138000"[-4:] in await resident.say("打电话给我") + await resident.say("13800138000")
    assert (await ticket(either_app, ref)).call_since is not None


@pytest.mark.parametrize("said", ["请老师打给我", "别忘了打给我", "上午别打给我，下午打给我"])
async def test_what_refuses_no_call_is_promised_one(said: str, app: App) -> None:
    resident = Resident(app)
    await resident.say("转人工")
    assert "请留一个联系电话" in await resident.say(said)


# -- the seat that is complained of


@pytest.mark.parametrize("said", [
    "老师回得太慢", "刚才那个坐席态度太差了", "我要投诉刚才的坐席", "刚才那人根本不理我", "你们客服回得也太慢了吧", "等了半天都不回我",
    "客服敷衍我", "她答非所问", "换个人，别让他接", "不要刚才那个人", "问题没解决就把工单关了", "the agent was rude", "我要投诉，转人工",
])  # fmt: skip
async def test_it_is_never_offered_the_complaint(said: str, either_app: App) -> None:
    app = either_app
    await seat(app, "wang", skills=("complaint",))
    resident, before = await served(app)
    receipt = await resident.receipt(said)
    row = await ticket(app, receipt.ticket)
    assert row.ref != before
    assert (await app.tickets.show(row.ref)).handover.reason == "complaint"
    for later in (0, LONG):
        await app.desk.dispatch.step(AT + later)
        assert (await ticket(app, row.ref)).offered_to is None, "nobody else is there"
    for act in (
        app.tickets.take(row.ref, "wang", AT), app.tickets.take(row.ref, "wang", AT, over=True),
        app.tickets.transfer(row.ref, "boss", AT, PassedOn("wang", None, "", AT), direct=True),
    ):  # fmt: skip
        with pytest.raises(TicketError) as refused:
            await act
        assert refused.value.code == "barred"
    await seat(app, "li")
    await app.desk.dispatch.step(AT + LONG)
    assert (await ticket(app, row.ref)).offered_to == "li"


async def test_nor_is_it_what_comes_later_of_the_same_talk(either_app: App) -> None:
    app = either_app
    await seat(app, "wang", skills=("credit", "complaint"))
    resident, _ = await served(app)
    complaint = str((await resident.receipt("我要投诉刚才的坐席")).ticket)
    await app.tickets.take(complaint, "li", AT)
    await app.tickets.close(complaint, "li", "answered", AT)
    later = str((await resident.receipt("我的学分不对，转人工")).ticket)
    assert later != complaint
    await app.desk.dispatch.step(AT + LONG)
    assert (await ticket(app, later)).offered_to is None, "nobody else is there"
    await seat(app, "li", skills=("credit",))
    await app.desk.dispatch.step(AT + LONG)
    assert (await ticket(app, later)).offered_to == "li"


@pytest.mark.parametrize("said", [
    "谢谢，刚才的老师很好", "坐席态度很好", "回得真快", "书法老师讲得太快了", "王老师的课什么时候上", "我的学分不对", "先不要给他报名", "人工智能班我不懂能学吗",
    "那个老师的课差不多要多久", "客服热线关了吗", "等下午没人的时候去行吗", "你答非所问", "别叫他来上课了",
    "我不是要投诉刚才的坐席，我想问书法班",
])  # fmt: skip
async def test_what_is_no_complaint_about_a_seat(said: str, app: App) -> None:
    resident, _ = await served(app)
    ref = (await resident.receipt(said)).ticket
    assert ref is None or (await app.tickets.show(ref)).handover.reason != "complaint"


async def test_a_complaint_in_the_queue_keeps_the_seat_that_had_it_away(either_app: App) -> None:
    app = either_app
    await seat(app, "wang")
    resident = Resident(app)
    ref = (await resident.receipt("转人工")).ticket
    assert ref
    await app.tickets.take(ref, "wang", AT)
    await app.tickets.give_back("wang", AT, "offline")
    await app.desk.dispatch.step(AT)
    assert (await ticket(app, ref)).offered_to == "wang"
    said = await resident.say("刚才那个坐席态度太差了，换个人")
    assert "不会交给被投诉的人" in said
    assert set(REF.findall(said)) == {ref}
    row = await ticket(app, ref)
    assert (row.offered_to, row.priority, row.skill) == (None, 2, "complaint")
    await app.desk.dispatch.step(AT + 60_000)
    assert (await ticket(app, ref)).offered_to is None
    with pytest.raises(TicketError):
        await app.tickets.take(ref, "wang", AT)


@pytest.mark.parametrize(
    "said", ["我要投诉王丽，她骂人", "我要投诉那个叫王 丽的坐席", "I want to complain about Mei, she was rude"]
)
async def test_who_is_named_in_a_complaint_never_gets_it(said: str, either_app: App) -> None:
    """They have served nothing of it."""
    app = either_app
    for name, shown in (("wang", "王丽（东门）"), ("mei", "Mei"), ("li", "李强")):
        await app.desk.people.add(name, "seat", 1, "test", Profile(shown=shown))
    row = await ticket(app, (await Resident(app).receipt(said)).ticket)
    named = "mei" if "Mei" in said else "wang"
    assert (await app.tickets.show(row.ref)).handover.reason == "complaint"
    assert row.barred == f'["{named}"]'
    assert named not in row.body.decode().replace(said, "").lower(), "residents get copies of it"
    with pytest.raises(TicketError):
        await app.tickets.take(row.ref, named, AT)
    await app.tickets.take(row.ref, "li", AT)


@pytest.mark.parametrize(
    "said",
    [
        "我要投诉你", "王丽，我要投诉你这种态度", "我要投诉王丽", "I will complain about you", "受不了我要投诉你", "我不得不投诉你",
        "态度不好我要投诉你",
    ],
)  # fmt: skip
async def test_a_complaint_told_to_whom_it_is_of_goes_to_another(said: str, either_app: App) -> None:
    app = either_app
    for name, shown in (("wang", "王丽"), ("li", "李强")):
        await app.desk.people.add(name, "seat", 1, "test", Profile(shown=shown))
    resident = Resident(app)
    ref = str((await resident.receipt("转人工")).ticket)
    await app.tickets.take(ref, "wang", AT)
    told = await resident.say(said)
    assert "不会交给被投诉的人" in told or "not involved" in told
    row = await ticket(app, ref)
    assert (row.state, row.owner, row.priority, row.barred) == ("waiting", None, 2, '["wang"]')
    with pytest.raises(TicketError):
        await app.tickets.take(ref, "wang", AT)
    await app.tickets.take(ref, "li", AT)
    assert await resident.say("谢谢") == "", "it is the other's now"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("我不想活了", "别劝我，我要投诉你"), ("我爸晕倒了", "我要投诉你，怎么这么慢"), ("有人掉水里了", "我要投诉你"),
        ("我女儿拿刀片划胳膊", "王丽我要投诉你"), ("出人命了快救人", "我要投诉你"),
    ],
)  # fmt: skip
async def test_a_danger_stays_with_who_has_it_whatever_is_said(told: str, said: str, app: App) -> None:
    await app.desk.people.add("wang", "seat", 1, "test", Profile(shown="王丽"))
    resident = Resident(app)
    ref = str((await resident.receipt(told)).ticket)
    await app.tickets.take(ref, "wang", AT)
    assert await resident.say(said) == ""
    assert (await ticket(app, ref)).owner == "wang"


@pytest.mark.parametrize(
    "said",
    [
        "怎么投诉你们的老师", "我要投诉你们食堂", "我没投诉你", "你们王丽老师讲得好", "我要投诉李强", "我不是要投诉你，我是想问书法班",
        "我不会投诉你的，放心", "王丽，我不是来投诉的", "没打算投诉你", "I don't want to complain about you",
        "您太细心啦", "你可别哄我哦", "你办不了就算了", "你咋晓得我号码的", "我刚才凶了你，别见怪", "你说的那个法子我试了",
    ],
)  # fmt: skip
async def test_who_has_the_talk_keeps_it_where_they_are_not_complained_of(said: str, app: App) -> None:
    for name, shown in (("wang", "王丽"), ("li", "李强")):
        await app.desk.people.add(name, "seat", 1, "test", Profile(shown=shown))
    resident = Resident(app)
    ref = str((await resident.receipt("转人工")).ticket)
    await app.tickets.take(ref, "wang", AT)
    assert await resident.say(said) == ""
    row = await ticket(app, ref)
    assert (row.owner, row.barred) == ("wang", '["li"]' if "李强" in said else "[]")


async def test_all_of_a_person_goes_to_a_seat_that_none_of_it_complains_of(either_app: App) -> None:
    app = either_app
    await seat(app, "wang", skills=("complaint",))
    refs = []
    for text in ("登记候补临江街道的太极班", "登记候补临江街道的书法班"):
        resident = Resident(app)
        await resident.say(text)
        refs.append((await resident.receipt("13800138000")).ticket)
        await resident.prove()  # one learner in two places
    plain, complaint = refs
    assert plain
    assert complaint
    await app.tickets.take(complaint, "wang", AT)
    assert (await ticket(app, plain)).owner == "wang"
    await app.tickets.give_back("wang", AT, "offline")
    await resident.say("刚才那个坐席态度太差了，换个人")
    await app.desk.dispatch.step(AT)
    assert [(await ticket(app, ref)).offered_to for ref in (plain, complaint)] == [None, None]
    await app.tickets.take(plain, "wang", AT)
    assert (await ticket(app, complaint)).state == "waiting", "taking the one does not bring the other"


async def test_few_stars_are_a_reason_not_to_come_back_to_the_same_seat(either_app: App) -> None:
    app = either_app
    resident, ref = await served(app)
    await app.outbox.settle((await app.tickets.show(ref)).ticket.conversation, 1 << 30)
    await app.tickets.survey(ref, AT + 10_000)
    assert "谢谢您说实话" in await resident.say("5")
    await seat(app, "wang")
    await seat(app, "zhao")
    load = await Resident(app).receipt("转人工")
    assert load.ticket
    await app.tickets.take(load.ticket, "zhao", AT)  # so that all else speaks for the other
    assert (await resident.receipt("转人工")).ticket == ref
    await app.desk.dispatch.step(AT)
    assert (await ticket(app, ref)).last_seat == "wang"
    assert (await ticket(app, ref)).offered_to == "wang", "the less loaded, not the one who is known"


# -- one turn, one number


@pytest.mark.parametrize(("said", "reason"), [
    ("我要投诉，转人工", "complaint"), ("转人工，我要投诉", "complaint"), ("我的学分不对，转人工", "credit_dispute"),
    ("有人晕倒了，快转人工", "emergency"), ("我不想活了，帮我转人工", "despair"),
])  # fmt: skip
async def test_one_turn_tells_one_number_and_that_ticket_exists(said: str, reason: str, either_app: App) -> None:
    for resident in (Resident(either_app), (await served(either_app))[0]):
        receipt = await resident.receipt(said)
        told = {ref for each in receipt.answers for ref in REF.findall(each.message.reply.text)}
        assert told == {receipt.ticket}
        assert receipt.ticket
        opened = await either_app.tickets.show(receipt.ticket)
        assert opened.ticket.state == "waiting"
        assert opened.handover.reason == reason
        waits = [each for each in receipt.answers if "转人工，工单号" in each.message.reply.text]
        assert len(waits) <= 1


# -- danger


async def test_danger_hears_nothing_of_a_queue(either_app: App) -> None:
    for n in range(3):
        await Resident(either_app).say("我要投诉老师迟到" if n else "有人晕倒了")
    for danger in ("有人晕倒了", "我不想活了"):
        resident = Resident(either_app)
        told = [
            await resident.say(each)
            for each in (danger, "你们人呢", "还要等多久", "前面还有几个人", "转人工", "给我回电话")
        ]
        for each in told:
            assert "前面" not in each.replace("排在最前面", "")
            assert "第一位" not in each
        assert "120" in told[0] or "12356" in told[0]


async def test_danger_told_to_a_seat_that_leaves_hears_nothing_of_a_queue_either(either_app: App) -> None:
    resident = Resident(either_app)
    ref = (await resident.receipt("转人工")).ticket
    assert ref
    await either_app.tickets.take(ref, "wang", AT)
    assert await resident.say("我妈晕倒了") == ""
    await either_app.tickets.give_back("wang", AT, "offline")
    told = await resident.say("转人工")
    assert "120" in told
    assert "位" not in told


@pytest.mark.parametrize(("danger", "news", "relief"), [
    ("我老伴晕倒了", "车来了，人醒了，谢谢啊", "太好了"), ("我不想活了", "谢谢你，我好多了", "谢谢您告诉我"), ("厨房着火了", "火灭了，没事了", "太好了"),
    ("我孙子走丢了", "找到了", "太好了"), ("我老伴晕倒了", "车来了，人醒了", "太好了"), ("我老伴晕倒了", "医生说没有生命危险", "太好了"),
    ("几个人被困在电梯里了", "救出来了，没受伤", "太好了"),
])  # fmt: skip
@pytest.mark.parametrize("closed", [False, True])
async def test_after_danger_comes_relief_and_no_stars(
    danger: str, news: str, relief: str, closed: bool, either_app: App
) -> None:
    app = either_app
    resident = Resident(app)
    receipt = await resident.receipt(danger)
    ref = receipt.ticket
    assert ref
    if closed:
        await app.tickets.take(ref, "wang", AT)
        await app.tickets.close(ref, "wang", "answered", AT)
    said = await resident.receipt(news)
    told = said.answers[0].message.reply.text
    assert relief in told
    assert said.ticket == (None if closed else ref), "good news opens nothing"
    for each in (told, await resident.say("谢谢"), await resident.say("谢谢你们")):
        assert "满意" not in each
    await app.outbox.settle(receipt.conversation, 1 << 30)
    await app.desk.dispatch.step(AT + 60_000)
    assert not any("满意" in each.message.reply.text for each in (await app.tickets.show(ref)).messages)


@pytest.mark.parametrize("said", ["火灭了，人没出来", "车来了，又晕过去了", "车来了，人还没醒", "人醒了，但是又吐血了"])
async def test_half_of_the_good_news_is_no_relief(said: str, app: App) -> None:
    resident = Resident(app)
    await resident.say("我老伴晕倒了")
    told = await resident.say(said)
    assert "太好了" not in told
    assert "120" in told


async def test_what_only_may_be_danger_is_not_asked_for_praise(app: App) -> None:
    resident = Resident(app)
    assert "12356" in await resident.say("emo到不想存在了，好想消失")
    assert "满意" not in await resident.say("谢谢")


# -- what is promised


async def test_a_seat_is_promised_only_where_one_will_do(either_app: App) -> None:
    app = either_app
    told = await Resident(app).say("转人工")
    assert "没有坐席在线" in told
    assert not PROMISED.search(told)
    await seat(app, "li")
    plain = await Resident(app).say("转人工")
    assert "没有坐席在线" not in plain
    complaint = await Resident(app).say("我要投诉老师迟到")
    assert "负责这类事的坐席现在不在" in complaint
    assert not PROMISED.search(complaint.split("工单号")[1])
    await seat(app, "zhou", skills=("complaint",))
    assert "负责这类事" not in await Resident(app).say("我要投诉老师迟到")


async def test_a_seat_that_speaks_the_language_is_promised_only_where_one_does(either_app: App) -> None:
    app = either_app
    await seat(app, "li")
    resident = Resident(app)
    said = await app.inbox.receive(resident.message("human", lang="en"))
    told = said.answers[-1].message.reply.text
    assert "as soon as one is free" not in told
    assert "nobody who speaks English" in told
    await seat(app, "may", langs=("zh", "en"))
    said = await app.inbox.receive(Resident(app).message("human", lang="en"))
    told = said.answers[-1].message.reply.text
    assert "1 before you" in told or "you are next" in told, "she may have been offered the one before already"
    assert "nobody who speaks" not in said.answers[-1].message.reply.text


async def test_who_complains_of_the_only_seat_is_not_promised_it(either_app: App) -> None:
    app = either_app
    await seat(app, "wang", skills=("complaint",))
    resident, _ = await served(app)
    assert "没有坐席在线" in await resident.say("老师回得太慢")


async def test_danger_is_not_promised_somebody_who_is_not_there(either_app: App) -> None:
    app = either_app
    told = await Resident(app).say("有人晕倒了")
    assert told.index("120") < told.index("没有坐席在线")
    await seat(app, "li")
    assert "没有坐席在线" not in await Resident(app).say("有人晕倒了")


async def test_nobody_is_told_that_nobody_is_before_him(either_app: App) -> None:
    resident = Resident(either_app)
    told = [await resident.say(each) for each in ("转人工", "转人工", "还要等多久")]
    english = Resident(either_app)
    for text in ("human", "agent"):
        said = await either_app.inbox.receive(english.message(text, lang="en"))
        told += [each.message.reply.text for each in said.answers]
    for each in told:
        assert not re.search(r"\b0\s*(位|个|人|before|people)|with 0|0 位", each), each
    assert "您排在第一位" in told[1]


# -- whom one talks to


@pytest.mark.parametrize("said", [
    "我这是跟机器还是真人", "你是机器人吗", "你们是人工还是机器人", "这是人工客服吗", "跟我说话的是真人吗", "您是人工吗", "am I talking to a human or a robot",
    "is this a real person", "你是人还是AI",
])  # fmt: skip
async def test_who_asks_what_we_are_is_told_and_offered_a_person(said: str, app: App) -> None:
    resident = Resident(app)
    receipt = await resident.receipt(said)
    assert receipt.ticket is None
    reply = receipt.answers[-1].message.reply
    told, offered = ("I am the assistant", "Talk to a person") if said.isascii() else ("智能助手", "转人工")
    assert told in reply.text
    assert [each.label for each in reply.options] == [offered]
    assert (await resident.receipt("1")).ticket


@pytest.mark.parametrize(
    "said", ["有没有真人", "不要机器人，我要真人", "别用机器人糊弄我，转人工", "I want a real person, not a bot"]
)
async def test_who_wants_a_person_gets_one(said: str, app: App) -> None:
    assert (await Resident(app).receipt(said)).ticket
