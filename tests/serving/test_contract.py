"""What goes over HTTP: which bodies are taken, and how cells are written."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from serving.contract import AskBody, SqlBody, rows_of


@pytest.mark.parametrize(
    "body",
    [
        {"database": "shop", "question": "How many pets?", "sample": 5},  # the key is called samples
        {"database": "../shop", "question": "How many pets?"},
        {"database": "shop", "question": " \n"},
        {"database": "shop", "question": "x" * 2_001},
        {"database": "shop", "question": "How many pets?", "samples": 0},
        {"database": "shop", "question": "How many pets?", "samples": "5"},
        {"database": "shop", "question": "How many pets?", "conversation": "a/b"},
        {"database": "shop"},
    ],
)
def test_a_body_of_another_shape_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AskBody.model_validate(body)


def test_a_question_and_a_select_are_taken_as_they_are() -> None:
    assert AskBody.model_validate({"database": "shop", "question": "How many pets?"}).samples is None
    assert SqlBody.model_validate({"database": "shop", "sql": "SELECT 1;"}).sql == "SELECT 1;"


def test_cells_that_json_readers_read_differently_become_text() -> None:
    rows = rows_of([(2**53, 2**53 + 1, float("inf"), float("-inf"), b"\x00\xff", None, "é", 1.5)])
    assert json.loads(json.dumps(rows, allow_nan=False)) == [
        [2**53, str(2**53 + 1), "Infinity", "-Infinity", "x'00ff'", None, "é", 1.5],
    ]
