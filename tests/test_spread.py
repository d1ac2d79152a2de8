"""The schema can be spread over the machines of a cluster as `deploy/citus.sql` says: every key of a table that is spread holds
the column by which it is, no key of another table leads to it, and what a turn asks goes to one machine. No cluster is asked:
what one demands is looked for in the catalogue of a plain PostgreSQL server, and in the statements."""

import gc
import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import cast

import psycopg
import pytest
from msgspec.structs import replace
from sqlalchemy import Table, bindparam, insert, select, text, update
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import visitors

import store
from benchmarks.turn import QUESTIONS
from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings
from store import months
from store.engine import Cursor
from store.migrate import upgrade
from store.schema import conversation, correspondent, message
from store.transaction import Compiled, Statement
from tests.conftest import created
from tests.desk_client import Desk
from tests.spreading import SPREAD, astray, moves
from tests.talk import Resident

# What goes to several machines, by the module and the name that it has there, and why that does no harm. None of it is asked
# for in a turn.
EVERYWHERE: Mapping[str, str] = {
    "attachments._OF_TALK": "a seat opens a ticket: files lie by their own numbers",
    "condition._NEWEST": "what the doctor asks",
    "conversations._DRAWN": "answers that an editor looks at, drawn by lot",
    "conversations._LAST": "talks that somebody here waits in, by their keys, once a second where hints are lost",
    "copying.COPIED": "a copy of what is kept of somebody",
    "erasing._OF_CONVERSATION": "an erasure",
    "erasing._OLD": "what is old, each hour",
    "keys._TALKS": "a change of keys, while nobody serves",
    "keys._TICKETS": "the same",
    "sealing._ALL": "the same",
    "sealing._CHANGE": "the same",
    "sealing._DOCUMENTS": "the same",
    "sealing._FORGET_CORRESPONDENTS": "the same",
    "sealing._KNOW_CORRESPONDENTS": "the same",
    "search._BEHIND": "what an earlier process left unfindable, once after a start",
    "search._NEWEST": "the same",
    "talks._BY_CHANNEL": "a report, read aside",
    "ticket_lists._TALKS": "events of a forum on an author, on a topic, or on a post that was not read where it stands and is not new",
    "ticket_lists._PAGES": "a page of a list, of which each ticket has its last message beside it",
}


@pytest.fixture
async def app(config: Config, postgres: str, sample_in_postgres: str) -> AsyncIterator[App]:
    composed = await compose(replace(config, database=DatabaseSettings(created(postgres, sample_in_postgres))))
    yield composed
    composed.database.close()


def named() -> dict[int, str]:
    """The name of each statement of the product, by its identity."""
    found = dict[int, str]()
    for each in pkgutil.iter_modules(store.__path__):
        if each.ispkg:
            continue
        module = importlib.import_module(f"store.{each.name}")
        for name, value in vars(module).items():
            for statement in held(value):
                found.setdefault(id(statement), f"{each.name}.{name}")
    return found


def held(value: object) -> Iterator[Statement]:
    """The statements in a module's value, however they are kept there."""
    if isinstance(value, Statement):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from held(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from held(each)
    elif type(value).__module__.startswith("store."):
        yield from held(list(getattr(value, "__dict__", {}).values()))


def test_every_key_holds_the_column_that_rows_are_spread_by(postgres: str) -> None:
    """Also that of each month: a cluster can vouch for a key on each machine alone. Nothing refers to a row by a foreign key."""
    url = created(postgres)
    upgrade(url)
    with psycopg.connect(url, autocommit=True) as connection:
        months.keep_at(cast(Cursor, connection.cursor()), 1_800_000_000_000, 13)
        keys = connection.execute(_KEYS, (list(SPREAD),)).fetchall()
        assert {table for table, _, _ in keys} == set(SPREAD) - {"archive_message"}, "whose months have none yet"
        for table, name, columns in keys:
            assert SPREAD[table].column in columns, f"{name} of {table}"
        assert connection.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'").fetchall() == []
        assert connection.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal").fetchall() == []
        for table, (column, beside) in SPREAD.items():
            kinds = [_kind(connection, *each) for each in ((table, column), (beside, SPREAD[beside].column))]
            assert kinds[0] == kinds[1] != "", f"{table} lies beside {beside}"


# Unique indexes of tables and of their months, with their columns.
_KEYS = """
    SELECT coalesce(parent.relname, own.relname), index.relname,
           ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = own.oid AND attnum = ANY (indkey))
    FROM pg_index JOIN pg_class own ON own.oid = indrelid JOIN pg_class index ON index.oid = indexrelid
    LEFT JOIN pg_inherits ON inhrelid = own.oid LEFT JOIN pg_class parent ON parent.oid = inhparent
    WHERE indisunique AND coalesce(parent.relname, own.relname) = ANY (%s)
"""


def _kind(connection: "psycopg.Connection[tuple[object, ...]]", table: str, column: str) -> str:
    """The type of a column that holds something in every row."""
    row = connection.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attname = %s AND attnotnull",
        (table, column),
    ).fetchone()
    return str(row[0]) if row else ""


def test_a_statement_is_for_one_machine_or_known_not_to_be() -> None:
    known = named()
    found = {known[id(each)] for each in known_statements(known) if astray(each.expression)}
    assert found == EVERYWHERE.keys()
    assert [known[id(each)] for each in known_statements(known) if moves(each.expression)] == []


def known_statements(known: Mapping[int, str]) -> list[Statement]:
    gc.unfreeze()  # what was loaded before the tests is out of its sight (tests/conftest.py)
    found = [each for each in gc.get_objects() if type(each) is Statement and id(each) in known]
    gc.freeze()
    return found


async def test_a_turn_asks_one_machine(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is said, of whichever state, and what a seat does with it, but for the lists that it chooses from."""
    names, run = named(), set[Statement]()
    real = Statement.on

    def on(self: Statement, dialect: Dialect) -> Compiled:
        run.add(self)
        return real(self, dialect)

    monkeypatch.setattr(Statement, "on", on)
    resident, desk = Resident(app), Desk(app)
    seat = await desk.person()
    run.clear()
    for words in (*(line for line in QUESTIONS[:40]), "转人工", "我想问一件以前的事", "还在吗"):
        await resident.say(words)
    astray_in_turns = {names.get(id(each), str(each.expression)) for each in run if astray(each.expression)}
    assert astray_in_turns == set()
    asked = {names.get(id(each)) for each in run if asks_spread(each)}
    assert asked >= {
        "correspondents._WHOSE",
        *(f"conversations.{name}" for name in ("_OPEN", "_MOVE_ON", "_ACCEPT", "_SAY")),
    }

    ref = (await resident.receipt("在吗")).ticket
    run.clear()
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "r1", "text": "您好"})
    await resident.say("谢谢")
    await seat.post(f"/tickets/{ref}/close", {"result": "answered", "note": ""})
    assert {names.get(id(each), "?") for each in run if astray(each.expression)} <= {"attachments._OF_TALK"}


def asks_spread(statement: Statement) -> bool:
    return any(isinstance(each, Table) and each.name in SPREAD for each in visitors.iterate(statement.expression))


def test_what_is_looked_for_is_found() -> None:
    """A statement that says its machine is told from one that does not."""
    said, other = message.c.conversation == bindparam("id"), message.c.seq == bindparam("seq")
    beside = message.c.conversation == conversation.c.id
    assert astray(select(message.c.body).where(said, other)) == set()
    assert astray(select(message.c.body).where(other)) == {"message"}
    assert astray(select(message.c.body).join(conversation, beside).where(said)) == set()
    assert astray(select(message.c.body).join(conversation, beside).where(other)) == {"message", "conversation"}
    assert astray(select(message.c.body).join(conversation, other).where(said)) == {"conversation"}
    apart = correspondent.c.conversation == conversation.c.id
    assert astray(select(conversation.c.id).join(correspondent, apart).where(conversation.c.id == 1)) == {
        "correspondent"
    }
    assert astray(insert(message).values(seq=1)) == {"message"}
    assert astray(text("DELETE FROM message WHERE seq = :seq")) == {"message"}
    assert moves(update(message).values(conversation=1))
    assert not moves(update(message).values(seq=1))
