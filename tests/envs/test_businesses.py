"""The sample businesses: built the same every time, whole, apart from one another; and the test questions are sound."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from envs import businesses
from envs.businesses.builder import build_database, create_statement, draw_rows
from envs.businesses.spec import After, Business, Choice, Code, Column, Copy, Integer, Parent, Product, Serial, Table

ALL = (*businesses.TRAIN, *businesses.VALIDATION, *businesses.TEST)
QUESTIONS: list[dict[str, Any]] = json.loads(businesses.TEST_QUESTIONS.read_text())
IDS = [question["id"] for question in QUESTIONS]


@pytest.fixture(scope="module")
def test_db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("test") / "retail_smb.sqlite"
    businesses.build_database("retail_smb", path, seed=0)
    with closing(sqlite3.connect(path)) as connection:
        yield connection


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


def test_there_are_five_validation_businesses_and_one_test_business() -> None:
    assert (len(businesses.VALIDATION), businesses.TEST) == (5, ("retail_smb",))


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


def test_the_test_business_has_the_same_rows_whatever_the_seed(tmp_path: Path) -> None:
    businesses.build_database("retail_smb", tmp_path / "a", seed=1)
    businesses.build_database("retail_smb", tmp_path / "b", seed=2)
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


# The questions of the test business


def test_the_test_set_has_the_mix_it_promises() -> None:
    share = {n: count / len(QUESTIONS) for n, count in Counter(min(3, len(q["tables"])) for q in QUESTIONS).items()}
    assert len(QUESTIONS) >= 60
    assert share == pytest.approx({1: 0.40, 2: 0.35, 3: 0.25}, abs=0.03)
    constructs = Counter(construct for question in QUESTIONS for construct in question["constructs"])
    assert {name for name in ("date", "percentage", "top_n", "never", "having", "count_distinct") if constructs[name] < 3} == set()


def test_no_question_stands_in_the_test_set_twice() -> None:
    for key in ("id", "question", "query"):
        assert len({question[key] for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("row", QUESTIONS, ids=IDS)
def test_a_gold_query_returns_something_more_than_a_lone_zero_or_null(row: dict[str, Any], test_db: sqlite3.Connection) -> None:
    rows = test_db.execute(row["query"]).fetchall()
    assert rows
    assert rows not in ([(0,)], [(0.0,)], [(None,)])
    assert row["answerable"] is True
    assert row["db_id"] == "retail_smb"


def test_the_answers_of_the_test_set_have_not_moved(test_db: sqlite3.Connection) -> None:
    """Another Faker release, or an edit of the spec, can change them: then scores from before and after do not compare."""
    answers = [[tuple(map(_steady, row)) for row in sorted(test_db.execute(q["query"]).fetchall(), key=repr)] for q in QUESTIONS]
    assert hashlib.sha256(repr(answers).encode()).hexdigest()[:16] == "5baee7ade7f0f248"


def _steady(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value


@pytest.mark.parametrize("row", QUESTIONS, ids=IDS)
def test_a_gold_query_reads_the_tables_the_question_lists(row: dict[str, Any]) -> None:
    tree = sqlglot.parse_one(row["query"], read="sqlite")
    assert {table.name for table in tree.find_all(exp.Table)} == set(row["tables"])


@pytest.mark.parametrize("row", QUESTIONS, ids=IDS)
def test_a_gold_query_is_written_in_the_canonical_form(row: dict[str, Any]) -> None:
    sql = row["query"]
    bare = re.sub(r"'(?:[^']|'')*'", "''", sql)  # without texts
    spec = businesses.business("retail_smb")
    names = {table.name for table in spec.tables} | {column.name for table in spec.tables for column in table.columns}
    words = set(re.findall(r"[A-Za-z_]+", bare)) - {"strftime"}
    assert {word for word in words if word not in names and word != word.upper()} == set(), "a keyword not in capitals or an unknown name"
    assert '"' not in bare
    assert "  " not in sql
    assert "\n" not in sql
    assert not sql.endswith(";")
    tree = sqlglot.parse_one(sql, read="sqlite")
    for select in tree.find_all(exp.Select):
        if select.args.get("joins"):
            assert all(column.table for column in select.find_all(exp.Column) if column.find_ancestor(exp.Select) is select)


@pytest.mark.parametrize("row", [q for q in QUESTIONS if " LIMIT " in q["query"]], ids=lambda row: str(row["id"]))
def test_a_gold_query_is_not_tied_anywhere_down_to_its_limit(row: dict[str, Any], test_db: sqlite3.Connection) -> None:
    tree = sqlglot.parse_one(row["query"], read="sqlite")
    assert isinstance(tree, exp.Select)
    key = tree.args["order"].expressions[0].this.copy()
    count = int(tree.args["limit"].expression.this)
    widened = tree.select(exp.alias_(key, "sort_key")).limit(count + 1)
    keys = [found[-1] for found in test_db.execute(widened.sql("sqlite")).fetchall()]
    assert len(keys) == count + 1, "the limit cuts nothing off"
    assert len(set(keys)) == len(keys)
