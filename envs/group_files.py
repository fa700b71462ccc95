"""Groups in the run directory: one Parquet file a GRPO step, with which of its groups trained, how, and in what order.

The groups are those of envs.groups; what the step did with them stands in the file's metadata, so that one file is all a step's
training can be repeated from. Files of held-out evaluations hold groups alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from envs.groups import groups_to_table, table_to_groups
from envs.records import Group
from envs.whole_files import file_written_aside

_KEY = b"analyst_buddy.training"


@dataclass(frozen=True, slots=True)
class Training:
    """What a step did with the groups played for it."""

    step: int
    stage: str
    trained: tuple[int, ...]  # places among the groups played, in the order the learner was given them
    learning_rate: float
    seed: int  # of the cut into minibatches


def training_of(step: int, stage: str, played: Sequence[Group], usable: Sequence[Group], learning_rate: float, seed: int) -> Training:
    """The record of a step that trains on `usable`, each one of the objects in `played`.

    Raises:
        ValueError: a group to train on is none of those played.
    """
    places = {id(group): place for place, group in enumerate(played)}
    if not all(id(group) in places for group in usable):
        raise ValueError(f"step {step} trains on a group that is not among the {len(played)} played: its file would not hold it")
    return Training(step, stage, tuple(places[id(group)] for group in usable), learning_rate, seed)


def write_groups(path: Path, groups: Sequence[Group], training: Training | None = None) -> None:
    """Write the file whole or not at all.

    Raises:
        DiskFullError: no room is left.
    """
    table = groups_to_table(groups)
    if training is not None:
        table = table.replace_schema_metadata({_KEY: json.dumps(asdict(training)).encode()})
    with file_written_aside(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def read_groups(path: Path, question_id: str | None = None) -> list[Group]:
    """The groups of a file, or those of one question.

    Raises:
        ValueError: it holds something else, or is cut short.
    """
    try:
        table = pq.read_table(path, filters=None if question_id is None else [("question_id", "=", question_id)])
        return table_to_groups(table)
    except (pa.ArrowInvalid, ValueError) as error:
        raise ValueError(f"{path} holds no groups that can be read: {error}") from error


def read_training(path: Path) -> Training:
    """What a step's file says about its training.

    Raises:
        ValueError: it says nothing.
    """
    metadata = pq.read_schema(path).metadata or {}
    if _KEY not in metadata:
        raise ValueError(f"{path} does not say which of its groups trained: it is no file of a GRPO step, or of a version before this one")
    values = json.loads(metadata[_KEY])
    return Training(**{**values, "trained": tuple(values["trained"])})
