"""The columns of a result, each with its kind and a title of its own, whatever the query returned.

SQLite gives any type in any cell, and a query may name two columns alike; a chart, a sentence and a download need to know better.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from envs.guard import Cell
from envs.plain_text import plain
from envs.schema import Schema
from envs.sql_reading import parse
from envs.vocabulary import Wording, split_name
from serving.sql_names import Names
from serving.sql_words import SqlWords

TITLE_CHARS = 60
_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")
_YEAR = re.compile(r"(1[5-9]|20|21)\d\d")
_PARTS = {"weekday", "day", "week", "month", "quarter", "hour", "decade"}  # of time, as whole numbers
_CALLS = re.compile(r"^\s*(count|sum|avg|min|max|total|round|abs|coalesce)\s*\(", re.IGNORECASE)


class Kind(StrEnum):
    """What the values of a column are, missing ones aside."""

    EMPTY = "empty"  # nothing but missing values
    NUMBER = "number"
    YEAR = "year"  # whole numbers or text, 1500 to 2199, under a name that says year, or all of them text
    PART = "part"  # a month's or weekday's number
    MONTH = "month"  # 2024-03
    DATE = "date"
    MOMENT = "moment"  # date and time
    TEXT = "text"
    NAME = "name"  # numbers that are names: an ID
    DATA = "data"  # blobs among them
    MIXED = "mixed"  # numbers and texts


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result."""

    title: str  # for people; no two columns of a result have the same
    kind: Kind
    values: tuple[Cell, ...]

    @property
    def is_time(self) -> bool:
        return self.kind in (Kind.YEAR, Kind.MONTH, Kind.DATE, Kind.MOMENT)


def typed_columns(names: Sequence[str], rows: Sequence[Sequence[Cell]], titles: Sequence[str] | None = None) -> list[Column]:
    """The columns of a result. Rows may be of any length; what a row lacks is missing.

    Args:
        titles: of column_titles; by default made from the names alone.
    """
    titles = titles if titles is not None and len(titles) == len(names) else distinct(column_title(name) for name in names)
    columns = []
    for place, (name, title) in enumerate(zip(names, titles, strict=True)):
        values = tuple(row[place] if place < len(row) else None for row in rows)
        columns.append(Column(title, kind_of(name, values), values))
    return columns


def column_titles(sql: str, names: Sequence[str], *, schema: Schema | None = None, wording: Wording | None = None) -> list[str]:
    """The columns of a query's result in words: "number of orders" where the database says COUNT(*). No two are the same."""
    titles = [column_title(name) for name in names]
    try:
        tree, words = parse(sql), SqlWords(Names(schema, wording))
        shown = tree.expressions if isinstance(tree, exp.Select) else []
        if len(shown) == len(names) and not any(node.is_star for node in shown):
            said = [words.shown(node) for node in shown]
            titles = [title if "(" in words else plain(words, TITLE_CHARS) for words, title in zip(said, titles, strict=True)]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError, IndexError):
        pass  # the names will do
    return distinct(titles)


def column_title(name: str) -> str:
    """A column's name in words: "order total" for order_total, "number of rows" for COUNT(*); any other text as it is."""
    if re.fullmatch(r"\w+", name, re.ASCII):
        return plain(" ".join(split_name(name)), TITLE_CHARS)
    try:
        words = SqlWords(Names()).value(parse(f"SELECT {name}").expressions[0])  # a computed column is called by its SQL
    except (ValueError, RecursionError, AttributeError, IndexError):
        words = "("
    return plain(name if "(" in words else words, TITLE_CHARS) or "(no name)"


def distinct(names: Iterable[str]) -> list[str]:
    """The names in their order, repeated ones numbered: a, b, a (2)."""
    listed = list(names)
    taken, used = set(listed), set[str]()
    found = []
    for name in listed:
        own, number = name, 1
        while own in used or (number > 1 and own in taken):
            number += 1
            own = f"{name} ({number})"
        used.add(own)
        found.append(own)
    return found


def kind_of(name: str, values: Iterable[Cell]) -> Kind:
    """What the values of a column of this name are."""
    present = [value for value in values if value is not None]
    if not present:
        return Kind.EMPTY
    if any(isinstance(value, bytes) for value in present):
        return Kind.DATA
    texts = sum(isinstance(value, str) for value in present)
    words = set() if _CALLS.match(name) else {word.lower() for word in split_name(name)}
    if not texts:
        return _number_kind(words, [value for value in present if isinstance(value, int | float)])
    if texts < len(present):
        return Kind.MIXED
    return _text_kind(words, [str(value) for value in present])


def as_number(value: Cell) -> float | None:
    """A cell as a finite number, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_moment(value: Cell, kind: Kind) -> str | None:
    """A cell of a column of dates as an ISO moment in UTC, which browsers in every time zone read alike."""
    if value is None or isinstance(value, bytes):
        return None
    if kind is Kind.YEAR:
        return f"{int(value):04d}-01-01T00:00:00Z"
    if kind is Kind.MONTH:
        return f"{value}-01T00:00:00Z"
    if kind is Kind.DATE:
        return f"{value}T00:00:00Z"
    found = dt.datetime.fromisoformat(str(value))
    return found.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"  # the wall clock's time, as the table shows it


def _number_kind(words: set[str], numbers: list[int | float]) -> Kind:
    whole = all(isinstance(n, int) or (math.isfinite(n) and n.is_integer()) for n in numbers)
    if whole and "year" in words and all(1500 <= n <= 2199 for n in numbers):
        return Kind.YEAR
    if whole and words & _PARTS and not words & {"number", "count"} and all(0 <= n <= 53 for n in numbers):
        return Kind.PART
    return Kind.NAME if whole and words & {"id", "code"} else Kind.NUMBER


def _text_kind(words: set[str], texts: list[str]) -> Kind:
    if all(_YEAR.fullmatch(text) for text in texts):
        return Kind.YEAR
    if all(_MONTH.fullmatch(text) for text in texts):
        return Kind.MONTH
    if all(len(text) == 10 and _day(text) for text in texts):
        return Kind.DATE
    if all(len(text) >= 10 and text[4] == text[7] == "-" and _moment(text) for text in texts):
        return Kind.MOMENT
    if words & _PARTS and all(re.fullmatch(r"[0-5]?\d", text) for text in texts):
        return Kind.PART
    return Kind.TEXT


def _day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return text[4] == "-"


def _moment(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
