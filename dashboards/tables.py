"""A result's rows as an Arrow table for the screen, and texts as they stand where Markdown is read; nothing in a cell is run or loaded.

A column is int64 when every value is a whole number, float64 when every value is a number, else text; names that occur twice get
a number. Files for spreadsheets are made by serving.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from envs.plain_text import unlinked

INT64_MAX = 2**63 - 1
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


def headers(answer: dict[str, Any]) -> list[str]:
    """What the columns of an answer, or of a candidate, are called on the page: in words, where the server says them."""
    return unique_names(answer.get("titles") or answer["columns"])


def label_text(text: str) -> str:
    """A text for a place that reads Markdown (labels of buttons, pills, boxes), so that it stands there as written, on one line."""
    return MARKDOWN.sub(r"\\\1", unlinked(" ".join(text.split())))


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
