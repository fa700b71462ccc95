"""Sheets are linked where names and values agree, and only there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import openpyxl

from envs.importing import import_file
from envs.sandbox import Database


def linked(folder: Path, sheets: dict[str, list[list[object]]]) -> dict[str, list[str]]:
    """Each table's keys, as `column -> table.target` and `column key`."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "in.xlsx")
    report = import_file(folder / "in.xlsx", folder / "out.sqlite")
    database = Database.open(folder / "out.sqlite")
    for table in report.tables:
        assert database.query(f"SELECT count(*) FROM {table.name}").rows == ((table.rows,),)
    found = {
        t.name: [f"{c.name} key" for c in t.columns if c.primary_key]
        + [f"{k.column} -> {k.table}.{k.target}" for k in reversed(t.foreign_keys)]
        for t in database.schema.tables
    }
    database.close()
    connection = sqlite3.connect(folder / "out.sqlite")
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    return found


ORDERS = [["Order ID", "Customer ID", "City code"], [10, 2, "OSL"], [11, 2, "BGO"], [12, None, "OSL"]]


def test_a_column_named_after_a_sheet_or_its_key_refers_to_it(tmp_path: Path) -> None:
    cities = [["City code", "City"], ["OSL", "Oslo"], ["BGO", "Bergen"]]
    assert linked(tmp_path, {"Orders": ORDERS, "Customers": [["ID", "Name"], [2, "Bo"], [1, "Ann"]], "Cities": cities}) == {
        "orders": ["customer_id -> customers.id", "city_code -> cities.city_code"],
        "customers": ["id key"],
        "cities": ["city_code key"],
    }


def test_no_link_where_a_value_is_missing_or_the_key_repeats_or_the_types_differ(tmp_path: Path) -> None:
    for ids in ([1, 3], [2, 2, 1], ["2", "x"], [2, None]):
        customers = [["ID", "Name"], *[[value, f"name {place}"] for place, value in enumerate(ids)]]
        assert linked(tmp_path, {"Orders": ORDERS, "Customers": customers}) == {"orders": [], "customers": []}
        (tmp_path / "out.sqlite").unlink()


def test_two_sheets_of_the_same_rows_are_linked_in_one_direction(tmp_path: Path) -> None:
    rows = [["Item code", "Price"], ["A", 1], ["B", 2]]
    assert linked(tmp_path, {"Old": rows, "New": rows}) == {
        "old": ["item_code -> new.item_code"],
        "new": ["item_code key"],
    }
