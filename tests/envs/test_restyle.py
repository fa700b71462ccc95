"""envs/restyle.py: other names, the same data."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from envs.businesses import TRAIN, build_database, wording
from envs.restyle import restyle
from envs.sandbox import Database
from envs.synthesis import synthesize


def contents(path: Path) -> list[list[tuple[object, ...]]]:
    """All rows of all tables, whatever those are called, in the order of creation."""
    with sqlite3.connect(path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")]
        return [connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names]


@pytest.mark.parametrize("name", TRAIN)
def test_names_change_and_rows_and_foreign_keys_stay(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.sqlite"
    build_database(name, path, 0)
    before, old = contents(path), Database.open(path).schema
    said = restyle(path, wording(name), random.Random(1))
    new = Database.open(path).schema
    assert sorted(map(repr, contents(path))) == sorted(map(repr, before))
    assert sorted(len(t.foreign_keys) for t in new.tables) == sorted(len(t.foreign_keys) for t in old.tables)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    known = {t.name for t in new.tables} | {f"{t.name}.{c}" for t in new.tables for c in t.column_names}
    assert set(said) <= known
    before_names = {f"{t.name}.{c}" for t in old.tables for c in t.column_names}
    assert len(known & before_names) < 0.7 * len(before_names)


def test_questions_are_asked_with_the_new_names(tmp_path: Path) -> None:
    path = tmp_path / "gym.sqlite"
    build_database("gym", path, 0)
    said = restyle(path, wording("gym"), random.Random(3))
    database = Database.open(path)
    questions = synthesize(database, 30, 0, "train", said)
    assert len(questions) == 30
    assert all(database.query(q.gold_sql).rows for q in questions)


def test_the_same_seed_gives_the_same_names(tmp_path: Path) -> None:
    names = []
    for place in range(2):
        path = tmp_path / f"{place}.sqlite"
        build_database("florist", path, 0)
        restyle(path, wording("florist"), random.Random(5))
        names.append(Database.open(path).schema.names)
    assert names[0] == names[1]
