"""Feedback becomes questions with gold SQL that `--spider` and `evaluate` read."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from cluster.feedback_command import build_from_feedback
from envs.questions import load_questions
from serving.feedback import Feedback, write_feedback


def say(state: Path, question: str | None, verdict: str, sql: str, corrected: str | None = None, file: str = "") -> None:
    file = file or "databases/ann/shop/data-1.sqlite"
    told = Feedback("ann", "ans_1", "shop", file, question, sql, "answered", "m v0 0", verdict, None, corrected)
    write_feedback(state / "feedback", told)


@pytest.fixture
def state(tmp_path: Path, shop_db: Path) -> Path:
    path = tmp_path / "state" / "databases" / "ann" / "shop" / "data-1.sqlite"
    path.parent.mkdir(parents=True)
    shutil.copy(shop_db, path)
    return tmp_path / "state"


def test_right_answers_and_corrections_become_questions(state: Path, tmp_path: Path) -> None:
    say(state, "How many pets?", "right", "SELECT count(*) FROM pets")
    say(state, "How many owners?", "wrong", "SELECT 1", "SELECT count(*) FROM owners")
    say(state, "How many sales?", "wrong", "SELECT 2")
    say(state, "How many dogs?", "right", "SELECT count(* FROM pets")
    say(state, None, "right", "SELECT count(*) FROM pets")
    say(state, "Gone?", "right", "SELECT 1", file="databases/ann/gone/data-2.sqlite")
    say(state, "Outside?", "right", "SELECT 1", file="../../etc/passwd")
    found: dict[str, Any] = build_from_feedback(state / "feedback", tmp_path / "out")
    assert (found["questions"], found["databases"], sum(found["left_out"].values())) == (2, 1, 5)
    questions = load_questions(tmp_path / "out" / "train_feedback.json")
    assert {q.text: q.gold_sql for q in questions} == {
        "How many pets?": "SELECT count(*) FROM pets",
        "How many owners?": "SELECT count(*) FROM owners",
    }
    db_id = questions[0].db_id
    assert (tmp_path / "out" / "database" / db_id / f"{db_id}.sqlite").is_file()


def test_the_last_word_on_a_question_holds(state: Path, tmp_path: Path) -> None:
    say(state, "How many pets?", "right", "SELECT count(*) FROM owners")
    time.sleep(0.005)  # files are told apart by the millisecond
    say(state, "How many pets?", "wrong", "SELECT count(*) FROM owners", "SELECT count(*) FROM pets")
    build_from_feedback(state / "feedback", tmp_path / "out")
    assert [q.gold_sql for q in load_questions(tmp_path / "out" / "train_feedback.json")] == ["SELECT count(*) FROM pets"]


def test_feedback_without_a_question_makes_nothing(state: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no feedback"):
        build_from_feedback(state / "feedback", tmp_path / "out")
    say(state, "How many sales?", "wrong", "SELECT 2")
    with pytest.raises(ValueError, match="1 wrong, without"):
        build_from_feedback(state / "feedback", tmp_path / "out")
    assert not (tmp_path / "out").exists()
