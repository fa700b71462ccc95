"""Runs one SELECT on one SQLite file we trust, within bounds, and cannot change anything; refusals teach the writer.

For databases we built ourselves or took from a dataset: the guards sit inside this process. They stop writes, ATTACH, other
schemas, endless loops and huge results of a bad query. A file from a stranger needs a process of its own around it.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from envs.schema import Cell, Schema, read_schema
from envs.teaching import function_hint, names_hint, tables_hint

T = TypeVar("T")

# printf, format, zeroblob, randomblob and hex can fill memory or hang inside one opcode; random() would make a gold a coin flip.
FUNCTIONS = frozenset(
    """abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce cos cosh count cume_dist current_date
    current_time current_timestamp date datetime degrees dense_rank exp first_value floor glob group_concat ifnull iif instr
    json json_array json_array_length json_each json_extract json_object json_tree json_type json_valid julianday lag
    last_value lead length like likelihood likely ln log log10 log2 lower ltrim max min mod nth_value ntile nullif percent_rank
    pi pow power quote radians rank replace round row_number rtrim sign sin sinh sqrt strftime substr substring sum tan
    tanh time total trim trunc typeof unicode unixepoch unlikely upper -> ->>""".split()  # noqa: SIM905 (a list would take 80 lines)
)
_FOLLOWABLE = frozenset({"json_each", "json_tree"})
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|$)""", re.DOTALL)
_LEADING = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*", re.DOTALL)
_WITH_NAME = re.compile(
    r"""(?<![\w$])([\w$]+|`[^`]+`|"[^"]+"|\[[^\]]+\])\s*(?:\([^()]*\)\s*)?AS\s*(?:(?:NOT\s+)?MATERIALIZED\s*)?\(""", re.I
)
_REMEMBERED_MAX = 4_096


class QueryError(ValueError):
    """A query that was refused or failed; the message is an observation for the policy.

    `code` is one of not_select, refused, no_column, no_table, function, syntax, timeout, too_big, other.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Limits:
    """How much one query may use."""

    timeout_s: float = 2.0
    rows_max: int = 10_000
    bytes_max: int = 8_000_000  # text and blob bytes over all rows
    length_max: int = 100_000  # bytes of one value: instr() or trim() on two longer ones takes minutes inside one opcode
    heap_bytes: int = 1_000_000_000  # SQLite's own heap, all connections of the process together


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of one query."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool  # more rows or bytes than the limits allow; the rows are the first ones
    tables_read: frozenset[str]  # names as in the schema; empty for `SELECT 42`
    seconds: float


class Database:
    """One open database: a guarded connection for queries and a plain read-only one for the schema."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self.name, self.limits = path, path.stem, limits
        self.reader = _connect(path)
        self.reader.text_factory = _lenient
        self.schema: Schema = read_schema(self.reader)
        self._connection = _connect(path)
        self._tables = {name.lower(): name for name in self.schema.names}
        self._denied = ""
        self._reads: set[str] = set()  # tables of which a column is read
        self._touched: set[str] = set()  # tables, or WITH names like them, of which none is: SELECT count(*) FROM pets
        self._deadline = 0.0
        self._lock = threading.Lock()
        self._reads_of: dict[str, frozenset[str]] = {}  # a cached statement does not pass the authorizer again
        self._memory: dict[Hashable, Any] = {}
        self._guard()

    @classmethod
    def open(cls, path: Path, limits: Limits = Limits()) -> Database:
        """Open a file for reading.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is not a SQLite database.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"no database at {path}: wanted a SQLite file")
        try:
            return cls(path, limits)
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path} cannot be read as a SQLite database: {error}") from error

    def query(
        self,
        sql: str,
        rows_max: int | None = None,
        *,
        timeout_s: float | None = None,
        double_quoted_text: bool = False,
    ) -> QueryResult:
        """Run one SELECT.

        Args:
            sql: one statement; `"name"` is always an identifier (SQLite itself would read a misspelt one as text).
            rows_max: rows kept at most, by default limits.rows_max.
            timeout_s: by default limits.timeout_s.
            double_quoted_text: leave `"..."` to SQLite, for the gold queries of datasets that write text so.

        Raises:
            QueryError: refused, failed or too slow; the message says what to do.
        """
        first = sql[_LEADING.match(sql).end() :].split(None, 1)  # type: ignore[union-attr] # the pattern matches ""
        word = re.match(r"\w*", first[0]).group() if first else ""  # type: ignore[union-attr]
        if word.upper() not in ("SELECT", "WITH", "VALUES"):
            raise QueryError("not_select", f"only a SELECT is run, not {word[:20].upper() or 'an empty query'}")
        text = sql if double_quoted_text or '"' not in sql else _TOKEN.sub(_as_identifier, sql)
        with self._lock:
            return self._run(text, sql, self.limits.rows_max if rows_max is None else rows_max, timeout_s)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key before, or make() kept for as long as the database is open."""
        if key not in self._memory:
            self._memory[key] = make()
        return self._memory[key]  # type: ignore[no-any-return]

    def close(self) -> None:
        self._connection.close()
        self.reader.close()

    def _run(self, text: str, sql: str, rows_max: int, timeout_s: float | None) -> QueryResult:
        self._reads.clear()
        self._touched.clear()
        self._denied = ""
        started = time.perf_counter()
        timeout_s = self.limits.timeout_s if timeout_s is None else timeout_s
        self._deadline = started + timeout_s
        cursor = self._connection.cursor()
        try:
            cursor.execute(text)
            rows, truncated = self._fetch(cursor, rows_max)
            columns = tuple(d[0] for d in cursor.description or ())
        except sqlite3.OperationalError as error:
            if "Could not decode" in str(error) and self._connection.text_factory is str:
                self._connection.text_factory = _lenient  # slower, so only for databases that need it
                return self._run(text, sql, rows_max, timeout_s)
            raise self._teach(str(error), sql, timeout_s) from None
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            raise self._teach(str(error), sql, timeout_s) from None
        except MemoryError:
            raise QueryError("too_big", "the query needs too much memory: filter or aggregate before joining") from None
        finally:
            cursor.close()
            if self._reads or self._touched:
                self._keep_reads(text)
        return QueryResult(columns, tuple(rows), truncated, self._reads_of.get(text, frozenset()), time.perf_counter() - started)

    def _fetch(self, cursor: sqlite3.Cursor, rows_max: int) -> tuple[list[tuple[Cell, ...]], bool]:
        """Row by row, because a hundred rows may each hold megabytes."""
        rows: list[tuple[Cell, ...]] = []
        room = self.limits.bytes_max
        for row in cursor:
            if len(rows) >= rows_max or room < 0:
                return rows, True
            rows.append(row)
            for cell in row:
                if cell.__class__ is str or cell.__class__ is bytes:
                    room -= len(cell)
        return rows, False

    def _keep_reads(self, text: str) -> None:
        if len(self._reads_of) >= _REMEMBERED_MAX:
            self._reads_of.clear()
            self._connection.set_authorizer(self._authorize)  # also expires the cached statements, which pass it anew
        shadows: set[str] = set()
        if self._touched and "with" in text.lower():
            shadows = {name.strip('`"[]').lower() for name in _WITH_NAME.findall(text)}
        touched = {name for name in self._touched if name.lower() not in shadows}
        self._reads_of[text] = frozenset(self._reads | touched)

    def _guard(self) -> None:
        c = self._connection
        for pragma in ("trusted_schema=0", "cell_size_check=1", "temp_store=2", "mmap_size=0", "cache_size=-4000", "query_only=1"):
            c.execute(f"PRAGMA {pragma}").close()
        c.execute(f"PRAGMA hard_heap_limit={self.limits.heap_bytes}").close()
        for table in _FOLLOWABLE:  # their modules are set up before the authorizer sees them
            c.execute(f"SELECT 1 FROM {table}('[]')").close()
        for limit, value in (
            (sqlite3.SQLITE_LIMIT_LENGTH, self.limits.length_max),
            (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 20_000),
            (sqlite3.SQLITE_LIMIT_COLUMN, 200),
            (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
            (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 20),
            (sqlite3.SQLITE_LIMIT_VDBE_OP, 50_000),
            (sqlite3.SQLITE_LIMIT_FUNCTION_ARG, 32),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
            (sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 50),
            (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        ):
            c.setlimit(limit, value)
        c.set_progress_handler(self._too_late, 1_000)
        c.set_authorizer(self._authorize)

    def _too_late(self) -> bool:
        return time.perf_counter() > self._deadline

    def _authorize(self, action: int, one: str | None, two: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ:
            table = self._tables.get((one or "").lower())
            if table is not None:
                (self._reads if two else self._touched).add(table)
                return sqlite3.SQLITE_OK
            # A WITH name of which no column is used arrives like a table; what SQLite itself calls so is no such name.
            if one in _FOLLOWABLE or (not two and not (one or "").lower().startswith(("sqlite_", "pragma_", "dbstat", "bytecode"))):
                return sqlite3.SQLITE_OK
            self._denied = self._denied or f"table {one}"
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION:
            if (two or "").lower() in FUNCTIONS:
                return sqlite3.SQLITE_OK
            self._denied = self._denied or f"function {two}"
            return sqlite3.SQLITE_DENY
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        self._denied = self._denied or "statement"
        return sqlite3.SQLITE_DENY

    def _teach(self, said: str, sql: str, timeout_s: float) -> QueryError:
        """The database's own words and what to write instead."""
        kind, _, name = self._denied.partition(" ")
        if kind == "function":
            return QueryError("function", f"function {name} is not available")
        if kind == "table":
            return QueryError("no_table", f"no such table: {name}; tables: {tables_hint(name, self.schema.names)}")
        if kind == "statement":
            return QueryError("refused", "only a SELECT on this database's tables is run")
        if said == "interrupted":
            return QueryError("timeout", f"stopped after {timeout_s:g} s: filter or aggregate before joining")
        if said.startswith("no such table: "):
            name = said.removeprefix("no such table: ")
            return QueryError("no_table", f"no such table: {name[:60]}; tables: {tables_hint(name, self.schema.names)}")
        if said.startswith(("no such column: ", "ambiguous column name: ")):
            return QueryError("no_column", names_hint(said, sql, self.schema))
        if said.startswith("You can only execute one statement"):
            return QueryError("not_select", "only one statement is run: write a single SELECT")
        if "too big" in said or "too large" in said or "out of memory" in said:
            return QueryError("too_big", f"{said}: ask for less")
        if said.startswith("no such function"):
            return QueryError("function", function_hint(said))
        return QueryError("syntax" if "syntax error" in said or "incomplete input" in said else "other", said[:200])


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _as_identifier(token: re.Match[str]) -> str:
    text = token.group()
    return "`" + text[1:-1].replace('""', '"').replace("`", "``") + "`" if text[0] == '"' else text
