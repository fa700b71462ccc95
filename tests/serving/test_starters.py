from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from envs.businesses import build_database, wording
from envs.sandbox import Database, Trust
from serving.starters import CHARS_MAX, STARTERS, starter_questions, starters


@pytest.mark.parametrize("name", ["canal_bikes", "retail_smb", "dog_kennels"])
def test_starters_are_few_short_of_different_kinds_and_find_something(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.sqlite"
    build_database(name, path, 0)
    database = Database.open(path)
    made = starter_questions(database, wording(name))
    assert 4 <= len(made) <= STARTERS
    assert len({question.constructs[0] for question in made}) == len(made)
    assert len({question.text for question in made}) == len(made)
    assert all(len(question.text) <= CHARS_MAX and question.text[0].isupper() for question in made)
    for question in made:
        rows = database.query(question.gold_sql).rows
        assert rows and rows not in (((None,),), ((0,),))
    assert starters(database, wording(name)) == [question.text for question in made]
    database.close()


def test_a_strangers_file_is_read_in_the_jail(shop_db: Path) -> None:
    database = Database.open(shop_db, trust=Trust.UNTRUSTED)
    assert len(starters(database)) >= 4
    database.close()


def test_a_database_with_nothing_to_ask_has_no_starters(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE pictures (x BLOB)")
    connection.close()
    database = Database.open(path)
    assert starters(database) == []
    database.close()
