"""Is this file a SQLite database that can be read as it lies there, without a file made beside it and without old data?"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

_MAGIC = b"SQLite format 3\0"
_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"


def database_uri(path: Path, *, private: bool, ours: bool) -> str:
    """The URI to open a file with, reading only.

    Args:
        private: nobody else writes the file, so SQLite need not look for other programs.
        ours: we or a data set made it. In WAL mode without a -wal file it is then taken to be whole; of a stranger's nothing says
            that it was not copied away from under a running program.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no SQLite database, or the newest rows are in another file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no database at {path}: wanted a SQLite file")
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise ValueError(f"{path} cannot be read as a SQLite database: file is not a database")
    wal_mode = header[18] == 2 or header[19] == 2
    wal = _beside(path, "-wal")
    if wal_mode and wal.is_file() and wal.stat().st_size:
        raise ValueError(f"{path} is in use and its newest rows are in {wal.name}: close the other program, then try again")
    if wal_mode and not ours:
        raise ValueError(
            f"{path} is in WAL mode and comes without its -wal file, so its newest rows may be missing: close the other program and "
            "set `PRAGMA journal_mode=DELETE` in the database (then copy it again, if this is a copy)"
        )
    if private and _is_hot(_beside(path, "-journal")):
        raise ValueError(f"{path} has a write under way in its -journal file: close the other program, then try again")
    immutable = "&immutable=1" if private or wal_mode else ""  # in WAL mode SQLite would make -wal and -shm beside the file
    return f"file:{quote(str(path.resolve()))}?mode=ro{immutable}"


def _beside(path: Path, ending: str) -> Path:
    real = path.resolve()
    return real.with_name(real.name + ending)


def _is_hot(journal: Path) -> bool:
    if not journal.is_file():
        return False
    with journal.open("rb") as file:
        return file.read(8) == _JOURNAL_MAGIC
