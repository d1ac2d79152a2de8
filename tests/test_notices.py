"""What residents are told without having asked: once, by consent, by day, where they are reached."""

import asyncio
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import select

from bot.messages import Message, Reply
from bot.notices import Notices, NoticeSender, Way
from bot.queue import Kind, Queue
from daoxue.app import App
from daoxue.preparing import vault_of
from knowledge.catalogue import SpecialDay
from store import conversations, identity, notices, outbox, queue
from store.identity import Grant, NewBinding
from store.notices import NewNotice
from store.queue import QueueRow
from store.schema import notice
from store.transaction import Statement, Transaction
from tests import desk_client
from tests.talk import Resident, its_day

CHINA = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 4, 10, tzinfo=CHINA)
HOUR = 3_600_000


class Desk:
    """Notices of the composed parts with channels and a clock of our own."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.at = int(DAY.timestamp() * 1000)
        self.left = 5
        self.ways = {"wechat": Way("wechat", self._allowed), "sms": Way("sms", texts=True)}
        self.notices = Notices(vault_of(app.config))
        self.sender = NoticeSender(
            app.database, self.notices, app.identity, app.live, self.ways,
            lambda: datetime.fromtimestamp(self.at / 1000, CHINA),
        )  # fmt: skip
        self.queue = Queue(app.database, {notices.KIND: Kind(self.sender.send)}, app.live.ring, lambda: self.at / 1000)

    async def work(self) -> int:
        """Says what is due now; how many were said."""
        before = [state for state, _ in await self.states()].count("sent")
        while await self.queue.work():
            pass
        return [state for state, _ in await self.states()].count("sent") - before

    async def _allowed(self, conversation: int) -> int:
        return self.left

    async def owe(self, learner: int, text: str, purpose: str = "class", until: int | None = None) -> bool:
        new = NewNotice(learner, purpose, f"{learner}:{text}", until or self.at + 7 * 24 * HOUR)
        return await self.app.database.write(lambda t: self.notices.owe(t, new, Reply(text=text), self.at))

    async def said(self, channel: str, address: str) -> list[str]:
        talk = await self.app.database.read(lambda t: conversations.find(t, channel, address))
        if talk is None:
            return []
        rows = await self.app.database.read(lambda t: conversations.messages(t, talk.id, 1, 1 << 30))
        return [msgspec.json.decode(row.body, type=Message).reply.text for row in rows]

    async def states(self) -> list[tuple[str, str]]:

        rows = await self.app.database.read(
            lambda t: t.all(Statement(select(notice.c.state, notice.c.why).order_by(notice.c.id)))
        )
        return [(str(row[0]), str(row[1])) for row in rows]

    async def bind(self, learner: int, openid: str, *, talked: bool = True) -> None:
        person = self.app.identity.person("wechat", openid)

        def work(transaction: Transaction) -> None:
            identity.bind(transaction, NewBinding("wechat", person, openid, learner, "code", self.at, Grant()), 3)
            if talked:
                conversations.begin(transaction, "wechat", openid, self.at)

        await self.app.database.write(work)


@pytest.fixture
async def desk(either_app: App) -> Desk:
    return Desk(either_app)


PHONE = "+8613800001000"  # on file of the first learner


async def test_told_once_where_one_is_bound(desk: Desk) -> None:
    await desk.bind(1, "o-one")
    assert await desk.owe(1, "明天上课")
    assert not await desk.owe(1, "明天上课"), "owed once"
    assert await desk.work() == 1
    assert await desk.work() == 0
    assert await desk.said("wechat", "o-one") == ["明天上课"]
    due: list[QueueRow] = await desk.app.database.read(lambda t: queue.due(t, desk.at, 9))
    talk = await desk.app.database.read(lambda t: conversations.find(t, "wechat", "o-one"))
    assert talk is not None
    assert [(row.lane, row.order_key) for row in due] == [("wechat", outbox.order_key(talk.id))], (
        "from here the outbox carries it"
    )


async def test_a_text_to_the_telephone_on_file_where_wechat_takes_no_more(desk: Desk) -> None:
    await desk.bind(1, "o-one")
    desk.left = 0
    await desk.owe(1, "名额到了")
    await desk.work()
    assert await desk.said("sms", PHONE) == ["名额到了"]
    del desk.ways["sms"]
    await desk.owe(1, "再一条")
    await desk.work()
    assert await desk.said("wechat", "o-one") == ["再一条"], "kept until they write"


async def test_nobody_is_told_at_night(desk: Desk) -> None:
    for hour, waits in ((21, 11), (7, 1), (2, 6)):
        desk.at = int(DAY.replace(hour=hour).timestamp() * 1000)
        await desk.owe(1, f"夜里{hour}点")
        assert await desk.work() == 0
        desk.at += (waits * HOUR) - 1
        assert await desk.work() == 0
        desk.at += 1
        assert await desk.work() == 1


async def test_what_nobody_asked_for_is_not_sent(desk: Desk) -> None:
    for purpose in ("points", "news"):
        await desk.owe(1, f"没订阅{purpose}", purpose)
    await desk.work()
    assert await desk.states() == [("dropped", "not_wanted")] * 2
    await desk.app.identity.agree_to_notices(1, True, "words", desk.at)
    await desk.owe(1, "订阅了", "news")
    assert await desk.work() == 1
    await desk.app.identity.agree_to_notices(1, False, "words", desk.at)
    await desk.owe(1, "退订了", "class")
    assert await desk.work() == 0
    assert (await desk.states())[-1] == ("dropped", "not_wanted")


async def test_not_too_many_and_not_too_late(desk: Desk) -> None:
    for number in range(5):
        await desk.owe(1, f"第{number}条", until=desk.at + 3 * HOUR)
    await desk.work()
    assert len(await desk.said("sms", PHONE)) == 3
    desk.at += 4 * HOUR
    await desk.work()
    # Several are worked at once: which of those owed at the same moment are told is open, how many is not.
    assert sorted(await desk.states()) == [("dropped", "too_late")] * 2 + [("sent", "sms")] * 3


async def test_the_lapsed_proxy_and_the_asleep_hear_nothing(desk: Desk) -> None:
    person = desk.app.identity.person("wechat", "o-proxy")
    ends = desk.at + HOUR

    def work(transaction: Transaction) -> None:
        identity.bind(
            transaction, NewBinding("wechat", person, "o-proxy", 1, "li", desk.at, Grant("proxy", "read", ends)), 3
        )
        conversations.begin(transaction, "wechat", "o-proxy", desk.at)

    await desk.app.database.write(work)
    await desk.owe(1, "给代办人")
    await desk.work()
    assert await desk.said("wechat", "o-proxy") == ["给代办人"]
    desk.at = ends + 1
    await desk.owe(1, "代办到期")
    await desk.work()
    assert await desk.said("sms", PHONE) == ["代办到期"]


async def test_tomorrows_lesson(desk: Desk) -> None:
    app = desk.app
    group = next(each for each in app.library.catalogue.classes.values() if each.places > 2 and not each.schools)
    today = max(group.enrol_from, datetime.now(CHINA).date())
    noon = int(datetime(today.year, today.month, today.day, 12, tzinfo=CHINA).timestamp() * 1000)
    await app.accounts.enrolments.enrol(1, group.id, "k", "test", noon)
    eve = app.library.calendar.first(group.id) - timedelta(days=1)

    def on(day: date, hour: int) -> int:
        return int(datetime(day.year, day.month, day.day, hour, tzinfo=CHINA).timestamp() * 1000)

    assert await app.tellings.remind(on(eve, 12)) == 0
    assert await app.tellings.remind(on(eve, 18)) == 1
    assert await app.tellings.remind(on(eve, 19)) == 0, "once"
    desk.at = on(eve, 19)
    await desk.work()
    [said] = await desk.said("sms", PHONE)
    assert group.name in said
    assert f"明天{group.starts}上课" in said


async def test_a_day_closed_at_the_desk_is_told_to_who_is_in_a_class_then(desk: Desk) -> None:
    """Its sessions go on after that day and end later: residents are told so when they ask, and who is in it without asking."""
    app, calendar = desk.app, desk.app.library.calendar
    group = app.library.catalogue.classes["erhu-1"]
    noon = int(datetime.combine(its_day(), time(12), CHINA).timestamp() * 1000)
    await app.accounts.enrolments.enrol(1, group.id, "k", "test", noon)
    assert await app.accounts.enrolments.tick(noon) == 0
    _, closed, following, *_ = calendar.days(group.id)
    editor = await desk_client.Desk(app).person("editor")
    [place] = [
        each for each in (await editor.get("/catalogue/organisation"))["records"] if each["id"] == group.organisation
    ]
    place["special_days"] = [*place["special_days"], {"day": str(closed), "reason": "检修"}]
    assert (await editor.ask("PUT", f"/catalogue/organisation/{place['id']}", place)).status_code == 200
    said = await Resident(app).say(f"二胡班{closed.month}月{closed.day}号上不上课")
    assert f"{closed.month}月{closed.day}日（周三）不上课（检修），停的课顺延，到" in said
    assert f"下一次课是{following.month}月{following.day}日" in said
    last = app.library.calendar.last(group.id)
    assert last > calendar.last(group.id)
    assert await app.accounts.enrolments.tick(noon + HOUR) == 1
    assert await app.accounts.enrolments.tick(noon + 2 * HOUR) == 0, "once"
    desk.at = noon + HOUR
    await desk.work()
    [told] = await desk.said("sms", PHONE)
    assert told.startswith(f"您报的{group.name}有变动")
    assert f"{last.month}月{last.day}日（周三）结束" in told


async def test_an_old_day_removed_tells_nobody(desk: Desk) -> None:
    """What was closed then was closed, whoever tidies the record: the class ends when those who are in it know it to."""
    app, group = desk.app, desk.app.library.catalogue.classes["erhu-1"]
    _, closed, following, *_ = app.library.calendar.days(group.id)

    def at(day: date) -> int:
        return int(datetime.combine(day, time(12), CHINA).timestamp() * 1000)

    async def put(day: date, *special: SpecialDay) -> None:
        """The place as somebody writes it at the desk on that day."""
        place = app.library.catalogue.organisations[group.organisation]
        raw = msgspec.json.encode(msgspec.structs.replace(place, special_days=special))
        await app.desk.cataloguing.put("organisation", place.id, raw, "zhou", at(day))

    def days_on_record() -> list[date]:
        return [each.day for each in app.library.catalogue.organisations[group.organisation].special_days]

    await app.accounts.enrolments.enrol(1, group.id, "k", "test", at(its_day()))
    await put(its_day(), SpecialDay(day=closed, reason="检修"))
    assert await app.accounts.enrolments.tick(at(its_day())) == 1
    last = app.library.calendar.last(group.id)
    await put(following)
    assert (days_on_record(), app.library.calendar.last(group.id)) == ([closed], last)
    assert await app.accounts.enrolments.tick(at(following)) == 0
    await put(following, SpecialDay(day=closed, reason="照常", opens="08:30", closes="21:00"))
    assert app.library.calendar.last(group.id) < last, "it was open after all"
    await put(last + timedelta(days=1))
    assert days_on_record() == [], "no class is reckoned by it any more"


async def test_two_processes_say_it_once(desk: Desk) -> None:

    await desk.owe(1, "只说一次")
    await asyncio.gather(*(each.queue.work() for each in (desk, Desk(desk.app), Desk(desk.app))))
    assert await desk.said("sms", PHONE) == ["只说一次"]
    assert await desk.states() == [("sent", "sms")]
    assert await desk.app.database.read(lambda t: queue.of_lane(t, notices.KIND, 9)) == []


@pytest.mark.parametrize(
    ("days", "said"), [((1, 3, 5), "周一、周三、周五"), ((1, 2, 3, 4, 5), "周一到周五"), ((6,), "周六")]
)
def test_days_are_said_as_everywhere(app: App, days: tuple[int, ...], said: str) -> None:
    """Never from the first to the last where there are gaps."""
    group = msgspec.structs.replace(next(iter(app.library.catalogue.classes.values())), days=days)
    assert app.tellings._values(app.library.calendar, group, 0)["times"] == f"{said} {group.starts}—{group.ends}"
