"""What DESCRIBE and SAMPLE say about a table, and how result rows are shown: few tokens, names spelled exactly.

Reads through the database's second, unguarded connection, once a table: the texts are kept on the Database.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.sandbox import Database, QueryResult

Cell = str | int | float | bytes | None

DESCRIBE_CHARS = 900  # a table wider than this names its remaining columns on one line
VALUES_MAX, VALUES_CHARS = 8, 100  # the values of a text column are listed when they are few and short
SAMPLE_ROWS, SAMPLE_COLUMNS = 3, 16
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*")
_TYPES = (("int", "integer"), ("char", "text"), ("clob", "text"), ("text", "text"), ("real", "real"), ("floa", "real"),
          ("doub", "real"), ("dec", "number"), ("num", "number"), ("bool", "boolean"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column as declared."""

    name: str
    type: str  # short and lower-case: integer, text, real, number, date, ...; "" when none was declared
    primary_key: bool


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """column -> table.target_column, names as in the schema."""

    column: str
    table: str
    target: str


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One table."""

    name: str
    columns: tuple[ColumnInfo, ...]
    foreign_keys: tuple[ForeignKey, ...]
    row_count: int

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


@dataclass(frozen=True)
class Schema:
    """The ordinary tables of a database, in the order they were created."""

    tables: tuple[TableInfo, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(t.name for t in self.tables)

    @cached_property
    def _by_name(self) -> dict[str, TableInfo]:
        return {t.name.lower(): t for t in self.tables}

    def find(self, name: str) -> TableInfo | None:
        """The table of this name in any case, with or without quotes; None when there is none."""
        name = name.strip().rstrip(";").rstrip()
        if len(name) > 1 and name[0] + name[-1] in ('""', "''", "``", "[]"):
            name = name[1:-1]
        return self._by_name.get(name.lower())


def read_schema(connection: sqlite3.Connection) -> Schema:
    """Every ordinary table of an open database; views and virtual tables are left out."""
    found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY rowid").fetchall()
    names = [name for name, sql in found if not name.startswith("sqlite_") and not (sql or "").upper().startswith("CREATE VIRTUAL")]
    infos = {name.lower(): connection.execute(f"PRAGMA table_info({quoted(name)})").fetchall() for name in names}
    spelled = {name.lower(): name for name in names}
    tables = []
    for name in names:
        rows = infos[name.lower()]
        columns = tuple(ColumnInfo(column, short_type(kind), bool(key)) for _, column, kind, _, _, key in rows)
        keys = []
        for _, _, table, column, target, *_ in connection.execute(f"PRAGMA foreign_key_list({quoted(name)})").fetchall():
            other = infos.get(table.lower(), [])
            target = target or next((c[1] for c in other if c[5]), "")  # "REFERENCES owners" means its primary key
            target = next((c[1] for c in other if c[1].lower() == target.lower()), target)
            column = next((c.name for c in columns if c.name.lower() == column.lower()), column)
            keys.append(ForeignKey(column, spelled.get(table.lower(), table), target))
        count = connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0]
        tables.append(TableInfo(name, columns, tuple(keys), count))
    return Schema(tuple(tables))


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def short_type(declared: str) -> str:
    """`VARCHAR(40)` is text, `BIGINT` integer; a type of no known family keeps its first word."""
    kind = declared.lower().split("(")[0].strip()
    return next((short for part, short in _TYPES if part in kind), kind.split(" ")[0])


def describe(database: Database, table_name: str) -> str:
    """Columns with type, key, foreign key and, for text of few values, the values; one column a line.

    Raises:
        KeyError: there is no such table (SqlEnv turns that into a teaching error).
    """
    table = _table(database, table_name)
    return database.remember(("describe", table.name), lambda: _describe(database.reader, table))


def sample(database: Database, table_name: str) -> str:
    """The table's first rows as stored.

    Raises:
        KeyError: there is no such table.
    """
    table = _table(database, table_name)
    return database.remember(("sample", table.name), lambda: _sample(database.reader, table))


def render_rows(result: QueryResult, rows_shown: int, cell_chars: int) -> str:
    """A result as the policy sees it: header, the first rows, and the number of rows when there are more."""
    if not result.rows:
        return "no rows"
    lines = _lines(result.columns, result.rows[:rows_shown], cell_chars)
    if len(result.rows) > rows_shown or result.truncated:
        lines.append(f"({len(result.rows)}{'+' if result.truncated else ''} rows)")
    return "\n".join(lines)


def render_cell(cell: Cell, chars: int) -> str:
    """One cell as text on one line; reals to 4 decimals, bytes in hex, cut with an ellipsis."""
    if isinstance(cell, str):
        text = " ".join(cell[: 4 * chars].split())
    elif cell is None:
        return "NULL"
    elif isinstance(cell, float):
        text = f"{cell:.4g}" if 0 < abs(cell) < 0.001 or abs(cell) >= 1e15 else repr(round(cell, 4))
    elif isinstance(cell, bytes):
        text = f"x'{cell[:chars].hex()}'"
    else:
        text = str(cell)
    return text if len(text) <= chars else text[: chars - 1] + "…"


def _table(database: Database, name: str) -> TableInfo:
    table = database.schema.find(name)
    if table is None:
        raise KeyError(name)
    return table


def _lines(columns: Sequence[str], rows: Sequence[Sequence[Cell]], cell_chars: int) -> list[str]:
    header = " | ".join(render_cell(name, cell_chars) for name in columns)
    return [header, *(" | ".join(render_cell(cell, cell_chars) for cell in row) for row in rows)]


def _describe(connection: sqlite3.Connection, table: TableInfo) -> str:
    lines = [f"{table.name}: {table.row_count} row{'' if table.row_count == 1 else 's'}"]
    room = DESCRIBE_CHARS
    targets = {key.column: f" -> {key.table}.{key.target}" for key in table.foreign_keys}
    for place, column in enumerate(table.columns):
        line = f"{column.name} {column.type}".rstrip() + (" key" if column.primary_key else "") + targets.get(column.name, "")
        if not column.primary_key and column.name not in targets:
            line += _values(connection, table, column)
        room -= len(line)
        if room < 0:
            left = [c.name for c in table.columns[place:]]
            lines.append(f"{len(left)} more: " + _cut_list(left, DESCRIBE_CHARS))
            break
        lines.append(line)
    return "\n".join(lines)


def _values(connection: sqlite3.Connection, table: TableInfo, column: ColumnInfo) -> str:
    """`: 'cat', 'dog'` for text of few short values, `date` or `datetime` for text in ISO 8601 (short: it costs tokens), else nothing."""
    name, of = quoted(column.name), f"FROM {quoted(table.name)} WHERE {quoted(column.name)} IS NOT NULL"
    first = connection.execute(f"SELECT {name} {of} LIMIT 1").fetchone()
    if first is None or not isinstance(first[0], str):
        return ""
    for pattern, word in ((_DATE, " date"), (_DATETIME, " datetime")):
        if pattern.fullmatch(first[0]):
            return "" if column.type == word.strip() else word
    found = [row[0] for row in connection.execute(f"SELECT DISTINCT {name} {of} LIMIT {VALUES_MAX + 1}")]
    if len(found) > VALUES_MAX or not all(isinstance(value, str) for value in found):
        return ""
    stored = connection.execute(f"SELECT count(*) {of}").fetchone()[0]
    if stored > 1 and len(found) > 0.75 * stored:  # nearly every value once: names, which SAMPLE shows better
        return ""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in sorted(found))
    return f": {listed}" if len(listed) <= VALUES_CHARS and "\n" not in listed else ""


def _sample(connection: sqlite3.Connection, table: TableInfo) -> str:
    names = table.column_names[:SAMPLE_COLUMNS]
    chosen = ", ".join(quoted(name) for name in names)
    rows = connection.execute(f"SELECT {chosen} FROM {quoted(table.name)} LIMIT {SAMPLE_ROWS}").fetchall()
    header, *lines = _lines(names, rows, 40 if len(names) <= 8 else 20)
    if len(table.columns) > SAMPLE_COLUMNS:
        header += f" | ({len(table.columns) - SAMPLE_COLUMNS} more columns)"
    return "\n".join([header, *(lines or ["no rows"])])


def _cut_list(names: Sequence[str], chars: int) -> str:
    text = ", ".join(names)
    return text if len(text) <= chars else text[:chars].rsplit(",", 1)[0] + ", …"
