"""What a guarded connection is: the bounds of one query, the same in our own process and in the jail.

SELECT alone, on tables known at open, with functions from a list; a deadline, and budgets of rows, cells and bytes. Imports the
standard library only, because the jailed child reads this file before it gives up everything else.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from envs.sql_scan import with_names, words

Cell = str | int | float | bytes | None

# printf, format, zeroblob, randomblob and hex can fill memory or hang inside one opcode; random() would make a gold a coin flip.
FUNCTIONS = frozenset(
    """abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce cos cosh count cume_dist current_date
    current_time current_timestamp date datetime degrees dense_rank exp first_value floor glob group_concat ifnull iif instr
    json json_array json_array_length json_each json_extract json_object json_tree json_type json_valid julianday lag
    last_value lead length like likelihood likely ln log log10 log2 lower ltrim max min mod nth_value ntile nullif percent_rank
    pi pow power quote radians rank replace round row_number rtrim sign sin sinh sqrt strftime substr substring sum tan
    tanh time total trim trunc typeof unicode unixepoch unlikely upper -> ->>""".split()  # noqa: SIM905 (a list would take 80 lines)
)
JAILED_FUNCTIONS = FUNCTIONS | {"printf", "format", "hex"}  # where the process can be killed, these may be had
TABLES_MAX = 2_000
NAME_CHARS_MAX = 128  # a table with a longer or unprintable name is left out
LOOK_TIMEOUT_S = 20.0
_FOLLOWABLE = frozenset({"json_each", "json_tree"})
_INTERNAL = ("sqlite_", "pragma_", "dbstat", "bytecode")
_NONE: frozenset[str] = frozenset()
_READ, _FUNCTION, _SELECT, _OK = sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_OK
_PAGE_BYTES_MAX = 65_536  # a value that fits its page is given out whatever LENGTH allows
_REMEMBERED_MAX = 4_096
OBJECTS_SQL = "SELECT name, type, rootpage, substr(sql, 1, 400) FROM sqlite_schema ORDER BY rowid"


@dataclass(frozen=True)
class Limits:
    """How much one query may use."""

    timeout_s: float = 2.0
    rows_max: int = 10_000
    bytes_max: int = 8_000_000  # text and blob bytes over all rows
    cells_max: int = 5_000_000  # rows times columns
    length_max: int = 100_000  # bytes of one value: instr() or trim() on two longer ones takes minutes inside one opcode
    heap_bytes: int = 1_000_000_000  # SQLite's own heap, all connections of the process together


# Columns, rows, whether there are more than the limits allow (the rows are the first ones), tables read as the database spells them.
Answer = tuple[tuple[str, ...], list[tuple[Cell, ...]], bool, frozenset[str]]


class RefusedError(Exception):
    """A query that a guard or SQLite refused.

    `kind` is function, table, statement (denied by name), timeout, memory, broken (the jail died), or sqlite with its own words.
    """

    def __init__(self, kind: str, said: str = "") -> None:
        super().__init__(kind, said)
        self.kind, self.said = kind, said


class Guard:
    """A guarded connection for queries, and beside it one that may look at the schema with SQL of our own."""

    def __init__(self, uri: str, limits: Limits, functions: frozenset[str] = FUNCTIONS) -> None:
        self.limits, self._functions = limits, functions
        self._looker, self._connection = _connect(uri), _connect(uri)
        self._looker.text_factory = lenient
        self._denied = self._text = ""
        self._late = False
        cells_that_fit = limits.bytes_max // max(limits.length_max, _PAGE_BYTES_MAX)  # however long each is
        self._cells_at_once = min(cells_that_fit, limits.cells_max)
        self._deadline = time.perf_counter() + LOOK_TIMEOUT_S
        self._with_names: frozenset[str] | None = None
        self._reads: set[str] = set()  # tables of which a column is read
        self._touched: set[str] = set()  # tables, or WITH names like them, of which none is: SELECT count(*) FROM pets
        self._reads_of: dict[str, frozenset[str]] = {}  # a cached statement does not pass the authorizer again
        for connection in (self._looker, self._connection):
            _prepare(connection, limits.heap_bytes)
            connection.set_progress_handler(self._too_late, 1_000)
        objects = self.look(OBJECTS_SQL, 10 * TABLES_MAX)[1]
        self._tables = {folded(name): name for name in ordinary_tables(objects)}
        modules = {folded(name) for (name,) in self.look("PRAGMA module_list", TABLES_MAX)[1] if isinstance(name, str)}
        named = {folded(str(name)) for name, kind, *_ in objects if kind in ("table", "view")}
        self._hidden = (named | modules) - self._tables.keys() - _FOLLOWABLE
        self._authorize = self._authorizer()
        self._lock_down()

    def run(self, text: str, rows_max: int, timeout_s: float) -> Answer:
        """Run one SELECT.

        Raises:
            RefusedError: it was refused, failed or took too long.
        """
        self._reads.clear()
        self._touched.clear()
        self._denied, self._text, self._with_names, self._late = "", text, None, False
        self._deadline = time.perf_counter() + timeout_s
        cursor: sqlite3.Cursor | None = None
        try:
            cursor = self._connection.execute(text)
            columns = tuple([d[0] for d in cursor.description or ()])
            step = self._cells_at_once // (len(columns) or 1) or 1
            if step > rows_max:
                step = rows_max + 1
            rows: list[tuple[Cell, ...]] = cursor.fetchmany(step)
            truncated = len(rows) >= step and self._fetch_rest(cursor, rows, rows_max, len(columns) or 1)
        except sqlite3.OperationalError as error:
            self._broken_off(cursor, text)
            if "Could not decode" in str(error) and self._connection.text_factory is str:
                self._connection.text_factory = lenient  # slower, so only for databases that need it
                return self.run(text, rows_max, timeout_s)
            raise self._refused(error) from None
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, MemoryError) as error:
            self._broken_off(cursor, text)
            raise self._refused(error) from None
        except BaseException:
            self._broken_off(cursor, text)
            raise
        return columns, rows, truncated, self._keep_reads(text) if self._reads or self._touched else self._reads_of.get(text, _NONE)

    def look(self, sql: str, rows_max: int, timeout_s: float = LOOK_TIMEOUT_S) -> Answer:
        """Run SQL of our own making, PRAGMAs included, within a deadline and the budgets.

        Raises:
            RefusedError: it failed or took too long.
        """
        self._denied, self._late = "", False
        self._deadline = time.perf_counter() + timeout_s
        cursor = self._looker.cursor()
        try:
            cursor.execute(sql)
            rows, truncated = self._fetch(cursor, rows_max)
            return tuple(d[0] for d in cursor.description or ()), rows, truncated, _NONE
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, MemoryError) as error:
            raise self._refused(error) from None
        finally:
            cursor.close()

    def close(self) -> None:
        self._connection.close()
        self._looker.close()

    def _fetch(self, cursor: sqlite3.Cursor, rows_max: int) -> tuple[list[tuple[Cell, ...]], bool]:
        """Row by row, because a hundred rows may each hold megabytes."""
        rows: list[tuple[Cell, ...]] = []
        room = self.limits.bytes_max
        for row in cursor:
            if len(rows) >= rows_max or room < 0:
                return rows, True
            rows.append(row)
            room -= _size(row)
        return rows, False

    def _fetch_rest(self, cursor: sqlite3.Cursor, rows: list[tuple[Cell, ...]], rows_max: int, columns: int) -> bool:
        """Add the rows up to the limits to the first ones; whether there were more. No step can overshoot the bytes by more than a row."""
        rows_max = min(rows_max, self.limits.cells_max // columns)
        cell_bytes_max = max(self.limits.length_max, _PAGE_BYTES_MAX)
        room = self.limits.bytes_max - sum(map(_size, rows))
        while len(rows) <= rows_max:
            step = max(1, min(room // (cell_bytes_max * columns), rows_max + 1 - len(rows)))
            fetched = cursor.fetchmany(step)
            if room < 0 or not fetched:
                return bool(fetched)
            rows += fetched
            room -= sum(map(_size, fetched))
        del rows[rows_max:]
        return True

    def _broken_off(self, cursor: sqlite3.Cursor | None, text: str) -> None:
        """End a query that failed; its statement may be cached all the same."""
        if cursor is not None:
            cursor.close()
        if self._reads or self._touched:
            self._keep_reads(text)

    def _keep_reads(self, text: str) -> frozenset[str]:
        if len(self._reads_of) >= _REMEMBERED_MAX:
            self._reads_of.clear()
            self._connection.set_authorizer(self._authorize)  # also expires the cached statements, which pass it anew
        reads = frozenset(self._reads)
        if touched := self._touched - reads:
            shadows = with_names(text) if "with" in text.lower() else _NONE
            reads = reads.union(name for name in touched if name.lower() not in shadows)
        self._reads_of[text] = reads
        return reads

    def _lock_down(self) -> None:
        c = self._connection
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
        c.set_authorizer(self._authorize)

    def _too_late(self) -> bool:
        return time.perf_counter() > self._deadline

    def _authorizer(self) -> Callable[..., int]:
        """The callback that SQLite asks about each part of a query it compiles: what is usual is allowed here, the rest goes to _deny."""
        tables = self._tables | {name: name for name in self._tables.values()}  # SQLite says a name as declared, nearly always
        functions, hidden, deny = self._functions, self._hidden, self._deny
        read, touch, now = self._reads.add, self._touched.add, time.perf_counter

        def authorize(action: int, one: str | None, two: str | None, schema: str | None, inside: str | None) -> int:
            if inside is None or folded(inside) not in hidden:
                if action == _READ:
                    table = tables.get(one)  # type: ignore[arg-type] # None is no key
                    if table is not None:
                        (read if two else touch)(table)
                        return _OK
                elif action == _FUNCTION:
                    if two in functions:
                        return _OK
                elif action == _SELECT and now() <= self._deadline:  # the progress handler does not run while a query is compiled
                    return _OK
            return deny(action, one, two, schema, inside)

        return authorize

    def _deny(self, action: int, one: str | None, two: str | None, _schema: str | None, inside: str | None) -> int:
        if inside is not None and folded(inside) in self._hidden:  # a view's own query: the view may not be named itself
            self._denied = self._denied or f"table {inside}"
            return sqlite3.SQLITE_DENY
        if action == _READ:
            table = self._tables.get(folded(one or ""))
            if table is not None:
                (self._reads if two else self._touched).add(table)
                return _OK
            # A WITH name of which no column is used arrives like a table.
            if one in _FOLLOWABLE or (not two and self._is_with_name(one or "")):
                return _OK
            self._denied = self._denied or f"table {one}"
            return sqlite3.SQLITE_DENY
        if action == _FUNCTION:
            if (two or "").lower() in self._functions:
                return _OK
            self._denied = self._denied or f"function {two}"
            return sqlite3.SQLITE_DENY
        if action in (_SELECT, sqlite3.SQLITE_RECURSIVE):
            self._late = time.perf_counter() > self._deadline
            return sqlite3.SQLITE_DENY if self._late else _OK
        self._denied = self._denied or "statement"
        return sqlite3.SQLITE_DENY

    def _is_with_name(self, name: str) -> bool:
        """A WITH name like a view, a virtual table or one of SQLite's own is refused: which of the two is meant cannot be told."""
        if folded(name) in self._hidden or folded(name).startswith(_INTERNAL):
            return False
        if self._with_names is None:
            self._with_names = with_names(self._text)
        return name.lower() in self._with_names

    def _refused(self, error: Exception) -> RefusedError:
        if isinstance(error, MemoryError):
            return RefusedError("memory")
        if self._late or str(error) == "interrupted":
            return RefusedError("timeout")
        if self._denied:
            kind, _, name = self._denied.partition(" ")
            return RefusedError(kind, name)
        return RefusedError("sqlite", str(error))


def ordinary_tables(objects: Iterable[tuple[Cell, ...]]) -> list[str]:
    """The names of ordinary tables among rows of OBJECTS_SQL: no views, virtual tables or tables of SQLite's own.

    Raises:
        RefusedError: there are more than TABLES_MAX.
    """
    names = [
        name
        for name, kind, root, sql in objects
        if kind == "table" and root and isinstance(name, str) and len(name) <= NAME_CHARS_MAX and name.isprintable()
        if not name.lower().startswith("sqlite_") and [w.lower() for w in words(str(sql or ""))[:2]] != ["create", "virtual"]
    ]
    if len(names) > TABLES_MAX:
        raise RefusedError("sqlite", f"it has more than {TABLES_MAX} tables")
    return names


def folded(name: str) -> str:
    """A name as SQLite compares it: only A to Z in small letters (to Python the Kelvin sign is a k as well)."""
    return name.lower() if name.isascii() else name.encode("utf-8", "replace").lower().decode()


def lenient(raw: bytes) -> str:
    """Text as stored, whatever is not UTF-8 replaced."""
    return raw.decode("utf-8", "replace")


def _size(row: tuple[Cell, ...]) -> int:
    """Characters and bytes of its texts and blobs."""
    size = 0
    for cell in row:
        if cell.__class__ is str or cell.__class__ is bytes:
            size += len(cell)
    return size


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, heap_bytes: int) -> None:
    run: Callable[[str], sqlite3.Cursor] = connection.execute
    for pragma in ("trusted_schema=0", "cell_size_check=1", "temp_store=2", "mmap_size=0", "cache_size=-4000", "query_only=1"):
        run(f"PRAGMA {pragma}").close()
    run(f"PRAGMA hard_heap_limit={heap_bytes}").close()
