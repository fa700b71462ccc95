"""Decides what a whole column holds, from what each of its cells could be, and turns cells into what is stored.

A column is a number or a date only when (nearly) all its cells are; what does not fit is named in the report, never dropped in silence.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from envs.importing.report import NoteKind, counted, listed, shortened
from envs.importing.values import DATES, NULLS, NUMBERS, Could, RawCell, Seen, date, number, see, truth

Stored = str | int | float | None
_EXAMPLES_MAX = 3
_CODE_NAMES = re.compile(
    r"(?:^|_)(?:phone|telephone|telefon|tel|mobile|mobil|handy|cell|fax|zip|zipcode|postcode|postal|postleitzahl|plz|iban|isbn|ean|gtin|"
    r"barcode|ssn|vat|ip)(?:_|$)"
)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_DATE_NAMES = re.compile(r"(?:^|_)(?:date|datum|day|tag|fecha|jour|data|dato)(?:_|$)|_(?:on|at)$")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a column is stored as."""

    type: str  # as declared: INTEGER, REAL, DATE, DATETIME, BOOLEAN, TEXT
    store: Callable[[RawCell], Stored]  # raises ValueError for a cell that does not fit, which is then stored as NULL
    notes: tuple[tuple[NoteKind, str], ...] = ()


@dataclass
class Tally:
    """What the cells of one column could be, counted."""

    seen: Counter[Seen] = field(default_factory=Counter)
    examples: dict[Seen, list[str]] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)  # of truth values, as written

    def add(self, cell: RawCell, row: int) -> None:
        """Count one cell that is not blank; `row` is where the file has it."""
        seen = see(cell)
        self.seen[seen] += 1
        if self.seen[seen] <= _EXAMPLES_MAX:
            self.examples.setdefault(seen, []).append(f"{shortened(str(cell), 30)!r} (row {row})")
        if seen.could & Could.BOOL and isinstance(cell, str):
            self.values.add(cell.strip().lower())

    def count(self, wanted: Callable[[int], object]) -> int:
        return sum(count for seen, count in self.seen.items() if wanted(seen.could))

    def all(self, bits: int) -> bool:
        return all(seen.could & bits for seen in self.seen)

    def shown(self, wanted: Callable[[int], object]) -> str:
        """Examples of such cells."""
        return listed([e for seen, examples in self.examples.items() if wanted(seen.could) for e in examples], _EXAMPLES_MAX)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the rest of the sheet says about spellings that one column leaves open."""

    comma: bool | None = None
    month_first: bool | None = None


def hints(tallies: Iterable[Tally], *, comma: bool | None, month_first: bool | None) -> Hints:
    """What the columns that allow one reading only agree on; what is given already stays."""
    commas, months = [], []
    for tally in tallies:
        real = [s.could for s in tally.seen if s.could & NUMBERS and not s.could & Could.STORED]
        if real and _covers(tally, NUMBERS):
            if any(not c & Could.POINT for c in real) and all(c & Could.COMMA for c in real):
                commas.append(True)
            elif any(not c & Could.COMMA for c in real) and all(c & Could.POINT for c in real):
                commas.append(False)
        dated = [s.could for s in tally.seen if s.could & (Could.DAY_FIRST | Could.MONTH_FIRST) and not s.could & Could.STORED]
        if dated:
            if any(not c & Could.DAY_FIRST for c in dated) and all(c & Could.MONTH_FIRST for c in dated):
                months.append(True)
            elif any(not c & Could.MONTH_FIRST for c in dated) and all(c & Could.DAY_FIRST for c in dated):
                months.append(False)
    return Hints(_agreed(commas) if comma is None else comma, _agreed(months) if month_first is None else month_first)


def decide(tally: Tally, name: str, hint: Hints) -> Decision:
    """What the column of this (new) name is."""
    total = tally.count(lambda c: not c & Could.NOTHING)
    if total == 0:
        return Decision("TEXT", _text)
    for choose in (_boolean, _dated, _numeric):
        decision = choose(tally, name, hint, total)
        if decision is not None:
            return decision
    notes = _near_misses(tally, total)
    nulls = tally.count(lambda c: c & Could.NULL)
    if nulls:
        notes.append(("read_as", f"{counted(nulls, 'empty mark')} stored as NULL: {tally.shown(lambda c: c & Could.NULL)}"))
    return Decision("TEXT", _text, tuple(notes))


def _boolean(tally: Tally, _name: str, _hint: Hints, total: int) -> Decision | None:
    if tally.count(lambda c: c & Could.BOOL) < total:
        return None
    if tally.values and not any(tally.values >= pair for pair in _PAIRS):
        return None
    return Decision("BOOLEAN", _truth, (("read_as", f"{listed(sorted(tally.values))}: 1 is true, 0 false"),) if tally.values else ())


_PAIRS = tuple(
    set(pair.split()) for pair in ("true false", "yes no", "y n", "t f", "ja nein", "oui non", "si no", "sí no", "wahr falsch", "vrai faux")
)


def _dated(tally: Tally, name: str, hint: Hints, total: int) -> Decision | None:
    plain = DATES & ~Could.COMPACT if not _DATE_NAMES.search(name) else DATES
    orders = [bits for bits in (Could.DAY_FIRST, Could.MONTH_FIRST) if _fits(tally, plain & ~(_BOTH & ~bits), total, 20)]
    if not orders:
        return None
    notes: list[tuple[NoteKind, str]] = []
    numeric = tally.count(lambda c: c & _BOTH and not c & Could.STORED)
    month_first = Could.MONTH_FIRST in orders
    if len(orders) == 2 and numeric:
        fewer = [tally.count(lambda c, o=o: not c & Could.NOTHING and not c & (plain & ~(_BOTH & ~o))) for o in orders]  # type: ignore[misc]
        shown = tally.shown(lambda c: c & _BOTH and not c & Could.STORED)
        if fewer[0] != fewer[1]:
            month_first = fewer[1] < fewer[0]
            notes.append(("read_as", f"dates read as {_order(month_first)} first, which fits more of them: {shown}"))
        elif hint.month_first is not None:
            month_first = hint.month_first
            notes.append(
                ("check", f"each date could be day or month first; read as {_order(month_first)} first like the rest of the file: {shown}")
            )
        else:
            month_first = "/" in shown  # as in America; 3.4.2024 and 3-4-2024 are written where the day comes first
            kind: NoteKind = "read_as" if "." in shown.split(" (row")[0] else "check"
            notes.append((kind, f"each date could be day or month first; read as {_order(month_first)} first: {shown}"))
    elif numeric:
        notes.append(("read_as", f"dates read as {_order(month_first)} first"))
    bits = plain & ~(_BOTH & ~(Could.MONTH_FIRST if month_first else Could.DAY_FIRST))
    fitting = [seen for seen in tally.seen if seen.could & bits]
    if any(seen.could & Could.SHORT_YEAR for seen in fitting):
        notes.append(("read_as", "years of two digits: 69 to 99 are 1969 to 1999, the others 2000 to 2068"))
    zones = {seen.unit for seen in fitting if seen.could & Could.TIMED and not seen.could & Could.STORED}
    if zones - {""}:
        said = (
            f"times of several zones stored as UTC ({listed(sorted(zones - {''}))})"
            if len(zones) > 1
            else f"the zone {max(zones)} is left out"
        )
        notes.append(("read_as", said))
    notes += _misfits(tally, bits, "no date")
    timed = any(seen.could & Could.TIMED for seen in fitting)
    several = len(zones) > 1

    def store(cell: RawCell) -> Stored:
        value = cell if isinstance(cell, dt.datetime) else date(str(cell), month_first)
        if value.tzinfo is not None:
            value = (value.astimezone(dt.UTC) if several else value).replace(tzinfo=None)
        return value.isoformat(" ", "seconds") if timed else value.date().isoformat()

    return Decision("DATETIME" if timed else "DATE", store, tuple(notes))


_BOTH = Could.DAY_FIRST | Could.MONTH_FIRST


def _order(month_first: bool) -> str:
    return "month" if month_first else "day"


def _numeric(tally: Tally, name: str, hint: Hints, total: int) -> Decision | None:
    if any(seen.could & Could.CODE for seen in tally.seen) or (_CODE_NAMES.search(name) and not tally.all(Could.STORED)):
        return None
    amounts = tally.count(lambda c: c & Could.REAL and c & NUMBERS)
    orders = [bits for bits in (Could.POINT, Could.COMMA) if _fits(tally, bits, total, 50 if amounts * 2 > total else 0)]
    if not orders:
        return None
    units = {seen.unit for seen in tally.seen if seen.could & NUMBERS and seen.unit}
    bare = tally.count(lambda c: c & NUMBERS) > sum(n for s, n in tally.seen.items() if s.could & NUMBERS and s.unit)
    if len(units) > 1 or ("%" in units and bare):
        return None
    notes: list[tuple[NoteKind, str]] = []
    grouped = tally.count(lambda c: c & Could.GROUPED and c & Could.POINT and c & Could.COMMA)
    comma = Could.POINT not in orders
    if len(orders) == 2 and grouped:
        misfit = [tally.count(lambda c, o=o: not c & (o | Could.NOTHING)) for o in orders]  # type: ignore[misc]
        comma = misfit[1] < misfit[0] if misfit[0] != misfit[1] else bool(hint.comma)
        shown = tally.shown(lambda c: c & Could.GROUPED)
        if misfit[0] == misfit[1]:
            notes.append(("check", f"{shown} could be thousands or decimals; read with a decimal {'comma' if comma else 'point'}"))
    elif len(orders) == 2:
        comma = False
    bits = Could.COMMA if comma else Could.POINT
    if comma:
        notes.append(("read_as", "the comma is the decimal sign"))
    if units:
        unit = min(units)
        notes.append(("read_as", "per cent: 12.5 stands for 12.5 %" if unit == "%" else f"amounts in {unit}, stored without the sign"))
    notes += _misfits(tally, bits, "no number")
    whole = all(seen.could & (Could.WHOLE_COMMA if comma else Could.WHOLE_POINT) for seen in tally.seen if seen.could & bits)

    def store(cell: RawCell) -> Stored:
        value = number(cell, comma) if isinstance(cell, str) else cell
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{cell!r} is no number")
        return int(value) if whole and abs(value) < 2**63 and value == int(value) else float(value)

    return Decision("INTEGER" if whole else "REAL", store, tuple(notes))


def _fits(tally: Tally, bits: int, total: int, one_in: int) -> bool:
    """Whether all cells allow the reading, or all but one in so many; words without a digit are forgiven 1 in 20."""
    misfits = tally.count(lambda c: not c & (bits | Could.NOTHING))
    if misfits == 0:
        return True
    with_digits = tally.count(lambda c: not c & (bits | Could.NOTHING) and c & Could.DIGITS)
    allowed = with_digits * one_in <= total if one_in else with_digits == 0
    return allowed and misfits * 20 <= total


def _covers(tally: Tally, bits: int) -> bool:
    total = tally.count(lambda c: not c & Could.NOTHING)
    return total > 0 and _fits(tally, bits, total, 50)


def _misfits(tally: Tally, bits: int, what: str) -> list[tuple[NoteKind, str]]:
    notes: list[tuple[NoteKind, str]] = []
    nothing = tally.count(lambda c: c & Could.NOTHING and not c & bits)
    if nothing:
        notes.append(("read_as", f"{counted(nothing, 'empty mark')} stored as NULL: {tally.shown(lambda c: c & Could.NOTHING)}"))
    count = tally.count(lambda c: not c & (bits | Could.NOTHING))
    if count:
        notes.append(
            (
                "left_out",
                f"{counted(count, 'value')} stored as NULL, being {what}: {tally.shown(lambda c: not c & (bits | Could.NOTHING))}",
            )
        )
    return notes


def _near_misses(tally: Tally, total: int) -> list[tuple[NoteKind, str]]:
    """Why a column that looks like numbers or dates stayed text."""
    for bits, what in ((DATES & ~Could.COMPACT, "dates"), (NUMBERS, "numbers")):
        odd = bits | Could.NOTHING
        misfits = sum(count for seen, count in tally.seen.items() if not seen.could & odd)
        if 0 < misfits <= 0.2 * total:
            shown = listed([e for seen, examples in tally.examples.items() if not seen.could & odd for e in examples], _EXAMPLES_MAX)
            return [("check", f"stays text: {misfits} of {total} values are no {what}: {shown}")]
        if misfits == 0 and not tally.count(lambda c: c & Could.CODE):
            units = sorted({seen.unit or "none" for seen in tally.seen})
            if len(units) > 1:
                return [("check", f"stays text: the values have different units ({listed(units)})")]
            if what == "dates":
                return [("check", "stays text: some dates are day first, others month first")]
    return []


def _agreed(votes: list[bool]) -> bool | None:
    return votes[0] if votes and all(vote == votes[0] for vote in votes) else None


def _truth(cell: RawCell) -> Stored:
    return int(cell if isinstance(cell, bool) else truth(str(cell)))


def _text(cell: RawCell) -> Stored:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell) and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ", "seconds")
    text = str(cell).strip()
    if text.lower() in NULLS:
        return None
    return text if text.isascii() and "\0" not in text else _UNSTORABLE.sub("", text)
