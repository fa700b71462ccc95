"""The sample businesses: built the same every time, whole, and apart from one another."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from envs import businesses
from envs.businesses.builder import build_database, create_statement, draw_rows
from envs.businesses.spec import After, Business, Choice, Code, Column, Copy, Integer, Parent, Product, Serial, Suited, Table

ALL = (*businesses.TRAIN, *businesses.VALIDATION, *businesses.TEST)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def small(*columns: Column, rows: int = 30) -> Business:
    parent = Table("owner", 20, (
        Column("owner_id", "INTEGER", Serial(), primary_key=True),
        Column("since", "TEXT", Choice(("2024-02-28",))),
        Column("rate", "REAL", Integer(2, 9)),
    ))  # fmt: skip
    return Business("small", "", (Table("boat", rows, columns), parent))


# The registry


def test_no_business_is_in_two_of_train_validation_and_test() -> None:
    assert len(ALL) == len(set(ALL)) == len(businesses.SPECS)


def test_there_are_six_validation_businesses() -> None:
    assert len(businesses.VALIDATION) == 6


def test_an_unknown_business_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match="retail_smb"):
        businesses.business("pet_shop")


@pytest.mark.parametrize("name", ALL)
def test_every_table_and_column_of_the_wording_exists_and_has_an_own_phrase(name: str) -> None:
    spec = businesses.business(name)
    known = {table.name for table in spec.tables} | {f"{t.name}.{c.name}" for t in spec.tables for c in t.columns}
    wording = businesses.wording(name)
    assert wording.keys() <= known
    assert all(len(wording[table.name]) >= 2 for table in spec.tables), "a table needs a singular and a plural"
    assert all(phrase == phrase.strip() != "" for said in wording.values() for phrase in said)


# Every business's database


@pytest.mark.parametrize("name", ALL)
def test_a_business_has_four_tables_or_more_filled_and_its_foreign_keys_hold(name: str, tmp_path: Path) -> None:
    path = tmp_path / name / f"{name}.sqlite"
    businesses.build_database(name, path, seed=7)
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {table: connection.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0] for table in tables}
        assert len(tables) >= 4
        assert counts == {table.name: table.rows for table in businesses.business(name).tables}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert any(connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall() for table in tables)
    assert [file.name for file in path.parent.iterdir()] == [path.name], "something unfinished was left beside it"


@pytest.mark.parametrize("name", [*businesses.VALIDATION, *businesses.TRAIN[:2]])
def test_the_same_seed_gives_the_same_rows_and_another_seed_others(name: str, tmp_path: Path) -> None:
    for file, seed in (("a", 1), ("b", 1), ("c", 2)):
        businesses.build_database(name, tmp_path / file, seed)
    assert dump(tmp_path / "a") == dump(tmp_path / "b") != dump(tmp_path / "c")


@pytest.mark.parametrize("name", businesses.TEST)
def test_a_test_business_has_the_same_rows_whatever_the_seed(name: str, tmp_path: Path) -> None:
    businesses.build_database(name, tmp_path / "a", seed=1)
    businesses.build_database(name, tmp_path / "b", seed=2)
    assert dump(tmp_path / "a") == dump(tmp_path / "b")


# What a spec can say


def test_a_column_added_to_a_table_leaves_the_other_columns_values_alone() -> None:
    one = small(Column("boat_id", "INTEGER", Serial()), Column("berth", "TEXT", Code("??-###")))
    two = small(Column("boat_id", "INTEGER", Serial()), Column("length", "INTEGER", Integer(1, 9)), one.table("boat").columns[1])
    assert [r["berth"] for r in draw_rows(one, 3)["boat"]] == [r["berth"] for r in draw_rows(two, 3)["boat"]]


def test_values_can_be_drawn_from_the_row_and_from_the_row_a_foreign_key_points_to() -> None:
    spec = small(
        Column("owner_id", "INTEGER", Parent(), references="owner.owner_id", null_share=0.2),
        Column("days", "INTEGER", Integer(1, 5)),
        Column("rate", "REAL", Copy("owner_id.rate")),
        Column("due", "REAL", Product("days", "owner_id.rate")),
        Column("until", "TEXT", After("owner_id.since", (1, 2), latest="2024-02-29")),
    )
    rows = draw_rows(spec, 0)
    rates = {row["owner_id"]: row["rate"] for row in rows["owner"]} | {None: None}
    for row in rows["boat"]:
        assert row["rate"] == rates[row["owner_id"]]
        assert row["due"] == (None if row["owner_id"] is None else row["days"] * row["rate"])
    assert {row["until"] for row in rows["boat"]} == {"2024-02-29", None}


def test_the_unused_share_of_parents_has_no_children() -> None:
    spec = small(Column("owner_id", "INTEGER", Parent(unused=0.25), references="owner.owner_id"), rows=400)
    assert len({row["owner_id"] for row in draw_rows(spec, 0)["boat"]}) == 15


def test_a_foreign_key_can_be_kept_to_the_rows_that_suit_the_row() -> None:
    spec = small(
        Column("rate_max", "INTEGER", Integer(3, 9)),
        Column("owner_id", "INTEGER", Suited(fits=lambda owner, cell: owner["rate"] <= cell.row["rate_max"]), references="owner.owner_id"),
        rows=200,
    )
    rows = draw_rows(spec, 0)
    rates = {row["owner_id"]: row["rate"] for row in rows["owner"]}
    assert all(rates[row["owner_id"]] <= row["rate_max"] for row in rows["boat"])
    assert len({row["owner_id"] for row in rows["boat"]}) > 5


def test_a_row_that_no_parent_suits_is_an_error_that_names_the_column() -> None:
    spec = small(Column("owner_id", "INTEGER", Suited(fits=lambda owner, _: owner["rate"] > 9), references="owner.owner_id"))
    with pytest.raises(ValueError, match="boat/owner_id: none of 18 rows suits row 0"):
        draw_rows(spec, 0)


def test_two_primary_key_columns_make_one_composite_key_and_unique_pairs() -> None:
    spec = small(
        Column("owner_id", "INTEGER", Parent(unused=0), references="owner.owner_id", primary_key=True),
        Column("berth", "INTEGER", Integer(1, 3), primary_key=True),
        rows=50,
    )
    assert "PRIMARY KEY (owner_id, berth)" in create_statement(spec.table("boat"))
    assert len({(row["owner_id"], row["berth"]) for row in draw_rows(spec, 0)["boat"]}) == 50


def test_too_few_values_for_a_unique_column_is_an_error_that_says_so_and_leaves_no_file(tmp_path: Path) -> None:
    spec = small(Column("berth", "TEXT", Choice(("A", "B")), unique=True))
    with pytest.raises(ValueError, match=r"berth: no new value .* widen its values"):
        build_database(spec, tmp_path / "small.sqlite", 0)
    assert list(tmp_path.iterdir()) == []


def test_a_value_drawn_from_a_column_below_it_is_an_error_that_names_both() -> None:
    spec = small(Column("due", "REAL", Product("days", "days")), Column("days", "INTEGER", Integer(1, 5)))
    with pytest.raises(ValueError, match="boat/due reads 'days', but 'days' is not drawn yet"):
        draw_rows(spec, 0)


def test_a_reference_to_a_column_that_is_not_there_is_refused_when_declared() -> None:
    with pytest.raises(ValueError, match=r"references 'owner\.id'"):
        small(Column("owner_id", "INTEGER", Parent(), references="owner.id"))
