"""What one cell of a spreadsheet could be: a number in either spelling, a date in either order, a truth value, a code, or just text.

A cell is judged on its own here; envs/importing/columns.py looks at the whole column and decides.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import NamedTuple

RawCell = str | int | float | bool | dt.datetime | None  # as a reader hands it over; a date is a datetime at midnight


class Could:
    """The readings a cell allows, as bits of an int (enum's flags would take longer than the rest of the work)."""

    TEXT = 0
    POINT, COMMA = 1, 2  # a number as in 1,234.5; as in 1.234,5
    WHOLE_POINT, WHOLE_COMMA = 4, 8  # and without a fraction if so read
    GROUPED = 16  # one separator and three digits behind it, such as 1,234: thousands in one spelling, a fraction in the other
    REAL = 32  # separators, a fraction, a currency or a percent sign: surely an amount, not an identifier
    CODE = 64  # digits that are no number: 007, +4712345678, 16 digits and more
    ISO, NAMED, COMPACT = 128, 256, 512  # year first; the month by name; 20240131
    DAY_FIRST, MONTH_FIRST = 1024, 2048
    SHORT_YEAR, TIMED = 4096, 8192  # a year of two digits; a time of day
    BOOL = 16384
    NOTHING, NULL = 32768, 65536  # n/a, -; and those that are empty in a text column too
    DIGITS = 131072  # has a digit, whatever it is
    STORED = 262144  # the file says so itself: an Excel number or date


DATES = Could.ISO | Could.NAMED | Could.DAY_FIRST | Could.MONTH_FIRST | Could.COMPACT
NUMBERS = Could.POINT | Could.COMMA


class Seen(NamedTuple):
    """A cell's readings and its unit: `%`, a currency, a time zone, or ""."""

    could: int
    unit: str = ""


NOTHING = frozenset({"n/a", "na", "none", "nan", "nil", "-", "--", "---", "–", "—", "?", ".", "n.a.", "k.a."})
NULLS = frozenset({"null", "\\n", "(null)", "#n/a", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!", "(blank)"})
TRUE = frozenset({"true", "yes", "y", "t", "ja", "oui", "si", "sí", "wahr", "vrai"})
FALSE = frozenset({"false", "no", "n", "f", "nein", "non", "falsch", "faux"})
_SIGNS = dict(
    pair.split("=")
    for pair in "€=EUR $=USD £=GBP ¥=JPY ₹=INR ₽=RUB ₺=TRY zł=PLN kč=CZK kr=kr kr.=kr r$=BRL us$=USD a$=AUD c$=CAD fr.=CHF".split()  # noqa: SIM905
)
_CODES = frozenset("eur usd gbp jpy chf sek nok dkk pln czk huf ron inr rub try aud cad nzd brl mxn zar cny krw sgd hkd".split())  # noqa: SIM905
_SPACES = re.compile("[\u00a0\u202f\u2009]")
_UNIT = re.compile(r"[^\d\s.,'’()+\-−–%]{1,3}\.?", re.UNICODE)
_GROUPS = r"\d{{1,3}}([{}'’ ])\d{{3}}(?:\1\d{{3}})*"  # thousands, all with the same sign between them
_POINT = re.compile(
    r"(?:\d+(?:\.\d*)?|\.\d+|" + _GROUPS.format(",") + r"(?:\.\d+)?|\d{1,2}(?:,\d\d)+,\d{3}(?:\.\d+)?|\d+\.\d+[eE][+-]?\d+|\d+[eE][+-]\d+)"
)
_COMMA = re.compile(r"(?:\d+(?:,\d*)?|,\d+|" + _GROUPS.format(".") + r"(?:,\d+)?|\d+,\d+[eE][+-]?\d+)")
_ONE_GROUP = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_TIME = (
    r"(?:[T ,]+(?P<h>\d{1,2})[:.h](?P<i>\d\d)(?:[:.](?P<s>\d\d)(?:[.,]\d{1,9})?)?"
    r"\s*(?P<ap>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?)?"
)
_YMD = re.compile(r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})\.?" + _TIME)
_NUMERIC = re.compile(r"(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\2(?P<y>\d{4}|\d\d)" + _TIME)
_DAY_NAME = re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +)(?=\S)", re.IGNORECASE)
_DMY_NAMED = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?(?: of)?[ \-/.]*(?P<name>[^\W\d_]{3,10})\.?[ ,\-/.]*(?P<y>\d{4}|\d\d)" + _TIME, re.IGNORECASE
)
_MDY_NAMED = re.compile(
    r"(?P<name>[^\W\d_]{3,10})\.?[ \-/.]*(?P<d>\d{1,2})(?:st|nd|rd|th)?[ ,\-/.]+(?P<y>\d{4}|\d\d)" + _TIME, re.IGNORECASE
)
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)")
_MONTHS = {
    name: month + 1
    for month, names in enumerate(
        (
            "jan january januar janvier janv enero ene jän jänner gennaio",
            "feb february februar février févr fév fevr febrero febbraio",
            "mar march märz mär mrz mars marzo",
            "apr april avril avr abril abr aprile",
            "may mai mayo maggio",
            "jun june juni juin junio giugno",
            "jul july juli juillet juil julio luglio",
            "aug august août aout agosto",
            "sep sept september septembre septiembre settembre",
            "oct october oktober okt octobre octubre ottobre",
            "nov november novembre noviembre",
            "dec december dezember dez décembre déc decembre diciembre dicembre des desember",
        )
    )
    for name in names.split()
}


def see(cell: RawCell) -> Seen:
    """What a cell could be; blank text and None are not asked about."""
    if isinstance(cell, str):
        return _see_text(cell)
    if isinstance(cell, bool):
        return Seen(Could.BOOL | Could.STORED)
    if isinstance(cell, dt.datetime):
        timed = Could.TIMED if cell.time() != dt.time() else 0
        return Seen(DATES | Could.STORED | timed)
    if isinstance(cell, int) or cell is None or cell.is_integer():
        return _STORED_WHOLE
    return _STORED_REAL


_WHOLE = Could.WHOLE_POINT | Could.WHOLE_COMMA
_STORED_WHOLE = Seen(NUMBERS | _WHOLE | Could.DIGITS | Could.STORED)
_STORED_REAL = Seen(NUMBERS | Could.DIGITS | Could.STORED | Could.REAL)
_PLAIN_WHOLE = Seen(NUMBERS | _WHOLE | Could.DIGITS)
_PLAIN_REAL = Seen(Could.POINT | Could.DIGITS | Could.REAL)
_PLAIN_DATE = Seen(Could.ISO | Could.DIGITS)
_SIMPLE = re.compile(
    r"(?P<whole>[1-9]\d{0,6})|(?P<real>(?:0|[1-9]\d*)\.\d\d?)|(?P<date>[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]))", re.ASCII
)


def number(text: str, comma: bool) -> int | float:
    """The number that a text of this spelling means."""
    bare, _ = _without_unit(_tidy(text))
    negative = bare[:1] in "-−–(" or bare[-1:] in "-−"
    bare = bare.strip("()+-−– ")
    for sign in "'’ " + ("." if comma else ","):
        bare = bare.replace(sign, "")
    if comma:
        bare = bare.replace(",", ".")
    value: int | float = int(bare) if bare.isdigit() else float(bare)
    return -value if negative else value


def date(text: str, month_first: bool) -> dt.datetime:
    """The date and time that a text means; with a zone when it names one."""
    found = _date(_tidy(text), month_first)
    if found is None:
        raise ValueError(f"{text!r} is no date")
    return found


def truth(text: str) -> bool:
    return text.strip().lower() in TRUE


@lru_cache(maxsize=20_000)
def _see_text(text: str) -> Seen:
    text = _tidy(text)
    simple = _SIMPLE.fullmatch(text)
    if simple:  # what most cells are, without the work below
        return _PLAIN_WHOLE if simple["whole"] else _PLAIN_REAL if simple["real"] else _PLAIN_DATE
    lower = text.lower()
    if lower in NULLS:
        return Seen(Could.NOTHING | Could.NULL)
    if lower in NOTHING:
        return Seen(Could.NOTHING)
    if lower in TRUE or lower in FALSE:
        return Seen(Could.BOOL)
    if not any(c.isdigit() for c in text):
        return Seen(0)
    if len(text) > 60 or not text.isprintable():
        return Seen(Could.DIGITS)
    numeric = _see_number(text)
    dated = _see_date(text)
    return Seen(Could.DIGITS | numeric.could | dated.could, numeric.unit or dated.unit)


def _tidy(text: str) -> str:
    return (text if text.isascii() else _SPACES.sub(" ", text)).strip()


def _see_number(text: str) -> Seen:
    bare, unit = _without_unit(text)
    signed = bare.strip()
    if signed.startswith("(") and signed.endswith(")"):
        signed = signed[1:-1].strip()
    elif signed[:1] in "-−–" or (signed[:1] == "+" and not signed[1:].isdigit()):
        signed = signed[1:].strip()
    elif signed[-1:] in "-−":
        signed = signed[:-1].strip()
    if signed.isascii() and signed.isdigit():
        if len(signed) > 15 or (signed[0] == "0" and len(signed) > 1):
            return Seen(Could.CODE)
        return Seen(NUMBERS | _WHOLE | (Could.REAL if unit else 0), unit)
    if signed[:1] == "+" and signed[1:].isdigit():
        return Seen(Could.CODE)
    if not signed.isascii() and not set(signed) - set("0123456789.,") <= set("'’ "):
        return Seen(0)
    if re.match(r"0\d", signed):
        return Seen(0)
    could = 0
    if _POINT.fullmatch(signed):
        could |= Could.POINT | (0 if set(signed) & set(".eE") else Could.WHOLE_POINT)
    if _COMMA.fullmatch(signed):
        could |= Could.COMMA | (0 if set(signed) & set(",eE") else Could.WHOLE_COMMA)
    if could:
        could |= Could.REAL
        if _ONE_GROUP.fullmatch(signed):
            could |= Could.GROUPED
        return Seen(could, unit)
    return Seen(0)


def _without_unit(text: str) -> tuple[str, str]:
    """The number without a percent sign or a currency in front or behind, and which it was."""
    if text.endswith("%") or text.startswith("%"):
        return text.strip("%").strip(), "%"
    outer, inner = ("(", text[1:-1].strip()) if text.startswith("(") and text.endswith(")") else ("", text)
    sign = "-" if inner[:1] in "-−–" else ""
    inner = inner[1:].strip() if sign else inner
    found = _UNIT.match(inner)
    rest = inner[found.end() :].strip() if found else ""
    if not found:
        behind = re.search(r"(?<=[\d.,\s])[^\W\d_]{2,3}\.?$|[€$£¥₹₽₺]$", inner)
        if behind:
            found, rest = behind, inner[: behind.start()].strip()
    if not found:
        return text, ""
    word = found.group().strip().lower()
    unit = _SIGNS.get(word) or (word.upper() if word in _CODES else "")
    if not unit:
        return text, ""
    return f"({rest})" if outer else sign + rest, unit


def _see_date(text: str) -> Seen:
    could, unit = 0, ""
    if _COMPACT.fullmatch(text):
        return Seen(Could.COMPACT if _date(text, False) else 0)
    numeric = _NUMERIC.fullmatch(text)
    day, month = _date(text, False), _date(text, True)
    if numeric:
        could |= (Could.DAY_FIRST if day else 0) | (Could.MONTH_FIRST if month else 0)
        if could and len(numeric["y"]) == 2:
            could |= Could.SHORT_YEAR
    elif day:
        could |= Could.ISO if _YMD.fullmatch(text) else Could.NAMED
    value = day or month
    if value is not None:
        if re.search(r"\d[:h]\d\d|[T ]\d{1,2}\.\d\d", text):
            could |= Could.TIMED
        unit = str(value.tzinfo or "")
    return Seen(could, unit)


def _date(text: str, month_first: bool) -> dt.datetime | None:
    text = _DAY_NAME.sub("", text, count=1)
    found = _YMD.fullmatch(text) or _NUMERIC.fullmatch(text) or _DMY_NAMED.fullmatch(text) or _MDY_NAMED.fullmatch(text)
    if found is None:
        found = _COMPACT.fullmatch(text)
        if found is None:
            return None
    parts = found.groupdict()
    if "name" in parts:
        month, day = _MONTHS.get(parts["name"].lower(), 0), int(parts["d"])
    elif "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        month, day = (first, second) if month_first else (second, first)
    else:
        month, day = int(parts["m"]), int(parts["d"])
    year = int(parts["y"])
    if len(parts["y"]) == 2:
        year += 2000 if year < 69 else 1900
    hour = int(parts.get("h") or 0)
    half = (parts.get("ap") or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return dt.datetime(year, month, day, hour, int(parts.get("i") or 0), int(parts.get("s") or 0), tzinfo=_zone(parts.get("zone")))
    except ValueError:
        return None


def _zone(text: str | None) -> dt.timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return dt.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=minutes if text[0] == "+" else -minutes))
