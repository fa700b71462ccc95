"""DESCRIBE and SAMPLE say what a writer of SQL needs, in few words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from envs.sandbox import Database, QueryResult
from envs.schema import ForeignKey, describe, render_rows, sample, short_type


def make(path: Path, script: str) -> Database:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return Database.open(path)


def test_describe_shows_types_keys_values_and_dates(shop: Database) -> None:
    assert describe(shop, "PETS") == (
        "pets: 7 rows\npet_id integer key\nname text\nspecies text: 'bird', 'cat', 'dog'\nweight_kg real\n"
        "owner_id integer -> owners.owner_id"
    )
    assert "joined_on date" in describe(shop, "owners").splitlines()
    assert "sold_on text date" in describe(shop, "sales").splitlines()
    assert "product_id integer -> Products.product_id" in describe(shop, "sales").splitlines()


def test_sample_shows_the_first_three_rows(shop: Database) -> None:
    assert sample(shop, "sales").splitlines() == [
        "sale_id | owner_id | product_id | quantity | sold_on | note",
        "1 | 1 | 1 | 2 | 2024-03-01 | NULL",
        "2 | 1 | 2 | 1 | 2024-03-01 | gift",
        "3 | 2 | 1 | 1 | 2024-03-04 | ",
    ]


@pytest.mark.parametrize("spelling", ["pets", "PETS", '"Pets"', "`pets`", "[pets]", "'pets'", " pets ; "])
def test_a_table_is_found_in_any_case_and_quotes(shop: Database, spelling: str) -> None:
    table = shop.schema.find(spelling)
    assert table is not None
    assert table.name == "pets"


@pytest.mark.parametrize("spelling", ["", "pets; DELETE FROM pets", "../../etc/passwd", "sqlite_schema", "pets -1", '"'])
def test_what_is_no_table_is_not_found(shop: Database, spelling: str) -> None:
    assert shop.schema.find(spelling) is None
    with pytest.raises(KeyError):
        describe(shop, spelling)


def test_a_foreign_key_without_a_column_means_the_primary_key_and_is_spelled_as_in_the_schema(tmp_path: Path) -> None:
    database = make(
        tmp_path / "d.sqlite", "CREATE TABLE Owner (ID INTEGER PRIMARY KEY); CREATE TABLE pet (owner INTEGER REFERENCES owner);"
    )
    assert database.schema.tables[1].foreign_keys == (ForeignKey("owner", "Owner", "ID"),)


def test_views_and_sqlites_own_tables_are_no_tables(tmp_path: Path) -> None:
    database = make(
        tmp_path / "d.sqlite", "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE VIEW v AS SELECT * FROM a; ANALYZE;"
    )
    assert database.schema.names == ("a",)


def test_a_table_with_an_odd_name_is_described(tmp_path: Path) -> None:
    database = make(tmp_path / "d.sqlite", 'CREATE TABLE "a""b;drop--" ("x y" TEXT); INSERT INTO "a""b;drop--" VALUES (\'it\'\'s\');')
    assert describe(database, 'a"b;drop--') == "a\"b;drop--: 1 row\nx y text: 'it''s'"
    assert sample(database, 'a"b;drop--') == "x y\nit's"


def test_a_wide_table_stays_short_and_names_its_remaining_columns(tmp_path: Path) -> None:
    columns = ", ".join(f"a_rather_long_name_{i} TEXT" for i in range(120))
    database = make(tmp_path / "d.sqlite", f"CREATE TABLE wide ({columns}); INSERT INTO wide(a_rather_long_name_0) VALUES ('x');")
    text = describe(database, "wide")
    assert len(text) < 2_000
    assert " more: a_rather_long_name_" in text
    assert sample(database, "wide").splitlines()[0].endswith("(104 more columns)")


def test_names_free_text_and_empty_columns_list_no_values(tmp_path: Path) -> None:
    rows = ", ".join(f"('name {i}', '{'long ' * 30}', NULL, '{'ab'[i % 2]}')" for i in range(20))
    database = make(tmp_path / "d.sqlite", f"CREATE TABLE t (n TEXT, free TEXT, none TEXT, few TEXT); INSERT INTO t VALUES {rows};")
    assert describe(database, "t") == "t: 20 rows\nn text\nfree text\nnone text\nfew text: 'a', 'b'"


@pytest.mark.parametrize(
    ("declared", "short"),
    [("VARCHAR(40)", "text"), ("BIGINT", "integer"), ("DOUBLE PRECISION", "real"), ("DECIMAL(10,2)", "number"),
     ("DATE", "date"), ("timestamp with time zone", "timestamp"), ("BOOL", "boolean"), ("", "")],
)  # fmt: skip
def test_types_are_short_and_lower_case(declared: str, short: str) -> None:
    assert short_type(declared) == short


def result(columns: tuple[str, ...], rows: tuple[tuple[object, ...], ...], *, truncated: bool = False) -> QueryResult:
    return QueryResult(columns, rows, truncated, frozenset(), 0.0)  # type: ignore[arg-type]


def test_a_result_shows_its_first_rows_and_how_many_there_are() -> None:
    rows = tuple((i, f"n{i}") for i in range(9))
    assert render_rows(result(("id", "name"), rows), 2, 20) == "id | name\n0 | n0\n1 | n1\n(9 rows)"
    assert render_rows(result(("id", "name"), rows[:2]), 2, 20) == "id | name\n0 | n0\n1 | n1"
    assert render_rows(result(("id", "name"), rows, truncated=True), 9, 20).endswith("(9+ rows)")
    assert render_rows(result(("id",), ()), 2, 20) == "no rows"


def test_cells_stand_on_one_line_and_are_cut() -> None:
    cells = (None, "a\nb  c", 1 / 3, 2.0, 1e-7, b"\x00\xff" * 50, "x" * 1_000_000, 10**30, float("inf"), 12345678.125)
    text = render_rows(result(tuple("abcdefghij"), (cells,)), 5, 12)
    row = text.splitlines()[1].split(" | ")
    assert row[:5] == ["NULL", "a b c", "0.3333", "2.0", "1e-07"]
    assert row[5] == "x'00ff00ff0…"
    assert row[6] == "x" * 11 + "…"
    assert row[8:] == ["inf", "12345678.125"]
