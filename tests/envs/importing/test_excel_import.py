"""Workbooks become a table a sheet; damaged and hostile ones a message."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from envs.importing import ImportLimits, ImportRefusedError, import_file
from envs.sandbox import Database

SHEETS = {
    "Customers": [["Customer ID", "Name"], [1, "Ann"], [2, "Bo"]],
    "Umsätze 2024": [
        [None, "Report for the board"],
        [None, None],
        [None, "Order #", "Date", "At", "Paid", "Amount", "Zip"],
        [None, 1, dt.date(2024, 1, 5), dt.datetime(2024, 1, 5, 10, 30), True, 2.5, "00501"],
        [None, 2, dt.date(2024, 1, 6), dt.datetime(2024, 1, 6, 11, 0), False, 3, "90210"],
    ],
    "Nothing": [],
}


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_every_sheet_with_rows_becomes_a_table(tmp_path: Path) -> None:
    report = import_file(workbook(tmp_path / "in.xlsx", SHEETS), tmp_path / "out.sqlite")
    database = Database.open(tmp_path / "out.sqlite")
    assert database.schema.names == ("customers", "umsaetze_2024")
    assert database.query("SELECT * FROM umsaetze_2024").rows == (
        (1, "2024-01-05", "2024-01-05 10:30:00", 1, 2.5, "00501"),
        (2, "2024-01-06", "2024-01-06 11:00:00", 0, 3.0, "90210"),
    )
    assert [c.type for c in report.tables[1].columns] == ["INTEGER", "DATE", "DATETIME", "BOOLEAN", "REAL", "TEXT"]
    assert [(n.where, n.text) for n in report.notes if n.kind == "left_out"] == [
        ("umsaetze_2024", "1 line above the header: Report for the board"),
        ("Nothing", "the sheet is empty"),
    ]
    database.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.xlsx", "out.sqlite"]


def test_hidden_sheets_charts_and_uncomputed_formulas_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, "=1+1"])
    hidden = book.create_sheet("Lists")
    hidden.append(["x", "y"])
    hidden.append(["p", "q"])
    hidden.sheet_state = "hidden"
    book.create_chartsheet("Chart")
    book.save(tmp_path / "in.xlsx")
    report = import_file(tmp_path / "in.xlsx", tmp_path / "out.sqlite")
    assert [t.name for t in report.tables] == ["sheet", "lists"]
    said = report.as_text()
    assert "sheets without cells: Chart" in said
    assert "hidden sheets are imported like the others: Lists" in said
    assert "formulas that were never computed count as none): b" in said


def test_an_old_xls_is_read(tmp_path: Path) -> None:
    report = import_file(Path(__file__).with_name("old.xls"), tmp_path / "out.sqlite")
    assert report.kind == "excel"
    database = Database.open(tmp_path / "out.sqlite")
    assert database.query("SELECT * FROM stock").rows == (("Leash", 3.5, "2024-01-05"), ("Böwl", 4.25, "2024-01-06"))
    database.close()


def repacked(source: Path, replaced: dict[str, bytes]) -> bytes:
    """The workbook with some of its parts replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, replaced.get(part.filename, old.read(part)))
    return buffer.getvalue()


def _sheet_xml(cells: str) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?><worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'.encode()


def test_bombs_and_damaged_workbooks_get_a_message_and_leave_nothing(tmp_path: Path) -> None:
    good = workbook(tmp_path / "good.xlsx", SHEETS)
    part = "xl/worksheets/sheet1.xml"
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    many = "".join(f'<row r="{i}"><c r="A{i}" t="inlineStr"><is><t>{"x" * 100}</t></is></c></row>' for i in range(1, 30_000))
    entities = b'<!DOCTYPE w [<!ENTITY a "' + b"a" * 1_000 + b'">' + b"".join(
        f'<!ENTITY {chr(b)} "{f"&{chr(b - 1)};" * 50}">'.encode() for b in range(98, 108)
    ) + b"]>"  # fmt: skip
    laughs = _sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>&k;</t></is></c></row>').replace(b"<worksheet", entities + b"<worksheet")
    data = good.read_bytes()
    files = {
        "far": (repacked(good, {part: _sheet_xml(far)}), {"damaged", "too_big"}),
        "bomb": (repacked(good, {part: b" " * 150_000_000}), {"too_big"}),
        "many rows": (repacked(good, {part: _sheet_xml(many)}), {"too_big"}),
        "laughs": (repacked(good, {part: laughs}), {"damaged", "too_big", "ok"}),
        "no xml": (repacked(good, {part: b"\0\1\2" * 100}), {"damaged", "ok"}),
        "no workbook": (repacked(good, {"xl/workbook.xml": b"<x"}), {"damaged"}),
        "cut": (data[: len(data) // 2], {"damaged"}),
        "shorter": (data[:-30], {"damaged"}),
        "ten bytes": (data[:10], {"damaged"}),
        "flipped": (bytes(b ^ 0x55 if 200 < i < 400 else b for i, b in enumerate(data)), {"damaged", "archive", "ok"}),
        "ole": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 20, {"damaged", "protected"}),
    }
    good.unlink()
    for name, (content, codes) in files.items():
        source = tmp_path / "in.xlsx"
        source.write_bytes(content)
        code = "ok"
        try:
            import_file(source, tmp_path / "out.sqlite", ImportLimits(unpacked_bytes_max=100_000_000, rows_max=20_000, timeout_s=90))
            (tmp_path / "out.sqlite").unlink()
        except ImportRefusedError as error:
            code = error.code
            assert "in.xlsx" in str(error) or "split the file" in str(error)
        assert code in codes, name
        assert [p.name for p in tmp_path.iterdir()] == ["in.xlsx"], name
        assert source.read_bytes() == content


def test_too_many_sheets_are_refused(tmp_path: Path) -> None:
    source = workbook(tmp_path / "in.xlsx", {f"s{i}": [["a"], ["b"]] for i in range(6)})
    with pytest.raises(ImportRefusedError, match="6 sheets, at most 5"):
        import_file(source, tmp_path / "out.sqlite", ImportLimits(tables_max=5))
