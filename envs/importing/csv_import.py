"""A CSV file of any common encoding and delimiter as one sheet."""

from __future__ import annotations

import csv
import io
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from envs.importing.encodings import guess_encoding
from envs.importing.report import ImportRefusedError, Note
from envs.importing.sheet import Row, Sheet

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DELIMITERS = ",;\t|"
_SAMPLE_BYTES, _SAMPLE_ROWS = 200_000, 200
_ROW_CHARS_MAX = 2_000_000
_CONTROL = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27})


def open_csv(path: Path, notes: list[Note]) -> tuple[Sheet, bool]:
    """The file as a sheet, and whether its delimiter says that the comma is a decimal sign.

    Raises:
        ImportRefusedError: it is no text, or a quote is never closed.
    """
    encoding = _encoding(path, notes)
    sample = _text_start(path, encoding)
    skip, delimiter = 0, ""
    first = sample.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5:  # Excel's own word for it
        skip, delimiter = 1, first[4]
    delimiter = delimiter or _delimiter(sample)
    strict = _is_strict(path, encoding, delimiter, skip)
    return Sheet(path.stem, lambda: _rows(path, encoding, delimiter, skip, strict)), delimiter == ";"


def looks_like_text(start: bytes) -> bool:
    """Whether the first bytes of a file can be a text's: no NUL outside UTF-16, hardly a control character."""
    if start.startswith(tuple(bom for bom, _ in _BOMS)) or _wide(start):
        return True
    return b"\0" not in start and len(start) - len(start.translate(None, _CONTROL)) <= len(start) / 500


def _encoding(path: Path, notes: list[Note]) -> str:
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    wide = _wide(start)
    if wide:
        return wide
    try:
        with path.open(encoding="utf-8", newline="") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        with path.open("rb") as file:
            file.seek(max(0, _odd_letters_at(path, start)))
            odd = file.read(_SAMPLE_BYTES)
        name = guess_encoding(odd)
        notes.append(Note("read_as", "", f"the text is not UTF-8; its letters were read as {name}: look at accents and signs"))
        return name
    return "utf-8"


def _odd_letters_at(path: Path, start: bytes) -> int:
    """Where to look for the letters that are not UTF-8: at the start if they are there, else around the first such byte."""
    try:
        start[: len(start) - 4].decode("utf-8")
    except UnicodeDecodeError:
        return 0
    at = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if not chunk.isascii():
                return at + next(i for i, byte in enumerate(chunk) if byte > 127) - _SAMPLE_BYTES // 2
            at += len(chunk)
    return 0


def _wide(start: bytes) -> str:
    """UTF-16 without its mark: every other byte of mostly western text is NUL."""
    even, odd = start[:2_000:2], start[1:2_000:2]
    if len(odd) >= 4:
        if odd.count(0) > 0.7 * len(odd) and not even.count(0):
            return "utf-16-le"
        if even.count(0) > 0.7 * len(even) and not odd.count(0):
            return "utf-16-be"
    return ""


def _text_start(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        return text.read(_SAMPLE_BYTES)


def _delimiter(sample: str) -> str:
    """The sign that cuts most rows into the same number of cells, more than one."""
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        widths: list[int] = []
        try:
            for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if row:
                    widths.append(len(row))
                if len(widths) >= _SAMPLE_ROWS:
                    break
        except csv.Error:
            continue
        if len(widths) > 2 and len(sample) >= _SAMPLE_BYTES:
            widths.pop()  # may be cut
        if not widths:
            continue
        width, times = max(Counter(widths).items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        score = times / len(widths) * min(width, 20) ** 0.25 if width > 1 else 0.0
        if statistics.fmean(widths) > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _is_strict(path: Path, encoding: str, delimiter: str, skip: int) -> bool:
    """Whether every quote is where it belongs; if one is not, they are read leniently, unless one never closes."""
    try:
        for _ in _rows(path, encoding, delimiter, skip, True):
            pass
    except _QuoteError as error:
        if "end of data" in str(error):
            raise ImportRefusedError(
                "damaged", f"{path.name}: a quote is opened and never closed, so the last rows run together"
            ) from error
        return False
    return True


class _QuoteError(Exception):
    """A quote where the csv module does not want one."""


def _rows(path: Path, encoding: str, delimiter: str, skip: int, strict: bool) -> Iterator[Row]:
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        lines = _Lines(text, path.name)
        reader = csv.reader(lines, delimiter=delimiter, strict=strict, skipinitialspace=True)
        try:
            for row in reader:
                lines.chars = 0
                if skip:
                    skip -= 1
                    continue
                yield reader.line_num, row
        except csv.Error as error:
            if strict and ("expected after" in str(error) or "end of data" in str(error)):
                raise _QuoteError(str(error)) from error
            raise ImportRefusedError(
                "damaged", f"{path.name}, line {reader.line_num}: {error}; probably a quote that is opened and never closed"
            ) from error


class _Lines:
    """The lines of a text, so many characters to a row at most."""

    def __init__(self, text: io.TextIOWrapper, name: str) -> None:
        self._text, self._name = text, name
        self.chars = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(_ROW_CHARS_MAX)
        if not line:
            raise StopIteration
        self.chars += len(line)
        if self.chars >= _ROW_CHARS_MAX:
            raise ImportRefusedError("not_a_table", f"{self._name} has a row of more than {_ROW_CHARS_MAX:,} characters: it is no table")
        return line
