"""The questions of the test businesses are sound: each gold runs, is untied, says something and stands in the house's form."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from envs import businesses
from envs.health import marks
from envs.questions import load_questions
from envs.sandbox import Database

BY_BUSINESS: dict[str, list[dict[str, Any]]] = {name: json.loads(path.read_text()) for name, path in businesses.TEST_QUESTIONS.items()}
QUESTIONS = [question for questions in BY_BUSINESS.values() for question in questions]
IDS = [question["id"] for question in QUESTIONS]
ANSWERS = {  # a hash of all answers of each business
    "retail_smb": "5baee7ade7f0f248",
    "department_store": "5e1f76975a50d6cc",
    "dog_kennels": "007980be53c87c82",
    "student_assessment": "9b8a285b0871b127",
}

Databases = dict[str, sqlite3.Connection]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    folder = tmp_path_factory.mktemp("test")
    with ExitStack() as stack:
        opened = {}
        for name in businesses.TEST:
            businesses.build_database(name, folder / name, seed=0)
            opened[name] = stack.enter_context(closing(sqlite3.connect(folder / name)))
        yield opened


@pytest.mark.parametrize("name", businesses.TEST)
def test_the_questions_of_a_business_have_the_mix_they_promise(name: str) -> None:
    questions = BY_BUSINESS[name]
    share = {n: count / len(questions) for n, count in Counter(min(3, len(q["tables"])) for q in questions).items()}
    assert len(questions) >= 60
    assert share == pytest.approx({1: 0.40, 2: 0.35, 3: 0.25}, abs=0.03)
    constructs = Counter(construct for question in questions for construct in question["constructs"])
    assert {name for name in ("date", "percentage", "top_n", "never", "having", "count_distinct") if constructs[name] < 3} == set()


def test_no_question_stands_in_the_test_set_twice() -> None:
    assert max(Counter(question["id"] for question in QUESTIONS).values()) == 1
    for key in ("question", "query"):
        assert max(Counter((question["db_id"], question[key]) for question in QUESTIONS).values()) == 1


@pytest.mark.parametrize("name", businesses.TEST)
def test_the_questions_of_a_business_name_it_and_stand_under_its_name(name: str) -> None:
    assert {question["db_id"] for question in BY_BUSINESS[name]} == {name}
    assert all(question["id"].startswith(f"{name}/") for question in BY_BUSINESS[name])


@pytest.mark.parametrize("row", QUESTIONS, ids=IDS)
def test_a_gold_query_returns_something_more_than_a_lone_zero_or_null(row: dict[str, Any], databases: Databases) -> None:
    rows = databases[row["db_id"]].execute(row["query"]).fetchall()
    assert rows
    assert rows not in ([(0,)], [(0.0,)], [(None,)])
    assert row["answerable"] is True


@pytest.mark.parametrize("name", businesses.TEST)
def test_no_question_is_marked_as_one_not_to_be_scored(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.sqlite"
    businesses.build_database(name, path, seed=0)
    database = Database.open(path)
    try:
        assert marks({name: database}, load_questions(businesses.TEST_QUESTIONS[name])) == {}
    finally:
        database.close()


@pytest.mark.parametrize("name", businesses.TEST)
def test_the_answers_of_a_business_have_not_moved(name: str, databases: Databases) -> None:
    """Another Faker release, or an edit of the spec, can change them: then scores from before and after do not compare."""
    results = [databases[name].execute(question["query"]).fetchall() for question in BY_BUSINESS[name]]
    answers = [[tuple(map(_steady, row)) for row in sorted(rows, key=repr)] for rows in results]
    assert hashlib.sha256(repr(answers).encode()).hexdigest()[:16] == ANSWERS[name]


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
    spec = businesses.business(row["db_id"])
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
def test_a_gold_query_is_not_tied_anywhere_down_to_its_limit(row: dict[str, Any], databases: Databases) -> None:
    tree = sqlglot.parse_one(row["query"], read="sqlite")
    assert isinstance(tree, exp.Select)
    key = tree.args["order"].expressions[0].this.copy()
    count = int(tree.args["limit"].expression.this)
    widened = tree.select(exp.alias_(key, "sort_key")).limit(count + 1)
    keys = [found[-1] for found in databases[row["db_id"]].execute(widened.sql("sqlite")).fetchall()]
    assert len(keys) == count + 1, "the limit cuts nothing off"
    assert len(set(keys)) == len(keys)
