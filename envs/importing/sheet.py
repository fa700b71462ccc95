"""One sheet, of a workbook or a CSV file, becomes one table: where the header is, which columns there are, what each holds.

The rows are read twice, once to look at every column as a whole and once to store, so that memory does not grow with the file.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

from envs.importing.columns import Decision, Hints, Stored, Tally, decide, hints
from envs.importing.limits import ImportLimits
from envs.importing.names import usable_names
from envs.importing.report import ColumnReport, ImportRefusedError, Note, NoteKind, TableReport, counted, listed, shortened
from envs.importing.values import DATES, NUMBERS, Could, RawCell, see
from envs.importing.writer import CleanDatabase, NewColumn, NewTable

Row = tuple[int, Sequence[RawCell]]  # where the file has it, from 1; and its cells
HEAD_ROWS = 60  # looked at for the header
_TOTALS = re.compile(
    r"(?:(?:grand|sub)[ -]?total|totals?|sum|summe|gesamt(?:summe)?|zwischensumme|somme|totale|suma)\b[: ]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that can be read more than once."""

    name: str
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table is in the sheet."""

    header: tuple[str, ...] | None  # by position; "" where the header has none
    first: int  # the first row of data
    titles: tuple[str, ...]  # lines above the header


class Budget:
    """Rows, cells and time that an import may still use."""

    def __init__(self, limits: ImportLimits) -> None:
        self.limits = limits
        self._rows, self._cells, self._deadline = limits.rows_max, limits.cells_max, time.monotonic() + limits.timeout_s
        self._unchecked = 0

    def take(self, cells: int) -> None:
        """One more row.

        Raises:
            ImportRefusedError: too many rows or cells, or too late.
        """
        self._rows -= 1
        self._cells -= cells
        if self._rows < 0 or self._cells < 0:
            raise ImportRefusedError(
                "too_big",
                f"more than {self.limits.rows_max:,} rows or {self.limits.cells_max:,} cells: split the file, or leave old rows out",
            )
        self._unchecked += 1
        if self._unchecked >= 1_000:
            self._unchecked = 0
            self.check_time()

    def check_time(self) -> None:
        if self.seconds_left() <= 0:
            raise ImportRefusedError("timeout", f"the import took longer than {self.limits.timeout_s:g} s: split the file")

    def seconds_left(self) -> float:
        return self._deadline - time.monotonic()


def import_sheet(
    sheet: Sheet, name: str, database: CleanDatabase, budget: Budget, hint: Hints, notes: list[Note]
) -> tuple[NewTable, TableReport] | None:
    """Write the sheet as the table of this name; None when it is empty.

    Raises:
        ImportRefusedError: there is too much of it.
    """
    layout = find_layout(list(islice(_filled(sheet), HEAD_ROWS)))
    if layout is None:
        notes.append(Note("left_out", sheet.name, "the sheet is empty"))
        return None
    survey = _Survey(sheet, layout, budget)
    survey.notes(name, notes)
    places = survey.places
    header = layout.header or ()
    originals = [header[p] if p < len(header) else "" for p in places]
    names = _names(originals, places)
    if not places:
        notes.append(Note("left_out", sheet.name, "the sheet has no column with a name or a value"))
        return None
    hint = hints(survey.tallies.values(), comma=hint.comma, month_first=hint.month_first)
    decisions = [decide(survey.tallies.get(place, Tally()), column, hint) for place, column in zip(places, names, strict=True)]
    for column, decision in zip(names, decisions, strict=True):
        notes += [Note(kind, f"{name}.{column}", text) for kind, text in decision.notes]
    columns = tuple(
        NewColumn(column, original or column, decision.type) for column, original, decision in zip(names, originals, decisions, strict=True)
    )
    table = NewTable(name, sheet.name, columns)
    database.create(table)
    long = _Long(budget.limits.cell_chars_max)
    rows = database.insert(table, _stored(survey.data(), places, decisions, budget, long))
    if long.count:
        notes.append(Note("left_out", name, f"the ends of {counted(long.count, 'text')} longer than {long.chars:,} characters"))
    return table, TableReport(name, sheet.name, rows, tuple(ColumnReport(c.name, c.original, c.type) for c in columns))


def find_layout(rows: list[Row]) -> Layout | None:
    """Where the header is, from the first rows that are not blank; None when there are none."""
    if not rows:
        return None
    counts = [sum(not is_blank(cell) for cell in cells) for _, cells in rows]
    usual = median(counts)
    start = 0
    while start + 1 < len(rows) and usual >= 2 and counts[start] <= usual / 2 and max(counts[start + 1 :]) > counts[start]:
        start += 1
    titles = tuple(" ".join(str(c) for c in cells if not is_blank(c)) for _, cells in rows[:start])
    number, cells = rows[start]
    if not _is_header(cells, rows[start + 1 :]):
        return Layout(None, number, titles)
    header = tuple("" if is_blank(cell) else _heading(cell) for cell in cells)
    while header and not header[-1]:
        header = header[:-1]
    return Layout(header, number + 1, titles)


def is_blank(cell: RawCell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip().strip("\ufeff\u200b"))


class _Survey:
    """The first reading: every column's tally, and what there is to say about the rows."""

    def __init__(self, sheet: Sheet, layout: Layout, budget: Budget) -> None:
        self._sheet, self._layout = sheet, layout
        self.tallies: dict[int, Tally] = {}
        self._headers_again = self._totals = self._rows = self._wide = self._first_wide = 0
        header = layout.header or ()
        beyond_max = budget.limits.columns_max + len(header)
        self._too_many = 0
        for number, cells in self._all():
            if self._repeats_header(cells):
                self._headers_again += 1
                continue
            budget.take(len(cells))
            self._rows += 1
            total_possible = True
            for place, cell in enumerate(cells):
                if is_blank(cell):
                    continue
                if total_possible:
                    total_possible = False
                    if isinstance(cell, str) and _TOTALS.fullmatch(cell.strip()):
                        self._totals += 1
                        continue  # the label says nothing about what the column holds
                if place >= beyond_max:
                    self._too_many += 1
                    break
                tally = self.tallies.get(place)
                if tally is None:
                    tally = self.tallies[place] = Tally()
                tally.add(cell, number)
            if header and len(cells) > len(header) and any(not is_blank(cell) for cell in cells[len(header) :]):
                self._wide += 1
                self._first_wide = self._first_wide or number
        filled = {place: tally.count(lambda _: True) for place, tally in self.tallies.items()}
        # Cells beyond the header are a column without a name when most rows have them, else a comma too many.
        self._extra = [p for p in filled if header and p >= len(header) and filled[p] * 2 < self._rows]
        self._empty = [p for p, text in enumerate(header) if text and p not in filled] if self._rows else []
        found = sorted(set(filled) - set(self._extra)) if self._rows else [p for p, text in enumerate(header) if text]
        self.places, self._cut = found[: budget.limits.columns_max], found[budget.limits.columns_max :]

    def data(self) -> Iterator[Row]:
        """The rows of the table."""
        return (row for row in self._all() if not self._repeats_header(row[1]))

    def notes(self, name: str, notes: list[Note]) -> None:
        def say(kind: NoteKind, text: str) -> None:
            notes.append(Note(kind, name, text))

        header = self._layout.header or ()
        if self._layout.titles:
            say("left_out", f"{counted(len(self._layout.titles), 'line')} above the header: {listed(list(self._layout.titles), 3)}")
        if self._layout.header is None:
            say("check", "the first row looks like data, so the columns have no names of their own")
        if self._rows == 0:
            say("check", "there is a header and no row below it")
        if self._empty:
            say(
                "left_out",
                f"columns without a value (formulas that were never computed count as none): {listed([header[p] for p in self._empty])}",
            )
        if self._cut or self._too_many:
            say("left_out", f"columns beyond the first {len(self.places)}: {len(self._cut)} or more")
        if self._extra:
            say(
                "left_out",
                f"cells beyond the header's {len(header)} columns in {counted(self._wide, 'row')}, first in row {self._first_wide}",
            )
        if self._headers_again:
            say("left_out", f"{counted(self._headers_again, 'row')} repeating the header")
        if self._totals:
            say(
                "check",
                f"{counted(self._totals, 'row')} such as 'Total' kept like any other (the label in a text column only): sums count them",
            )

    def _all(self) -> Iterator[Row]:
        return (row for row in _filled(self._sheet) if row[0] >= self._layout.first)

    def _repeats_header(self, cells: Sequence[RawCell]) -> bool:
        header = self._layout.header
        if not header or len(cells) < len(header) or not isinstance(cells[0], str | None) or (cells[0] or "").strip() != header[0]:
            return False
        return len(header) > 1 and all((is_blank(c) and not h) or _heading(c) == h for c, h in zip(cells, header, strict=False))


@dataclass
class _Long:
    """Texts cut, counted."""

    chars: int
    count: int = 0


def _stored(rows: Iterator[Row], places: list[int], decisions: list[Decision], budget: Budget, long: _Long) -> Iterator[list[Stored]]:
    stores = [(place, decision.store) for place, decision in zip(places, decisions, strict=True)]
    for place_in_sheet, (_, cells) in enumerate(rows):
        if place_in_sheet % 1_000 == 0:
            budget.check_time()
        row: list[Stored] = []
        for place, store in stores:
            cell = cells[place] if place < len(cells) else None
            value: Stored = None
            if not is_blank(cell):
                try:
                    value = store(cell)
                except (ValueError, OverflowError):
                    value = None  # counted by the tally as a misfit
                if isinstance(value, str) and len(value) > long.chars:
                    long.count += 1
                    value = value[: long.chars - 1] + "…"
            row.append(value)
        yield row


def _filled(sheet: Sheet) -> Iterator[Row]:
    return (row for row in sheet.rows() if not all(is_blank(cell) for cell in row[1]))


def _is_header(cells: Sequence[RawCell], below: list[Row]) -> bool:
    """Texts that are no values, and that the rows below do not hold again."""
    texts = [cell for cell in cells if not is_blank(cell)]
    if any(isinstance(cell, bool | dt.datetime) for cell in texts):
        return False
    valued = [cell for cell in texts if see(cell).could & (NUMBERS | DATES | Could.CODE | Could.NULL)]
    if any(not _is_year(cell) for cell in valued) or len(valued) == len(texts):
        return False
    width = len(cells)
    other = [row for _, row in below if list(row[:width]) != list(cells)]
    again = sum(not is_blank(cell) and any(place < len(row) and row[place] == cell for row in other) for place, cell in enumerate(cells))
    return again < 2


def _is_year(cell: RawCell) -> bool:
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
    return len(text) == 4 and text.isdigit() and 1900 <= int(text) <= 2100


def _heading(cell: RawCell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return shortened(str(cell).strip("\ufeff\u200b"), 200)


def _names(originals: list[str], places: list[int]) -> list[str]:
    return usable_names([text or f"column {place + 1}" for text, place in zip(originals, places, strict=True)], "column")
