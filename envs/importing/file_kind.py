"""What a file is, by its first bytes and never by its name; what cannot be imported is refused with what to do instead."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal

from envs.importing.csv_import import looks_like_text
from envs.importing.limits import ImportLimits
from envs.importing.report import ImportRefusedError
from envs.importing.sqlite_import import MAGIC

Kind = Literal["sqlite", "csv", "excel"]

_WANTED = "wanted a SQLite database, a CSV file or an Excel workbook"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    (b"%PDF", "a PDF: save the table itself as CSV or Excel"),
    (b"\x1f\x8b", "packed with gzip: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"BZh", "packed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "packed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PAR1", "a Parquet file: save it as CSV first"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\0\x01\0\0Standard Jet DB", "an Access database: save its tables as CSV or Excel"),
    (b"\0\x01\0\0Standard ACE DB", "an Access database: save its tables as CSV or Excel"),
    (b"** This file contains an SQLite 2", "a SQLite 2 database: convert it to SQLite 3 first"),
)
_AS_XLSX = "open it in Excel or LibreOffice and save it as .xlsx"
_TEXTS = (
    (("<!doctype html", "<html", "<table", "<head"), f"a web page, whatever its name says: {_AS_XLSX}"),
    (("<?xml", "<workbook"), f"XML: {_AS_XLSX}"),
    (('{"', "{\n", "{\r", "[{", "[\n", "{ "), "JSON: save it as CSV first"),
    (
        ("create table", "insert into", "begin transaction", "pragma foreign_keys", "-- mysql dump", "-- postgresql", "drop table"),
        "a script of SQL: run it into a SQLite database first",
    ),
    (("{\\rtf",), "a text document"),
)


def file_kind(path: Path, limits: ImportLimits) -> Kind:
    """Say how a file is to be read.

    Raises:
        ImportRefusedError: it cannot be.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImportRefusedError("missing", f"no file at {path}: {_WANTED}") from error
    if not stat.S_ISREG(found.st_mode):
        raise ImportRefusedError("unknown", f"{path} is no file: {_WANTED}")
    if found.st_size == 0:
        raise ImportRefusedError("empty", f"{path.name} is empty: {_WANTED}")
    if found.st_size > limits.file_bytes_max:
        raise ImportRefusedError(
            "too_big", f"{path.name} has {found.st_size:,} bytes, at most {limits.file_bytes_max:,} are imported: leave old rows out"
        )
    with path.open("rb") as file:
        start = file.read(64_000)
    if MAGIC.startswith(start[:16]) or start.startswith(MAGIC):
        return "sqlite"
    if start.startswith(_OLE):
        return "excel"
    if start.startswith(b"PK"):
        return _zip_kind(path)
    for magic, what in _OTHERS:
        if start.startswith(magic):
            raise ImportRefusedError("archive" if "unpack" in what else "unknown", f"{path.name} is {what}")
    if not looks_like_text(start):
        raise ImportRefusedError("unknown", f"{path.name} is of an unknown kind, damaged or encrypted: {_WANTED}")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()[:100].decode("latin-1")
    for beginnings, what in _TEXTS:
        if text.startswith(beginnings):
            raise ImportRefusedError("not_a_table", f"{path.name} is {what}")
    return "csv"


def _zip_kind(path: Path) -> Kind:
    """A workbook is a ZIP with certain parts in it; only the list of parts is read here."""
    if path.stat().st_size < 22:
        raise ImportRefusedError("damaged", f"{path.name} is cut off: copy it again")
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 65_557), 2)
        if b"PK\x05\x06" not in file.read():
            raise ImportRefusedError("damaged", f"{path.name} is a workbook or archive that is cut off or damaged: copy it again")
    names = _parts(path)
    if any(name in names for name in (b"xl/workbook", b"content.xml")):
        return "excel"
    if b"word/document" in names or b"ppt/presentation" in names:
        raise ImportRefusedError("not_a_table", f"{path.name} is a document or presentation: save the table itself as CSV or Excel")
    raise ImportRefusedError("archive", f"{path.name} is a ZIP archive: unpack it and import the files in it one by one")


def _parts(path: Path) -> bytes:
    """The names in the archive's directory, which lies at its end, as bytes and without parsing a stranger's structure here."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 1_000_000))
        return file.read()
