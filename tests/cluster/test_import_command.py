"""`analyst-buddy import`: the report as text or JSON, and an exit code that says whether a database was made."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from tests import command_line

run = partial(command_line.run, "import")


def test_a_file_becomes_a_database_and_a_report(tmp_path: Path) -> None:
    source, out = tmp_path / "shop.csv", tmp_path / "clean.sqlite"
    source.write_text("Item;Größe;Sold\nLeash;1,5;3.4.2024\nBowl;2,5;13.4.2024\n", encoding="utf-8")
    done = run(source, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert "groesse real (from 'Größe')" in done.stdout
    assert "shop.sold: dates read as day first" in done.stdout
    assert out.is_file()
    done = run(source, "--out", out, "--json", "--replace", "--dates", "month-first")
    report = json.loads(done.stdout)
    assert (done.returncode, report["kind"], report["out"]) == (0, "csv", str(out))
    assert report["tables"][0]["columns"][2] == {"name": "sold", "original": "Sold", "type": "DATE"}
    assert {note["kind"] for note in report["notes"]} == {"read_as"}


def test_a_refused_file_is_one_line_and_exit_code_3_and_a_wrong_command_2(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"\0\1\2" * 1_000)
    done = run(tmp_path / "in.csv", "--out", tmp_path / "out.sqlite", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (3, "unknown")
    assert done.stderr.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]
    for arguments in (
        [tmp_path / "none.csv", "--out", tmp_path / "out.sqlite"],
        [tmp_path / "in.csv"],
        [tmp_path / "in.csv", "--out", tmp_path / "in.csv"],
    ):
        assert run(*arguments).returncode in (2, 3)
