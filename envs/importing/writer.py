"""The clean database of an import: written beside its place under another name, and put there only when it is whole."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from envs.importing.names import says_the_same
from envs.importing.report import ImportRefusedError
from envs.schema import quoted, worded

OUT_BYTES_MAX = 2_000_000_000


@dataclass(frozen=True, slots=True)
class NewColumn:
    """A column to be made; `original` is the file's wording."""

    name: str
    original: str
    type: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A foreign key to be made; names are the new ones."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewTable:
    """A table to be made."""

    name: str
    original: str
    columns: tuple[NewColumn, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[NewKey, ...] = ()

    @property
    def sql(self) -> str:
        """CREATE TABLE; wordings that the names do not tell stand behind them, where envs/schema.py finds them."""
        parts = [(f"{quoted(c.name)} {c.type}".rstrip(), _wording(c.original, c.name)) for c in self.columns]
        if self.primary_key:
            parts.append((f"PRIMARY KEY ({_names(self.primary_key)})", ""))
        for key in self.foreign_keys:
            parts.append((f"FOREIGN KEY ({_names(key.columns)}) REFERENCES {quoted(key.table)} ({_names(key.targets)})", ""))
        lines = [f"  {part}{',' if place + 1 < len(parts) else ''}{wording}" for place, (part, wording) in enumerate(parts)]
        return "\n".join([f"CREATE TABLE {quoted(self.name)} ({_wording(self.original, self.name)}", *lines, ")"])


class CleanDatabase:
    """A database under way; leaving the `with` without finish() leaves nothing behind."""

    def __init__(self, out: Path, *, replace: bool) -> None:
        self._out, self._replace = out, replace
        if not out.parent.is_dir():
            raise FileNotFoundError(f"no folder {out.parent}: wanted one to write {out.name} in")
        self._refuse_existing()
        for ending in ("-wal", "-journal"):  # SQLite would take them for a part of the new database
            if out.with_name(out.name + ending).exists():
                raise ImportRefusedError("exists", f"{out.name}{ending} lies beside where {out.name} is to be written: remove it first")
        self._aside = out.with_name(f".{out.name[:60]}.{secrets.token_hex(6)}.importing")
        self._aside.touch(0o600, exist_ok=False)
        try:
            self.connection = sqlite3.connect(self._aside, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "trusted_schema=0", "page_size=4096"):
                self.connection.execute(f"PRAGMA {pragma}").close()
            self.connection.execute(f"PRAGMA max_page_count={OUT_BYTES_MAX // 4096}").close()
            self.connection.execute("BEGIN")
        except BaseException:
            self._remove()
            raise

    def __enter__(self) -> CleanDatabase:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._remove()

    def create(self, table: NewTable) -> None:
        self.connection.execute(table.sql)

    def insert(self, table: NewTable, rows: Iterable[Sequence[object]]) -> int:
        """Add rows and say how many.

        Raises:
            sqlite3.IntegrityError: a row breaks the primary key.
        """
        cursor = self.connection.executemany(f"INSERT INTO {quoted(table.name)} VALUES ({', '.join('?' * len(table.columns))})", rows)
        return max(0, cursor.rowcount)

    def drop(self, table: NewTable) -> None:
        self.connection.execute(f"DROP TABLE {quoted(table.name)}")

    def rebuild(self, table: NewTable) -> None:
        """Give a written table other keys; its columns and rows stay."""
        old = quoted("old " + table.name)  # no new name has a blank
        self.connection.execute("PRAGMA legacy_alter_table=1")  # what refers to the table means the new one
        self.connection.execute(f"ALTER TABLE {quoted(table.name)} RENAME TO {old}")
        self.create(table)
        self.connection.execute(f"INSERT INTO {quoted(table.name)} SELECT * FROM {old} ORDER BY rowid")
        self.connection.execute(f"DROP TABLE {old}")

    def finish(self) -> None:
        """Put the whole database in its place.

        Raises:
            ImportRefusedError: something lies there now.
        """
        self.connection.execute("COMMIT")
        if self.connection.execute("PRAGMA freelist_count").fetchone()[0]:
            self.connection.execute("VACUUM")
        self.connection.close()
        with self._aside.open("rb") as file:
            os.fsync(file.fileno())
        self._refuse_existing()
        self._aside.replace(self._out)

    def _refuse_existing(self) -> None:
        if self._out.exists() and (not self._replace or not self._out.is_file()):
            raise ImportRefusedError("exists", f"{self._out} exists already: choose another name, or remove it first")

    def _remove(self) -> None:
        connection = getattr(self, "connection", None)
        if connection is not None:
            connection.close()
        for ending in ("", "-journal", "-wal", "-shm"):
            self._aside.with_name(self._aside.name + ending).unlink(missing_ok=True)


def _names(names: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def _wording(original: str, name: str) -> str:
    return "" if says_the_same(original, name) else worded(original)
