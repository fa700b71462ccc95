"""A perturbed copy is another database of the same kind: it finds out queries that are right by luck, and only those."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from envs.businesses import TRAIN, build_database
from envs.perturb import perturb, perturbed
from envs.records import Question
from envs.sandbox import Database, Trust
from envs.verifier import is_robust, judge


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("business") / f"{TRAIN[0]}.sqlite"
    build_database(TRAIN[0], path, 0)
    yield path


def test_the_same_seed_gives_the_same_copy_and_another_seed_another(shop_db: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        perturb(shop_db, tmp_path / name, seed)
    assert rows_of(tmp_path / "a") == rows_of(tmp_path / "b")
    assert rows_of(tmp_path / "a") != rows_of(tmp_path / "c")


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_keeps_tables_types_foreign_keys_and_the_values_of_each_column(business: Path, tmp_path: Path, seed: int) -> None:
    perturb(business, tmp_path / "copy.sqlite", seed)
    before, after = rows_of(business), rows_of(tmp_path / "copy.sqlite")
    with closing(sqlite3.connect(business)) as old, closing(sqlite3.connect(tmp_path / "copy.sqlite")) as new:
        schema = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        assert old.execute(schema).fetchall() == new.execute(schema).fetchall()
        assert new.execute("PRAGMA foreign_key_check").fetchall() == []
        assert new.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for name, rows in before.items():
            assert rows and after[name] and after[name] != rows
            for place, (_, column, *_, key) in enumerate(old.execute(f'PRAGMA table_info("{name}")')):
                if column in {key[3] for key in old.execute(f'PRAGMA foreign_key_list("{name}")')}:
                    continue  # another of its parent's keys
                strange = {row[place] for row in after[name]} - {row[place] for row in rows}
                assert not strange or (key and all(isinstance(value, int) for value in strange)), (name, column)


def test_ids_are_shuffled_the_same_way_wherever_a_foreign_key_carries_them(tmp_path: Path) -> None:
    source, target = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.executescript(
            "CREATE TABLE makers (code TEXT PRIMARY KEY); CREATE TABLE cars (id INTEGER PRIMARY KEY, maker TEXT REFERENCES makers)"
        )
        connection.executemany("INSERT INTO makers VALUES (?)", [(f"m{i}",) for i in range(50)])
        connection.executemany("INSERT INTO cars VALUES (?, ?)", [(i, f"m{i}") for i in range(50)])
    perturb(source, target, 0)
    with closing(sqlite3.connect(target)) as connection:
        moved = connection.execute("SELECT count(*) FROM cars WHERE maker <> 'm' || id").fetchone()[0]
        sound = connection.execute("SELECT count(*) FROM cars JOIN makers ON code = maker").fetchone()[0]
        assert moved > 30
        assert sound == connection.execute("SELECT count(*) FROM cars").fetchone()[0]


def test_uniqueness_of_every_kind_holds_in_a_copy(tmp_path: Path) -> None:
    source, target = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.executescript("""
            CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT UNIQUE, boss INTEGER REFERENCES people, name TEXT);
            CREATE TABLE groups (name TEXT PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE members (person INTEGER REFERENCES people, team TEXT REFERENCES groups, n INTEGER CHECK (n > person),
                                  twice GENERATED ALWAYS AS (2 * n), PRIMARY KEY (person, team));
            CREATE TABLE empty (id INTEGER PRIMARY KEY); CREATE TABLE lost (id INTEGER REFERENCES empty);
        """)
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", [(i, f"p{i}", i // 2 or None, f"Name {i}") for i in range(1, 60)])
        connection.executemany("INSERT INTO groups VALUES (?)", [(f"g{i}",) for i in range(5)])
        connection.executemany("INSERT INTO members VALUES (?, ?, ?)", [(i, f"g{j}", 99) for i in range(1, 60) for j in range(3)])
        connection.execute("INSERT INTO lost VALUES (7)")
    for seed in range(10):
        target.unlink(missing_ok=True)
        perturb(source, target, seed)
        with closing(sqlite3.connect(target)) as connection:
            broken = {row[0] for row in connection.execute("PRAGMA foreign_key_check")}
            assert broken <= {"lost"}  # whose parent never had rows
            assert connection.execute("SELECT count(*) - count(DISTINCT name), count(*) > 30 FROM people").fetchone() == (0, 1)
            assert connection.execute("SELECT min(twice), count(*) > 50 FROM members").fetchone() == (198, 1)


def test_a_copy_is_never_written_over_a_file_nor_made_of_a_strangers(shop_db: Path) -> None:
    with pytest.raises(FileExistsError, match="name a new file"):
        perturb(shop_db, shop_db, 0)
    stranger = Database.open(shop_db, trust=Trust.UNTRUSTED)
    with pytest.raises(ValueError, match="not trusted"), perturbed(stranger):
        pass
    stranger.close()


def test_copies_are_gone_at_the_end(shop: Database) -> None:
    with perturbed(shop, copies=2) as copies:
        paths = [copy.path for copy in copies]
        assert all(path.is_file() for path in paths)
    assert not any(path.exists() or path.parent.exists() for path in paths)


LUCKY = [
    ("SELECT count(*) FROM pets WHERE species = 'dog'", "SELECT count(*) FROM pets WHERE species = 'cat'"),
    ("SELECT count(*) FROM pets", "SELECT max(pet_id) FROM pets"),
    ("SELECT count(*) FROM pets", "SELECT 7 FROM pets LIMIT 1"),
    ("SELECT name FROM pets WHERE weight_kg > 20", "SELECT name FROM pets WHERE pet_id IN (1, 4)"),
    ("SELECT full_name FROM owners o WHERE EXISTS (SELECT 1 FROM pets p WHERE p.owner_id = o.owner_id)",
     "SELECT full_name FROM owners WHERE owner_id < 6"),
    ("SELECT max(price) FROM Products", "SELECT price FROM Products WHERE product_name = 'Leash'"),
]  # fmt: skip
SOUND = [
    ("SELECT count(*) FROM pets WHERE species = 'dog'", "SELECT sum(species = 'dog') FROM pets"),
    ("SELECT full_name FROM owners o WHERE EXISTS (SELECT 1 FROM pets p WHERE p.owner_id = o.owner_id)",
     "SELECT full_name FROM owners WHERE owner_id IN (SELECT owner_id FROM pets)"),
    ("SELECT max(price) FROM Products", "SELECT price FROM Products ORDER BY price DESC LIMIT 1"),
    ("SELECT species, count(*) FROM pets GROUP BY 1", "SELECT count(pet_id), species FROM pets GROUP BY species ORDER BY 1"),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "sql", "robust"), [(*pair, False) for pair in LUCKY] + [(*pair, True) for pair in SOUND])
def test_a_query_that_is_right_by_luck_is_found_out_and_a_sound_one_is_not(shop: Database, gold: str, sql: str, robust: bool) -> None:
    question = Question("shop/0", "shop", "?", gold)
    with perturbed(shop, copies=8, seed=3) as copies:
        verdict = judge(shop, question, sql, "RESULT", copies)
        assert verdict.correct, "by luck or not, it is right on the database itself"
        assert verdict.robust is robust


def test_copies_on_which_the_gold_is_empty_say_nothing(shop: Database) -> None:
    question = Question("shop/0", "shop", "?", "SELECT name FROM pets WHERE species = 'fish'")
    with perturbed(shop) as copies:
        assert is_robust(copies, question, "SELECT name FROM pets LIMIT 0") is None
    assert is_robust((), question, "SELECT name FROM pets LIMIT 0") is None
