"""Groups as Arrow tables, one row a trajectory: how they travel between processes and lie in the run directory.

Tables of several groups may be concatenated: `place` counts the trajectories of a group from 0, so each 0 begins a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from envs.records import Action, Failure, Group, Outcome, Question, Step, Stop, Trajectory, Verb, WeightSpan

_QUESTION = pa.struct(
    [
        ("id", pa.string()),
        ("db_id", pa.string()),
        ("text", pa.string()),
        ("gold_sql", pa.string()),
        ("tables", pa.list_(pa.string())),
        ("constructs", pa.list_(pa.string())),
        ("answerable", pa.bool_()),
    ]
)
_STEP = pa.struct(
    [("verb", pa.string()), ("argument", pa.string()), ("text", pa.string()), ("observation", pa.string()), ("ok", pa.bool_())]
)
_OUTCOME = pa.struct([("correct", pa.bool_()), ("failure", pa.string()), ("sql", pa.string()), ("answer", pa.string())])
SCHEMA = pa.schema(
    [
        ("place", pa.int32()),  # within the group
        ("question", _QUESTION),
        ("question_id", pa.string()),
        ("db_id", pa.string()),
        ("member", pa.int32()),
        ("ids", pa.list_(pa.int32())),
        ("mask", pa.list_(pa.int8())),
        ("logprobs", pa.list_(pa.float64())),  # as Python holds them, so that a round trip changes nothing
        ("spans", pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("version", pa.int64())]))),
        ("steps", pa.list_(_STEP)),
        ("stop", pa.string()),
        ("outcome", _OUTCOME),
        ("reward", pa.float64()),
        ("seconds", pa.float64()),
    ]
)


def groups_to_table(groups: Sequence[Group]) -> pa.Table:
    """One row a trajectory, groups one after the other.

    Raises:
        ValueError: a group has no trajectory, so no row could stand for it.
    """
    rows = []
    for group in groups:
        if not group.trajectories:
            raise ValueError(f"the group of question {group.question.id} has no trajectory: nothing to store")
        question = _fields(group.question)
        for place, trajectory in enumerate(group.trajectories):
            row = _fields(trajectory)
            row["place"], row["question"] = place, question
            row["spans"] = [_fields(span) for span in trajectory.spans]
            row["steps"] = [_step_row(step) for step in trajectory.steps]
            row["outcome"] = _fields(trajectory.outcome)
            rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def table_to_groups(table: pa.Table) -> list[Group]:
    """The groups of a table made by groups_to_table, or of several such tables concatenated.

    Raises:
        ValueError: the columns are not SCHEMA's, or rows of a group are missing or out of order.
    """
    if not table.schema.equals(SCHEMA):
        raise ValueError(f"this table holds no groups: wanted columns {SCHEMA.names}, got {table.schema.names} (or other types)")
    groups: list[tuple[Question, list[Trajectory]]] = []
    for row in table.to_pylist():
        if row["place"] == 0:
            groups.append((_question(row["question"]), []))
        if not groups or row["place"] != len(groups[-1][1]):
            raise ValueError(f"a trajectory of question {row['question_id']} stands at place {row['place']}, out of its group's order")
        groups[-1][1].append(_trajectory(row))
    return [Group(question, tuple(trajectories)) for question, trajectories in groups]


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _step_row(step: Step) -> dict[str, Any]:
    return {
        "verb": step.action.verb,
        "argument": step.action.argument,
        "text": step.text,
        "observation": step.observation,
        "ok": step.ok,
    }


def _question(row: dict[str, Any]) -> Question:
    return Question(**{**row, "tables": tuple(row["tables"]), "constructs": tuple(row["constructs"])})


def _trajectory(row: dict[str, Any]) -> Trajectory:
    outcome = row["outcome"]
    failure = None if outcome["failure"] is None else Failure(outcome["failure"])
    return Trajectory(
        question_id=row["question_id"],
        db_id=row["db_id"],
        member=row["member"],
        ids=tuple(row["ids"]),
        mask=tuple(row["mask"]),
        logprobs=tuple(row["logprobs"]),
        spans=tuple(WeightSpan(**span) for span in row["spans"]),
        steps=tuple(
            Step(Action(Verb(step["verb"]), step["argument"]), step["text"], step["observation"], step["ok"]) for step in row["steps"]
        ),
        stop=Stop(row["stop"]),
        outcome=Outcome(outcome["correct"], failure, outcome["sql"], outcome["answer"]),
        reward=row["reward"],
        seconds=row["seconds"],
    )
