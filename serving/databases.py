"""The databases that can be asked: the four sample businesses for everybody, and what each key's owner has uploaded.

    STATE/ samples/<name>.sqlite   databases/<owner>/<name>/{entry.json, report.json, data-1a2b3c4d.sqlite}

An upload is never opened as it is: envs/importing makes a clean copy of it in a jail, and that copy is read in a jail as well. An owner
sees the samples and their own; a database of another key looks exactly like one that does not exist.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from envs.businesses import SPECS, TEST, TEST_SEED, build_database
from envs.importing import ImportLimits, import_file
from envs.importing.names import snake_case
from envs.sandbox import Database, Trust
from serving.contract import DatabaseEntry, UploadedDatabase

log = logging.getLogger("ray.serve")

SAMPLES = TEST  # businesses that no policy was trained on
TITLE_CHARS_MAX = 80
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_OWNER = re.compile(r"[a-z0-9]{1,40}")


@dataclass(frozen=True)
class StoreLimits:
    """What one owner may keep, and how large and slow an upload may be."""

    databases_max: int = 20
    bytes_max: int = 500_000_000  # of all databases of one owner, as made by the import
    upload_bytes_max: int = 50_000_000
    import_timeout_s: float = 60.0


class NoDatabaseError(LookupError):
    """There is no such database for this owner."""


class StoreFullError(ValueError):
    """The owner has as much as they may have."""


class NameTakenError(ValueError):
    """There is a database of that name already."""


class SampleKeptError(ValueError):
    """A sample business cannot be deleted."""


class DatabaseStore:
    """Lists, takes and deletes databases. Several processes may share one folder."""

    def __init__(self, folder: Path, limits: StoreLimits | None = None) -> None:
        self._samples, self._own = folder / "samples", folder / "databases"
        self.limits = limits or StoreLimits()
        self._samples.mkdir(parents=True, exist_ok=True)
        self._own.mkdir(parents=True, exist_ok=True)
        self._entries = [self._sample(name) for name in SAMPLES]

    def list(self, owner: str) -> list[DatabaseEntry]:
        """The samples, then the owner's own by name."""
        own = [DatabaseEntry.model_validate_json(path.read_text("utf-8")) for path in sorted(self._folder(owner).glob("*/entry.json"))]
        return [*self._entries, *own]

    def path(self, owner: str, name: str) -> Path:
        """The SQLite file of a database.

        Raises:
            NoDatabaseError: this owner has none of that name.
        """
        if name in SAMPLES:
            return self._samples / f"{name}.sqlite"
        if _NAME.fullmatch(name):
            for path in (self._folder(owner) / name).glob("data-*.sqlite"):
                return path
        shown = name if _NAME.fullmatch(name) else "this name"
        raise NoDatabaseError(f"there is no database {shown}: GET /v1/databases lists those there are")

    def add(
        self, owner: str, upload: Path, file_name: str, name: str | None = None, *, month_first: bool | None = None, closed: bool = False
    ) -> UploadedDatabase:
        """Make a database of an uploaded file; blocks while the file is read.

        Args:
            upload: where the file is kept meanwhile; it is only read.
            file_name: what its owner calls it; names the database where no name is given.
            name: what the owner wants the database to be called.
            month_first: how to read 3/4/2024 where the file leaves it open.
            closed: the owner says that the program was closed before this WAL-mode database was copied.

        Raises:
            envs.importing.ImportRefusedError: the file is no table or database that can be read.
            StoreFullError, NameTakenError: as they say; nothing was kept.
        """
        folder = self._folder(owner)
        self._check_room(folder)
        shown_name = _one_line(Path(file_name.replace("\\", "/")).name) or "upload"
        limits = ImportLimits(file_bytes_max=self.limits.upload_bytes_max, timeout_s=self.limits.import_timeout_s)
        with tempfile.TemporaryDirectory(prefix=".importing-", dir=self._own) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            data = made / f"data-{secrets.token_hex(4)}.sqlite"
            report = import_file(upload, data, limits, month_first=month_first, wal_closed=closed, name=shown_name)
            self._check_room(folder, data.stat().st_size)
            folder.mkdir(parents=True, exist_ok=True)
            title = _one_line(name) if name else Path(shown_name).stem
            tables, rows = len(report.tables), sum(table.rows for table in report.tables)
            for wanted in _names(name, shown_name):
                entry = DatabaseEntry(name=wanted, title=title or wanted, tables=tables, rows=rows, sample=False)
                (made / "entry.json").write_text(entry.model_dump_json(), "utf-8")
                (made / "report.json").write_text(json.dumps(asdict(report)), "utf-8")
                if wanted in SAMPLES or (folder / wanted).exists():
                    continue
                with contextlib.suppress(OSError):  # somebody was quicker: the next name
                    made.rename(folder / wanted)
                    return UploadedDatabase(**entry.model_dump(), report=report.as_dict())
        raise NameTakenError(f"there is a database {wanted} already: choose another name, or delete it first")

    def delete(self, owner: str, name: str) -> Path:
        """Delete a database of the owner's; returns the path its file had.

        Raises:
            NoDatabaseError: this owner has none of that name.
            SampleKeptError: it is a sample.
        """
        if name in SAMPLES:
            raise SampleKeptError(f"{name} is a sample business, which stays: only uploaded databases can be deleted")
        path = self.path(owner, name)
        aside = Path(tempfile.mkdtemp(prefix=".deleting-", dir=self._own))
        try:
            path.parent.rename(aside / name)  # at once, so that nobody sees a half of it
        except FileNotFoundError:
            raise NoDatabaseError(f"there is no database {name}: GET /v1/databases lists those there are") from None
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return path

    def is_writable(self) -> bool:
        """Whether a file can be made where uploads are kept."""
        try:
            with tempfile.TemporaryFile(dir=self._own) as file:
                file.write(b"ready")
        except OSError:
            return False
        return True

    def clean(self) -> None:
        """Remove what a process that was killed left half-made."""
        for path in [*self._own.glob(".importing-*"), *self._own.glob(".deleting-*")]:
            if path.stat().st_mtime < time.time() - 2 * self.limits.import_timeout_s:  # no import takes so long
                shutil.rmtree(path, ignore_errors=True)

    def _folder(self, owner: str) -> Path:
        if not _OWNER.fullmatch(owner):
            raise ValueError("an owner is up to 40 lower-case letters and digits")
        return self._own / owner

    def _check_room(self, folder: Path, more: int = 0) -> None:
        kept = [path.stat().st_size for path in folder.glob("*/data-*.sqlite")]
        if len(kept) >= self.limits.databases_max:
            raise StoreFullError(f"{len(kept)} databases are kept already, which is the most: delete one first")
        if sum(kept) + more > self.limits.bytes_max:
            raise StoreFullError(f"more than {self.limits.bytes_max // 1_000_000} MB would be kept in all: delete a database first")

    def _sample(self, name: str) -> DatabaseEntry:
        path = self._samples / f"{name}.sqlite"
        if not path.is_file():
            build_database(name, path, TEST_SEED)
        database = Database.open(path, trust=Trust.TRUSTED)
        try:
            counts = [table.row_count for table in database.schema.tables]
        finally:
            database.close()
        title = SPECS[name].description.partition(":")[0] if ":" in SPECS[name].description else name.replace("_", " ").capitalize()
        return DatabaseEntry(name=name, title=title, tables=len(counts), rows=sum(counts), sample=True)


def _names(name: str | None, file_name: str) -> Iterator[str]:
    """The names to try: the one asked for, or the file's and then numbered ones."""
    base = _slug(name or "") or _slug(Path(file_name).stem) or "upload"
    yield base
    if not name:
        yield from (f"{base}_{number}" for number in range(2, 100))


def _slug(text: str) -> str:
    plain = re.sub(r"[^a-z0-9_-]+", "", snake_case(text)).strip("_-")
    return plain[:50].rstrip("_-")


def _one_line(text: str) -> str:
    clean = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * TITLE_CHARS_MAX]).split())
    return clean if len(clean) <= TITLE_CHARS_MAX else clean[: TITLE_CHARS_MAX - 1] + "…"
