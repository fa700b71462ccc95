"""serving/downloads.py: a result as CSV and as a workbook, in which nothing is ever a formula."""

from __future__ import annotations

import io

import openpyxl

from serving.downloads import as_csv, as_xlsx

FORMULA = '=HYPERLINK("http://evil")'
ROWS = [(FORMULA, -1, None), ("@a", -1.5, "plain, with a comma"), ("-2", 0, "né\x07")]


def test_a_formula_in_a_text_begins_with_a_quote_in_a_csv_and_a_negative_number_does_not() -> None:
    text = as_csv(["name", "=n", "t"], ROWS).decode("utf-8-sig").split("\r\n")
    assert text[0] == "name,'=n,t"
    assert text[1] == '"\'=HYPERLINK(""http://evil"")",-1,'
    assert text[2] == '\'@a,-1.5,"plain, with a comma"'


def test_a_workbook_holds_texts_as_they_are_and_no_formula() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(["name", "=n", "t"], ROWS))).active
    assert sheet is not None
    cells = list(sheet.iter_rows(values_only=True))
    assert cells[0] == ("name", "=n", "t")
    assert cells[1] == (FORMULA, -1, None)
    assert cells[3] == ("-2", 0, "né")
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
