"""What is divided by month on PostgreSQL, and the tables to which its old months belong (`store.months` puts them there):
whoever reads or changes all there is of somebody goes through both. SQLite has one table of each."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import ColumnCollection, ColumnElement, MetaData, Table, select, union_all
from sqlalchemy.sql import ClauseElement

from store.engine import Value
from store.schema import audit, ledger, message, ticket_event
from store.transaction import Statement, Transaction

ARCHIVE = "archive_"  # how the names of these tables begin
MONTHLY = (message, ticket_event, audit, ledger)  # by `at`
PAST: Mapping[str, Table] = {each.name: each.to_metadata(MetaData(), name=ARCHIVE + each.name) for each in MONTHLY}

Columns = ColumnCollection[str, ColumnElement[object]]


def all_of(table: Table) -> Sequence[Table]:
    """A table, and that of its old months where it has them."""
    return (table, PAST[table.name]) if table.name in PAST else (table,)


def reading(table: Table, make: Callable[[Columns], ClauseElement]) -> Mapping[str, Statement]:
    """A question over a table with its old months, by dialect. `make` is given the columns to ask for."""
    if table.name not in PAST:
        return dict.fromkeys(("sqlite", "postgresql"), Statement(make(table.c)))
    both = union_all(*map(select, all_of(table))).subquery(table.name)
    return {"sqlite": Statement(make(table.c)), "postgresql": Statement(make(both.c))}


def changing(table: Table, make: Callable[[Table], ClauseElement]) -> Sequence[Statement]:
    """A change of a table, and the same one of its old months."""
    return [Statement(make(each)) for each in all_of(table)]


def change(transaction: Transaction, statements: Sequence[Statement], **values: Value) -> int:
    """Runs what `changing` made; the number of rows that it changed."""
    there = statements if transaction.dialect == "postgresql" else statements[:1]
    return sum(transaction.run(statement, **values) for statement in there)
