"""Danger to life that nobody takes: everybody is called at once, and the supervisor after a minute."""

import json
import logging
from datetime import date

import pytest
from prometheus_client import REGISTRY

from benchmarks.turn import QUESTIONS
from bot.alarming import LIFE
from bot.redlines import detect
from daoxue.app import App
from daoxue.logs import JsonLines
from store import queue, summons
from store.people import PresenceRow
from store.personal import Shut
from store.queue import QueueRow
from store.schema import metadata
from store.ticket_events import TicketAlarmed, TicketUnheeded
from store.ticket_rows import TicketRow
from store.tickets import EventRow
from tests.desk_client import Desk
from tests.talk import Resident, ten_o_clock

AT = int(ten_o_clock() * 1000)
MINUTE = 60_000
FOREVER = 1 << 60


async def there(app: App, name: str, *, ready: bool = True) -> None:
    await app.desk.dispatch.come(PresenceRow(f"page-{name}", name, int(ready), FOREVER))


async def danger(app: App, said: str = "我妈晕倒了") -> str:
    ref = (await Resident(app).receipt(said)).ticket
    assert ref
    return ref


async def ticket(app: App, ref: str) -> TicketRow:
    return (await app.tickets.show(ref)).ticket


async def happened(app: App, ref: str, *kinds: type) -> list[EventRow]:
    return [each for each in (await app.tickets.show(ref)).events if isinstance(each.happened, kinds)]


async def texts(app: App) -> list[QueueRow]:
    return await app.database.read(lambda t: queue.of_lane(t, summons.KIND, 50))


async def test_everybody_at_the_desk_is_called_at_once(either_app: App) -> None:
    desk = Desk(either_app)
    busy, paused, away = [await desk.person(name=name, capacity=1) for name in ("busy", "paused", "away")]
    await there(either_app, "busy")
    await there(either_app, "paused", ready=False)
    plain = (await Resident(either_app).receipt("转人工")).ticket
    await busy.post(f"/tickets/{plain}/take")
    ref = await danger(either_app)
    await either_app.desk.dispatch.step(AT)
    assert [each.happened for each in await happened(either_app, ref, TicketAlarmed)] == [
        TicketAlarmed(("busy", "paused"))
    ]
    assert (await ticket(either_app, ref)).offered_to is None
    listed = (await away.get("/tickets"))["tickets"][0]
    assert (listed["ref"], listed["alarmed_at"], listed["unheeded_at"]) == (ref, AT, None)
    await either_app.desk.dispatch.step(AT + 1000)
    assert len(await happened(either_app, ref, TicketAlarmed)) == 1, "once"
    await paused.post(f"/tickets/{ref}/take")
    assert (await ticket(either_app, ref)).alarmed_at is None


async def test_the_supervisor_is_called_after_a_minute(either_app: App, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(either_app)
    boss = await desk.person("supervisor", "boss", phone="13800001111")
    await desk.person("supervisor", "other")
    await desk.person("seat", "li", phone="13800002222")
    before = REGISTRY.get_sample_value("daoxue_danger_unheeded_total") or 0
    ref = await danger(either_app)
    await either_app.desk.dispatch.step(AT)
    assert REGISTRY.get_sample_value("daoxue_danger_waiting") == 1
    await either_app.desk.dispatch.step(AT + MINUTE - 1)
    assert await happened(either_app, ref, TicketUnheeded) == []
    with caplog.at_level(logging.ERROR):
        await either_app.desk.dispatch.step(AT + MINUTE)
        await either_app.desk.dispatch.step(AT + 2 * MINUTE)
    called = await happened(either_app, ref, TicketUnheeded)
    assert [each.happened for each in called] == [TicketUnheeded(("boss", "other"))]
    assert (await boss.get("/tickets"))["tickets"][0]["unheeded_at"] == AT + MINUTE
    assert [record.message for record in caplog.records] == ["danger that nobody takes"]
    assert f'"ticket": "{ref}", "supervisors": 2' in JsonLines().format(caplog.records[0])
    assert "13800001111" not in json.dumps([record.__dict__ for record in caplog.records], default=str)
    assert REGISTRY.get_sample_value("daoxue_danger_unheeded_total") == before + 1
    (row,) = await texts(either_app)
    assert isinstance(metadata.tables["queue"].c.body.type, Shut)  # closed in the file
    assert await either_app.database.read(lambda t: summons.opened(t, row)) == summons.Summons("13800001111", ref)


async def test_who_takes_it_in_time_calls_nobody(either_app: App) -> None:
    boss = await Desk(either_app).person("supervisor", "boss", phone="13800001111")
    ref = await danger(either_app)
    await either_app.desk.dispatch.step(AT)
    await boss.post(f"/tickets/{ref}/take")
    await either_app.desk.dispatch.step(AT + MINUTE)
    assert await happened(either_app, ref, TicketUnheeded) == []
    assert await texts(either_app) == []


async def test_what_is_given_back_calls_everybody_again(either_app: App) -> None:
    li = await Desk(either_app).person(name="li")
    ref = await danger(either_app)
    await either_app.desk.dispatch.step(AT)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/transfer", {"skill": "care"})
    await either_app.desk.dispatch.step(AT + 5000)
    assert len(await happened(either_app, ref, TicketAlarmed)) == 2
    await either_app.desk.dispatch.step(AT + 5000 + MINUTE - 1)
    assert await happened(either_app, ref, TicketUnheeded) == [], "a minute from the second alarm"


async def test_an_offer_that_turns_out_to_be_danger_calls_everybody(either_app: App) -> None:
    await Desk(either_app).person(name="li")
    await Desk(either_app).person(name="wang")
    await there(either_app, "li")
    resident = Resident(either_app)
    ref = (await resident.receipt("转人工")).ticket
    assert ref
    await either_app.desk.dispatch.step(AT)
    assert (await ticket(either_app, ref)).offered_to == "li"
    await resident.say("有人晕倒了，喘不上气")
    await there(either_app, "wang")
    await either_app.desk.dispatch.step(AT + 1000)
    assert [each.happened for each in await happened(either_app, ref, TicketAlarmed)] == [TicketAlarmed(("li", "wang"))]
    assert (await ticket(either_app, ref)).offered_to is None


async def test_an_emergency_soon_after_a_closed_ticket_calls_everybody(either_app: App) -> None:
    li = await Desk(either_app).person(name="li")
    resident = Resident(either_app)
    first = (await resident.receipt("我的学分不对，转人工")).ticket
    await li.post(f"/tickets/{first}/take")
    await li.post(f"/tickets/{first}/close", {"result": "answered"})
    await there(either_app, "li")
    second = (await resident.receipt("有人晕倒了，喘不上气")).ticket
    assert second
    assert second != first
    await either_app.desk.dispatch.step(AT)
    row = await ticket(either_app, second)
    assert (row.priority, row.alarmed_at) == (0, AT)
    assert json.loads(row.body)["reason"] == "emergency"


async def test_what_benchmarks_ask_calls_nobody(app: App) -> None:
    await app.library.all_read()
    today = date(2026, 11, 26)
    alarms = [detect(app.comprehension.understand(each, today)) for each in QUESTIONS]
    assert [each for each in alarms if each is not None and each.kind in LIFE] == []


BESIDE = [
    "我女儿手腕划了好几道", "我儿子说不想活了", "我妈老说活着没意思", "我姑娘用圆规扎自己胳膊", "我闺女拿刀划胳膊，咋办", "孩子老用刀片划自己", "同学割腕了",
    "我朋友发消息说想死", "我儿子最近老说活着没意思，还拿刀划胳膊", "my daughter wants to kill herself",
]  # fmt: skip
THEMSELVES = [
    "我想割腕", "我手腕划了好几道", "他不要我了，我不想活了", "老公走了活着没意思", "女儿不要我了，活着没意思", "我妈死了，我也不想活了",
    "老伴病了，我活着太累了", "儿子没了活着还有什么意思", "他打我，我想死", "我想陪他去死",
]  # fmt: skip


@pytest.mark.parametrize("text", BESIDE)
async def test_who_stands_beside_is_told_what_to_do(text: str, app: App) -> None:
    resident = Resident(app)
    told = await resident.say(text)
    assert "陪在身边" in told or "Please stay with them" in told
    assert "您不是一个人" not in told
    again = await resident.say("我该怎么办")
    assert "您陪着就是在帮忙" in again or "To stay with them is to help" in again


@pytest.mark.parametrize("text", THEMSELVES)
async def test_who_is_in_despair_is_never_taken_for_who_stands_beside(text: str, app: App) -> None:
    told = await Resident(app).say(text)
    assert "陪在身边" not in told
    assert "12356" in told or "110" in told


@pytest.mark.parametrize("text", ["你好笨", "你真笨", "你个笨蛋", "笨死了", "什么破机器人", "you are so stupid"])
async def test_who_scolds_hears_a_calm_word(text: str, app: App) -> None:
    receipt = await Resident(app).receipt(text)
    [answer] = receipt.answers
    assert len(answer.message.reply.options) == 1
    assert receipt.handed_over is None


@pytest.mark.parametrize("text", ["书法班抢名额抢得跟打架似的", "报名抢得跟打仗一样", "太极班挤得像下饺子似的"])
async def test_what_it_is_like_is_no_complaint(text: str, app: App) -> None:
    assert (await Resident(app).receipt(text)).handed_over is None


@pytest.mark.parametrize("text", ["我在地里干活呢", "我在工地上呢", "我在公交车上", "在家带孩子呢", "我在厂里上班"])
async def test_where_somebody_is_at_work_is_no_danger(text: str, app: App) -> None:
    resident = Resident(app)
    await resident.say("我孙子想学画画")
    told = await resident.say(text)
    assert "12356" not in told
    assert "120" not in told


@pytest.mark.parametrize("text", ["我在楼顶上坐着呢", "我在桥上站着", "我在工地上摔下来了动不了"])
async def test_where_somebody_is_in_danger_is(text: str, app: App) -> None:
    assert {"12356", "120", "110"} & {each for each in ("12356", "120", "110") if each in await Resident(app).say(text)}
