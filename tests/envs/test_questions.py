"""Question sets on disk, and canonical SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.gold_sql import name as sql_name
from envs.questions import canonical_sql, load_questions, save_questions, tables_read
from envs.records import Question
from envs.sandbox import Database


@pytest.fixture
def kennel(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "kennel.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("""
        CREATE TABLE Owners (OwnerID INTEGER PRIMARY KEY, "Full Name" TEXT, Town TEXT);
        CREATE TABLE Dogs (DogID INTEGER PRIMARY KEY, OwnerID INTEGER REFERENCES Owners(OwnerID), Name TEXT, Age INTEGER);
        INSERT INTO Owners VALUES (1, 'Ann', 'Leeds'), (2, 'Bob', 'York');
        INSERT INTO Dogs VALUES (1, 1, 'Rex', 3), (2, 2, 'Fido', 5);
    """)
    connection.close()
    database = Database.open(path)
    yield database
    database.close()


def question(text: str, sql: str = "SELECT COUNT(*) FROM Dogs", db_id: str = "kennel", identity: str = "q/1") -> Question:
    return Question(identity, db_id, text, sql, ("Dogs",), ("count",))


def test_a_saved_set_loads_back_equal(tmp_path: Path) -> None:
    questions = [
        question("How many dogs are there at the Café?"),
        Question("q/2", "kennel", "What is the weather?", "", answerable=False),
    ]
    save_questions(tmp_path / "set.json", questions)
    assert load_questions(tmp_path / "set.json") == questions


def test_spider_rows_load_and_their_tables_are_read_from_the_query(tmp_path: Path) -> None:
    row = {
        "db_id": "kennel",
        "question": "Whose dogs?",
        "query": "SELECT T1.Town FROM Owners AS T1 JOIN Dogs AS T2 ON T1.OwnerID = T2.OwnerID",
    }
    (tmp_path / "spider.json").write_text(json.dumps([row]))
    (loaded,) = load_questions(tmp_path / "spider.json")
    assert loaded.tables == ("Owners", "Dogs")
    assert loaded.id == "kennel/0000"
    assert loaded.answerable


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"db_id": "k", "question": "How many?"}, "query"),
        ({"db_id": "k", "question": " ", "query": "SELECT 1"}, "question"),
        ({"db_id": "k", "question": "How many?", "query": "SELECT FROM WHERE ("}, "cannot read the query"),
        ({"db_id": "k", "question": "How many?", "query": "SELECT " + "1" * 1_000_000}, "1000007 characters"),
        ({"db_id": "k", "question": "How many?", "query": "SELECT " + "(" * 500 + "1" + ")" * 500}, "parentheses"),
        ({"db_id": "k", "question": "How many?", "query": "SELECT 1 FROM a" + " JOIN b" * 40}, "joins"),
        ({"db_id": "k", "question": "How many?", "query": "SELECT 1", "answerable": "yes"}, "answerable"),
        (["a list"], "list"),
    ],
)
def test_a_bad_row_is_named_by_its_number(tmp_path: Path, row: object, said: str) -> None:
    good = {"db_id": "k", "question": "How many?", "query": "SELECT COUNT(*) FROM t"}
    (tmp_path / "bad.json").write_text(json.dumps([good, row]))
    with pytest.raises(ValueError, match=rf"row 1\b.*{said}"):
        load_questions(tmp_path / "bad.json")


def test_two_rows_with_one_id_are_refused(tmp_path: Path) -> None:
    save_questions(tmp_path / "twice.json", [question("One?"), question("Two?")])
    with pytest.raises(ValueError, match="rows 0 and 1 share the id"):
        load_questions(tmp_path / "twice.json")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ('select count( * )  from DOGS where NAME = "Rex";', "SELECT COUNT(*) FROM Dogs WHERE Name = 'Rex'"),
        (
            "SELECT t1.town FROM owners AS t1 JOIN dogs AS t2 ON t1.ownerid=t2.OWNERID WHERE t2.age<>3",
            "SELECT t1.Town FROM Owners AS t1 JOIN Dogs AS t2 ON t1.OwnerID = t2.OwnerID WHERE t2.Age != 3",
        ),
        ('SELECT "full name" FROM owners', 'SELECT "Full Name" FROM Owners'),
        (
            "SELECT Name FROM Dogs WHERE OwnerID NOT IN (SELECT OwnerID FROM Owners WHERE Town IS NOT NULL)",
            "SELECT Name FROM Dogs WHERE OwnerID NOT IN (SELECT OwnerID FROM Owners WHERE Town IS NOT NULL)",
        ),
        ("SELECT Name FROM Dogs WHERE Name NOT LIKE '%<> NOT x%'", "SELECT Name FROM Dogs WHERE Name NOT LIKE '%<> NOT x%'"),
    ],
)
def test_sql_gets_one_spelling(kennel: Database, written: str, canonical: str) -> None:
    assert canonical_sql(written, kennel.schema) == canonical
    assert kennel.query(canonical).rows == kennel.query(written, double_quoted_text=True).rows


def test_names_a_with_makes_are_not_tables() -> None:
    assert tables_read("WITH old AS (SELECT * FROM Dogs WHERE Age > 4) SELECT COUNT(*) FROM old") == ("Dogs",)


@pytest.mark.parametrize("word", ["Grant", "lock", "ANY", "order", "offset"])
def test_a_table_called_by_a_keyword_is_spelled_so_that_sqlite_and_sqlglot_both_read_it(word: str) -> None:
    sql = f"SELECT {sql_name(word)}.id FROM {sql_name(word)} WHERE {sql_name(word)}.{sql_name(word)} = 1"
    connection = sqlite3.connect(":memory:")
    connection.execute(f'CREATE TABLE "{word}" (id INTEGER, "{word}" INTEGER)')
    assert connection.execute(sql).fetchall() == []
    assert tables_read(sql) == (word,)
