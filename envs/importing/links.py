"""Which sheets of a workbook refer to each other: foreign keys where the names say so and every value bears it out.

A spreadsheet knows no keys, and without them nobody is told how to join its tables. A guess is made only from the name (customer_id) and
kept only if the column it points to holds every value once; the report names each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from envs.importing.report import Note
from envs.importing.sheet import Budget
from envs.importing.writer import CleanDatabase, NewColumn, NewKey, NewTable
from envs.schema import quoted

_ENDINGS = ("_id", "_number", "_no", "_nr", "_code", "_key", "_sku")


def link_tables(tables: Sequence[NewTable], database: CleanDatabase, budget: Budget, notes: list[Note]) -> None:
    """Give the written tables the keys that their values allow."""
    primary: dict[str, str] = {}  # table to its key
    foreign: dict[str, list[NewKey]] = {}
    for table in tables:
        for column in table.columns:
            for other, target in _candidates(table, column, tables):
                budget.check_time()
                if any(key.table == table.name for key in foreign.get(other.name, ())):
                    continue  # two sheets of the same things: one direction says it
                if primary.get(other.name, target.name) != target.name or not _holds(database, table, column, other, target):
                    continue
                primary[other.name] = target.name
                foreign.setdefault(table.name, []).append(NewKey((column.name,), other.name, (target.name,)))
                notes.append(Note("read_as", f"{table.name}.{column.name}", f"refers to {other.name}.{target.name}: every value is there"))
                break
    for table in tables:
        if table.name in primary or table.name in foreign:
            key = (primary[table.name],) if table.name in primary else ()
            database.rebuild(dataclasses.replace(table, primary_key=key, foreign_keys=tuple(foreign.get(table.name, ()))))


def _candidates(table: NewTable, column: NewColumn, tables: Sequence[NewTable]) -> Iterator[tuple[NewTable, NewColumn]]:
    """The columns of other tables that this one may mean: customer_id is customers.customer_id, or the id of customers."""
    for other in tables:
        if other.name == table.name:
            continue
        for target in other.columns:
            same = target.name == column.name and target.name.endswith(_ENDINGS) and target is other.columns[0]
            by_table = any(
                column.name == word + ending and target.name == ending[1:] for word in _singular(other.name) for ending in _ENDINGS
            )
            if target.type == column.type and target.type in ("INTEGER", "TEXT") and (same or by_table):
                yield other, target


def _holds(database: CleanDatabase, table: NewTable, column: NewColumn, other: NewTable, target: NewColumn) -> bool:
    """Whether the target is filled and unique, and has every value of the column, of which there is one at least."""
    key, there = quoted(target.name), quoted(other.name)
    rows, filled, distinct = database.connection.execute(f"SELECT count(*), count({key}), count(DISTINCT {key}) FROM {there}").fetchone()
    if not rows or rows != filled or rows != distinct:
        return False
    own, here = quoted(column.name), quoted(table.name)
    used, missing = database.connection.execute(
        f"SELECT count({own}), sum({own} NOT IN (SELECT {key} FROM {there})) FROM {here} WHERE {own} IS NOT NULL"
    ).fetchone()
    return bool(used) and not missing


def _singular(name: str) -> set[str]:
    found = {name}
    if name.endswith("s"):
        found.add(name[:-1])
    if name.endswith("es"):
        found.add(name[:-2])
    if name.endswith("ies"):
        found.add(name[:-3] + "y")
    return found
