"""Golds and changed queries over any database, each with the verdict it must get, known by how the change was made.

A harmless change means the same in SQL. A wrong one is made only where a count, a minimum or a repeated value read from the file
shows that the results must differ. Nothing here compares two results.
"""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from envs.schema import ColumnInfo, ForeignKey, Schema, TableInfo, quoted

ROWS_MAX = 20_000  # tables larger than this are left out
PAIRS_MAX = 3_000_000  # of a parent's rows and a child's: inner queries look at each


@dataclass(frozen=True, slots=True)
class Mutant:
    """One question's gold, and what a policy might have sent."""

    kind: str
    gold: str
    sql: str
    right: bool
    answer: str = "RESULT"


def mutants(connection: sqlite3.Connection, schema: Schema, rng: random.Random, of_a_kind: int) -> list[Mutant]:
    """Mutants over one database, at most so many of a kind."""
    kinds: dict[str, list[Mutant]] = defaultdict(list)
    facts = Facts(connection)
    for table in schema.tables:
        if not 2 <= table.row_count <= ROWS_MAX:
            continue
        for made in _of_table(facts, table):
            kinds[made.kind].append(made)
        for key in table.foreign_keys:
            parent = schema.find(key.table)
            if parent is not None and parent.name != table.name and 2 <= parent.row_count <= ROWS_MAX:
                for made in _of_pair(facts, parent, table, key):
                    kinds[made.kind].append(made)
    return [made for found in kinds.values() for made in rng.sample(found, min(of_a_kind, len(found)))]


class Facts:
    """Counts and values read with plain SQLite."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, sql: str) -> Any:
        return self._connection.execute(sql).fetchone()[0]

    def list(self, sql: str) -> list[Any]:
        return [row[0] for row in self._connection.execute(sql)]

    def only(self, table: str, column: str, *types: str) -> bool:
        """Whether the column holds nothing but these types, NULL aside."""
        wanted = ", ".join(f"'{kind}'" for kind in (*types, "null"))
        return bool(self.one(f"SELECT count(*) FROM {table} WHERE typeof({column}) NOT IN ({wanted})") == 0)


def _literal(value: object) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def _id_of(facts: Facts, table: TableInfo) -> str | None:
    """A column of different integers, quoted; None when there is none."""
    keys = [c.name for c in table.columns if c.primary_key]
    if len(keys) != 1:
        return None
    t, key = quoted(table.name), quoted(keys[0])
    different = facts.one(f"SELECT count(DISTINCT {key}) FROM {t} WHERE typeof({key}) = 'integer'")
    return key if different == table.row_count else None


def _of_table(facts: Facts, table: TableInfo) -> Iterator[Mutant]:
    t, n = quoted(table.name), table.row_count
    count = f"SELECT count(*) FROM {t}"
    yield Mutant("count as real", count, f"SELECT CAST(count(*) AS REAL) FROM {t}", True)
    yield Mutant("count by sum", count, f"SELECT sum(1) FROM {t}", True)
    yield Mutant("count in parentheses", count, f"SELECT ((count(*))) AS n FROM (SELECT * FROM {t}) AS x", True)
    yield Mutant("count with noise", count, f"SELECT count(*) + 1e-10 FROM {t}", True)
    for said in (f"{n}", f"{n:,}", f"{n}.0", f" {n} "):
        yield Mutant("value said", count, count, True, said)
    for said in (f"{n + 1}", f"{n} rows", f"-{n}", "", "UNKNOWN", "UNKNOWN it is not kept", "result", f"{n}.5", f"{n} {n}", f"RESULT {n}"):
        yield Mutant("wrong value said", count, count, False, said)
    yield Mutant("constant", count, f"SELECT {n}", False)
    yield Mutant("constant said", count, f"SELECT {n}", False, f"{n}")
    yield Mutant("VALUES", count, f"VALUES ({n})", False)
    yield Mutant("constant under the table's name", count, f"WITH {t} AS (SELECT {n} AS n) SELECT n FROM {t}", False)
    yield Mutant("off by one", count, f"SELECT count(*) + 1 FROM {t}", False)
    yield Mutant("value as text", count, f"SELECT CAST(count(*) AS TEXT) FROM {t}", False)
    yield Mutant("union of guesses", count, f"SELECT count(*) FROM {t} UNION SELECT {n + 1} UNION SELECT {n + 2}", False)
    yield Mutant("guesses side by side", count, f"SELECT count(*), {n} FROM {t}", False)
    yield Mutant("no query", count, "", False, f"{n}")
    yield Mutant("LIMIT 0", count, f"{count} LIMIT 0", False)
    key = _id_of(facts, table)
    if key is None:
        return
    yield from _of_rows(facts, table, key)
    for column in table.columns:
        if quoted(column.name) != key:
            yield from _of_column(facts, table, key, column)


def _of_rows(facts: Facts, table: TableInfo, key: str) -> Iterator[Mutant]:
    """On whole rows and their order; the key tells every row from every other."""
    t, n = quoted(table.name), table.row_count
    ids = facts.list(f"SELECT {key} FROM {t} ORDER BY {key}")
    all_ids, middle = f"SELECT {key} FROM {t}", ids[n // 2]
    yield Mutant("order dropped in", all_ids, f"{all_ids} ORDER BY {key} DESC", True)
    yield Mutant("CTE around", all_ids, f"WITH x AS ({all_ids}) SELECT * FROM x", True)
    yield Mutant("two halves united", all_ids, f"{all_ids} WHERE {key} < {middle} UNION ALL {all_ids} WHERE {key} >= {middle}", True)
    yield Mutant("large LIMIT", all_ids, f"{all_ids} LIMIT {n}", True)
    yield Mutant("DISTINCT on a key", all_ids, f"SELECT DISTINCT {key} FROM {t}", True)
    yield Mutant("grouped by a key", all_ids, f"{all_ids} GROUP BY {key}", True)
    yield Mutant("integers as reals", all_ids, f"SELECT {key} * 1.0 FROM {t}", True)
    yield Mutant("numbers as text", all_ids, f"SELECT CAST({key} AS TEXT) FROM {t}", False)
    yield Mutant("every row twice", all_ids, f"{all_ids} UNION ALL {all_ids}", False)
    yield Mutant("one row twice", all_ids, f"{all_ids} UNION ALL SELECT {middle}", False)
    yield Mutant("one row dropped", all_ids, f"{all_ids} WHERE {key} <> {middle}", False)
    yield Mutant("one row for another", all_ids,
                 f"{all_ids} WHERE {key} <> {middle} UNION ALL SELECT min({key}) - 1 FROM {t}", False)  # fmt: skip
    yield Mutant("one row repeated for another", all_ids, f"SELECT CASE {key} WHEN {ids[0]} THEN {ids[-1]} ELSE {key} END FROM {t}", False)
    yield Mutant("LIMIT 0 of rows", all_ids, f"{all_ids} LIMIT 0", False)
    yield Mutant("a value for rows", all_ids, all_ids, False, str(ids[0]))
    if len(table.columns) > 1:
        yield Mutant("SELECT *", all_ids, f"SELECT * FROM {t}", False)
        yield Mutant("column twice", all_ids, f"SELECT {key}, {key} FROM {t}", False)
    in_order = f"{all_ids} ORDER BY {key}"
    yield Mutant("same order by place", in_order, f"{all_ids} ORDER BY 1 ASC", True)
    yield Mutant("same order by twice the negative", in_order, f"{all_ids} ORDER BY -{key} DESC", True)
    yield Mutant("reversed order", in_order, f"{in_order} DESC", False)
    yield Mutant(
        "order turned at the end", in_order, f"{all_ids} ORDER BY CASE {key} WHEN {ids[-1]} THEN {ids[0]} - 1 ELSE {key} END", False
    )
    few = min(3, n - 1)
    top = f"{all_ids} ORDER BY {key} DESC LIMIT {few}"
    yield Mutant("LIMIT n + 1", top, f"{all_ids} ORDER BY {key} DESC LIMIT {few + 1}", False)
    yield Mutant("OFFSET 1", top, f"{top} OFFSET 1", False)
    yield Mutant("bottom for top", top, f"{all_ids} ORDER BY {key} LIMIT {few}", False)
    yield Mutant("LIMIT in an inner query", top, f"SELECT * FROM ({top}) ORDER BY 1 DESC", True)
    yield Mutant("max for top", f"{all_ids} ORDER BY {key} DESC LIMIT 1", f"SELECT max({key}) FROM {t}", True)
    yield Mutant("min for top", f"{all_ids} ORDER BY {key} DESC LIMIT 1", f"SELECT min({key}) FROM {t}", False)
    inside = f"{all_ids} WHERE {key} BETWEEN {ids[0]} AND {middle}"
    yield Mutant("BETWEEN as two", inside, f"{all_ids} WHERE {key} <= {middle} AND {key} >= {ids[0]}", True)
    yield Mutant("BETWEEN without an end", inside, f"{all_ids} WHERE {key} >= {ids[0]} AND {key} < {middle}", False)
    listed = ", ".join(map(str, ids[:2]))
    yield Mutant("IN as OR", f"{all_ids} WHERE {key} IN ({listed})", f"{all_ids} WHERE {key} = {ids[1]} OR {ids[0]} = {key}", True)
    yield Mutant("AND for OR", f"{all_ids} WHERE {key} IN ({listed})", f"{all_ids} WHERE {key} = {ids[1]} AND {key} = {ids[0]}", False)
    if ids[-1] - ids[0] == n - 1:  # without gaps: turned round, the column holds the same values
        yield Mutant("pairs broken, columns alike", f"SELECT {key}, {key} AS other FROM {t}",
                     f"SELECT {key}, {ids[0] + ids[-1]} - {key} FROM {t}", False)  # fmt: skip


def _of_column(facts: Facts, table: TableInfo, key: str, column: ColumnInfo) -> Iterator[Mutant]:
    t, c, n = quoted(table.name), quoted(column.name), table.row_count
    nulls, different = facts.one(f"SELECT sum({c} IS NULL) FROM {t}"), facts.one(f"SELECT count(DISTINCT {c}) FROM {t}")
    values, pairs = f"SELECT {c} FROM {t}", f"SELECT {key}, {c} FROM {t}"
    yield Mutant("columns swapped", pairs, f"SELECT {c}, {key} FROM {t}", True)
    yield Mutant("names changed", pairs, f"SELECT x.{key} AS a, x.{c} AS b FROM {t} AS x", True)
    yield Mutant("swapped and sorted", pairs, f"SELECT {c}, {key} FROM {t} ORDER BY {c} DESC, {key}", True)
    yield Mutant("column dropped", pairs, f"SELECT {key} FROM {t}", False)
    yield Mutant("column added", values, pairs, False)
    yield Mutant("ties in another order", f"{pairs} ORDER BY {c}", f"{pairs} ORDER BY {c}, {key} DESC", True)
    yield Mutant("ties of a key not shown", f"SELECT {key} FROM {t} ORDER BY {c}", f"SELECT {key} FROM {t} ORDER BY {c}, {key} DESC", True)
    least, most = (facts.one(f"{values} WHERE {c} IS NOT NULL ORDER BY {c} {way} LIMIT 1") if different else None for way in ("", "DESC"))
    apart = different > 1 and str(least).lower() != str(most).lower()
    if apart and not nulls:
        yield Mutant("sorted the other way", f"{pairs} ORDER BY {c}", f"{pairs} ORDER BY {c} DESC", False)
        yield Mutant("one value for all", pairs, f"SELECT {key}, (SELECT max({c}) FROM {t}) FROM {t}", False)
    if nulls:
        yield Mutant("NULL as empty text", values, f"SELECT ifnull({c}, '') FROM {t}", False)
        yield Mutant("NULL as 0", values, f"SELECT coalesce({c}, 0) FROM {t}", False)
        yield Mutant("NULLs dropped", values, f"{values} WHERE {c} IS NOT NULL", False)
        yield Mutant("count(*) for count(column)", f"SELECT count({c}) FROM {t}", f"SELECT count(*) FROM {t}", False)
        yield Mutant(
            "IS NULL turned round", f"SELECT {key} FROM {t} WHERE {c} IS NULL", f"SELECT {key} FROM {t} WHERE {c} IS NOT NULL", False
        )
        yield Mutant("= NULL", f"SELECT {key} FROM {t} WHERE {c} IS NULL", f"SELECT {key} FROM {t} WHERE {c} = NULL", False)
    if different < n - nulls:
        yield Mutant("DISTINCT dropped", f"SELECT DISTINCT {c} FROM {t}", values, False)
        yield Mutant("DISTINCT added", values, f"SELECT DISTINCT {c} FROM {t}", False)
        yield Mutant("DISTINCT dropped from a count", f"SELECT count(DISTINCT {c}) FROM {t}", f"SELECT count({c}) FROM {t}", False)
        groups = f"SELECT {c}, count(*) FROM {t} GROUP BY {c}"
        yield Mutant("groups swapped", groups, f"SELECT count({key}) AS n, {c} FROM {t} GROUP BY 2 ORDER BY n", True)
        yield Mutant("groups by key", groups, f"SELECT {c}, count(*) FROM {t} GROUP BY {key}", False)
        yield (
            Mutant("groups lost", groups, f"SELECT {c}, count(*) FROM {t}", False)
            if different + bool(nulls) > 1
            else Mutant("groups counted once more", groups, f"SELECT {c}, count(*) + 1 FROM {t} GROUP BY {c}", False)
        )
    if different:
        yield Mutant("DISTINCT as GROUP BY", f"SELECT DISTINCT {c} FROM {t}", f"{values} GROUP BY {c}", True)
        yield from _of_values(facts, t, key, c, n)


def _of_values(facts: Facts, t: str, key: str, c: str, n: int) -> Iterator[Mutant]:
    """Filters, sums and texts of a column that holds something."""
    values = f"SELECT {c} FROM {t}"
    if facts.only(t, c, "text"):
        if facts.one(f"SELECT count(*) FROM {t} WHERE {c} GLOB '*[A-Z]*'"):
            yield Mutant("text in small letters", values, f"SELECT lower({c}) FROM {t}", False)
        if facts.one(f"SELECT count(*) FROM {t} WHERE length(trim({c})) > 1"):
            yield Mutant("text cut", values, f"SELECT substr(trim({c}), 1, length(trim({c})) - 1) FROM {t}", False)
        yield Mutant("text with spaces around", values, f"SELECT ' ' || {c} || '  ' FROM {t}", True)
        yield Mutant("ids for texts", values, f"SELECT {key} FROM {t}", False)
    found = facts.list(f"SELECT DISTINCT {c} FROM {t} WHERE typeof({c}) IN ('text', 'integer') ORDER BY {c}")
    different = list({str(value).lower().strip(): value for value in found if len(str(value)) < 100 and "\0" not in str(value)}.values())
    for value, other in pairwise(different[:4]):
        v, w = _literal(value), _literal(other)
        if facts.one(f"SELECT count(*) FROM {t} WHERE {c} = {v}") * facts.one(f"SELECT count(*) FROM {t} WHERE {c} = {w}") == 0:
            continue  # SQLite reads the literal as another type
        some = f"SELECT {key} FROM {t} WHERE {c} = {v}"
        yield Mutant("filter in parentheses", some, f"SELECT ({key}) FROM {t} WHERE ((({c} = {v})))", True)
        yield Mutant("filter turned round", some, f"SELECT {key} FROM {t} WHERE {v} = {c}", True)
        yield Mutant("filter by IN", some, f"SELECT {key} FROM {t} WHERE {c} IN ({v})", True)
        yield Mutant("filter by NOT", some, f"SELECT {key} FROM {t} WHERE NOT {c} <> {v}", True)
        yield Mutant(
            "filter by CASE",
            f"SELECT count(*) FROM {t} WHERE {c} = {v}",
            f"SELECT sum(CASE WHEN {c} = {v} THEN 1 ELSE 0 END) FROM {t}",
            True,
        )
        yield Mutant("AND the other way", f"{some} AND {key} > 0", f"SELECT {key} FROM {t} WHERE {key} > 0 AND {c} = {v}", True)
        yield Mutant("filter by an inner query", some, f"SELECT {key} FROM {t} WHERE {key} IN ({some})", True)
        yield Mutant("another literal", some, f"SELECT {key} FROM {t} WHERE {c} = {w}", False)
        yield Mutant("filter of two values", some, f"SELECT {key} FROM {t} WHERE {c} IN ({v}, {w})", False)
        yield Mutant("filter dropped", some, f"SELECT {key} FROM {t}", False)
        yield Mutant("filter denied", some, f"SELECT {key} FROM {t} WHERE {c} <> {v}", False)
        yield Mutant("filter dropped from a count", f"SELECT count(*) FROM {t} WHERE {c} = {v}", f"SELECT count(*) FROM {t}", False)
        yield (
            Mutant("copied from a sample", some, f"SELECT {v} FROM {t} WHERE {c} = {v}", False)
            if isinstance(value, str)
            else Mutant("filter with a sum for rows", some, f"SELECT count(*) + 0.5 FROM {t} WHERE {c} = {v}", False)
        )
    if facts.only(t, c, "integer", "real") and (count := facts.one(f"SELECT count({c}) FROM {t}")) > 1:
        yield from _of_numbers(facts, t, c, count)


def _of_numbers(facts: Facts, t: str, c: str, count: int) -> Iterator[Mutant]:
    low, high, total = (facts.one(f"SELECT {f}({c}) FROM {t}") for f in ("min", "max", "total"))
    average = f"SELECT avg({c}) FROM {t}"
    yield Mutant("average by sum", average, f"SELECT 1.0 * sum({c}) / count({c}) FROM {t}", True)
    yield Mutant("average in sevenths", average, f"SELECT sum({c} / 7.0) * 7 / {count} FROM {t}", True)
    yield Mutant("sum as total", f"SELECT sum({c}) FROM {t}", f"SELECT total({c}) FROM {t}", True)
    yield Mutant("max by order", f"SELECT max({c}) FROM {t}", f"SELECT {c} FROM {t} ORDER BY {c} DESC LIMIT 1", True)
    yield Mutant("least and most swapped", f"SELECT min({c}), max({c}) FROM {t}", f"SELECT max({c}), min({c}) FROM {t}", True)
    mean = total / count
    if abs(mean) < 1e9:
        yield Mutant("average said rounded", average, average, True, f"{mean:.3f}")
        yield Mutant("average said wrong", average, average, False, f"{mean + 0.02:.2f}")
        yield Mutant("average a hundredth off", average, f"SELECT avg({c}) + 0.01 FROM {t}", False)
    if abs(mean) > 1e-3:
        yield Mutant("average 1 in 100,000 off", average, f"SELECT avg({c}) * 1.00001 FROM {t}", False)
    if abs(total - mean) > 0.01:
        yield Mutant("sum for average", average, f"SELECT sum({c}) FROM {t}", False)
    if high - low > 0.01:
        yield Mutant("min for max", f"SELECT max({c}) FROM {t}", f"SELECT min({c}) FROM {t}", False)
        yield Mutant("one end of two", f"SELECT min({c}), max({c}) FROM {t}", f"SELECT min({c}), min({c}) FROM {t}", False)
        at_most = facts.one(f"SELECT count(*) FROM {t} WHERE {c} = {high!r}")
        if at_most:
            yield Mutant(
                ">= for >", f"SELECT count(*) FROM {t} WHERE {c} > {high!r}", f"SELECT count(*) FROM {t} WHERE {c} >= {high!r}", False
            )


def _of_pair(facts: Facts, parent: TableInfo, child: TableInfo, foreign: ForeignKey) -> Iterator[Mutant]:
    """On a parent and a child joined by a foreign key to the parent's integer key."""
    key, own = _id_of(facts, parent), _id_of(facts, child)
    if key is None or own is None or key.lower() != quoted(foreign.target).lower():
        return
    p, c, f = quoted(parent.name), quoted(child.name), quoted(foreign.column)
    if not facts.only(c, f, "integer") or parent.row_count * child.row_count > PAIRS_MAX:
        return
    joined = facts.one(f"SELECT count(*) FROM {p} p JOIN {c} c ON c.{f} = p.{key}")
    parents = facts.one(f"SELECT count(DISTINCT p.{key}) FROM {p} p JOIN {c} c ON c.{f} = p.{key}")
    childless, orphans = parent.row_count - parents, child.row_count - joined
    if not joined or joined > ROWS_MAX:
        return
    rows = f"SELECT p.{key}, c.{own} FROM {p} p JOIN {c} c ON c.{f} = p.{key}"
    yield Mutant("join the other way", rows, f"SELECT p.{key}, c.{own} FROM {c} c JOIN {p} p ON p.{key} = c.{f}", True)
    yield Mutant("join by WHERE", rows, f"SELECT b.{own}, a.{key} FROM {p} a, {c} b WHERE a.{key} = b.{f}", True)
    yield Mutant(
        "join by an inner query",
        rows,
        f"SELECT p.{key}, x.o FROM {p} p JOIN (SELECT {own} AS o, {f} AS f FROM {c}) x ON x.f = p.{key}",
        True,
    )
    yield Mutant("join left out, key shown", rows, f"SELECT {f}, {own} FROM {c} WHERE {f} IN (SELECT {key} FROM {p})", True)
    having = f"SELECT {key} FROM {p} p WHERE EXISTS (SELECT 1 FROM {c} c WHERE c.{f} = p.{key})"
    yield Mutant("EXISTS as IN", having, f"SELECT {key} FROM {p} WHERE {key} IN (SELECT {f} FROM {c})", True)
    yield Mutant("EXISTS as DISTINCT join", having, f"SELECT DISTINCT p.{key} FROM {c} c JOIN {p} p ON c.{f} = p.{key}", True)
    counts = f"SELECT p.{key}, count(c.{f}) FROM {p} p LEFT JOIN {c} c ON c.{f} = p.{key} GROUP BY p.{key}"
    yield Mutant("count by an inner query", counts, f"SELECT {key}, (SELECT count(*) FROM {c} c WHERE c.{f} = p.{key}) FROM {p} p", True)
    if joined > parents:
        yield Mutant("fan-out", having, f"SELECT p.{key} FROM {p} p JOIN {c} c ON c.{f} = p.{key}", False)
        yield Mutant(
            "fan-out counted", f"SELECT count(*) FROM ({having})", f"SELECT count(*) FROM {p} p JOIN {c} c ON c.{f} = p.{key}", False
        )
    if joined != parent.row_count:
        yield Mutant("a join too many", f"SELECT count(*) FROM {p}", f"SELECT count(*) FROM {p} p JOIN {c} c ON c.{f} = p.{key}", False)
    if childless:
        without = f"SELECT {key} FROM {p} p WHERE NOT EXISTS (SELECT 1 FROM {c} c WHERE c.{f} = p.{key})"
        yield Mutant(
            "NOT EXISTS as LEFT JOIN", without, f"SELECT p.{key} FROM {p} p LEFT JOIN {c} c ON c.{f} = p.{key} WHERE c.{own} IS NULL", True
        )
        yield Mutant("NOT EXISTS as EXCEPT", without, f"SELECT {key} FROM {p} EXCEPT SELECT {f} FROM {c}", True)
        yield Mutant("never for ever", without, having, False)
        yield Mutant("count(*) of a LEFT JOIN", counts, counts.replace(f"count(c.{f})", "count(*)"), False)
        yield Mutant("inner for left", counts, counts.replace("LEFT JOIN", "JOIN"), False)
        if facts.one(f"SELECT count(*) - count({f}) FROM {c}"):
            yield Mutant("NOT IN with NULL", without, f"SELECT {key} FROM {p} WHERE {key} NOT IN (SELECT {f} FROM {c})", False)
    if orphans:
        yield Mutant("left for inner", rows, f"SELECT p.{key}, c.{own} FROM {c} c LEFT JOIN {p} p ON c.{f} = p.{key}", False)
    if parent.row_count * child.row_count not in (joined, 0):
        yield Mutant(
            "join without ON", f"SELECT count(*) FROM {p} p JOIN {c} c ON c.{f} = p.{key}", f"SELECT count(*) FROM {p}, {c}", False
        )
    most = facts.one(f"SELECT count(*) AS n FROM {c} WHERE {f} IN (SELECT {key} FROM {p}) GROUP BY {f} ORDER BY n DESC LIMIT 1")
    grouped = f"SELECT c.{f} FROM {c} c JOIN {p} p ON c.{f} = p.{key} GROUP BY c.{f} HAVING count(*)"
    yield Mutant("HAVING turned round", f"{grouped} >= {most}", f"{grouped} > {most - 1}", True)
    yield Mutant("HAVING one too high", f"{grouped} >= {most}", f"{grouped} > {most}", False)
