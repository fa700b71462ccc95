"""An owner's file (SQLite, CSV, Excel) becomes a clean database of our own making, or a plain message and nothing.

import_file() may be called in a worker thread. It trusts nothing about the file: SQLite and Excel are read in a jailed child, the new
database is written under another name and put in its place when it is whole, and the source is only ever read.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from envs.importing.columns import Hints
from envs.importing.csv_import import open_csv
from envs.importing.excel_import import Workbook
from envs.importing.file_kind import file_kind
from envs.importing.limits import ImportLimits
from envs.importing.links import link_tables
from envs.importing.names import usable_names
from envs.importing.report import NOTES_MAX, ColumnReport, ImportRefusedError, ImportReport, Note, TableReport
from envs.importing.sheet import Budget, Sheet, import_sheet
from envs.importing.sqlite_import import import_sqlite
from envs.importing.writer import CleanDatabase

__all__ = ["ColumnReport", "ImportLimits", "ImportRefusedError", "ImportReport", "Note", "TableReport", "import_file"]

_LIMITS = ImportLimits()


def import_file(
    path: Path,
    out: Path,
    limits: ImportLimits = _LIMITS,
    *,
    month_first: bool | None = None,
    wal_closed: bool = False,
    replace: bool = False,
    name: str | None = None,
) -> ImportReport:
    """Make the database `out` from the file `path`.

    Args:
        month_first: how to read dates such as 3/4/2024 that the whole column leaves open; None to judge by the file.
        wal_closed: the owner says that the program that writes this SQLite file in WAL mode was closed before it was copied.
        replace: an `out` that exists may be replaced.
        name: what the owner calls the file, where `path` is an upload's temporary name; names the report and a CSV file's table.

    Raises:
        ImportRefusedError: the file is not imported; nothing was written.
        OSError: a file cannot be read, or the new one not be written.
    """
    path, out = Path(path), Path(out)
    called = Path(name) if name else path
    kind = file_kind(path, limits)
    if out.exists() and out.samefile(path):
        raise ImportRefusedError("exists", f"{out} is the file to import itself: choose another name")
    before = _stamp(path)
    notes: list[Note] = []
    budget = Budget(limits)
    try:
        with CleanDatabase(out, replace=replace) as database:
            if kind == "sqlite":
                tables = import_sqlite(path, database, budget, notes, wal_closed=wal_closed)
            elif kind == "excel":
                with Workbook(path, budget) as workbook:
                    tables = _sheets(workbook.sheets(notes), database, budget, Hints(None, month_first), notes)
            else:
                sheet, comma = open_csv(path, notes)
                tables = _sheets([Sheet(called.stem, sheet.rows)], database, budget, Hints(True if comma else None, month_first), notes)
            if not tables:
                raise ImportRefusedError("no_tables", f"{called.name} holds no rows: wanted a table with a header and rows below it")
            if _stamp(path) != before:
                raise ImportRefusedError("changed", f"{called.name} was changed while it was read: close the other program, then try again")
            database.finish()
    except sqlite3.Error as error:
        raise OSError(f"{out} could not be written: {error}") from error
    if len(notes) > NOTES_MAX:
        notes[NOTES_MAX:] = [Note("check", "", f"{len(notes) - NOTES_MAX} more remarks are not listed")]
    return ImportReport(called.name, kind, tuple(tables), tuple(notes))


def _sheets(sheets: list[Sheet], database: CleanDatabase, budget: Budget, hint: Hints, notes: list[Note]) -> list[TableReport]:
    tables, made_tables = [], []
    for sheet, name in zip(sheets, usable_names([sheet.name for sheet in sheets], "table"), strict=True):
        made = import_sheet(sheet, name, database, budget, hint, notes)
        if made is not None:
            made_tables.append(made[0])
            tables.append(made[1])
    link_tables(made_tables, database, budget, notes)
    return tables


def _stamp(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
