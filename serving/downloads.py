"""A result as a file for a spreadsheet: CSV or xlsx, in which no cell is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from serving.contract import cell

XLSX_CHARS_MAX = 32_767  # of one cell
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """UTF-8 with a byte order mark (Excel needs it) and CRLF; a text that a spreadsheet would run gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_harmless(name) for name in columns])
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def as_xlsx(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """A workbook of one sheet; texts are stored as texts, control characters left out."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Answer")

    def written(value: object) -> WriteOnlyCell:
        shown = cell(value)
        if isinstance(shown, str):
            shown = ILLEGAL_CHARACTERS_RE.sub("", shown)[:XLSX_CHARS_MAX]
        made = WriteOnlyCell(sheet, value=shown)
        if isinstance(shown, str):
            made.data_type = "s"  # a text that begins with "=" would be a formula
        return made

    sheet.append([written(name) for name in columns])
    for row in rows:
        sheet.append([written(value) for value in row])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _harmless(value: object) -> object:
    shown = cell(value)
    return f"'{shown}" if isinstance(shown, str) and shown.startswith(_FORMULA) else shown
