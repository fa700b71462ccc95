"""What DESCRIBE and SAMPLE say about a table, and how result rows are shown: few tokens, names spelled exactly.

Reads with Database.look, so that a stranger's file is read in its jail, once a table: the texts are kept on the Database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from envs.guard import OBJECTS_SQL, TABLES_MAX, ordinary_tables
from envs.guard import Cell as Cell

if TYPE_CHECKING:
    from envs.sandbox import Database, QueryResult

Look = Callable[[str, int], list[tuple[Cell, ...]]]  # Database.look: SQL and the most rows to rows

DESCRIBE_CHARS = 900  # a table wider than this names its remaining columns on one line
VALUES_MAX, VALUES_CHARS = 8, 100  # the values of a text column are listed when they are few and short
SAMPLE_ROWS, SAMPLE_COLUMNS = 3, 16
COLUMNS_MAX = 50_000  # of all tables together
_OF_EVERY_TABLE = (
    "SELECT m.name, {} FROM sqlite_schema m CROSS JOIN {}(m.name) p "
    "WHERE m.type = 'table' AND m.rootpage > 0 AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.rowid, {}"
)
_WORDING = " -- imported from: "  # in the CREATE TABLE of our own imports; it survives renaming and shows in any tool
_WORDED_SQL = f"SELECT name, substr(sql, 1, 100000) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND instr(sql, '{_WORDING}')"
WORDING_CHARS = 60
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
    wording: str = ""  # how the imported file has it, where the name does not tell


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
    wording: str = ""

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


def read_schema(look: Look) -> Schema:
    """Every ordinary table of an open database; views and virtual tables are left out.

    Raises:
        QueryError: the file is damaged, or has more tables or columns than are read.
    """
    names = ordinary_tables(look(OBJECTS_SQL, 10 * TABLES_MAX))
    spelled = {name.lower(): name for name in names}
    columns: dict[str, list[ColumnInfo]] = {name: [] for name in names}
    keys: dict[str, list[ForeignKey]] = {name: [] for name in names}
    wordings = {str(name): _wordings(str(sql)) for name, sql in look(_WORDED_SQL, TABLES_MAX)}
    for name, column, kind, key in look(_OF_EVERY_TABLE.format("p.name, p.type, p.pk", "pragma_table_info", "p.cid"), COLUMNS_MAX):
        if name in columns:
            wording = wordings[str(name)].get(str(column), "") if name in wordings else ""
            columns[name].append(ColumnInfo(str(column), short_type(str(kind)), bool(key), wording))
    for name, table, column, target in look(
        _OF_EVERY_TABLE.format('p."table", p."from", p."to"', "pragma_foreign_key_list", "p.id, p.seq"), COLUMNS_MAX
    ):
        if name not in keys:
            continue
        other = columns.get(spelled.get(str(table).lower(), ""), [])
        wanted = str(target or next((c.name for c in other if c.primary_key), ""))  # "REFERENCES owners" means its primary key
        wanted = next((c.name for c in other if c.name.lower() == wanted.lower()), wanted)
        own = next((c.name for c in columns[name] if c.name.lower() == str(column).lower()), str(column))
        keys[name].append(ForeignKey(own, spelled.get(str(table).lower(), str(table)), wanted))
    counts: list[int] = []
    for start in range(0, len(names), 50):
        counted = ", ".join(f"(SELECT count(*) FROM {quoted(name)})" for name in names[start : start + 50])
        counts += [int(count or 0) for count in look(f"SELECT {counted}", 1)[0]]
    return Schema(
        tuple(
            TableInfo(name, tuple(columns[name]), tuple(keys[name]), count, wordings.get(name, {}).get("", ""))
            for name, count in zip(names, counts, strict=True)
        )
    )


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def worded(original: str) -> str:
    """The comment that keeps a file's own wording at the end of a line of CREATE TABLE."""
    text = _one_line(original)
    return _WORDING + text if text else ""


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
    return database.remember(("describe", table.name), lambda: _describe(database.look, table))


def sample(database: Database, table_name: str) -> str:
    """The table's first rows as stored.

    Raises:
        KeyError: there is no such table.
    """
    table = _table(database, table_name)
    return database.remember(("sample", table.name), lambda: _sample(database.look, table))


def render_rows(result: QueryResult, rows_shown: int, cell_chars: int) -> str:
    """A result as the policy sees it: header, the first rows, and the number of rows when there are more."""
    rows = result.rows
    if not rows:
        return "no rows"
    lines = [_header(result.columns, cell_chars)]
    for row in rows[:rows_shown]:
        lines.append(" | ".join([render_cell(cell, cell_chars) for cell in row]))
    if len(rows) > rows_shown or result.truncated:
        lines.append(f"({len(rows)}{'+' if result.truncated else ''} rows)")
    return "\n".join(lines)


def render_cell(cell: Cell, chars: int) -> str:
    """One cell as text on one line; reals to 4 decimals, bytes in hex, cut with an ellipsis."""
    if isinstance(cell, str):
        text = " ".join(cell[: 4 * chars].split())
    elif isinstance(cell, int):
        text = str(cell)
    elif cell is None:
        return "NULL"
    elif isinstance(cell, float):
        text = f"{cell:.4g}" if 0 < abs(cell) < 0.001 or abs(cell) >= 1e15 else repr(round(cell, 4))
    else:
        text = f"x'{cell[:chars].hex()}'"
    return text if len(text) <= chars else text[: chars - 1] + "…"


def _wordings(sql: str) -> dict[str, str]:
    """The wordings kept in a CREATE TABLE by column; the table's own under ""."""
    found = {}
    for place, line in enumerate(sql.split("\n")):
        code, mark, text = line.partition(_WORDING)
        if mark and place == 0:
            found[""] = _one_line(text)
        elif mark and code.lstrip().startswith('"'):
            found[code.split('"')[1]] = _one_line(text)
    return found


def _one_line(text: str) -> str:
    clean = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * WORDING_CHARS]).split())
    return clean if len(clean) <= WORDING_CHARS else clean[: WORDING_CHARS - 1] + "…"


def _table(database: Database, name: str) -> TableInfo:
    table = database.schema.find(name)
    if table is None:
        raise KeyError(name)
    return table


@lru_cache(maxsize=1_024)
def _header(columns: tuple[str, ...], cell_chars: int) -> str:
    return " | ".join([render_cell(name, cell_chars) for name in columns])


def _describe(look: Look, table: TableInfo) -> str:
    lines = [f"{table.name}{_shown(table.wording)}: {table.row_count} row{'' if table.row_count == 1 else 's'}"]
    room = DESCRIBE_CHARS
    targets = {key.column: f" -> {key.table}.{key.target}" for key in table.foreign_keys}
    for place, column in enumerate(table.columns):
        line = f"{column.name} {column.type}".rstrip() + (" key" if column.primary_key else "") + targets.get(column.name, "")
        line += _shown(column.wording)
        if not column.primary_key and column.name not in targets:
            line += _values(look, table, column)
        room -= len(line)
        if room < 0:
            left = [c.name for c in table.columns[place:]]
            lines.append(f"{len(left)} more: " + _cut_list(left, DESCRIBE_CHARS))
            break
        lines.append(line)
    return "\n".join(lines)


def _shown(wording: str) -> str:
    return f" ({wording})" if wording else ""


def _values(look: Look, table: TableInfo, column: ColumnInfo) -> str:
    """`: 'cat', 'dog'` for text of few short values, `date` or `datetime` for text in ISO 8601 (short: it costs tokens), else nothing."""
    name, of = quoted(column.name), f"FROM {quoted(table.name)} WHERE {quoted(column.name)} IS NOT NULL"
    first = look(f"SELECT {name} {of} LIMIT 1", 1)
    value = first[0][0] if first else None
    if not isinstance(value, str):
        return ""
    for pattern, word in ((_DATE, " date"), (_DATETIME, " datetime")):
        if pattern.fullmatch(value):
            return "" if column.type == word.strip() else word
    rows = [row[0] for row in look(f"SELECT DISTINCT {name} {of} LIMIT {VALUES_MAX + 1}", VALUES_MAX + 1)]
    found = [value for value in rows if isinstance(value, str)]
    if len(rows) > VALUES_MAX or len(found) < len(rows):
        return ""
    stored = int(look(f"SELECT count(*) {of}", 1)[0][0] or 0)
    if stored > 1 and len(found) > 0.75 * stored:  # nearly every value once: names, which SAMPLE shows better
        return ""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in sorted(found))
    return f": {listed}" if len(listed) <= VALUES_CHARS and "\n" not in listed else ""


def _sample(look: Look, table: TableInfo) -> str:
    names = table.column_names[:SAMPLE_COLUMNS]
    chosen = ", ".join(quoted(name) for name in names)
    rows = look(f"SELECT {chosen} FROM {quoted(table.name)} LIMIT {SAMPLE_ROWS}", SAMPLE_ROWS)
    cell_chars = 40 if len(names) <= 8 else 20
    header, lines = _header(names, cell_chars), [" | ".join([render_cell(cell, cell_chars) for cell in row]) for row in rows]
    if len(table.columns) > SAMPLE_COLUMNS:
        header += f" | ({len(table.columns) - SAMPLE_COLUMNS} more columns)"
    return "\n".join([header, *(lines or ["no rows"])])


def _cut_list(names: Sequence[str], chars: int) -> str:
    text = ", ".join(names)
    return text if len(text) <= chars else text[:chars].rsplit(",", 1)[0] + ", …"
