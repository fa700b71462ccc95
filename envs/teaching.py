"""What to write instead of a name that does not exist: the nearest tables, the columns of the tables in the query."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from envs.schema import Schema, TableInfo
from envs.sql_scan import tables_and_aliases, words

_INSTEAD = {
    "year": "strftime('%Y', column)", "month": "strftime('%m', column)", "day": "strftime('%d', column)",
    "now": "date('now')", "curdate": "date('now')", "date_format": "strftime('%Y-%m', column)",
    "datediff": "julianday(a) - julianday(b)", "concat": "a || b", "left": "substr(column, 1, n)", "if": "iif(test, a, b)",
}  # fmt: skip
HINT_CHARS = 160  # after SQLite's own words
NAME_CHARS = 80  # of a name that are compared: the time grows with the product of both lengths
COLUMNS_MAX = 8  # columns named of one table


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """All names, the ones most like this name first; names of equal likeness keep their order."""
    wanted = name.lower()
    return sorted(names, key=lambda other: -_likeness(wanted, other.lower()))


def tables_hint(name: str, tables: Sequence[str]) -> str:
    """`pets, owners`: the tables, nearest first, as many as there is room for."""
    return _fit(nearest(name.strip("\"'`[]; "), tables), HINT_CHARS)


def function_hint(said: str) -> str:
    """`no such function: YEAR; write strftime('%Y', column)`."""
    instead = _INSTEAD.get(said.partition(": ")[2].strip().lower())
    return f"{said[:160]}; write {instead}" if instead else said[:160]


def names_hint(said: str, sql: str, schema: Schema) -> str:
    """SQLite's complaint about a column name, followed by the columns it could have been.

    Args:
        said: SQLite's words, `no such column: t1.name` or `ambiguous column name: name`.
    """
    complaint, _, full = said.partition(": ")
    qualifier, _, name = full.rpartition(".")
    qualifier = qualifier.rpartition(".")[2]
    said = said[:100]
    aliases = _tables_of(sql, schema)
    tables = list(dict.fromkeys(aliases.values()))
    if complaint.startswith("ambiguous"):
        where = [f"{t.name}.{c}" for t in tables for c in t.column_names if c.lower() == name.lower()]
        if len(where) == 1:  # the table is joined to itself
            return f"{said}; {where[0].rpartition('.')[0]} stands in FROM more than once: name it once, or give each an alias"
        return f"{said}; write {' or '.join(where)}" if where else said
    parts = []
    if f'"{name}"' in sql:
        parts.append(f"text takes single quotes: '{name[:40]}'")
    if qualifier:
        meant = aliases.get(qualifier.lower())
        if meant is None and aliases:
            parts.append(f"no table or alias {qualifier[:40]} in the query")
        elif meant is not None:
            tables = [meant]
    tables.sort(key=lambda t: -max((_likeness(name.lower(), c.lower()) for c in t.column_names), default=0.0))
    room = HINT_CHARS
    for table in tables:
        listed = f"{table.name} has {_fit(nearest(name, table.column_names)[:COLUMNS_MAX], room - len(table.name) - 5)}"
        if len(listed) > room or listed.endswith(" has "):
            break
        parts.append(listed)
        room -= len(listed)
    elsewhere = [t.name for t in schema.tables if t not in tables and name.lower() in (c.lower() for c in t.column_names)]
    if elsewhere:
        parts.append(f"{name} is in {_fit(elsewhere, 60)}")
    return "; ".join([said, *parts])


def _likeness(wanted: str, other: str) -> float:
    """0 to 1; a name that is part of the other counts as near: `name` is meant by `product_name`."""
    wanted, other = wanted[:NAME_CHARS], other[:NAME_CHARS]
    ratio = difflib.SequenceMatcher(None, wanted, other).ratio()
    return max(ratio, 0.8 + ratio / 10) if len(wanted) > 2 and (wanted in other or other in wanted) and other else ratio


def _fit(names: Sequence[str], chars: int) -> str:
    text = ""
    for name in names:
        longer = f"{text}, {name}" if text else name
        if len(longer) > chars:
            break
        text = longer
    return text


def _tables_of(sql: str, schema: Schema) -> dict[str, TableInfo]:
    """Names and aliases (lower-case) under which the query reaches tables; any table it names when FROM names none."""
    found = {alias: table for alias, name in tables_and_aliases(sql).items() if (table := schema.find(name)) is not None}
    if found:
        return found
    said = {word.lower() for word in words(sql)}
    return {t.name.lower(): t for t in schema.tables if t.name.lower() in said}
