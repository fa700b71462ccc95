"""The ordinary tables of a stranger's SQLite file, read in the jail and copied row by row into a database of ours.

Views, triggers, virtual and generated columns, indexes, checks and defaults stay behind: what is copied is rows, keys and types.
"""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envs.database_file import database_uri
from envs.guard import Cell, Limits, RefusedError
from envs.importing.names import KEYWORDS, usable_names
from envs.importing.report import ColumnReport, ImportRefusedError, Note, TableReport, counted, listed, shortened
from envs.importing.sheet import Budget
from envs.importing.writer import CleanDatabase, NewColumn, NewKey, NewTable
from envs.jail import Jail
from envs.schema import quoted
from envs.sql_scan import words

MAGIC = b"SQLite format 3\0"
_ROWS_A_LOOK = 10_000
_LOOK_LIMITS = Limits(rows_max=_ROWS_A_LOOK, bytes_max=4_000_000)
_OBJECTS_MAX = 100_000
_SHADOWS = ("content", "data", "idx", "docsize", "config", "segments", "segdir", "stat", "node", "parent", "rowid", "vector_chunks00")
_TYPE = re.compile(r"[A-Za-z_]\w*(?: [A-Za-z_]\w*){0,2}(?: ?\(\d{1,4}(?:, ?\d{1,4})?\))?", re.ASCII)
_ONLY_ODD = re.compile(
    r"NULL value in |CHECK constraint failed|non-unique entry|row \d+ missing from index|NUMERIC value in|TEXT value in|non-\w+ value in"
)
_DAMAGED = ("malformed", "corrupt", "disk i/o", "not a database")


@dataclass(frozen=True, slots=True)
class _Source:
    """A table of the file: its names as there, and the table it becomes."""

    name: str
    columns: tuple[str, ...]
    new: NewTable
    rowid: str  # a name by which its rows can be walked; "" when it has none


def import_sqlite(path: Path, database: CleanDatabase, budget: Budget, notes: list[Note], *, wal_closed: bool) -> list[TableReport]:
    """Copy every ordinary table.

    Args:
        wal_closed: the owner says that the program was closed before the file was copied; see envs/database_file.py.

    Raises:
        ImportRefusedError: it is damaged, in use, too large, or holds no table.
    """
    _check_size(path)
    try:
        uri = database_uri(path, private=True, ours=wal_closed)
    except ValueError as error:
        raise ImportRefusedError("in_use", str(error)) from error
    with _Reader(path, uri, budget) as reader:
        reader.check()
        sources = _sources(reader, budget, notes)
        if not sources:
            raise ImportRefusedError("no_tables", f"{path.name} holds no table with rows of its own: wanted at least one")
        return [_copy(reader, source, database, budget, notes) for source in sources]


class _Reader:
    """Looks into the file in its jail, in the words of an import."""

    def __init__(self, path: Path, uri: str, budget: Budget) -> None:
        self._path, self._budget = path, budget
        try:
            self._jail = Jail(uri, _LOOK_LIMITS)
        except RefusedError as error:
            raise self._refused(error) from error

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._jail.close()

    def look(self, sql: str, rows_max: int = _OBJECTS_MAX) -> list[tuple[Cell, ...]]:
        return self.part(sql, rows_max)[0]

    def part(self, sql: str, rows_max: int) -> tuple[list[tuple[Cell, ...]], bool]:
        """The first rows, and whether there are more."""
        self._budget.check_time()
        try:
            _, rows, truncated, _ = self._jail.look(sql, rows_max, self._budget.seconds_left())
        except RefusedError as error:
            raise self._refused(error) from error
        return rows, truncated

    def check(self) -> None:
        """Let SQLite look through every page.

        Raises:
            ImportRefusedError: the file is damaged.
        """
        self.look("PRAGMA ignore_check_constraints=1")
        found = [str(row[0]) for row in self.look("PRAGMA quick_check(20)", 20)]
        damage = [text for text in found if text != "ok" and not _ONLY_ODD.match(text)]
        if damage:
            raise ImportRefusedError(
                "damaged", f"{self._path.name} is damaged ({shortened(damage[0])}): copy it again, or restore it from a backup"
            )

    def _refused(self, error: RefusedError) -> ImportRefusedError:
        name = self._path.name
        if error.kind == "timeout":
            return ImportRefusedError("timeout", f"{name}: reading it took too long")
        if error.kind == "memory":
            return ImportRefusedError("too_big", f"{name}: reading it needs too much memory")
        if error.kind == "broken":
            return ImportRefusedError("damaged", f"{name}: reading it broke off; it is damaged: restore it from a backup")
        if error.said.startswith("it has more than"):
            return ImportRefusedError("too_big", f"{name}: {error.said}, at most {self._budget.limits.tables_max} are imported")
        return ImportRefusedError("damaged", f"{name} cannot be read ({shortened(error.said)}): copy it again, or restore it from a backup")


def _check_size(path: Path) -> None:
    """The header's own account of the file against its length.

    Raises:
        ImportRefusedError: a part is missing.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100:
        raise ImportRefusedError("damaged", f"{path.name} has only {size} bytes of a SQLite database: copy it again")
    page = struct.unpack(">H", header[16:18])[0]
    page = 65_536 if page == 1 else page
    if page < 512 or page & (page - 1):
        raise ImportRefusedError("damaged", f"{path.name} is damaged (pages of {page} bytes): copy it again, or restore it from a backup")
    changed, pages, valid_for = (
        struct.unpack(">I", header[24:28])[0],
        struct.unpack(">I", header[28:32])[0],
        struct.unpack(">I", header[92:96])[0],
    )
    wanted = pages * page if pages and changed == valid_for else page * -(-size // page)
    if size < wanted:
        raise ImportRefusedError("damaged", f"{path.name} is cut off: it has {size:,} of {wanted:,} bytes: copy it again")


def _sources(reader: _Reader, budget: Budget, notes: list[Note]) -> list[_Source]:
    """The tables to copy, their names made usable."""
    objects = reader.look("SELECT type, name, rootpage, substr(sql, 1, 100), length(sql) FROM sqlite_schema ORDER BY rowid")
    virtual = [str(name) for kind, name, root, sql, _ in objects if kind == "table" and (not root or _starts(sql, "create", "virtual"))]
    shadows = {f"{name}_{ending}".lower() for name in virtual for ending in _SHADOWS}
    for kind, why in (("view", "view"), ("trigger", "trigger")):
        found = [str(name) for other, name, *_ in objects if other == kind]
        if found:
            notes.append(Note("left_out", "", f"{counted(len(found), why)}: {listed(found)}"))
    if virtual:
        notes.append(Note("left_out", "", f"{counted(len(virtual), 'virtual table')} with what they store: {listed(virtual)}"))
    tables = [
        str(name)
        for kind, name, root, sql, _ in objects
        if kind == "table" and root and not str(name).lower().startswith("sqlite_") and not _starts(sql, "create", "virtual")
        if str(name).lower() not in shadows
    ]
    if len(tables) > budget.limits.tables_max:
        raise ImportRefusedError("too_big", f"it has {len(tables):,} tables, at most {budget.limits.tables_max} are imported")
    columns: dict[str, list[tuple[str, str, int]]] = {}
    for table in tables:
        found_columns = reader.look(f"SELECT name, type, pk, hidden FROM pragma_table_xinfo({_text(table)}) ORDER BY cid", 40_000)
        generated = [str(name) for name, _, _, hidden in found_columns if hidden]
        if generated:
            notes.append(Note("left_out", table, f"generated columns: {listed(generated)}"))
        plain = [(str(name), str(kind or ""), int(key or 0)) for name, kind, key, hidden in found_columns if not hidden]
        if len(plain) > budget.limits.columns_max:
            notes.append(
                Note("left_out", table, f"columns beyond the first {budget.limits.columns_max}: {len(plain) - budget.limits.columns_max}")
            )
        if plain:
            columns[table] = plain[: budget.limits.columns_max]
        else:
            notes.append(Note("left_out", table, "it has no column of its own"))
    tables = [table for table in tables if table in columns]
    return _named(reader, tables, columns, notes)


def _named(reader: _Reader, tables: list[str], columns: dict[str, list[tuple[str, str, int]]], notes: list[Note]) -> list[_Source]:
    renamed = dict(zip(tables, usable_names(tables, "table", keep_usable=True), strict=True))
    new_columns = {
        table: dict(
            zip([c for c, _, _ in columns[table]], usable_names([c for c, _, _ in columns[table]], "column", keep_usable=True), strict=True)
        )
        for table in tables
    }
    spelled = {table.lower(): table for table in tables}
    sources = []
    for table in tables:
        made = tuple(NewColumn(new_columns[table][name], name, _declared(kind)) for name, kind, _ in columns[table])
        keyed = sorted((key, name) for name, _, key in columns[table] if key)
        keys = []
        for target, pairs in _foreign_keys(reader, table):
            there = spelled.get(target.lower(), "")
            key = _new_key(pairs, table, there, columns, new_columns, renamed) if there else None
            if key is None:
                why = f"{shortened(target)!r} has no such column" if there else f"there is no table {shortened(target)!r}"
                notes.append(Note("left_out", table, f"the foreign key on {listed([own for own, _ in pairs])}: {why}"))
            else:
                keys.append(key)
        new = NewTable(renamed[table], table, made, tuple(new_columns[table][name] for _, name in keyed), tuple(keys))
        taken = {name.lower() for name, _, _ in columns[table]}
        free = next((word for word in ("rowid", "_rowid_", "oid") if word not in taken), "")
        without = bool(reader.look(f"SELECT 1 FROM pragma_table_list({_text(table)}) WHERE wr AND schema = 'main'", 1))
        sources.append(_Source(table, tuple(name for name, _, _ in columns[table]), new, "" if without else free))
    return sources


def _foreign_keys(reader: _Reader, table: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    found: dict[int, tuple[str, list[tuple[str, str | None]]]] = {}
    for number, target, own, other in reader.look(
        f'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list({_text(table)}) ORDER BY id, seq', 10_000
    ):
        found.setdefault(int(number or 0), (str(target), []))[1].append((str(own), None if other is None else str(other)))
    return list(reversed(found.values()))  # SQLite lists the last one first


def _new_key(
    pairs: list[tuple[str, str | None]],
    table: str,
    there: str,
    columns: dict[str, list[tuple[str, str, int]]],
    new_columns: dict[str, dict[str, str]],
    renamed: dict[str, str],
) -> NewKey | None:
    """The key in new names; None when a column it names is not there."""
    primary = [name for _, name in sorted((key, name) for name, _, key in columns[there] if key)]
    own = {name.lower(): new for name, new in new_columns[table].items()}
    other = {name.lower(): new for name, new in new_columns[there].items()}
    targets = [target or (primary[place] if place < len(primary) else "") for place, (_, target) in enumerate(pairs)]
    if not all(name.lower() in own for name, _ in pairs) or not all(name.lower() in other for name in targets):
        return None
    return NewKey(tuple(own[name.lower()] for name, _ in pairs), renamed[there], tuple(other[name.lower()] for name in targets))


def _copy(reader: _Reader, source: _Source, database: CleanDatabase, budget: Budget, notes: list[Note]) -> TableReport:
    new = source.new
    database.create(new)
    cuts = _Cuts(budget)
    try:
        rows = database.insert(new, cuts.applied(_rows(reader, source, budget)))
    except sqlite3.IntegrityError as error:
        notes.append(Note("left_out", source.name, f"the primary key, which its rows do not keep ({error})"))
        database.drop(new)
        new = NewTable(new.name, new.original, new.columns, (), new.foreign_keys)
        database.create(new)
        cuts = _Cuts(budget)
        rows = database.insert(new, cuts.applied(_rows(reader, source, budget)))
    if cuts.texts:
        notes.append(
            Note(
                "left_out",
                source.name,
                f"the ends of {counted(cuts.texts, 'text')} longer than {budget.limits.cell_chars_max:,} characters",
            )
        )
    if cuts.blobs:
        notes.append(
            Note(
                "left_out",
                source.name,
                f"{counted(cuts.blobs, 'blob')} (pictures, documents) of more than {budget.limits.blob_bytes_max:,} bytes",
            )
        )
    return TableReport(new.name, source.name, rows, tuple(ColumnReport(c.name, c.original, c.type) for c in new.columns))


class _Cuts:
    """Long cells cut on their way, and counted."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.texts = self.blobs = 0

    def applied(self, rows: Iterator[tuple[Cell, ...]]) -> Iterator[list[Cell]]:
        chars, size = self._budget.limits.cell_chars_max, self._budget.limits.blob_bytes_max
        for row in rows:
            self._budget.take(len(row))
            cells = list(row)
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    if len(cell) > chars:
                        self.texts += 1
                        cells[place] = cell[: chars - 1] + "…"
                    if not cell.isascii():
                        cells[place] = str(cells[place]).encode("utf-8", "replace").decode()
                elif isinstance(cell, bytes) and len(cell) > size:
                    self.blobs += 1
                    cells[place] = None
            yield cells


def _rows(reader: _Reader, source: _Source, budget: Budget) -> Iterator[tuple[Cell, ...]]:
    """Every row, some at a time; long cells arrive one longer than is kept."""
    chars, size = budget.limits.cell_chars_max + 1, budget.limits.blob_bytes_max + 1
    cells = ", ".join(
        f"CASE typeof({c}) WHEN 'text' THEN substr({c}, 1, {chars}) WHEN 'blob' THEN substr({c}, 1, {size}) ELSE {c} END"
        for c in map(quoted, source.columns)
    )
    table, done, last = quoted(source.name), 0, None
    while True:
        if source.rowid:
            after = "" if last is None else f"WHERE {source.rowid} > {last}"
            rows, truncated = reader.part(
                f"SELECT {source.rowid}, {cells} FROM {table} {after} ORDER BY {source.rowid} LIMIT {_ROWS_A_LOOK}", _ROWS_A_LOOK
            )
            found = [row[1:] for row in rows]
            last = int(rows[-1][0] or 0) if rows else last
        else:
            found, truncated = reader.part(f"SELECT {cells} FROM {table} LIMIT {_ROWS_A_LOOK} OFFSET {done}", _ROWS_A_LOOK)
        yield from found
        done += len(found)
        if not found or (len(found) < _ROWS_A_LOOK and not truncated):
            return


def _declared(kind: str) -> str:
    """The type as declared when it is a plain one, else one of the same affinity, so that values stay as they are stored."""
    plain = " ".join(kind.split())
    parts = re.findall(r"[a-z_]+", plain.lower())
    if _TYPE.fullmatch(plain) and len(plain) <= 40 and parts != ["any"] and not KEYWORDS.intersection(parts):
        return plain
    lower = kind.lower()
    for part, name in (
        ("int", "INTEGER"),
        ("char", "TEXT"),
        ("clob", "TEXT"),
        ("text", "TEXT"),
        ("blob", ""),
        ("real", "REAL"),
        ("floa", "REAL"),
        ("doub", "REAL"),
    ):
        if part in lower:
            return name
    return "NUMERIC" if lower.strip() and parts != ["any"] else ""


def _starts(sql: Cell, *wanted: str) -> bool:
    return [word.lower() for word in words(str(sql or ""))[: len(wanted)]] == list(wanted)


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
