"""The verifier's word on changed queries is the one known from how they were changed."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from envs.businesses import TRAIN, build_database
from envs.records import Question
from envs.sandbox import Database
from envs.verifier import grade
from tests.conftest import make_shop
from tests.mutants import mutants


@pytest.mark.parametrize("name", ["shop", TRAIN[0], TRAIN[-1]])
def test_no_mutant_gets_a_wrong_verdict(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.sqlite"
    if name == "shop":
        make_shop(path)
    else:
        build_database(name, path, 0)
    with closing(Database.open(path)) as database, closing(sqlite3.connect(path)) as plain:
        made = mutants(plain, database.schema, random.Random(17), of_a_kind=4)
        wrong = [m for m in made if grade(database, Question(name, name, "?", m.gold), m.sql, m.answer) is not m.right]
    assert len(made) > 250
    assert {m.right for m in made} == {True, False}
    assert wrong == []
