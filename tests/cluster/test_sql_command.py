"""`analyst-buddy sql`: a JSON line for each query, at both levels, and an exit code that says whether all could be read."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from tests import command_line

run = partial(command_line.run, "sql")


@pytest.mark.parametrize("level", [[], ["--untrusted"]])
def test_a_select_comes_back_as_one_json_line(shop_db: Path, level: list[str]) -> None:
    done = run(shop_db, "SELECT name, weight_kg, 9007199254740992, -9007199254740993, x'00ff', 1e999 FROM pets WHERE pet_id > 5", *level)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    line = json.loads(done.stdout)
    assert line.pop("ms") > 0
    assert line == {
        "columns": ["name", "weight_kg", "9007199254740992", "-9007199254740993", "x'00ff'", "1e999"],
        "rows": [
            ["Rex", None, 2**53, "-9007199254740993", "x'00ff'", "Infinity"],
            ["Mia", 4.2, 2**53, "-9007199254740993", "x'00ff'", "Infinity"],
        ],
        "truncated": False,
        "tables_read": ["pets"],
    }


@pytest.mark.parametrize("level", [[], ["--untrusted"]])
def test_a_file_of_queries_comes_back_line_by_line_with_errors_in_their_places(shop_db: Path, tmp_path: Path, level: list[str]) -> None:
    queries = [
        "SELECT count(*) FROM pets",
        "DELETE FROM pets",
        "SELECT nmae FROM pets",
        "SELECT '\ud800'",
        "SELECT 'é\n'",
        "SELECT count(*) FROM pets",
    ]
    file = tmp_path / "in.jsonl"
    file.write_text("\n\n".join(json.dumps({"sql": sql}) for sql in queries) + "\n")
    done = run(shop_db, "--file", file, *level)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [line["error"]["code"] if "error" in line else line["rows"][0][0] for line in lines] == [
        7,
        "not_select",
        "no_column",
        "other",
        "é\n",
        7,
    ]
    assert lines[2]["error"]["message"].startswith("no such column: nmae; pets has name, ")


def test_what_cannot_be_read_is_one_line_and_exit_code_2(shop_db: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"sql": "SELECT 1"}\n{"query": "SELECT 1"}\n')
    (tmp_path / "no.sqlite").write_text("no database")
    for arguments, said in (
        ([tmp_path / "none.sqlite", "SELECT 1"], "no database at"),
        ([tmp_path / "no.sqlite", "SELECT 1", "--untrusted"], "cannot be read as a SQLite database"),
        ([shop_db], "either one SELECT or --file"),
        ([shop_db, "--file", tmp_path / "bad.jsonl"], "line 2: wanted"),
        ([shop_db, "--file", tmp_path / "none.jsonl"], "none.jsonl"),
        ([shop_db, "SELECT 1", "--nope"], "No such option"),
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_help_says_what_a_line_holds() -> None:
    done = run("--help")
    assert done.returncode == 0
    for word in ("columns", "tables_read", "--untrusted", "2^53"):
        assert word in done.stdout
