"""Groups survive the way through Arrow and Parquet unchanged."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from envs.groups import SCHEMA, groups_to_table, table_to_groups
from envs.records import Action, Failure, Group, Outcome, Question, Step, Stop, Trajectory, Verb, WeightSpan

QUESTION = Question("shop/1", "shop", "How many pets, né 🐶?", "SELECT count(*) FROM pets", ("pets",), ("count",))


def trajectory(member: int, *, correct: bool = True) -> Trajectory:
    return Trajectory(
        question_id="shop/1",
        db_id="shop",
        member=member,
        ids=(49_151, 2, 3),
        mask=(0, 1, 1),
        logprobs=(0.0, -0.1, -1 / 3),
        spans=(WeightSpan(1, 2, 4), WeightSpan(2, 3, 5)),
        steps=(Step(Action(Verb.QUERY, "SELECT 1"), "QUERY SELECT 1", "1\n1", True), Step(Action(Verb.MALFORMED, "no"), "", "", False)),
        stop=Stop.ANSWERED,
        outcome=Outcome(correct, None if correct else Failure.WRONG_ROWS, "SELECT 1", "RESULT"),
        reward=float(correct),
        seconds=0.1,
    )


GROUPS = [
    Group(QUESTION, (trajectory(0), trajectory(1, correct=False), trajectory(5))),
    Group(QUESTION, (trajectory(0),)),
    Group(Question("shop/2", "shop", "Why?", "", answerable=False), (trajectory(0),)),
]


def test_groups_come_back_equal() -> None:
    assert table_to_groups(groups_to_table(GROUPS)) == GROUPS
    assert table_to_groups(groups_to_table([])) == []


def test_types_come_back_as_they_were() -> None:
    back = table_to_groups(groups_to_table(GROUPS))[0].trajectories[1]
    assert type(back.steps[0].action.verb) is Verb
    assert type(back.outcome.failure) is Failure
    assert type(back.stop) is Stop


def test_groups_come_back_equal_from_parquet(tmp_path: Path) -> None:
    pq.write_table(groups_to_table(GROUPS), tmp_path / "groups.parquet")
    assert table_to_groups(pq.read_table(tmp_path / "groups.parquet")) == GROUPS


def test_concatenated_tables_keep_groups_of_one_question_apart() -> None:
    tables = [groups_to_table([group]) for group in GROUPS]
    assert table_to_groups(pa.concat_tables(tables)) == GROUPS


def test_every_table_has_the_same_columns_also_without_rows() -> None:
    assert groups_to_table([]).schema == groups_to_table(GROUPS).schema == SCHEMA


def test_a_group_without_trajectories_is_refused() -> None:
    with pytest.raises(ValueError, match="has no trajectory"):
        groups_to_table([Group(QUESTION, ())])


def test_a_table_of_other_columns_or_with_missing_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no groups"):
        table_to_groups(pa.table({"x": [1]}))
    with pytest.raises(ValueError, match="out of its group's order"):
        table_to_groups(groups_to_table(GROUPS).slice(1))
