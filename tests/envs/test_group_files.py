"""A step's file holds its groups and what was done with them, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from envs.group_files import Training, read_groups, read_training, training_of, write_groups
from envs.records import Action, Group, Outcome, Question, Step, Stop, Trajectory, Verb, WeightSpan

PLAYED = Trajectory(
    "shop/1", "shop", 0, (1, 2, 3), (0, 1, 1), (0.0, -0.1, -1 / 3), (WeightSpan(1, 3, 4),),
    (Step(Action(Verb.QUERY, "SELECT 1"), "QUERY SELECT 1", "1", True),), Stop.ANSWERED,
    Outcome(True, None, "SELECT 1", "RESULT"), 1.0, 0.1,
)  # fmt: skip


def group(number: int) -> Group:
    question = Question(f"shop/{number}", "shop", "How many?", "SELECT 1", ("pets",))
    return Group(question, tuple(replace(PLAYED, question_id=question.id, member=member) for member in (0, 1)))


GROUPS = [group(1), group(2), group(1)]


def test_groups_and_what_trained_come_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "step_000012.parquet"
    training = training_of(12, "phase1", GROUPS, [GROUPS[2], GROUPS[0]], 1e-5 / 3, 2**32 - 1)
    write_groups(path, GROUPS, training)
    assert read_groups(path) == GROUPS
    assert read_training(path) == training == Training(12, "phase1", (2, 0), 1e-5 / 3, 2**32 - 1)
    assert list(tmp_path.iterdir()) == [path]


def test_the_groups_of_one_question_are_read_alone(tmp_path: Path) -> None:
    write_groups(tmp_path / "a.parquet", GROUPS)
    assert read_groups(tmp_path / "a.parquet", "shop/1") == [GROUPS[0], GROUPS[2]]
    assert read_groups(tmp_path / "a.parquet", "shop/9") == []


def test_a_group_that_trains_must_be_one_of_those_played() -> None:
    with pytest.raises(ValueError, match="not among the 3 played"):
        training_of(12, "phase1", GROUPS, [group(1)], 1e-5, 0)


def test_a_file_without_training_or_without_groups_says_so(tmp_path: Path) -> None:
    write_groups(tmp_path / "evaluation.parquet", GROUPS)
    with pytest.raises(ValueError, match="does not say which of its groups trained"):
        read_training(tmp_path / "evaluation.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "evaluation.parquet").read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"cut\.parquet holds no groups"):
        read_groups(tmp_path / "cut.parquet")
    pq.write_table(pq.read_table(tmp_path / "evaluation.parquet").slice(1), tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match=r"rows\.parquet holds no groups"):
        read_groups(tmp_path / "rows.parquet")


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "step_000012.parquet"
    write_groups(path, GROUPS)
    with pytest.raises(ValueError, match="has no trajectory"):
        write_groups(path, [Group(GROUPS[0].question, ())])
    assert read_groups(path) == GROUPS
    assert list(tmp_path.iterdir()) == [path]
