"""Questions the data cannot answer: asked as the others are, and never about anything the schema or the rows may hold."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.businesses import build_database, wording
from envs.demonstrations import DemonstrationConfig, plan
from envs.records import Question
from envs.sandbox import Database
from envs.schema import describe
from envs.sql_env import EpisodeConfig
from envs.synthesis import synthesize
from envs.unanswerable import CONCEPTS, Concept

BUSINESSES = ("library", "courier", "boutique", "harbour_hotel")


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    folder = tmp_path_factory.mktemp("businesses")
    opened = {}
    for name in BUSINESSES:
        build_database(name, folder / f"{name}.sqlite", 0)
        opened[name] = Database.open(folder / f"{name}.sqlite")
    yield opened
    for database in opened.values():
        database.close()


def made(database: Database, count: int = 60, share: float = 0.5) -> list[Question]:
    return synthesize(database, count, 1, "train", wording(database.name), unanswerable_share=share)


def asked(question: Question) -> Concept:
    """The concept a question is about: the one with the longest name in its text."""
    text = question.text.lower()
    words = [c for c in CONCEPTS if all(re.search(rf"\b{w.lower()[:5]}", text) for w in c.said.split() if len(w) > 2)]
    return max(words, key=lambda c: len(c.said))


@pytest.mark.parametrize("name", BUSINESSES)
def test_the_share_asked_for_has_no_answer_and_a_table_to_look_at(databases: dict[str, Database], name: str) -> None:
    questions = made(databases[name])
    without = [q for q in questions if not q.answerable]
    assert (len(questions), len(without)) == (60, 30)
    assert len(made(databases[name], 3, 0.0)) == 3
    assert len({q.id for q in questions}) == len({q.text.lower() for q in questions}) == 60
    for question in without:
        assert question.gold_sql == ""
        assert databases[name].schema.find(question.tables[0])


@pytest.mark.parametrize("name", BUSINESSES)
def test_nothing_asked_for_is_in_a_name_a_word_or_a_value(databases: dict[str, Database], name: str) -> None:
    database = databases[name]
    held = " ".join(describe(database, table) for table in database.schema.names) + " ".join(map(" ".join, wording(name).values()))
    words = {w.lower() for w in re.findall(r"[A-Za-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", held))}
    for question in made(database):
        if not question.answerable:
            assert not [w for w in words for stem in asked(question).stems if w.startswith(stem)], question.text


@pytest.mark.parametrize(
    "column",
    ["credit_score TEXT", "crdt_scr INTEGER", "CustomerCreditrating REAL", "scr INTEGER", "rating INTEGER", "CREDITWORTHINESS TEXT"],
)
def test_a_column_under_any_name_like_it_takes_its_question_away(tmp_path: Path, column: str) -> None:
    def texts(path: Path, extra: str) -> str:
        connection = sqlite3.connect(path)
        connection.execute(f"CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name TEXT, town TEXT{extra})")
        rows = [(i, f"Person {'ABCDEFGHIJKL'[i]}", ("Leeds", "York")[i % 2]) for i in range(12)]
        connection.executemany("INSERT INTO customers (customer_id, name, town) VALUES (?,?,?)", rows)
        connection.commit()
        connection.close()
        database = Database.open(path)
        try:
            return " ".join(q.text.lower() for q in synthesize(database, 400, 1, "train", unanswerable_share=0.8) if not q.answerable)
        finally:
            database.close()

    assert "credit score" in texts(tmp_path / "without.sqlite", "")
    assert "credit score" not in texts(tmp_path / "with.sqlite", f", {column}")


def test_an_empty_table_and_a_value_are_signs_too(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("""
        CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name TEXT, note TEXT);
        CREATE TABLE GiftCards (id INTEGER PRIMARY KEY);
    """)
    connection.executemany(
        "INSERT INTO customers VALUES (?,?,?)", [(i, f"P{i}", "wants a newsletter" if i == 3 else None) for i in range(9)]
    )
    connection.commit()
    connection.close()
    database = Database.open(path)
    texts = " ".join(q.text.lower() for q in synthesize(database, 300, 1, "train", unanswerable_share=0.8) if not q.answerable)
    database.close()
    assert "missed call" in texts
    assert "gift" not in texts
    assert "newsletter sub" not in texts


def test_training_and_held_out_questions_ask_for_different_things(databases: dict[str, Database]) -> None:
    def about(phrasing: str) -> set[str]:
        database = databases["boutique"]
        questions = synthesize(database, 120, 1, phrasing, wording("boutique"), unanswerable_share=0.5)  # type: ignore[arg-type]
        return {asked(q).said for q in questions if not q.answerable}

    assert about("train")
    assert about("validation")
    assert not about("train") & about("validation")


def test_an_expert_looks_at_the_table_asked_about_and_says_unknown(databases: dict[str, Database]) -> None:
    looked_beside = 0
    for number, question in enumerate(q for q in made(databases["library"]) if not q.answerable):
        said = [a.text for a in plan(databases["library"], question, EpisodeConfig(), DemonstrationConfig(), random.Random(number))]
        assert said[0] == f"DESCRIBE {question.tables[0]}"
        assert said[-1].startswith("ANSWER UNKNOWN")
        assert all(s.startswith("DESCRIBE") for s in said[:-1])
        looked_beside += len(said) > 2
    assert 5 < looked_beside < 28


@pytest.mark.parametrize("shares", [(1, 1), (-1, 1, 1), (0, 0, 0)])
def test_shares_that_are_none_are_refused(databases: dict[str, Database], shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="table shares"):
        synthesize(databases["library"], 5, 1, "train", table_shares=shares)
    with pytest.raises(ValueError, match="unanswerable share"):
        synthesize(databases["library"], 5, 1, "train", unanswerable_share=1.0)
