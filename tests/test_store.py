"""The way to the database: who writes together, who waits for whom, and that nobody is left behind."""

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, select

from daoxue.config import Config
from store import erasing, outages
from store.database import ConflictError, Database
from store.migrate import upgrade
from store.outages import Outage, OutageError
from store.schema import audit
from store.transaction import Statement, Transaction, adding

_ADD = Statement(adding(audit))
_FOUND = Statement(select(audit.c.action).where(audit.c.actor == bindparam("actor")).order_by(audit.c.id))


def note(transaction: Transaction, what: str) -> str:
    transaction.add(_ADD, at=0, actor="test", action=what, subject="", detail="")
    return what


def noted(transaction: Transaction) -> list[object]:
    return [row[0] for row in transaction.all(_FOUND, actor="test")]


def fails(_: Transaction) -> None:
    raise ValueError("of its own")


async def test_quick_and_slow_writes_all_arrive(either_config: Config) -> None:
    database = Database(either_config.database.url)
    names = [str(number) for number in range(300)]
    results = await asyncio.gather(
        *(database.write(lambda t, n=n: note(t, n), quick=int(n) % 3 != 0) for n in names)  # type: ignore[misc]
    )
    assert list(results) == names
    assert sorted(map(str, database.look(noted))) == sorted(names)
    database.close()


async def test_who_fails_among_the_quick_fails_alone(either_config: Config) -> None:
    database = Database(either_config.database.url)
    results = await asyncio.gather(
        database.write(lambda t: note(t, "a"), quick=True),
        database.write(fails, quick=True),
        database.write(lambda t: note(t, "b")),
        database.write(lambda t: note(t, "c"), quick=True),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [str, ValueError, str, str]
    assert sorted(map(str, database.look(noted))) == ["a", "b", "c"]
    database.close()


async def test_while_another_process_writes_the_loop_goes_on(config: Config) -> None:
    database = Database(config.database.url)
    other = sqlite3.connect(config.database.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = [asyncio.create_task(database.write(lambda t, n=n: note(t, n), quick=True)) for n in "abc"]  # type: ignore[misc]
    longest, last = 0.0, time.monotonic()
    for _ in range(50):
        await asyncio.sleep(0.01)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    assert not any(task.done() for task in writing)
    assert longest < 0.4  # nobody sat waiting for a lock on the event loop
    other.execute("COMMIT")
    assert await asyncio.wait_for(asyncio.gather(*writing), 10) == ["a", "b", "c"]
    other.close()
    database.close()


async def test_what_was_handed_over_is_written_before_closing(config: Config) -> None:
    database = Database(config.database.url)
    writing = [asyncio.create_task(database.write(lambda t, n=n: note(t, n), quick=n > "b")) for n in "abcd"]  # type: ignore[misc]
    await asyncio.sleep(0)  # all have asked, nothing has begun
    database.close()
    assert await asyncio.gather(*writing) == list("abcd")
    again = Database(config.database.url)
    assert sorted(map(str, again.look(noted))) == list("abcd")
    again.close()


def test_a_loop_that_ended_holds_nobody_up(config: Config) -> None:
    database = Database(config.database.url)

    async def leave() -> None:
        for n in "ab":
            asyncio.get_running_loop().create_task(database.write(lambda t, n=n: note(t, n), quick=n == "b"))  # type: ignore[misc]
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert asyncio.run(asyncio.wait_for(database.write(lambda t: note(t, "c"), quick=True), 10)) == "c"
    assert "c" in database.look(noted)
    database.close()


def test_loops_of_several_threads_write_together(config: Config) -> None:
    database = Database(config.database.url)

    async def many(name: str) -> None:
        await asyncio.gather(
            *(database.write(lambda t, n=n: note(t, f"{name}{n}"), quick=n % 2 == 0) for n in range(50))  # type: ignore[misc]
        )

    threads = [threading.Thread(target=lambda name=name: asyncio.run(many(name))) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(database.look(noted)) == 150
    database.close()


async def test_a_conflict_is_told_as_one(either_config: Config) -> None:
    database = Database(either_config.database.url)

    def twice(transaction: Transaction) -> None:
        transaction.run(_ADD, at=0, actor="test", action="once", subject="", detail="")
        raise database._engine.conflicts[0]

    with pytest.raises(ConflictError):
        await database.write(twice, quick=True)
    assert database.look(noted) == []
    database.close()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=30))
def test_any_mixture_keeps_what_succeeded(tmp_path: Path, config: Config, jobs: list[tuple[bool, bool, bool]]) -> None:
    """Quick or not, failing or not, after a pause or not: what returned is there, once, and nothing else is."""

    async def run() -> list[object]:
        database = Database(config.database.url)
        began = len(database.look(noted))
        asked = []
        for n, (quick, failing, pause) in enumerate(jobs):
            work = fails if failing else lambda t, n=n: note(t, str(n))
            asked.append(asyncio.create_task(database.write(work, quick=quick)))
            if pause:
                await asyncio.sleep(0)
        results = await asyncio.gather(*asked, return_exceptions=True)
        kept = database.look(noted)[began:]
        database.close()
        assert sorted(map(str, kept)) == sorted(str(result) for result in results if isinstance(result, str))
        return list(results)

    results = asyncio.run(run())
    assert [isinstance(result, ValueError) for result in results] == [failing for _, failing, _ in jobs]


async def test_what_is_old_is_found_by_an_index(either_config: Config) -> None:
    """The hourly sweep looks at nothing that is young or erased."""
    database = Database(either_config.database.url)
    explain = "EXPLAIN QUERY PLAN " if database.dialect.name == "sqlite" else "EXPLAIN "

    def plan(transaction: Transaction) -> str:
        seen = transaction._cursor
        if database.dialect.name == "postgresql":
            seen.execute("SET enable_seqscan = off", ())
        compiled = erasing._OLD.on(database.dialect)
        seen.execute(explain + compiled.sql, compiled.parameters({"before": 1, "most": 50}))
        return str(seen.fetchall())

    assert "ix_conversation_updated_at" in await database.read(plan)
    database.close()


async def test_another_process_that_holds_the_file_is_told_of_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is asked for meanwhile is refused within a bound, however much there is, and goes on when it is over."""
    path = tmp_path / "held.db"
    upgrade(f"sqlite:///{path}")
    monkeypatch.setattr(outages, "PASSING", 0.4)
    database = Database(f"sqlite:///{path}")
    monkeypatch.setattr(database, "_patience", 0.5)
    assert await database.outage() is None
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    assert await database.outage() is None, "it may come to an end"
    began = time.monotonic()
    told = await asyncio.gather(
        *(database.write(lambda t: None, quick=n % 2 == 0) for n in range(600)), return_exceptions=True
    )
    assert {str(each) for each in told} == {str(OutageError(Outage.LOCKED))}
    assert await database.outage() is Outage.LOCKED
    waiting = asyncio.create_task(database.write(lambda t: None))
    await asyncio.wait([waiting], timeout=5)
    assert str(waiting.exception()) == str(OutageError(Outage.LOCKED))
    assert time.monotonic() - began < 5
    held.execute("ROLLBACK")
    # The thread that told whoever waited may not have come to its end yet.
    async with asyncio.timeout(5):
        while await database.outage() is not None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    await database.write(lambda t: None)
    assert [record.levelname for record in caplog.records if record.name == "store.outages"] == ["ERROR", "WARNING"]
    held.execute("BEGIN IMMEDIATE")
    last = asyncio.create_task(database.write(lambda t: None))
    await asyncio.sleep(0)
    database.hurry()
    database.close()
    assert isinstance((await asyncio.gather(last, return_exceptions=True))[0], OutageError)
    held.close()


async def test_no_connection_is_left_to_itself(either_config: Config) -> None:
    """Who still reads when all is closed leaves nothing open."""
    database = Database(either_config.database.url)
    begun, ended, seen = threading.Event(), threading.Event(), []

    def slowly(transaction: Transaction) -> None:
        seen.append(transaction._cursor)
        begun.set()
        ended.wait(10)

    reading = threading.Thread(target=database.look, args=(slowly,))
    reading.start()
    begun.wait(10)
    database.close()
    ended.set()
    reading.join(10)
    with pytest.raises(database._engine.errors):
        seen[0].execute("SELECT 1", ())


async def test_a_connection_that_failed_is_closed_before_the_next(either_config: Config) -> None:
    """A server may refuse a statement and leave the connection as it is: it is not left to itself either."""
    database = Database(either_config.database.url)
    if not database._engine.gone:
        pytest.skip("no server")
    seen = []

    def cancelled_once(transaction: Transaction) -> list[object]:
        seen.append(transaction._cursor)
        if len(seen) == 1:
            transaction._cursor.execute("SET statement_timeout = 20", ())
            transaction._cursor.execute("SELECT pg_sleep(1)", ())
        return noted(transaction)

    assert database.look(cancelled_once) == []
    with pytest.raises(database._engine.errors):
        seen[0].execute("SELECT 1", ())
    database.close()


def test_a_loop_that_ended_before_it_could_go_on_holds_nobody_up(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was asked to put the next batch together in the moment in which it ended."""
    database, gone = Database(config.database.url), asyncio.new_event_loop()
    asyncio.run(database.write(lambda t: note(t, "a")))
    gone.close()
    monkeypatch.setattr(database, "_working", True)
    monkeypatch.setattr(database, "_due", gone)
    assert asyncio.run(asyncio.wait_for(database.write(lambda t: note(t, "b")), 10)) == "b"
    database.close()
