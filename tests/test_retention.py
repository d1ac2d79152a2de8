"""What is old goes by itself, each kind after its own time, and how much went is written down."""

import json
import time

from daoxue.app import App
from desk.opening import ALL, ERASED
from desk.standing import Retention
from store import audit, conversations, people, settings
from store.audit import AuditRow
from tests.desk_client import Desk
from tests.history import check
from tests.talk import Resident

DAY = 86_400_000
NOW = 20_000 * DAY


async def write(app: App, *days_ago: float) -> None:
    for days in days_ago:
        at = int(NOW - days * DAY)
        await app.database.write(lambda t, at=at: conversations.audited(t, "li", "ticket.read", "T", "", at))  # type: ignore[misc]


async def lines(app: App, action: str) -> list[AuditRow]:
    rows = await app.database.read(lambda t: audit.newest(t, audit.ANY, 1 << 60, 1000))
    return [row for row in rows if row.action == action]


async def test_the_audit_goes_after_its_time(app: App) -> None:
    await write(app, 1095.1, 1094.9, 200, 0)
    assert await app.retaining.sweep(NOW) == 0
    assert [round((NOW - each.at) / DAY) for each in await lines(app, "ticket.read")] == [0, 200, 1095]
    [told] = await lines(app, "retention")
    assert (told.actor, told.detail) == ("system", "0 conversations, 1 audit lines")
    await app.retaining.sweep(NOW)
    assert len(await lines(app, "retention")) == 1, "nothing went, so there is nothing to say"


async def test_the_desk_decides_how_long(app: App) -> None:
    await write(app, 201, 199)
    await app.desk.standing.put("retention", Retention(messages=30, audit=200), "admin", NOW)
    await app.retaining.sweep(NOW)
    assert len(await lines(app, "ticket.read")) == 1
    [set_by] = await lines(app, "setting.retention")
    assert set_by.actor == "admin"


async def test_what_a_closed_ticket_says_of_somebody_goes_with_the_words(app: App) -> None:
    resident = Resident(app)
    await resident.say("登记候补临江街道的太极班")
    ref = (await resident.receipt("13800138000")).ticket
    assert ref
    await app.retaining.sweep(NOW * 2)
    assert (await app.tickets.show(ref)).handover.slots["phone"] == "13800138000", "it is still open"
    seat = await Desk(app).person()
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/note", {"text": "住在临江路"})
    await seat.post(f"/tickets/{ref}/close", {"result": "registered", "note": "已打 13800138000"})
    await app.retaining.sweep(int(time.time() * 1000) + 200 * DAY)
    opened = await app.tickets.show(ref, ALL)
    assert (opened.handover.summary, opened.handover.slots) == (ERASED, {})
    written = json.dumps([each.data for each in opened.events], ensure_ascii=False)
    assert "临江路" not in written
    assert "13800138000" not in written
    assert resident.address not in opened.ticket.person
    check(opened)


async def test_the_audit_is_kept_half_a_year_whatever_is_set(app: App) -> None:
    admin = await Desk(app).person("administrator")
    for days in (1, 179):
        assert (await admin.ask("PUT", "/retention", {"messages": 30, "audit": days})).status_code == 422
    assert (await admin.ask("PUT", "/retention", {"messages": 30, "audit": 180})).status_code == 200
    await app.database.write(lambda t: settings.put(t, "retention", b'{"messages":30,"audit":1}', "earlier", 1))
    assert await app.desk.standing.retention() == Retention(30, 180)
    for part in ({}, {"messages": 30}, {"audit": 200}):
        assert (await admin.ask("PUT", "/retention", part)).status_code == 422, "what is left out is no wish"
    for path in ("/shifts", "/hours"):
        assert (await admin.ask("PUT", path, {})).status_code == 422
    assert await app.desk.standing.retention() == Retention(30, 180)


async def test_sessions_that_have_ended_go(app: App) -> None:
    admin = await Desk(app).person("administrator")
    await admin.token_for("报表")
    [token] = (await admin.get("/tokens"))["tokens"]
    await app.retaining.sweep(token["expires_at"])
    assert await app.database.read(lambda t: len(people.sessions(t, "token"))) == 1
    await app.retaining.sweep(token["expires_at"] + 1)
    for kind in ("page", "token"):
        assert await app.database.read(lambda t, kind=kind: people.sessions(t, kind)) == []  # type: ignore[misc]
