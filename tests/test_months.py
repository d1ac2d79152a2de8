"""On PostgreSQL what grows for ever is divided by month. What is old lies elsewhere in the same database, and whoever looks, is
told or is forgotten finds all of it, there too."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import cast

import psycopg
import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from accounts.closing import ErasureReason
from bot.inbox import encode
from bot.messages import Message, Reply
from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings
from daoxue.workers import workers
from desk.opening import ERASED
from store import conversations, months, past, tickets, whole
from store.conversations import MessageRow
from store.engine import Cursor, connected
from store.migrate import alembic_url, upgrade
from store.sealing import reseal
from store.talks import counted
from store.transaction import Transaction
from tests.conftest import created
from tests.desk_client import Desk
from tests.talk import Resident

DAY = 86_400_000
AFTER = 3


@pytest.fixture
def server(config: Config, postgres: str, sample_in_postgres: str) -> Config:
    return replace(config, database=DatabaseSettings(created(postgres, sample_in_postgres), AFTER))


@pytest.fixture
async def app(server: Config) -> AsyncIterator[App]:
    composed = await compose(server)
    yield composed
    composed.database.close()


@pytest.fixture
def cursor(app: App) -> Iterator[psycopg.Cursor]:
    with psycopg.connect(app.database.url, autocommit=True) as connection, connection.cursor() as open:
        yield open


def now_of(cursor: psycopg.Cursor) -> int:
    return cast(int, one(cursor, "SELECT (extract(epoch FROM now()) * 1000)::bigint"))


def one(cursor: psycopg.Cursor, question: str) -> object:
    row = cursor.execute(question.encode()).fetchone()
    assert row
    return row[0]


def kept(cursor: psycopg.Cursor, now: int) -> list[str]:
    return months.keep_at(cast(Cursor, cursor), now, AFTER)


async def later(app: App, cursor: psycopg.Cursor, rounds: int) -> int:
    """Makes as many months pass, in each of which the resident and a seat said something, and a line of the audit was written;
    the last of these moments."""
    conversation = 1
    now = now_of(cursor)
    for number in range(rounds):
        at = months.month_after(now, number) + DAY
        months.keep_at(cast(Cursor, cursor), at, 600)

        def work(transaction: Transaction, at: int = at, number: int = number) -> None:
            read = conversations.get(transaction, conversation)
            assert read is not None
            said = encode(Message(reply=Reply(text=f"那年我家的猫叫雪里蕻{number}")))
            conversations.say(transaction, read, [("resident", said)], at)
            assert read.ticket
            tickets.resident_said(transaction, read.ticket, conversation, read.seq + 1, read.seq + 1, at)
            conversations.audited(transaction, "li", "ticket.read", "T", "", at)

        await app.database.write(work)
    return at


async def to_a_human(app: App) -> tuple[Resident, str]:
    resident = Resident(app)
    await resident.say("转人工")
    ref = (await resident.receipt("我想问一件以前的事")).ticket
    assert ref
    return resident, ref


def archived(cursor: psycopg.Cursor, table: str) -> list[str]:
    return [month.name for month in months.months(cast(Cursor, cursor), f"archive_{table}")]


def plan(cursor: psycopg.Cursor, question: str) -> str:
    return "\n".join(str(row[0]) for row in cursor.execute(f"EXPLAIN {question}".encode()).fetchall())


async def test_what_is_old_is_found_told_and_forgotten(
    app: App, cursor: psycopg.Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months, "RECALLED", 2)
    _, ref = await to_a_human(app)
    last = await later(app, cursor, 6)
    before = await app.database.read(lambda t: conversations.messages(t, 1, 1, 1 << 30))
    events = await app.database.read(lambda t: tickets.events(t, ref))
    taken = kept(cursor, last + 31 * DAY)
    assert {each.partition("_20")[0] for each in taken} == {
        f"{table.name}{part}" for table in past.MONTHLY for part in ("_before", "")
    }
    assert len(archived(cursor, "message")) >= 3

    assert await app.database.read(lambda t: conversations.messages(t, 1, 1, 1 << 30)) == before
    assert await app.database.read(lambda t: tickets.events(t, ref)) == events
    assert len({each.at for each in before}) > 6
    await app.desk.search.work()
    desk = Desk(app)
    seat = await desk.person()
    found = (await seat.get("/search?q=雪里蕻0"))["found"]
    assert [each["ticket"]["ref"] for each in found] == [ref]
    lines = (await (await desk.person("auditor")).get("/audit"))["lines"]
    assert [(each["action"], each["subject"]) for each in lines].count(("ticket.read", "T")) == 6
    asked = await app.database.read(lambda t: counted(t, min(each.at for each in before), last + DAY))
    assert sum(each.messages for each in asked) == sum(each.author == "resident" for each in before)

    copy = await app.desk.residents.copy(ref, "li", last)
    assert "雪里蕻0" in json.dumps(copy, ensure_ascii=False)
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/close", {"result": "answered", "note": ""})
    await app.desk.residents.erase(ref, "li", ErasureReason.OWN_WISH, last)
    for table in ("message", "archive_message"):
        said = cursor.execute(f"SELECT body FROM {table} WHERE conversation = 1".encode()).fetchall()
        assert said, table
        assert all(ERASED in bytes(row[0]).decode() for row in said), table


async def test_the_newest_page_looks_into_recent_months_alone(app: App, cursor: psycopg.Cursor) -> None:
    await to_a_human(app)
    await later(app, cursor, 4)
    looked = "SELECT seq FROM message WHERE conversation = 1 AND seq > 0 AND at >= {since}"
    since = months.month_after(now_of(cursor), 3)
    plans = plan(cursor, looked.format(since=since))
    assert "message_before" not in plans
    names = [month.name for month in months.months(cast(Cursor, cursor), "message") if month.end > since]
    assert all(name in plans for name in names)
    before = [month.name for month in months.months(cast(Cursor, cursor), "message") if month.end <= since]
    assert len(before) == 3
    assert not any(name in plans for name in before)


async def test_a_number_of_a_message_is_given_once(app: App, cursor: psycopg.Cursor) -> None:
    await to_a_human(app)
    with pytest.raises(psycopg.errors.UniqueViolation):
        cursor.execute("INSERT INTO message SELECT * FROM message WHERE conversation = 1 AND seq = 1")


async def test_what_a_wrong_clock_wrote_is_kept_and_comes_to_its_month(app: App, cursor: psycopg.Cursor) -> None:
    now = now_of(cursor)
    ahead = months.month_after(now, 8) + DAY

    def work(transaction: Transaction) -> None:
        for at in (ahead, 1 << 60, -5):
            conversations.audited(transaction, "li", "clock", "T", "", at)

    await app.database.write(work)
    assert one(cursor, "SELECT count(*) FROM audit_rest") == 2
    kept(cursor, ahead)
    assert one(cursor, "SELECT count(*) FROM audit_rest") == 1
    assert one(cursor, "SELECT count(*) FROM audit WHERE action = 'clock'") == 2
    assert one(cursor, "SELECT count(*) FROM archive_audit WHERE action = 'clock'") == 1
    kept(cursor, months.month_after(ahead, 8))
    assert one(cursor, "SELECT count(*) FROM audit WHERE action = 'clock'") == 1
    assert one(cursor, "SELECT count(*) FROM archive_audit WHERE action = 'clock'") == 2


async def test_what_may_be_asked_for_by_its_number_stays(app: App, cursor: psycopg.Cursor) -> None:
    _, ref = await to_a_human(app)
    last = await later(app, cursor, 6)
    kept(cursor, last)
    assert not archived(cursor, "ticket_event")
    assert archived(cursor, "message")
    numbers = [each.id for each in await app.database.read(lambda t: tickets.events(t, ref))]
    since = await app.database.read(lambda t: tickets.events_since(t, 0, 1000))
    assert [each.id for each in since if each.ticket == ref] == numbers


async def test_old_months_of_the_audit_go_with_their_lines(app: App, cursor: psycopg.Cursor) -> None:
    await to_a_human(app)
    last = await later(app, cursor, 6)
    kept(cursor, last)
    assert archived(cursor, "audit")
    await app.retaining.sweep(last + 4000 * DAY)
    assert one(cursor, "SELECT count(*) FROM archive_audit") == 0
    kept(cursor, last)
    assert not archived(cursor, "audit")


async def test_nobody_waits_for_a_month_that_cannot_leave(app: App, cursor: psycopg.Cursor) -> None:
    """Somebody reads at length, a backup for one: it is tried again another time, and meanwhile nothing has changed."""
    await to_a_human(app)
    last = await later(app, cursor, 6)
    before = await app.database.read(lambda t: conversations.messages(t, 1, 1, 1 << 30))
    with whole.snapshot(app.database.url) as connection:
        connection.exec_driver_sql("SELECT 1 FROM message LIMIT 1")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            kept(cursor, last)
        assert not archived(cursor, "message")
        assert await app.database.read(lambda t: conversations.messages(t, 1, 1, 1 << 30)) == before
    assert kept(cursor, last)


async def test_readers_find_all_while_months_leave(app: App, cursor: psycopg.Cursor) -> None:
    await to_a_human(app)
    last = await later(app, cursor, 12)
    before = await app.database.read(lambda t: conversations.messages(t, 1, 1, 1 << 30))
    read: list[list[MessageRow]] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            read.append(app.database.look(lambda t: conversations.messages(t, 1, 1, 1 << 30)))

    looking = asyncio.create_task(asyncio.to_thread(look))
    await asyncio.to_thread(kept, cursor, last)
    ended.set()
    await looking
    assert len(archived(cursor, "message")) >= 8
    assert read
    assert all(each == before for each in read)


async def test_it_is_kept_moved_and_closed_anew_with_the_rest(
    app: App, cursor: psycopg.Cursor, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months, "RECALLED", 2)
    await to_a_human(app)
    last = await later(app, cursor, 6)
    held, there = whole_of(app.database.url), created(postgres)
    kept(cursor, last)
    assert archived(cursor, "ticket_event")
    assert whole_of(app.database.url) == held
    with whole.snapshot(app.database.url) as found, whole.writing(there) as filled:
        seen = whole.Counts()
        whole.fill(filled, whole.revision(found), whole.counted(whole.parts(found), seen), seen)
    assert {name: count for name, count in whole_of(there).items() if name != "passage"} == {
        name: count for name, count in held.items() if name != "passage"
    }
    with connected(there) as numbers:
        numbers.execute("SELECT nextval('ticket_event_id_seq') > (SELECT max(id) FROM ticket_event)", ())
        assert numbers.fetchone() == (True,)
    with whole.writing(app.database.url) as filled, whole.snapshot(there) as found:
        seen = whole.Counts()
        whole.fill(filled, whole.revision(found), whole.counted(whole.parts(found), seen), seen)
    assert not archived(cursor, "message")
    kept(cursor, last)

    await app.database.write(lambda t: reseal(t, str, lambda document: b"x" + document))
    bodies = cursor.execute("SELECT body FROM archive_ticket_event").fetchall()
    assert all(bytes(row[0])[:1] == b"x" for row in bodies)


def whole_of(url: str) -> whole.Counts:
    with whole.snapshot(url) as connection:
        return whole.count(connection)


def test_every_part_is_as_the_schema_says(postgres: str) -> None:
    """Also that of what is past: a migration changes both."""
    url = created(postgres)
    upgrade(url)
    with create_engine(alembic_url(url), poolclass=NullPool).connect() as connection:
        found = inspect(connection)
        for table in past.MONTHLY:
            wanted = {column.name: column.nullable for column in table.c}
            for name in (table.name, past.ARCHIVE + table.name):
                columns = {each["name"]: each["nullable"] for each in found.get_columns(name)}
                assert columns == wanted, name
                indexed = {tuple(each["column_names"]) for each in found.get_indexes(name)}
                assert indexed == {tuple(column.name for column in index.columns) for index in table.indexes}
            key = [column.name for column in table.primary_key]
            for part in ("before", "rest"):
                assert found.get_pk_constraint(f"{table.name}_{part}")["constrained_columns"] == key


async def test_it_is_done_at_night(app: App, cursor: psycopg.Cursor) -> None:
    assert "months" in {each.name for each in workers(app)}
    night = months.Months(app.database.url, AFTER, app.config.zone, lambda: 1_800_000_000)
    await night.work()
    ends = [month.end for month in months.months(cast(Cursor, cursor), "message")]
    assert ends[-1] == months.month_after(now_of(cursor), months.AHEAD + 1)
    assert len(ends) == months.AHEAD + 1
