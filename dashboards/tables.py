"""A result's rows as an Arrow table for the screen, as CSV and as Excel; nothing in a cell is ever run or loaded.

A column is int64 when every value is a whole number, float64 when every value is a number, else text; names that occur twice get
a number. In files a text that a spreadsheet would take for a formula begins with a quote.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import openpyxl
import pyarrow as pa
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
EXCEL_TEXT_MAX, EXCEL_ROWS_MAX = 32_767, 1_048_576
INT64_MAX = 2**63 - 1
LINKLIKE = re.compile(
    r"://|@|www(?=\.)", re.IGNORECASE
)  # an escape does not keep an address from becoming a link; a word joiner after it does
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$:~&])")


def arrow_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """The rows as a table; a row that is too short is filled with nulls.

    Args:
        rows: [row][column] of text, numbers, bytes and None.
    """
    names = unique_names(columns)
    arrays = [_column([row[place] if place < len(row) else None for row in rows]) for place in range(len(names))]
    return pa.Table.from_arrays(arrays, names=names)


def unique_names(columns: Sequence[str]) -> list[str]:
    """Names without a repetition: the second "name" becomes "name (2)"; an empty one "column 3"."""
    taken: set[str] = set()
    names = []
    for place, column in enumerate(columns, 1):
        base = name = str(column).strip() or f"column {place}"
        number = 1
        while name in taken:
            number += 1
            name = f"{base} ({number})"
        taken.add(name)
        names.append(name)
    return names


def csv_bytes(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """UTF-8 with a mark, so that Excel reads accents."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_harmless(name) for name in columns])
    writer.writerows([_harmless(_text(value) if isinstance(value, bytes) else value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def excel_bytes(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """One sheet; rows beyond Excel's own limit are left out."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Answer")
    sheet.append([_excel(name) for name in columns])
    for row in rows[: EXCEL_ROWS_MAX - 1]:
        sheet.append([_excel(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def label_text(text: str) -> str:
    """A text for a place that reads Markdown (labels of buttons, pills, boxes), so that it stands there as written, on one line."""
    return MARKDOWN.sub(r"\\\1", LINKLIKE.sub("\\g<0>\u2060", " ".join(text.split())))


def _column(values: list[Any]) -> pa.Array:
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, int) and abs(value) <= INT64_MAX for value in there):
        return pa.array([None if value is None else int(value) for value in values], pa.int64())
    if there and all(isinstance(value, (int, float)) for value in there):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _harmless(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _excel(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    return _harmless(ILLEGAL_CHARACTERS_RE.sub("\ufffd", _text(value)))[:EXCEL_TEXT_MAX]
