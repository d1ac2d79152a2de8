"""Statements, and what runs them on one open connection, closing and opening what is `Sealed` or `Shut` on the way.

They are SQLAlchemy expressions over `store.schema`, compiled once per dialect and run on the driver itself: a compiled
statement costs a tenth of what the same one costs through a SQLAlchemy connection.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, cast

from sqlalchemy import Column, Insert, Select, Table, Text, bindparam, func, insert, select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from store.engine import Cursor, Row, Value
from store.personal import Sealed, Shut

NUMBERING = 7_310_461  # the advisory lock's key; any number that nothing else on the server uses


class Sealer(Protocol):
    """Closes what must not be read in the database's files: texts always the same for the same text, documents never twice
    the same; opens it again, and lets through what was never closed."""

    def seal(self, text: str) -> str: ...
    def unseal(self, text: str) -> str: ...
    def shut(self, document: bytes) -> bytes: ...
    def unshut(self, document: bytes) -> bytes: ...


class Unsealed:
    """Closes nothing."""

    def seal(self, text: str) -> str:
        return text

    def unseal(self, text: str) -> str:
        return text

    def shut(self, document: bytes) -> bytes:
        return document

    def unshut(self, document: bytes) -> bytes:
        return document


class Compiled(NamedTuple):
    """A statement's text in a dialect; the names of its parameters in their order, of which `fixed` are known already.
    SQLite looks a named one up by its name each time, so they go by position."""

    sql: str
    names: Sequence[str]
    fixed: Mapping[str, Value]

    def parameters(self, values: Mapping[str, Value]) -> Sequence[Value]:
        if self.fixed:
            values = {**self.fixed, **values}
        return [values[name] for name in self.names]


_CLOSING = (Sealed, Shut)


class Statement:
    """A SQLAlchemy expression, its text kept for each dialect. Parameters are the expression's `bindparam`s."""

    __slots__ = ("_compiled", "expression", "opened", "sealed")

    def __init__(self, expression: ClauseElement) -> None:
        self.expression = expression
        selected = expression.selected_columns if isinstance(expression, Select) else ()
        self.opened = frozenset(at for at, column in enumerate(selected) if isinstance(column.type, _CLOSING))
        self.sealed: tuple[str, ...] = ()  # parameters; known once it is compiled
        self._compiled: dict[str, Compiled] = {}

    def on(self, dialect: Dialect) -> Compiled:
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = cast(SQLCompiler, self.expression.compile(dialect=dialect))
            fixed = {name: cast(Value, bind.value) for name, bind in compiled.binds.items() if not bind.required}
            self.sealed = tuple(
                name for name, bind in compiled.binds.items() if name not in fixed and isinstance(bind.type, _CLOSING)
            )
            names = tuple(compiled.positiontup or ())
            known = self._compiled[dialect.name] = Compiled(str(compiled), names, fixed)
        return known


def adding(table: Table) -> Insert:
    """An insertion that takes every column as a parameter of its name, but the ones the database numbers itself."""
    columns = [column for column in table.c if column is not table.autoincrement_column]
    return insert(table).values({column.name: bindparam(column.name) for column in columns})


def highest(column: Column[int]) -> Statement:
    """The highest number in a column; 0 where there is none."""
    return Statement(select(func.coalesce(func.max(column), 0)))


class Transaction:
    """Runs statements on one open connection."""

    __slots__ = ("_added", "_cursor", "_dialect", "_in_order", "_sealer", "noted")

    def __init__(self, cursor: Cursor, dialect: Dialect, sealer: Sealer) -> None:
        self._sealer = sealer
        self._cursor = cursor
        self._dialect = dialect
        self._added: dict[Statement, list[dict[str, Value]]] = {}
        self.noted: dict[str, int] = {}  # what was read once for a whole batch; whoever changes it takes it out
        self._in_order = dialect.name == "sqlite"  # one writer: commits come in the order of numbers anyway

    @property
    def dialect(self) -> str:
        """sqlite or postgresql, for the few statements that are not the same."""
        return self._dialect.name

    def number_in_order(self) -> None:
        """From here to the commit nobody else gives numbers to rows of `ticket_event`: so they appear in the order of
        their numbers, and a reader who asks for what is above the last one misses none."""
        if not self._in_order:
            self._in_order = True
            self.run(_NUMBERING, lock=NUMBERING)

    def alone(self, name: str) -> None:
        """From here to the commit nobody else gets past this line with the same name. SQLite has one writer anyway."""
        if self._dialect.name != "sqlite":
            self.run(_ALONE, name=name)

    def add(self, statement: Statement, **values: Value) -> None:
        """An insertion that nobody reads before the commit: those of a whole batch go to the database as one."""
        self._added.setdefault(statement, []).append(values)

    def flush(self) -> None:
        """Makes the added insertions."""
        for statement, rows in self._added.items():
            compiled = statement.on(self._dialect)
            closed = [self._closed(statement, row) for row in rows] if statement.sealed else rows
            self._cursor.executemany(compiled.sql, [compiled.parameters(row) for row in closed])
        self._added.clear()

    def run(self, statement: Statement, **values: Value) -> int:
        """Runs it; the number of rows it changed."""
        compiled = statement.on(self._dialect)
        if statement.sealed:
            values = self._closed(statement, values)
        self._cursor.execute(compiled.sql, compiled.parameters(values))
        return self._cursor.rowcount

    def _closed(self, statement: Statement, values: dict[str, Value]) -> dict[str, Value]:
        return values | {name: self._close(values[name]) for name in statement.sealed}

    def _close(self, value: Value) -> Value:
        if isinstance(value, str):
            return self._sealer.seal(value)
        return self._sealer.shut(value) if isinstance(value, bytes) else value

    def _opened(self, statement: Statement, row: Row) -> Row:
        return tuple(self._open(value) if at in statement.opened else value for at, value in enumerate(row))

    def _open(self, value: Value) -> Value:
        if isinstance(value, str):
            return self._sealer.unseal(value)
        return self._sealer.unshut(value) if isinstance(value, bytes) else value

    def one(self, statement: Statement, **values: Value) -> Row | None:
        self.run(statement, **values)
        row = cast(Row | None, self._cursor.fetchone())
        return self._opened(statement, row) if row is not None and statement.opened else row

    def number(self, statement: Statement, **values: Value) -> int:
        """The one number that it selects; 0 where there is no row."""
        row = self.one(statement, **values)
        return cast(int, row[0]) if row else 0

    def all(self, statement: Statement, **values: Value) -> list[Row]:
        self.run(statement, **values)
        rows = cast(list[Row], self._cursor.fetchall())
        return [self._opened(statement, row) for row in rows] if statement.opened else rows


_NUMBERING = Statement(select(func.pg_advisory_xact_lock(bindparam("lock"))))
_ALONE = Statement(select(func.pg_advisory_xact_lock(func.hashtext(bindparam("name", type_=Text)))))
