"""What a cluster that spreads tables over machines (Citus) asks of keys and of statements, told on plain PostgreSQL.

A statement on a table that is spread has to say which machine it is for: by an equation of the table's column with a value,
or with the column of a table beside it that is said. What does not goes to all machines.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import BinaryExpression, BindParameter, Column, Insert, Table, TextClause, Update
from sqlalchemy.sql import ClauseElement, ColumnElement, operators, visitors

from tests.service import ROOT

_SPREAD = re.compile(r"create_distributed_table\('(\w+)', '(\w+)'(?:, colocate_with => '(\w+)')?\)")
_ASKED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE) (\w+)")


class Spread(NamedTuple):
    """A table: the column by which its rows are spread, and with the rows of which table they lie."""

    column: str
    beside: str


def spread() -> Mapping[str, Spread]:
    """What `deploy/citus.sql` says."""
    found = _SPREAD.findall((ROOT / "deploy" / "citus.sql").read_text("utf-8"))
    return {table: Spread(column, table if beside in ("", "none") else beside) for table, column, beside in found}


SPREAD = spread()


def astray(expression: ClauseElement) -> set[str]:
    """The tables that are spread of which a statement does not say on which machine it means them."""
    if isinstance(expression, TextClause):
        asked = {name for name in _ASKED.findall(expression.text) if name in SPREAD}
        return {name for name in asked if not re.search(rf"\b{SPREAD[name].column} = :", expression.text)}
    tables = {each.name for each in visitors.iterate(expression) if isinstance(each, Table)} & SPREAD.keys()
    return tables - _said(expression)


def _said(expression: ClauseElement) -> set[str]:
    """Those of which it does."""
    if isinstance(expression, Insert):
        return _given(expression) & SPREAD.keys()
    said, equal = set[str](), list[tuple[set[str], set[str]]]()
    for each in visitors.iterate(expression):
        if isinstance(each, BinaryExpression) and each.operator is operators.eq:
            left, right = _spreading(each.left), _spreading(each.right)
            if isinstance(each.right, BindParameter):
                said |= left
            elif isinstance(each.left, BindParameter):
                said |= right
            elif left and right:
                equal.append((left, right))
    for _ in equal:
        for left, right in equal:
            if said & (left | right) and _together(left | right):
                said |= left | right
    return said


def moves(expression: ClauseElement) -> bool:
    """Whether it would change on which machine a row lies, which a cluster refuses."""
    if not isinstance(expression, Update) or not isinstance(table := expression.table, Table):
        return False
    return table.name in SPREAD and SPREAD[table.name].column in _columns(expression)


def _given(insert: Insert) -> set[str]:
    """The table where the row says its machine, or the coordinator numbers it before it goes on."""
    table = insert.table
    assert isinstance(table, Table)
    by = SPREAD[table.name].column if table.name in SPREAD else ""
    numbered = table.autoincrement_column
    said = by in _columns(insert) or (numbered is not None and by == numbered.name)
    return {str(table.name)} if said else set()


def _columns(change: Insert | Update) -> set[str]:
    return {str(getattr(column, "name", column)) for column in change._values or ()}


def _spreading(column: object) -> set[str]:
    """The tables whose rows are spread by what stands here: a column, or one of a question that a table is asked."""
    if not isinstance(column, ColumnElement):
        return set()
    bases = [each for each in column.base_columns | column.proxy_set if isinstance(each, Column)]
    return {
        each.table.name
        for each in bases
        if isinstance(each.table, Table) and each.table.name in SPREAD and SPREAD[each.table.name].column == each.name
    }


def _together(tables: Iterable[str]) -> bool:
    return len({SPREAD[each].beside for each in tables}) == 1
