"""The one queue: lanes that do not wait for each other, order, keys, leases, and what is given up."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from bot.queue import Done, Failed, Kind, Later, Lost, Outcome, Queue, wait
from daoxue.app import App
from daoxue.config import Config
from store import deliveries, outbox, queue, webhooks
from store.database import ConflictError, Database
from store.migrate import alembic_url, upgrade
from store.outages import DatabaseError
from store.outbox import DueRow, OwedRow, Span
from store.queue import HELD, NewRow, QueueRow, QueueState
from store.transaction import Transaction
from store.webhooks import WebhookRow
from tests.conftest import created
from tests.desk_client import Desk

START = 1_700_000_000_000  # ms
LEASE = 30_000


class World:
    """Receivers: some hang until they are let go, some fail; and a clock that stands still."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.at = START
        self.did: list[str] = []
        self.hangs: dict[str, asyncio.Event] = {}  # by lane
        self.outcomes: dict[str, list[Outcome]] = {}  # by key
        self.rang = 0
        self.kinds = {"thing": Kind(self.work, at_once=4, patience=3, lease=LEASE)}
        self.queue = self.process()

    def process(self) -> Queue:
        """Another process at the same database."""
        return Queue(self.database, self.kinds, self.ring, lambda: self.at / 1000)

    def ring(self) -> None:
        self.rang += 1

    async def work(self, row: QueueRow) -> Outcome:
        if row.lane in self.hangs:
            await self.hangs[row.lane].wait()
        self.did.append(row.key)
        return self.outcomes[row.key].pop(0) if self.outcomes.get(row.key) else Done()

    async def put(
        self, key: str, lane: str = "a", order: str | None = None, number: int = 0, due_at: int = START
    ) -> bool:
        new = NewRow("thing", key, lane, b"", due_at, order, number)
        return await self.database.write(lambda t: queue.put(t, new))

    def rows(self) -> dict[str, QueueRow]:
        def all_(transaction: Transaction) -> list[QueueRow]:
            return [row for lane in ("a", "b") for row in queue.of_lane(transaction, lane, 100)]

        return {row.key: row for row in self.database.look(all_)}


@pytest.fixture
async def world(either_config: Config) -> AsyncIterator[World]:
    database = Database(either_config.database.url)
    yield World(database)
    database.close()


async def test_a_lane_that_hangs_delays_no_other(world: World) -> None:
    for number in range(40):
        await world.put(f"slow {number}", "a")
    await world.put("quick", "b")
    world.hangs["a"] = asyncio.Event()
    begun = await world.queue.begin()
    assert len(begun) == 5, "as many of the slow lane as it may have, and the quick one"
    await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
    assert world.did == ["quick"]
    await world.put("quick again", "b")
    await asyncio.wait(await world.queue.begin())
    assert world.did == ["quick", "quick again"], "and so on, while the others hang"
    world.hangs["a"].set()
    await asyncio.wait(begun)
    while await world.queue.work():
        pass
    assert len(world.did) == 42


async def test_two_processes_share_a_lane(postgres: str, sample_in_postgres: str) -> None:
    """Each passes over what the other is about to take: nobody waits, nobody is left without, nothing is done twice."""
    url, count = created(postgres, sample_in_postgres), 400
    first = World(Database(url))
    did: dict[str, list[str]] = {"one": [], "two": []}

    def process(name: str) -> tuple[Database, Queue]:
        async def work(row: QueueRow) -> Outcome:
            await asyncio.sleep(0.01)
            did[name].append(row.key)
            return Done()

        database = Database(url)
        return database, Queue(database, {"thing": Kind(work, lease=LEASE)}, first.ring, lambda: START / 1000)

    async def run(queue: Queue) -> None:
        while len(did["one"]) + len(did["two"]) < count:
            await asyncio.wait(await queue.begin() or [asyncio.create_task(asyncio.sleep(0.01))])

    def put(transaction: Transaction) -> None:
        for number in range(count):
            queue.add(transaction, NewRow("thing", f"{number}", "a", b"", START))

    await first.database.write(put)
    processes = [process(name) for name in did]
    async with asyncio.timeout(60):
        await asyncio.gather(*(run(queue) for _, queue in processes))
    for database in (first.database, *(database for database, _ in processes)):
        database.close()
    assert sorted(did["one"] + did["two"], key=int) == [f"{number}" for number in range(count)]
    assert min(map(len, did.values())) > count * 0.3, {name: len(keys) for name, keys in did.items()}


async def test_one_that_is_about_to_lease_keeps_nobody_waiting(postgres: str, sample_in_postgres: str) -> None:
    world = World(Database(created(postgres, sample_in_postgres)))
    for key in "xyz":
        await world.put(key)
    with psycopg.connect(world.database.url) as other:
        other.execute("SELECT 1 FROM queue WHERE key = 'x' FOR UPDATE")
        async with asyncio.timeout(5):
            await world.queue.work()
        assert sorted(world.did) == ["y", "z"]
    await world.queue.work()
    assert sorted(world.did) == ["x", "y", "z"]
    world.database.close()


async def test_what_is_tried_again_comes_in_behind(world: World) -> None:
    for key in "xyz":
        await world.put(key)
        world.outcomes[key] = [Failed("busy")]
    await world.queue.work()
    world.at += wait(1)
    for key in ("fresh 1", "fresh 2", "fresh 3"):
        await world.put(key, due_at=world.at)
    world.did.clear()
    await world.queue.work()
    assert set(world.did[:3]) == {"fresh 1", "fresh 2", "fresh 3"}
    assert len(world.did) == 4


async def test_one_at_a_time_in_order(world: World) -> None:
    for number in (3, 1, 2):
        await world.put(f"{number}", order="talk", number=number)
    await world.put("other", order="another talk", number=9)
    world.outcomes["1"] = [Failed("no answer"), Later(START + 60_000), Done()]
    await world.queue.work()
    assert sorted(world.did) == ["1", "other"]
    for _ in range(6):
        assert "2" not in world.did, "not before the first has left"
        world.at += 20_000
        if not await world.queue.work():
            continue
        if world.did.count("1") == 3:
            break
    while await world.queue.work():
        pass
    assert world.did[-3:] == ["1", "2", "3"]


async def test_what_is_held_holds_up_nothing(world: World) -> None:
    await world.put("held", order="talk", number=1, due_at=HELD)
    await world.put("next", order="talk", number=2)
    await world.queue.work()
    assert world.did == ["next"]


async def test_a_key_is_put_once(world: World) -> None:
    assert await world.put("once")
    assert not await world.put("once", "b")
    with pytest.raises(ConflictError):
        await world.database.write(lambda t: queue.add(t, NewRow("thing", "once", "a", b"", START)))
    await world.queue.work()
    assert world.did == ["once"]


async def test_who_dies_between_lease_and_end_is_followed_by_another(world: World) -> None:
    await world.put("thing")
    world.hangs["a"] = asyncio.Event()
    [dying] = await world.queue.begin()
    await asyncio.sleep(0)
    dying.cancel()
    await asyncio.wait([dying])
    other = world.process()
    world.hangs.clear()
    assert await other.work() == 0, "not while the lease lasts"
    await world.put("next")
    assert await other.work() == 1, "nor where there is something else to do in its lane"
    assert world.did == ["next"]
    world.at += LEASE
    assert await other.work() == 1
    assert world.did == ["next", "thing"]
    assert world.rows() == {}


async def test_a_lease_begins_when_it_is_taken(world: World) -> None:
    """However long ago the looking began: the clock goes on with every lease."""
    for key in "xyz":
        await world.put(key)
    world.hangs["a"] = asyncio.Event()
    moments: list[int] = []

    def clock() -> float:
        moments.append(world.at)
        world.at += 10_000
        return moments[-1] / 1000

    slow = Queue(world.database, world.kinds, world.ring, clock)
    begun = await slow.begin()
    assert [row.leased_until for row in world.rows().values()][::-1] == [START + n * 10_000 + LEASE for n in (1, 2, 3)]
    world.hangs["a"].set()
    await asyncio.wait(begun)


async def test_a_late_end_changes_nothing_that_another_has_leased(world: World) -> None:
    await world.put("thing")
    world.hangs["a"] = asyncio.Event()
    world.outcomes["thing"] = [Lost("too late")]
    [slow] = await world.queue.begin()
    world.at += LEASE
    other = world.process()
    [second] = await other.begin()
    await asyncio.sleep(0)  # both are at it
    world.hangs["a"].set()
    await asyncio.wait([slow, second])
    assert world.rows() == {}, "the other has done it, and nobody gave it up"


async def test_given_up_after_patience_and_tried_again(world: World) -> None:
    await world.put("thing")
    world.outcomes["thing"] = [Failed("one"), Failed("two"), Failed("three")]
    for _ in range(10):
        await world.queue.work()
        world.at += 3_600_000
    [row] = world.database.look(lambda t: queue.given_up(t, 9))
    assert (row.attempts, row.outcome, world.rang, len(world.did)) == (3, "three", 1, 3)
    assert queue.Backlog.of(world.database.look(lambda t: queue.owed(t, world.at)))[:2] == (0, 1)
    assert await world.database.write(lambda t: queue.retry(t, row.id, world.at))
    assert not await world.database.write(lambda t: queue.retry(t, row.id, world.at)), "once"
    await world.queue.work()
    assert world.rows() == {}


async def test_work_is_broken_off_before_its_lease_ends(world: World) -> None:
    """Else another would take it up while it is still at work, and what leaves would leave twice."""
    world.kinds["thing"] = dataclasses.replace(world.kinds["thing"], lease=200)
    await world.put("slow")
    world.hangs["a"] = asyncio.Event()
    assert await world.queue.work() == 1
    row = world.rows()["slow"]
    assert (row.leased_until, row.attempts, row.outcome) == (0, 1, "too slow")
    assert world.did == []


async def test_stopping_lets_what_is_under_way_end(world: World) -> None:
    await world.put("one")
    world.hangs["a"] = asyncio.Event()
    await world.queue.begin()
    asyncio.get_running_loop().call_later(0.05, world.hangs["a"].set)
    await world.queue.stop()
    assert world.did == ["one"]
    assert world.rows() == {}


async def test_what_comes_before_something_done_is_not_tried_again(world: World) -> None:
    """A platform would hear that somebody is admitted after it heard that they have left."""
    world.kinds["thing"] = dataclasses.replace(world.kinds["thing"], keeps=True)
    world.outcomes["first"] = [Lost("refused")]
    await world.put("first", order="o", number=1)
    await world.put("second", order="o", number=2)
    await world.queue.work()
    await world.queue.work()
    assert {key: row.state for key, row in world.rows().items()} == {
        "first": QueueState.GIVEN_UP, "second": QueueState.DONE,
    }  # fmt: skip
    id = world.rows()["first"].id
    assert not await world.database.write(lambda t: queue.retry(t, id, START))


async def test_what_arrives_takes_nothing_away_that_was_given_up(world: World) -> None:
    """A text that never arrived stays to be seen when the next one has left."""

    def owe(transaction: Transaction) -> None:
        for number in (1, 2):
            outbox.leave(transaction, 7, "sms", Span(number, number), START)

    await world.database.write(owe)
    first, second = await world.database.read(lambda t: queue.in_order(t, outbox.order_key(7)))
    lost = replace(first, state=QueueState.GIVEN_UP)
    await world.database.write(lambda t: queue.put_back(t, lost))
    await world.database.write(lambda t: outbox.left(t, DueRow(second.id, 7, "sms", "+861", 2, 2)))
    assert await world.database.read(lambda t: outbox.undelivered(t, 7)) == (1, True)


async def test_what_pages_have_taken_is_written_though_it_failed_once(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox_ = app.outbox
    outbox_.taken(7, 2)
    outbox_.taken(7, 1)  # a second page, which is behind

    async def fails(*_: object, **__: object) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(app.database, "write", fails)
        with pytest.raises(DatabaseError):
            await outbox_.flush()
    await app.database.write(lambda t: outbox.leave(t, 7, "webchat", Span(2, 2), START))
    await outbox_.flush()
    assert await app.database.read(lambda t: outbox.undelivered(t, 7)) is None


async def test_what_is_old_goes_but_messages_that_never_arrived(world: World) -> None:
    world.kinds |= {name: Kind(world.work, keeps=True, patience=1) for name in ("thing", "message")}
    for kind in world.kinds:
        for key, outcome in (("done", Done()), ("lost", Lost())):
            new = NewRow(kind, f"{kind} {key}", "a", b"", START)
            world.outcomes[new.key] = [outcome]
            await world.database.write(lambda t, new=new: queue.put(t, new))  # type: ignore[misc]
    await world.queue.work()
    assert len(world.rows()) == 4
    await world.database.write(lambda t: queue.forget(t, START, but="message"))
    assert len(world.rows()) == 4, "not before its time"
    await world.database.write(lambda t: queue.forget(t, START + 1, but="message"))
    assert list(world.rows()) == ["message lost"]


async def test_what_ends_no_process_ends_for_good(world: World) -> None:
    """A row that nobody comes to an end with is given up as well."""
    await world.put("thing")
    for _ in range(5):
        await world.database.write(lambda t: [queue.lease(t, row, 0) for row in queue.due(t, world.at, 9)])
    await world.queue.work()
    assert world.did == []
    assert world.rows()["thing"].state == QueueState.GIVEN_UP


async def test_an_error_of_ours_ends_with_the_lease(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def fails(row: QueueRow) -> Outcome:
        raise ValueError(row.key)

    world.kinds["thing"] = Kind(fails, lease=LEASE)
    await world.put("thing")
    assert await world.queue.work() == 1
    assert caplog.records
    assert await world.queue.work() == 0
    world.at += LEASE
    assert await world.queue.work() == 1


async def test_a_full_lane_is_filled_again_at_once(world: World) -> None:
    """Without waiting for the next look."""
    for number in range(9):
        await world.put(f"{number}")
    world.queue.room.clear()
    await asyncio.wait(await world.queue.begin())
    assert world.queue.room.is_set()
    while await world.queue.work():
        pass
    assert len(world.did) == 9
    world.queue.room.clear()
    await world.put("alone")
    await world.queue.work()
    assert not world.queue.room.is_set(), "the lane was not full: the next look is soon enough"


async def test_the_desk_sees_what_was_given_up_and_tries_again(either_app: App) -> None:
    desk = Desk(either_app)
    admin, seat = await desk.person("administrator"), await desk.person()

    def give_up(transaction: Transaction) -> None:
        queue.put(transaction, NewRow("message", "message:1:1", "sms", b"[1,1,0,false]", 5, "conversation:1", 1))
        [row] = queue.due(transaction, 5, 9)
        queue.lease(transaction, row, 9)
        leased = queue.get(transaction, row.id)
        assert leased is not None
        queue.put_back(transaction, _with(leased, QueueState.GIVEN_UP))

    await either_app.database.write(give_up)
    [shown] = (await admin.get("/queue/given-up"))["rows"]
    assert (shown["kind"], shown["lane"], shown["attempts"], shown["outcome"]) == ("message", "sms", 1, "GONE")
    await seat.post(f"/queue/{shown['id']}/retry", expect=403)
    await admin.post(f"/queue/{shown['id']}/retry")
    await admin.post(f"/queue/{shown['id']}/retry", expect=404)
    assert (await admin.get("/queue/given-up"))["rows"] == []
    row = either_app.database.look(lambda t: queue.get(t, shown["id"]))
    assert row is not None
    assert (row.state, row.attempts) == (QueueState.DUE, 0)


def _with(row: QueueRow, state: QueueState) -> QueueRow:
    return replace(row, state=state, outcome="GONE")


# -- what was owed before there was one queue


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/before.db"
    return created(request.getfixturevalue("postgres"))


def before(url: str, revision: str, *statements: str, body: bytes = b"") -> None:
    """A database as it was at that revision, with this in it, brought up to date. `body` is `:body` in what is executed."""
    upgrade(url, revision)
    engine = sa.create_engine(alembic_url(url), poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"body": body})
    upgrade(url)


def test_deliveries_that_were_owed_are_owed(empty: str) -> None:
    before(
        empty, "0007",
        "INSERT INTO ticket_event (id, ticket, kind, actor, body, at) VALUES (4, 'R', 'opened', 'bot', '{}', 77)",
        "INSERT INTO webhook (id, url, secret, kinds, seen, active) VALUES (1, 'http\\://x', 's', '[]', 4, 1)",
        "INSERT INTO delivery (webhook, event, state, due_at, attempts, outcome) VALUES (1, 4, 'due', 50, 2, 'HTTP 500')",
    )  # fmt: skip
    database = Database(empty)
    [row] = database.look(lambda t: queue.due(t, 50, 9))
    assert (row.kind, row.key, row.lane, row.attempts) == ("webhook", "webhook:1:4", "webhook:1", 2)
    assert json.loads(row.body) == {"event": 4, "kind": "opened", "ticket": "R", "actor": "bot", "at": 77}
    assert database.look(webhooks.all_) == [WebhookRow(1, "http://x", "s", "[]", 4)]
    database.close()


async def test_webhooks_from_before_stay_and_others_come(empty: str) -> None:
    before(
        empty, "0012", "INSERT INTO webhook (url, secret, kinds, seen, active) VALUES ('http\\://x', 's', '[]', 4, 1)"
    )
    database = Database(empty)
    await database.write(lambda t: webhooks.add(t, "http://y", "s", "[]"))
    assert [each.url for each in await database.read(webhooks.all_)] == ["http://x", "http://y"]
    database.close()


def test_commands_that_were_owed_are_owed(empty: str) -> None:
    before(
        empty, "0008",
        "INSERT INTO command (key, kind, body, state, due_at, attempts, outcome)"
        " VALUES ('enrolment\\:c-1\\:5\\:admitted\\:77', 'enrolment', :body, 'due', 50, 2, '503')",
        body=b"closed",
    )  # fmt: skip
    database = Database(empty)
    [row] = database.look(lambda t: queue.due(t, 50, 9))
    assert (row.kind, row.key, row.body) == ("command", "command:enrolment:c-1:5:admitted:77", b"closed")
    assert (row.order_key, row.number, row.attempts, row.outcome) == ("enrolment:c-1:5", 77, 2, "503")
    database.close()


def test_codes_that_were_not_sent_are_sent(empty: str) -> None:
    columns = "channel, person, card, phone, learner, digest, body, tries, at, used, sent"
    before(
        empty, "0009",
        *(
            f"INSERT INTO one_time_code ({columns}) VALUES ('wechat', 'p', 'c', 'f', {learner}, 'd', 'b', 0, 50, {used}, {sent})"
            for learner, used, sent in ((5, 0, 0), (5, 0, 1), (5, 1, 0), ("NULL", 0, 0))
        ),
    )  # fmt: skip
    database = Database(empty)
    [row] = database.look(lambda t: queue.due(t, 50, 9))
    assert (row.kind, row.key, row.lane, row.body) == ("code", "code:1", "code", b"")
    database.close()


def test_messages_that_were_put_off_are_answered(empty: str) -> None:
    body = b'{"channel": "wechat", "address": "oBefore", "id": "m1", "text": "", "at": 5}'
    before(
        empty, "0010",
        "INSERT INTO deferred (channel, address, id, body, due_at) VALUES ('wechat', '~x', 'm1', :body, 50)",
        body=body,
    )  # fmt: skip
    database = Database(empty)
    [row] = database.look(lambda t: queue.due(t, 50, 9))
    assert (row.kind, row.lane, row.body) == ("answer", "answer", body)
    assert "oBefore" not in row.key + str(row.order_key)
    assert database.now(lambda t: deliveries.undeferred(t, "wechat", "oBefore", "m1"))
    database.close()


def test_messages_that_were_owed_owed_are_owed(empty: str) -> None:
    columns = "key, conversation, channel, address, first_seq, last_seq, part, due_at, attempts, leased, dead"
    before(
        empty, "0006",
        f"INSERT INTO outbox ({columns}) VALUES ('7\\:2', 7, 'sms', '~x', 2, 3, 0, 50, 1, 1, 0)",
        f"INSERT INTO outbox ({columns}) VALUES ('7\\:4\\:1', 7, 'wechat', '~x', 4, 5, 1, {HELD}, 0, 0, 0)",
        f"INSERT INTO outbox ({columns}) VALUES ('8\\:2', 8, 'sms', '~x', 2, 2, 0, 9, 10, 0, 1)",
    )  # fmt: skip
    database = Database(empty)
    assert database.look(lambda t: outbox.owed(t, 7)) == [
        OwedRow(1, 2, 3, 0, 50, 50, is_rest=False, is_given_up=False),
        OwedRow(2, 4, 5, 1, HELD, 0, is_rest=True, is_given_up=False),
    ]
    assert [row.id for row in database.look(lambda t: queue.due(t, 49, 9))] == []
    assert [row.lane for row in database.look(lambda t: queue.due(t, 50, 9))] == ["sms"]
    [lost] = database.look(lambda t: queue.given_up(t, 9))
    assert (lost.key, lost.order_key, lost.attempts) == ("message:8:2", "conversation:8", 10)
    database.close()
