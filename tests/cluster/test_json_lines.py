"""Reading JSON lines: all of them, or the line that will not do is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cluster.errors import UserError
from cluster.json_lines import read_json_lines


def name_of(row: Any, number: int) -> tuple[int, str]:
    return number, row["name"].strip()


def test_lines_are_numbered_as_in_the_file_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "names.jsonl"
    file.write_text('{"name": "a"}\n\n  \n{"name": " b "}')
    assert read_json_lines(file, "a name", name_of) == [(1, "a"), (4, "b")]


@pytest.mark.parametrize("bad", ["{", "7", "null", '"text"', '{"other": 1}', '{"name": 1}', "[" * 100_000])
def test_a_line_that_will_not_do_is_named_with_what_was_wanted(tmp_path: Path, bad: str) -> None:
    file = tmp_path / "names.jsonl"
    file.write_text('{"name": "a"}\n' + bad + "\n")
    with pytest.raises(UserError, match=r"names\.jsonl, line 2: wanted a name, got "):
        read_json_lines(file, "a name", name_of)
