"""One value of a result as a person reads it: "1,234.50", "5 March 2024", "March 2024", a long text cut, a missing value named.

Values are a stranger's: what comes out is one line without control or direction marks, but still plain text, which whoever shows
it as HTML or markdown must escape.
"""

from __future__ import annotations

import datetime as dt
import math
import re

from envs.guard import Cell
from envs.plain_text import plain

_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MISSING = "(none)"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_MONTH = re.compile(r"(\d{4})-(\d\d)")
_MONEY = re.compile(
    r"\b(price|cost|amount|paid|payment|fee|fees|revenue|sales value|spend|spent|salary|wage|pay|takings|turnover|profit|income"
    r"|balance|value|discount|refund|charge|charged|deposit|budget|earnings|rent)\b"
)
_NO_COMMAS = re.compile(r"\b(year|years|ID|id|code|number|phone|mobile|zip|postcode|reference|ref|barcode|SKU|ISBN)\b")
_COUNTED = re.compile(r"\bnumber of\b|\b(total|average|sum) ")


def said(value: Cell, label: str = "") -> str:
    """A value in words.

    Args:
        label: what its column is called; it tells money ("total price") and numbers that are names (a year, an ID).
    """
    if value is None:
        return MISSING
    if label.startswith(("weekday", "month of the year")) and (named := _part(str(value), label)):
        return named
    if isinstance(value, bytes):
        return f"({len(value):,} byte{'' if len(value) == 1 else 's'} of data)"
    if isinstance(value, str):
        return moment(value) or plain(value) or '""'
    return number(value, label)


def number(value: int | float, label: str = "") -> str:
    """ "1,234", "0.5", "12.50" for money, "2024" for a year."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return "not a number" if math.isnan(value) else "infinity" if value > 0 else "minus infinity"
        if abs(value) >= 1e15 or 0 < abs(value) < 1e-6:
            return f"{value:.3g}"
        if is_money(label):
            return f"{value:,.2f}"
        if abs(value) < 1:
            return f"{value:.3g}" if abs(value) >= 1e-4 or not value else f"{value:.6f}".rstrip("0")
        text = f"{value:,.2f}".rstrip("0").rstrip(".")
        return text.replace(",", "") if is_name(label) else text
    if is_name(label):
        return str(value)
    return f"{value:,}" if abs(value) < 10**18 else f"{value:.3g}" if abs(value) < 10**300 else str(value)


def is_money(label: str) -> bool:
    """Whether amounts of this are shown with two decimals."""
    return bool(_MONEY.search(label.lower())) and "number of" not in label.lower()


def is_name(label: str) -> bool:
    """Whether a number of this is a name and no quantity: a year, an ID, a code."""
    return bool(_NO_COMMAS.search(label)) and not _COUNTED.search(label)


def moment(text: str) -> str:
    """An ISO date, month, or date and time in words; "" for any other text, days that do not exist included."""
    try:
        if _DAY.fullmatch(text):
            return _day(dt.date.fromisoformat(text))
        if found := _MONTH.fullmatch(text):
            return f"{dt.date(int(found[1]), int(found[2]), 1):%B} {found[1]}"
        if found := _MOMENT.fullmatch(text):
            dt.time.fromisoformat(found[2])
            day = _day(dt.date.fromisoformat(found[1]))
            return day if found[2] == "00:00" else f"{day}, {found[2]}"
    except ValueError:
        return ""
    return ""


def _part(text: str, label: str) -> str:
    """A weekday or month by name; "" for what is none. SQLite's strftime counts weekdays from Sunday, 0, and months from 01."""
    if not text.isdecimal() or len(text) > 2:
        return ""
    if label.startswith("weekday"):
        return _WEEKDAYS[int(text)] if int(text) < 7 else ""
    return f"{dt.date(2000, int(text), 1):%B}" if 1 <= int(text) <= 12 else ""


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B} {day.year}"
