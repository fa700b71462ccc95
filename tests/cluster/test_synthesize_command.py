"""`analyst-buddy synthesize`: an owner's file in, questions with SQL that runs on it out."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from envs.businesses import build_database
from envs.sandbox import Database
from tests import command_line

run = partial(command_line.run, "synthesize")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "library.sqlite"
    build_database("library", path, 0)
    return path


def test_each_line_is_a_question_whose_query_runs_on_the_untouched_file(library: Path, tmp_path: Path) -> None:
    before = hashlib.sha256(library.read_bytes()).hexdigest()
    done = run(library, "--questions", 60, "--out", tmp_path / "q.jsonl", "--unanswerable", 0.1, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text(encoding="utf-8").splitlines()]
    made = json.loads(done.stdout)
    assert (made["questions"], len(rows), sum(made["by_tables"].values()) + made["unanswerable"]) == (60, 60, 60)
    database = Database.open(library)
    try:
        for row in rows:
            assert row.keys() == {"db_id", "question", "query", "tables", "constructs", "answerable"}
            assert row["db_id"] == "library"
            assert bool(row["query"]) == row["answerable"]
            if row["answerable"]:
                found = database.query(row["query"])
                assert found.rows
                assert found.tables_read == set(row["tables"])
    finally:
        database.close()
    assert 4 <= sum(not row["answerable"] for row in rows) <= 8
    assert hashlib.sha256(library.read_bytes()).hexdigest() == before
    assert [path.name for path in library.parent.iterdir()] == ["library.sqlite"]


def test_the_seed_decides_the_questions(library: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run(library, "--questions", 20, "--seed", seed, "--phrasing", "validation", "--out", tmp_path / name).returncode == 0
    one, same, other = ((tmp_path / name).read_text(encoding="utf-8") for name in "abc")
    assert one == same != other


def test_a_small_schema_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "tiny.sqlite"
    connection = sqlite3.connect(path)
    connection.execute('CREATE TABLE "pets ""x;drop--" (id INTEGER PRIMARY KEY, name TEXT, kind TEXT)')
    connection.executemany('INSERT INTO "pets ""x;drop--" VALUES (?,?,?)', [(i, f"Pet {i}", ("cat", "dog")[i % 2]) for i in range(6)])
    connection.commit()
    connection.close()
    done = run(path, "--questions", 3000, "--out", tmp_path / "q.jsonl")
    assert done.returncode == 0
    assert "The schema allows no more" in done.stdout
    rows = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text(encoding="utf-8").splitlines()]
    assert 20 < len(rows) < 3000
    assert {table for row in rows for table in row["tables"]} == {'pets "x;drop--'}


def test_a_schema_without_anything_to_ask_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a INTEGER)")
    connection.commit()
    connection.close()
    done = run(path, "--out", tmp_path / "q.jsonl")
    assert done.returncode == 3
    assert "allows no questions" in done.stderr
    assert not (tmp_path / "q.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--questions", "0"], "--questions is 0"),
        (["--phrasing", "test"], "wanted one of train, validation"),
        (["--unanswerable", "1"], "unanswerable share is 1"),
        (["--out", "nowhere/q.jsonl"], "there is no folder"),
    ],
)
def test_a_wrong_option_is_one_line_and_code_2(library: Path, tmp_path: Path, options: list[str], said: str) -> None:
    done = run(library, "--out", tmp_path / "q.jsonl", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "q.jsonl").exists()


def test_what_is_no_database_is_code_2(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    done = run(tmp_path / "notes.txt", "--out", tmp_path / "q.jsonl")
    assert done.returncode == 2
    assert run(tmp_path / "none.sqlite", "--out", tmp_path / "q.jsonl").returncode == 2
