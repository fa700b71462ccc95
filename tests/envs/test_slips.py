"""Slips are realistic, run for real, and show themselves."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from envs.sandbox import Database, QueryError
from envs.slips import SlipKind, make_slip
from envs.sql_reading import read_query, replaced

GOLDS = (
    "SELECT count(*) FROM Dogs WHERE breed = 'Border Collie'",
    "SELECT dogName, weight_kg FROM Dogs WHERE weight_kg > 20 ORDER BY weight_kg DESC",
    "SELECT T2.owner_name FROM Dogs AS T1 JOIN Owners AS T2 ON T1.owner_id = T2.owner_id WHERE T1.breed = 'Pug'",
    'SELECT T1.dogName, sum(T2."Cost (EUR)") FROM Dogs AS T1 JOIN Visits AS T2 ON T1.dog_id = T2.dog_id GROUP BY T1.dog_id',
    "SELECT owner_name FROM Owners WHERE owner_id NOT IN (SELECT owner_id FROM Dogs WHERE weight_kg > 20)",
)


@pytest.fixture(scope="module")
def kennel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("slips") / "kennel.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("""
            CREATE TABLE Owners (owner_id INTEGER PRIMARY KEY, owner_name TEXT, town TEXT);
            CREATE TABLE Dogs (dog_id INTEGER PRIMARY KEY, dogName TEXT, breed TEXT, weight_kg REAL,
                owner_id INTEGER REFERENCES Owners (owner_id));
            CREATE TABLE Visits (visit_id INTEGER PRIMARY KEY, dog_id INTEGER REFERENCES Dogs (dog_id), "Cost (EUR)" REAL);
            INSERT INTO Owners VALUES (1, 'Ann', 'Ely'), (2, 'Bob', 'Ely'), (3, 'Cid', 'Bath');
            INSERT INTO Dogs VALUES (1, 'Rex', 'Border Collie', 21.5, 1), (2, 'Pip', 'Pug', 8, 2), (3, 'Moe', 'Pug', 9, 3);
            INSERT INTO Visits VALUES (1, 1, 40), (2, 1, 25.5), (3, 3, 60);
        """)
    database = Database.open(path)
    yield database
    database.close()


@pytest.mark.parametrize("gold", GOLDS)
@pytest.mark.parametrize("seed", range(12))
def test_a_slip_fails_or_finds_nothing(kennel: Database, gold: str, seed: int) -> None:
    slip = make_slip(kennel, gold, random.Random(seed))
    assert slip is not None
    try:
        rows = kennel.query(slip.sql).rows
    except QueryError:
        return
    assert not rows or set(rows[0]) <= {0, None}
    assert rows != kennel.query(gold).rows


def test_every_kind_of_slip_is_made(kennel: Database) -> None:
    made = Counter(slip.kind for gold in GOLDS for seed in range(60) if (slip := make_slip(kennel, gold, random.Random(seed))))
    assert set(made) == set(SlipKind)
    assert made[SlipKind.WRONG_COLUMN] > made[SlipKind.WRONG_TABLE]


@pytest.mark.parametrize(
    ("gold", "kind", "said"),
    [
        (GOLDS[2], SlipKind.OTHER_TABLE, "no such column: T"),
        (GOLDS[2], SlipKind.WRONG_ALIAS, "no such column: (Dogs|Owners)[.]"),
        (GOLDS[2].replace("T1", "Dogs").replace("T2", "Owners").replace(" AS Dogs", "").replace(" AS Owners", ""), SlipKind.WRONG_ALIAS,
         "no such column: (d|o|T1|T2)[.]"),
        (GOLDS[2], SlipKind.MISSING_JOIN, "no such column: T2[.]owner_name"),
        (GOLDS[0], SlipKind.WRONG_VALUE, ""),
    ],
)  # fmt: skip
def test_each_named_slip_meets_the_databases_own_words(kennel: Database, gold: str, kind: SlipKind, said: str) -> None:
    made = {slip.sql for seed in range(400) if (slip := make_slip(kennel, gold, random.Random(seed))) and slip.kind is kind}
    assert made
    for sql in made:
        if said:
            with pytest.raises(QueryError, match=said):
                kennel.query(sql)
        else:
            assert kennel.query(sql).rows in ((), ((0,),))


def test_the_same_seed_makes_the_same_slip(kennel: Database) -> None:
    assert make_slip(kennel, GOLDS[2], random.Random(5)) == make_slip(kennel, GOLDS[2], random.Random(5))


def test_a_slip_names_the_table_that_would_have_told(kennel: Database) -> None:
    for seed in range(60):
        slip = make_slip(kennel, GOLDS[2], random.Random(seed))
        assert slip is not None
        if slip.kind is SlipKind.MISSING_JOIN:
            assert slip.table == "Owners"
        if slip.kind is SlipKind.WRONG_VALUE:
            assert slip.table == "Dogs"


def test_a_query_without_anything_to_mistake_has_no_slip(kennel: Database) -> None:
    assert make_slip(kennel, "SELECT 1", random.Random(0)) is None


def test_a_gold_that_fails_is_an_error_not_a_slip(kennel: Database) -> None:
    with pytest.raises(QueryError):
        make_slip(kennel, "SELECT nothing FROM Dogs", random.Random(0))
    with pytest.raises(ValueError, match="does not parse"):
        make_slip(kennel, "SELECT FROM WHERE (", random.Random(0))


def test_a_query_is_read_with_the_schemas_spelling_and_places_in_its_text(kennel: Database) -> None:
    sql = "SELECT T1.DOGNAME FROM dogs AS T1 JOIN owners AS T2 ON T1.owner_id = T2.owner_id WHERE town = 'Ely' AND breed IN ('Pug')"
    reading = read_query(sql, kennel.schema)
    assert reading.table_names == ("Dogs", "Owners")
    assert [(t.table, t.column, t.value) for t in reading.texts] == [("Owners", "town", "Ely"), ("Dogs", "breed", "Pug")]
    assert ("Dogs", "dogName") in {(c.table, c.column) for c in reading.columns}
    town = next(t for t in reading.texts if t.value == "Ely")
    assert "town = 'Bath' AND" in replaced(sql, [(town.place, "'Bath'")])


def test_a_column_of_a_subquery_belongs_to_the_subquerys_table(kennel: Database) -> None:
    reading = read_query("SELECT owner_name FROM Owners WHERE owner_id IN (SELECT owner_id FROM Dogs)", kennel.schema)
    owners = [c.table for c in reading.columns if c.column == "owner_id"]
    assert owners == ["Owners", "Dogs"]


def test_a_date_format_is_no_text_to_compare_with(kennel: Database) -> None:
    reading = read_query("SELECT count(*) FROM Owners WHERE strftime('%Y', town) = '2024'", kennel.schema)
    assert [t.value for t in reading.texts] == ["2024"]
