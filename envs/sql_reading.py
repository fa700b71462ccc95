"""What a query says, with places in its text: the tables it reads, the columns it uses, the texts it compares with.

Names are given as the schema spells them. The text itself is never rewritten here, so a caller can change one word of a query and
leave its layout alone.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import sqlglot
from sqlglot import exp

from envs.schema import Schema, TableInfo
from envs.sql_scan import likely_parses


@dataclass(frozen=True, slots=True)
class Place:
    """Characters [start, end) of the query's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TableUse:
    """A table where FROM or JOIN names it."""

    table: str
    alias: str  # the name its columns are qualified with; the table's own when there is none
    place: Place


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column of one of the tables, wherever the query names it."""

    table: str
    column: str
    place: Place
    qualifier: Place | None  # of T1 in T1.name


@dataclass(frozen=True, slots=True)
class TextUse:
    """A text that a column is compared with (=, <>, <, IN, BETWEEN, LIKE)."""

    table: str
    column: str
    value: str
    place: Place  # quotes included


Use = TypeVar("Use", TableUse, ColumnUse, TextUse)


@dataclass(frozen=True, slots=True)
class Reading:
    """One query, read."""

    sql: str
    tables: tuple[TableUse, ...]  # in the order of the text
    columns: tuple[ColumnUse, ...]
    texts: tuple[TextUse, ...]

    @property
    def table_names(self) -> tuple[str, ...]:
        """Each table once, in the order of the text."""
        return tuple(dict.fromkeys(use.table for use in self.tables))


def read_query(sql: str, schema: Schema) -> Reading:
    """Read one query; what is not of the schema (a WITH name, a column of one, rowid) is left out.

    Raises:
        ValueError: the text does not parse as one SELECT.
    """
    tree = parse(sql)
    tables = [table for node in tree.find_all(exp.Table) if (table := _table_use(node, schema))]
    columns = [column for node in tree.find_all(exp.Column) if (column := _column_use(node, schema))]
    texts = [text for node in tree.find_all(exp.Literal) if node.is_string and (text := _text_use(node, schema))]
    return Reading(sql, _in_text_order(tables), _in_text_order(columns), _in_text_order(texts))


@functools.lru_cache(maxsize=256)
def parse(sql: str) -> exp.Query:
    """The syntax tree of a query, which nobody may change (copy it first).

    Raises:
        ValueError: the text does not parse as one SELECT.
    """
    if not likely_parses(sql):
        raise ValueError(f"this is too long or has too many joins to be read as SQL: {sql[:200]!r}")
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ValueError(f"this does not parse as SQL ({str(error).splitlines()[0]}): {sql!r}") from error
    if not isinstance(tree, exp.Query):
        raise ValueError(f"this is no SELECT: {sql!r}")
    return tree


def replaced(sql: str, changes: Iterable[tuple[Place, str]]) -> str:
    """The text with each place changed; places must not overlap."""
    for place, text in sorted(changes, key=lambda change: -change[0].start):
        sql = sql[: place.start] + text + sql[place.end :]
    return sql


def column_of(node: exp.Column, schema: Schema) -> tuple[TableInfo, str] | None:
    """The table and column that a node names, looked up in its own SELECT, then in the ones around it."""
    for select in _selects_around(node):
        for source in _sources(select):
            table = schema.find(source.name)
            if table is None or (node.table and node.table.lower() != source.alias_or_name.lower()):
                continue
            for name in table.column_names:
                if name.lower() == node.name.lower():
                    return table, name
    return None


def _selects_around(node: exp.Expression) -> Iterator[exp.Select]:
    select = node.find_ancestor(exp.Select)
    while select is not None:
        yield select
        select = select.find_ancestor(exp.Select)


def _sources(select: exp.Select) -> Iterator[exp.Table]:
    """The tables that FROM and JOIN of this SELECT name, not those of its subqueries."""
    clauses = [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or ())]
    for clause in clauses:
        if clause is not None and isinstance(clause.this, exp.Table):
            yield clause.this


def _table_use(node: exp.Table, schema: Schema) -> TableUse | None:
    table = schema.find(node.name)
    return TableUse(table.name, node.alias_or_name, _place(node.this)) if table else None


def _column_use(node: exp.Column, schema: Schema) -> ColumnUse | None:
    found = column_of(node, schema)
    if found is None or "start" not in node.this.meta:
        return None
    qualifier = node.args.get("table")
    return ColumnUse(found[0].name, found[1], _place(node.this), _place(qualifier) if qualifier else None)


def _text_use(node: exp.Literal, schema: Schema) -> TextUse | None:
    step = node.parent
    while step is not None and not isinstance(step, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Like)):
        if isinstance(step, exp.Func):
            return None  # the format of strftime, not something compared with
        step = step.parent
    column = step.find(exp.Column) if step is not None else None
    found = column_of(column, schema) if column is not None else None
    return TextUse(found[0].name, found[1], node.name, _place(node)) if found and "start" in node.meta else None


def _in_text_order(uses: list[Use]) -> tuple[Use, ...]:
    return tuple(sorted(uses, key=lambda use: use.place.start))


def _place(node: exp.Expression) -> Place:
    return Place(node.meta["start"], node.meta["end"] + 1)
