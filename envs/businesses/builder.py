"""Fills a SQLite file from a business's spec, the same rows for the same seed.

The file is written beside its target and renamed, so nobody ever opens half a database.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from envs.businesses.spec import Business, Cell, Column, Parent, Row, Table, Value

TRIES_MAX = 1000  # draws for one value that must be unique, before the spec is called impossible


def build_database(business: Business, path: Path, seed: int) -> None:
    """Writes the business's database to `path`, replacing what is there.

    Args:
        business: the spec; its tables are created in the order it gives them.
        path: the target; its directory is created.
        seed: same business and seed, same rows.

    Raises:
        ValueError: the spec cannot be filled (tables that reference each other in a circle, more unique values wanted
            than there are, a derived value above its source).
    """
    rows = draw_rows(business, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(unfinished)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = OFF")  # a file that a power cut spoils is made again
            connection.execute("BEGIN")
            for table in business.tables:
                connection.execute(create_statement(table))
            for name in _parents_first(business):
                marks = ", ".join("?" for _ in business.table(name).columns)
                lines = [tuple(row.values()) for row in rows[name]]
                connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', lines)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def draw_rows(business: Business, seed: int) -> Mapping[str, list[Row]]:
    """Table name -> its rows, each row a mapping from column name to value in the order of the columns."""
    rows: dict[str, list[Row]] = {}
    for name in _parents_first(business):
        rows[name] = _fill(business.table(name), rows, f"{seed}/{business.name}/{name}")
    return rows


def create_statement(table: Table) -> str:
    """CREATE TABLE with types, keys and foreign keys."""
    keys = [column.name for column in table.columns if column.primary_key]
    lines = []
    for column in table.columns:
        line = f"{_quoted(column.name)} {column.type}"
        if column.primary_key and len(keys) == 1:
            line += " PRIMARY KEY"
        elif column.unique:
            line += " UNIQUE"
        lines.append(line)
    if len(keys) > 1:
        lines.append(f"PRIMARY KEY ({', '.join(map(_quoted, keys))})")
    for column in table.columns:
        if column.references:
            parent, _, key = column.references.partition(".")
            lines.append(f"FOREIGN KEY ({_quoted(column.name)}) REFERENCES {_quoted(parent)} ({_quoted(key)})")
    return f"CREATE TABLE {_quoted(table.name)} (\n  " + ",\n  ".join(lines) + "\n)"


def _fill(table: Table, done: Mapping[str, list[Row]], key: str) -> list[Row]:
    """The rows of one table, whose parents are in `done`."""
    rows: list[Row] = []
    randoms = {column.name: random.Random(f"{key}/{column.name}") for column in table.columns}
    choices = {column.name: _candidates(column, done, randoms[column.name]) for column in table.columns}
    targets = {c.name: _by_key(c, done) for c in table.columns if c.references and _parent_of(c) != table.name}
    keys = [column.name for column in table.columns if column.primary_key]
    taken: dict[str, set[Value]] = {c.name: set() for c in table.columns if c.unique or keys == [c.name]}
    pairs: set[tuple[Value, ...]] = set()
    for index in range(table.rows):
        for _ in range(TRIES_MAX):
            row: dict[str, Value] = {}
            points_to: dict[str, Row] = {}
            for column in table.columns:
                name = column.name
                parents = choices[name]
                if _parent_of(column) == table.name:
                    parents = [{**r, "": r[column.references.partition(".")[2]]} for r in rows]
                cell = Cell(randoms[name], f"{key}/{name}", index, row, parents, points_to)
                row[name] = _draw(column, cell, taken.get(name))
                if row[name] is not None and name in targets:
                    points_to[name] = targets[name][row[name]]
                elif row[name] is not None and column.references:
                    points_to[name] = next(r for r in parents if r[""] == row[name])
            if tuple(row[k] for k in keys) not in pairs:
                break
        else:
            raise ValueError(f"{key}: no new {keys} found in {TRIES_MAX} tries: lower rows or give the parents more")
        for name, values in taken.items():
            values.add(row[name])
        if keys:
            pairs.add(tuple(row[k] for k in keys))
        rows.append(row)
    return rows


def _draw(column: Column, cell: Cell, taken: set[Value] | None) -> Value:
    """One value, drawn again while it must be unique and is not; NULL as often as the column says."""
    if column.null_share and cell.rng.random() < column.null_share:
        return None
    for _ in range(TRIES_MAX):
        value = column.values.draw(cell)
        if taken is None or value is None or value not in taken:
            return value
    raise ValueError(f"{cell.key}: no new value in {TRIES_MAX} tries after {cell.index} rows: widen its values or lower rows")


def _candidates(column: Column, done: Mapping[str, list[Row]], rng: random.Random) -> list[Row]:
    """The rows a Parent may choose from, shuffled, a share left out; the referenced value under the empty name."""
    parent, _, key = column.references.partition(".")
    if not isinstance(column.values, Parent) or parent not in done:
        return []
    rows: list[Row] = [{**row, "": row[key]} for row in done[parent]]
    rng.shuffle(rows)
    return rows[: max(1, round(len(rows) * (1 - column.values.unused)))]


def _by_key(column: Column, done: Mapping[str, list[Row]]) -> dict[Value, Row]:
    parent, _, key = column.references.partition(".")
    return {row[key]: row for row in done[parent]}


def _parent_of(column: Column) -> str:
    return column.references.partition(".")[0]


def _parents_first(business: Business) -> list[str]:
    """Table names, each after those it references (a reference to itself is none)."""
    waiting = {table.name: {_parent_of(c) for c in table.columns if c.references} - {table.name} for table in business.tables}
    ordered: list[str] = []
    while waiting:
        ready = [name for name, parents in waiting.items() if parents <= set(ordered)]
        if not ready:
            raise ValueError(f"{business.name}: {', '.join(waiting)} reference each other in a circle: drop one foreign key")
        ordered += ready
        waiting = {name: parents for name, parents in waiting.items() if name not in ready}
    return ordered


def _quoted(name: str) -> str:
    """The name as SQL takes it: bare when plain, so that the schema reads as people write it."""
    return name if name.isascii() and name.isidentifier() and name.upper() not in _RESERVED else f'"{name}"'


_RESERVED = frozenset(["ORDER", "GROUP", "TABLE", "INDEX", "FROM", "TO", "VALUES", "REFERENCES", "CHECK", "DEFAULT", "TRANSACTION"])
