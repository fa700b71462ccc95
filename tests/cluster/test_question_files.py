"""What is refused before anything is scored."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cluster.question_files import QuestionFileError, check_golds, open_databases
from envs.records import Question


@pytest.fixture
def databases_dir(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    with sqlite3.connect(tmp_path / "shop" / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE t (x INTEGER)")
        connection.execute("INSERT INTO t VALUES (1)")
    return tmp_path


def test_a_missing_database_is_named(databases_dir: Path) -> None:
    with (
        pytest.raises(QuestionFileError, match=r"1 databases are missing: .*farm\.sqlite"),
        open_databases(databases_dir, ["shop", "farm"]),
    ):
        pass


def test_every_gold_that_fails_is_named_with_its_error(databases_dir: Path) -> None:
    questions = [Question("a", "shop", "?", "SELECT x FROM t"), Question("b", "shop", "?", "SELECT nope FROM t")]
    with open_databases(databases_dir, ["shop"]) as databases, pytest.raises(QuestionFileError, match=r"(?s)1 gold.* b fails .*nope"):
        check_golds(questions, databases)


def test_good_golds_pass(databases_dir: Path) -> None:
    with open_databases(databases_dir, ["shop"]) as databases:
        check_golds([Question("a", "shop", "?", "SELECT x FROM t"), Question("b", "shop", "?", "", answerable=False)], databases)


def test_a_gold_with_text_in_double_quotes_passes_as_it_is_graded(databases_dir: Path) -> None:
    with open_databases(databases_dir, ["shop"]) as databases:
        check_golds([Question("a", "shop", "?", 'SELECT x FROM t WHERE x <> "one"')], databases)
