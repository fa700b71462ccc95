"""Realistic mistakes in a query: what a model that half remembers a schema would write before it looked again.

Demonstrations show a slip, what the database says to it, and the right query after. Each slip is run for real, and shows itself:
it fails, or finds nothing. A slip that returns plausible rows teaches nothing, because nobody could see that it was one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlglot import exp

from envs.gold_sql import name as quoted
from envs.sandbox import QueryError
from envs.sql_reading import ColumnUse, Reading, column_of, parse, read_query, replaced
from envs.vocabulary import plural, singular, split_name

if TYPE_CHECKING:
    from envs.sandbox import Database
    from envs.schema import Cell, Schema, TableInfo

TRIES_MAX = 12  # candidates of one kind that are run


class SlipKind(StrEnum):
    """What kind of mistake it is."""

    WRONG_COLUMN = "wrong_column"  # a name that no table has: `name` for `product_name`
    OTHER_TABLE = "other_table"  # a column looked for in a table that has it not
    MISSING_JOIN = "missing_join"  # a table used but never joined
    WRONG_ALIAS = "wrong_alias"  # columns qualified by a short name that FROM never gave, or by the long one that it shortened
    WRONG_VALUE = "wrong_value"  # a text in another case or spelling: no rows
    WRONG_TABLE = "wrong_table"  # `Customer` for `Customers`


@dataclass(frozen=True, slots=True)
class Slip:
    """A query that goes wrong, and the table whose DESCRIBE (or, for a value, SAMPLE) would have prevented it."""

    sql: str
    kind: SlipKind
    table: str


def make_slip(database: Database, gold_sql: str, rng: random.Random) -> Slip | None:
    """A mistaken version of a right query, or None when none of those tried shows itself.

    Raises:
        ValueError: the gold does not parse.
        QueryError: the gold does not run.
    """
    reading = read_query(gold_sql, database.schema)
    gold_rows = database.query(gold_sql).rows
    kinds = sorted(_MAKERS, key=lambda kind: rng.random() ** (1 / _MAKERS[kind][0]), reverse=True)
    for kind in kinds:
        slips = [slip for slip in _MAKERS[kind][1](reading, database.schema) if slip.sql != gold_sql]
        rng.shuffle(slips)
        for slip in slips[:TRIES_MAX]:
            if _shows_itself(database, slip.sql, gold_rows):
                return slip
    return None


def _shows_itself(database: Database, sql: str, gold_rows: Sequence[Sequence[Cell]]) -> bool:
    try:
        rows = database.query(sql).rows
    except QueryError as error:
        return error.code != "timeout"
    empty = not rows or (len(rows) == 1 and all(cell is None or cell == 0 for cell in rows[0]))
    return empty and rows != gold_rows


def _wrong_column(reading: Reading, schema: Schema) -> Iterator[Slip]:
    known = {name.lower() for use in reading.tables for name in _table(schema, use.table).column_names}
    for (table, column), uses in _by_column(reading).items():
        for name in _other_names(table, column):
            if name.lower() not in known:
                yield Slip(replaced(reading.sql, [(use.place, name) for use in uses]), SlipKind.WRONG_COLUMN, table)


def _other_table(reading: Reading, schema: Schema) -> Iterator[Slip]:
    for (table, column), uses in _by_column(reading).items():
        for other in reading.tables:
            if column not in _table(schema, other.table).column_names:
                changes = [(use.qualifier, quoted(other.alias)) for use in uses if use.qualifier]
                yield Slip(replaced(reading.sql, changes), SlipKind.OTHER_TABLE, table)


def _missing_join(reading: Reading, schema: Schema) -> Iterator[Slip]:
    joins = len(list(parse(reading.sql).find_all(exp.Join)))
    for number in range(joins):
        tree = parse(reading.sql).copy()
        join = list(tree.find_all(exp.Join))[number]
        source = join.this
        table = schema.find(source.name) if isinstance(source, exp.Table) else None
        if table is None:
            continue
        columns = [node for node in tree.find_all(exp.Column) if node.table.lower() == source.alias_or_name.lower()]
        outside = [node for node in columns if node.find_ancestor(exp.Join) is not join and column_of(node, schema)]
        if outside:
            join.pop()
            yield Slip(tree.sql(dialect="sqlite"), SlipKind.MISSING_JOIN, table.name)


def _wrong_alias(reading: Reading, schema: Schema) -> Iterator[Slip]:
    """All columns of one table under a name that the query does not know."""
    del schema
    known = {name.lower() for use in reading.tables for name in (use.alias, use.table)}
    for use in reading.tables:
        places = [c.qualifier for c in reading.columns if c.qualifier and c.table == use.table]
        if use.alias != use.table:
            names = [quoted(use.table)] if sum(other.table == use.table for other in reading.tables) == 1 else []
        else:
            words = split_name(use.table)
            short = {words[0][:1].lower(), "".join(word[0] for word in words).lower(), f"T{reading.tables.index(use) + 1}"}
            names = sorted(name for name in short if name.isidentifier() and name.lower() not in known)
        for name in names if places else ():
            yield Slip(replaced(reading.sql, [(place, name) for place in places]), SlipKind.WRONG_ALIAS, use.table)


def _wrong_value(reading: Reading, schema: Schema) -> Iterator[Slip]:
    del schema
    for use in reading.texts:
        if not re.search(r"[A-Za-z]", use.value) or "%" in use.value:
            continue
        spellings = (use.value.lower(), use.value.upper(), use.value.title(), singular(use.value),
                     use.value.replace("-", " "), use.value.replace("-", ""))  # fmt: skip
        for value in sorted(set(spellings) - {use.value}):
            text = "'" + value.replace("'", "''") + "'"
            yield Slip(replaced(reading.sql, [(use.place, text)]), SlipKind.WRONG_VALUE, use.table)


def _wrong_table(reading: Reading, schema: Schema) -> Iterator[Slip]:
    for use in reading.tables:
        words = split_name(use.table)
        last = words[-1]
        changed = (singular(last), plural(singular(last)))
        for name in sorted({_styled([*words[:-1], word], use.table) for word in changed}):
            if schema.find(name) is None:
                places = [use.place, *(c.qualifier for c in reading.columns if c.table == use.table and c.qualifier)]
                changes = [(place, name) for place in places if use.alias == use.table or place is use.place]
                yield Slip(replaced(reading.sql, changes), SlipKind.WRONG_TABLE, use.table)


_MAKERS: dict[SlipKind, tuple[float, Callable[[Reading, Schema], Iterator[Slip]]]] = {
    SlipKind.WRONG_COLUMN: (4, _wrong_column),
    SlipKind.OTHER_TABLE: (3, _other_table),
    SlipKind.MISSING_JOIN: (4, _missing_join),
    SlipKind.WRONG_ALIAS: (1.5, _wrong_alias),
    SlipKind.WRONG_VALUE: (2, _wrong_value),
    SlipKind.WRONG_TABLE: (0.5, _wrong_table),
}

_ALSO_CALLED = {
    "price": "cost", "cost": "price", "amount": "total", "total": "amount", "town": "city", "city": "town", "title": "name",
    "name": "title", "phone": "telephone", "type": "category", "category": "type", "kind": "type", "quantity": "count",
    "surname": "last_name", "date": "day", "number": "id", "status": "state", "fee": "price", "rate": "price", "email": "mail",
    "ID": "number", "code": "id", "duration": "length", "salary": "pay", "salaries": "pay",
}  # fmt: skip


_NO_NOUNS = {"on", "by", "at", "in", "to", "no", "up", "for", "from", "with", "paid", "active"}


def _other_names(table: str, column: str) -> list[str]:
    """What someone who saw the column once, or never, might call it; in the style of its name."""
    words, row = split_name(column), split_name(table)
    row[-1] = singular(row[-1])
    last = words[-1]
    guesses = [words, [*words[:-1], singular(last)]] + ([[*words[:-1], plural(last)]] if last not in _NO_NOUNS else [])
    if words[: len(row)] != row:
        guesses.append([*row, *words])
    if len(words) > 1:
        guesses.append(words[:-1] if last == "ID" else words[1:])
    if last in _ALSO_CALLED and (len(words) == 1 or last not in ("name", "title")):
        guesses.append([*words[:-1], *_ALSO_CALLED[last].split("_")])
    names = {_styled(guess, column) for guess in guesses if guess} | {_styled(words, "snake_case")}
    return sorted(name for name in names if name.lower() != column.lower())


def _styled(words: Sequence[str], like: str) -> str:
    """The words as one identifier, written as `like` is: OrderDate, orderDate, ORDER_DATE, order_date."""
    words = [re.sub(r"\W", "", word) or "x" for phrase in words for word in phrase.split()]
    if like.isupper():
        return "_".join(words).upper()
    if "_" in like or " " in like or like.islower():
        return "_".join(words).lower()
    camel = "".join(word[:1].upper() + word[1:] for word in words)
    return camel if like[:1].isupper() else camel[:1].lower() + camel[1:]


def _by_column(reading: Reading) -> dict[tuple[str, str], list[ColumnUse]]:
    """Every column the query uses with all its uses: who misremembers a name does so throughout."""
    uses: dict[tuple[str, str], list[ColumnUse]] = {}
    for use in reading.columns:
        uses.setdefault((use.table, use.column), []).append(use)
    return uses


def _table(schema: Schema, name: str) -> TableInfo:
    table = schema.find(name)
    if table is None:
        raise KeyError(f"no table {name!r} in the schema: a query was read with another database's schema")
    return table
