"""Copies of a database that hold other facts of the same kind, so that a query that was right by luck is found out.

Ids are shuffled, the same way wherever a foreign key carries them; some rows are dropped, some doubled, some values replaced by others
of their column, some references turned to another parent. Tables, types and foreign keys stay, and every value is one that the column,
or the key it refers to, held before (a doubled row's new number excepted), so filters still find rows. What the schema does not say,
such as that a total is the sum of its parts, does not stay. For databases we trust: their CREATE TABLE statements are run.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from envs.database_file import database_uri
from envs.guard import OBJECTS_SQL, Cell, lenient, ordinary_tables
from envs.sandbox import Database, Trust
from envs.schema import quoted

ROWS_MAX = 10_000  # of one table in a copy; of a larger one a random part is taken
DROPPED, DOUBLED, CHANGED, TURNED = 0.2, 0.1, 0.25, 0.2  # shares: of rows, rows, values, references
NAMES_MIN = 20  # from so many rows on, text that never repeats is taken for names, which stay unique

_Rows = list[list[Cell]]
_Column = tuple[str, int]  # table and place


@dataclass(frozen=True, slots=True)
class _Reference:
    """A foreign key: places of its columns, and of those they name in the parent."""

    columns: tuple[int, ...]
    parent: str
    targets: tuple[int, ...]


@dataclass(slots=True)
class _Table:
    """One table while it is changed."""

    columns: list[str]
    rows: _Rows
    primary: tuple[int, ...]
    unique: list[tuple[int, ...]]  # sets of columns that may not repeat, the primary key among them
    references: list[_Reference]


@contextmanager
def perturbed(database: Database, copies: int = 3, seed: int = 0) -> Iterator[tuple[Database, ...]]:
    """That many perturbed copies, opened; they are gone at the end.

    Raises:
        ValueError: the database is a stranger's.
    """
    if database.trust is not Trust.TRUSTED:
        raise ValueError(f"{database.path} is not trusted: import it first, then copies can be made of what was imported")
    opened: list[Database] = []
    with tempfile.TemporaryDirectory(prefix="analyst-buddy-") as folder:
        try:
            for number in range(copies):
                path = Path(folder) / str(number) / f"{database.name}.sqlite"
                path.parent.mkdir()
                perturb(database.path, path, seed + number)
                opened.append(Database.open(path, database.limits, private=True))
            yield tuple(opened)
        finally:
            for copy in opened:
                copy.close()


def perturb(source: Path, target: Path, seed: int) -> None:
    """Write a perturbed copy; the same file and seed give the same rows.

    Raises:
        ValueError: the source cannot be read.
        FileExistsError: the target is there already.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already: name a new file for the copy")
    with closing(sqlite3.connect(database_uri(source, private=False, ours=True), uri=True)) as connection:
        connection.text_factory = lenient
        try:
            statements, tables = _read(connection)
        except sqlite3.Error as error:
            raise ValueError(f"{source} cannot be read as a SQLite database: {error}") from error
    rng = random.Random(f"{seed}/{source.stem}")
    empty = {name for name, table in tables.items() if not table.rows}
    keys = _shuffle_keys(tables, rng)
    for name, table in tables.items():
        _change_rows(name, table, keys, rng)
    for name, table in tables.items():
        _turn_references(name, table, tables, empty, rng)
    _restore_keys(tables, empty)
    with closing(sqlite3.connect(target)) as connection, connection:
        for pragma in ("foreign_keys=0", "ignore_check_constraints=1", "synchronous=0"):
            connection.execute(f"PRAGMA {pragma}")
        for statement in statements["table"]:
            connection.execute(statement)
        for name, table in tables.items():
            names, marks = ", ".join(map(quoted, table.columns)), ", ".join("?" * len(table.columns))
            connection.executemany(f"INSERT OR IGNORE INTO {quoted(name)} ({names}) VALUES ({marks})", table.rows)
        for statement in statements["index"]:
            with suppress(sqlite3.Error):  # indexes only make it quicker
                connection.execute(statement)


def _read(connection: sqlite3.Connection) -> tuple[dict[str, list[str]], dict[str, _Table]]:
    """The CREATE statements, and every ordinary table."""
    names = ordinary_tables(connection.execute(OBJECTS_SQL).fetchall())
    statements: dict[str, list[str]] = {"table": [], "index": []}
    for kind, name, sql in connection.execute("SELECT type, tbl_name, sql FROM sqlite_schema ORDER BY rowid"):
        if kind in statements and sql and name in names:
            statements[kind].append(sql)
    tables = {}
    for name in names:
        about = connection.execute("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", (name,)).fetchall()
        columns = [column for column, _ in about]
        primary = tuple(place for place, (_, key) in enumerate(about) if key)
        unique = [primary] if primary else []
        for index, partial in connection.execute('SELECT name, partial FROM pragma_index_list(?) WHERE "unique"', (name,)).fetchall():
            parts = [column for (column,) in connection.execute("SELECT name FROM pragma_index_info(?)", (index,))]
            if not partial and all(column in columns for column in parts):
                unique.append(tuple(sorted(columns.index(column) for column in parts)))
        chosen = ", ".join(map(quoted, columns))
        rows = [list(row) for row in connection.execute(f"SELECT {chosen} FROM {quoted(name)}")]
        tables[name] = _Table(columns, rows, primary, list(dict.fromkeys(unique)), [])
    for name, table in tables.items():
        table.references = _references(connection, name, tables)
    return statements, tables


def _references(connection: sqlite3.Connection, name: str, tables: dict[str, _Table]) -> list[_Reference]:
    spelled = {other.lower(): other for other in tables}
    found: dict[int, list[tuple[str, str, str | None]]] = {}
    sql = 'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq'
    for number, parent, column, target in connection.execute(sql, (name,)):
        found.setdefault(number, []).append((parent, column, target))
    references = []
    for parts in found.values():
        parent = spelled.get(parts[0][0].lower())
        if parent is None:
            continue
        columns = _places(tables[name], [column for _, column, _ in parts])
        named = [target for _, _, target in parts if target is not None]
        targets = _places(tables[parent], named) if named else tables[parent].primary
        if columns and targets and len(columns) == len(targets):
            references.append(_Reference(columns, parent, targets))
    return references


def _places(table: _Table, names: list[str]) -> tuple[int, ...]:
    """Where these columns stand; () when one is not there."""
    places = {column.lower(): place for place, column in enumerate(table.columns)}
    found = [places.get(name.lower(), -1) for name in names]
    return () if -1 in found else tuple(found)


def _shuffle_keys(tables: dict[str, _Table], rng: random.Random) -> set[_Column]:
    """Give every key value another of its kind, the same one wherever a reference carries it; the key columns."""
    home: dict[_Column, _Column] = {}

    def root(column: _Column) -> _Column:
        while home.setdefault(column, column) != column:
            column = home[column]
        return column

    for name, table in tables.items():
        for places in table.unique:
            for place in places:
                root((name, place))
        for reference in table.references:
            for place, target in zip(reference.columns, reference.targets, strict=True):
                home[root((name, place))] = root((reference.parent, target))
    groups: dict[_Column, list[_Column]] = {}
    for column in list(home):
        groups.setdefault(root(column), []).append(column)
    for columns in groups.values():
        kinds: dict[type, dict[Cell, None]] = {}
        for name, place in columns:
            for row in tables[name].rows:
                kinds.setdefault(type(row[place]), {})[row[place]] = None
        other: dict[Cell, Cell] = {}
        for values in kinds.values():
            other |= zip(values, rng.sample(list(values), len(values)), strict=True)
        for name, place in columns:
            for row in tables[name].rows:
                row[place] = other[row[place]]
    return set(home)


def _change_rows(name: str, table: _Table, keys: set[_Column], rng: random.Random) -> None:
    """Drop rows, replace values that are no keys, and double rows where nothing forbids it."""
    plain = [place for place in range(len(table.columns)) if (name, place) not in keys]
    domains = {place: [row[place] for row in table.rows] for place in plain}
    names = [place for place in plain if _are_names(domains[place])]
    numbers = [row[table.primary[0]] for row in table.rows] if len(table.primary) == 1 else []
    ids = [number for number in numbers if isinstance(number, int)]
    if len(table.rows) > 3:
        table.rows = [row for row in table.rows if rng.random() >= DROPPED] or table.rows
    if len(table.rows) > ROWS_MAX:
        table.rows = rng.sample(table.rows, ROWS_MAX)
    for place in plain:
        chosen = [row for row in table.rows if rng.random() < CHANGED]
        drawn = [row[place] for row in chosen] if place in names else rng.choices(domains[place], k=len(chosen)) if chosen else []
        rng.shuffle(drawn)
        for row, value in zip(chosen, drawn, strict=True):
            row[place] = value
    if names or any(places != table.primary for places in table.unique):
        return
    doubles = [row.copy() for row in table.rows if rng.random() < DOUBLED]
    if table.primary:
        if not ids or len(ids) < len(numbers):
            return
        for number, row in enumerate(doubles, start=max(ids) + 1):
            row[table.primary[0]] = number
    table.rows += doubles


def _are_names(values: list[Cell]) -> bool:
    present = [value for value in values if value is not None]
    return len(present) >= NAMES_MIN and len(set(present)) == len(present) and all(isinstance(value, str) for value in present)


def _turn_references(name: str, table: _Table, tables: dict[str, _Table], empty: set[str], rng: random.Random) -> None:
    """Turn some references to another parent, and all whose parent is gone; a table's references to itself stay a tree."""
    for reference in table.references:
        if reference.parent in empty:
            continue
        parents = list(_values(tables[reference.parent].rows, reference.targets))
        there, itself = set(parents), reference.parent == name
        lonely = any(None in values for values in _values(table.rows, reference.columns))
        for row in table.rows:
            values = tuple(row[place] for place in reference.columns)
            if None in values or (values in there and (itself or rng.random() >= TURNED)):
                continue
            turned = (None,) * len(values) if itself and lonely else rng.choice(parents)
            for place, value in zip(reference.columns, turned, strict=True):
                row[place] = value


def _restore_keys(tables: dict[str, _Table], empty: set[str]) -> None:
    """Leave out rows that repeat what is unique, then those whose parent is left out, until nothing changes."""
    changed = True
    while changed:
        changed = False
        for table in tables.values():
            before = len(table.rows)
            for places in table.unique:
                seen: set[tuple[Cell, ...]] = set()
                kept = []
                for row in table.rows:
                    values = tuple(row[place] for place in places)
                    if None in values or values not in seen:
                        kept.append(row)
                    seen.add(values)
                table.rows = kept
            for reference in table.references:
                if reference.parent not in empty:
                    there = set(_values(tables[reference.parent].rows, reference.targets))
                    values_of = [tuple(row[place] for place in reference.columns) for row in table.rows]
                    table.rows = [row for row, values in zip(table.rows, values_of, strict=True) if None in values or values in there]
            changed |= len(table.rows) != before


def _values(rows: _Rows, places: tuple[int, ...]) -> dict[tuple[Cell, ...], None]:
    """The different values of these columns, in the order of the rows."""
    return dict.fromkeys(tuple(row[place] for place in places) for row in rows)
