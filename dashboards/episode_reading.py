"""Reads the trajectories of a run for the page that shows them: which files there are, a light list of a file's groups, one group whole.

The list reads the few columns it shows, so that thousands of trajectories are filtered without decoding a token.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from envs.group_files import read_groups
from envs.records import Group, Trajectory, bucket_of, turns_of
from envs.run_store import RunStore

LISTED = [
    "place", "question.id", "question.db_id", "question.text", "question.tables", "steps.list.element.verb",
    "steps.list.element.ok", "outcome.correct", "outcome.failure", "reward",
]  # fmt: skip
FILTERS = {
    "wrong": "Wrong",
    "mixed": "Right and wrong",
    "recovered": "Recovered from an error",
    "three": "Three or more tables",
    "explored": "Looked at too much",
}
LOOKS = ("DESCRIBE", "SAMPLE")


@dataclass(frozen=True)
class GroupLine:
    """A group in the list."""

    place: int  # among the groups of its file
    question_id: str
    db_id: str
    text: str
    tables: str  # "1", "2" or "3+"
    rewards: tuple[float, ...]
    marks: frozenset[str]  # the filters it passes
    failures: tuple[str, ...]

    @property
    def right(self) -> int:
        return sum(reward > 0 for reward in self.rewards)


def files(store: RunStore) -> dict[str, Path]:
    """The files with trajectories: "step 460" and "sft validation, step 456", groups of training first, the newest first."""
    found = {f"step {step}": path for step, path in sorted(store.groups_files().items(), reverse=True)}
    for step, name, path in reversed(store.evaluation_files()):
        found[f"{name.replace('_', ' ') or 'evaluation'}, step {step}"] = path
    return found


def list_groups(path: Path) -> tuple[GroupLine, ...]:
    """The groups of a file.

    Raises:
        ValueError: it holds something else, or is cut short.
    """
    return _list_groups(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _list_groups(path: Path, written_ns: int) -> tuple[GroupLine, ...]:  # noqa: ARG001 - part of the cache's key
    groups: list[list[dict[str, Any]]] = []
    for row in pq.ParquetFile(path).read(columns=LISTED).to_pylist():
        if row["place"] == 0:
            groups.append([])
        groups[-1].append(row)
    return tuple(_line(place, rows) for place, rows in enumerate(groups))


def _line(place: int, rows: list[dict[str, Any]]) -> GroupLine:
    question = rows[0]["question"]
    rewards = tuple(row["reward"] for row in rows)
    needed = max(1, len(question["tables"]))
    marks = {
        "wrong": not all(row["outcome"]["correct"] for row in rows),
        "mixed": len(set(rewards)) > 1,
        "recovered": any(row["outcome"]["correct"] and not all(step["ok"] for step in row["steps"]) for row in rows),
        "three": len(question["tables"]) >= 3,
        "explored": any(sum(step["verb"] in LOOKS for step in row["steps"]) > needed + 1 for row in rows),
    }
    failures = tuple(row["outcome"]["failure"] or "" for row in rows)
    return GroupLine(
        place, question["id"], question["db_id"], question["text"], bucket_of(len(question["tables"])), rewards,
        frozenset(name for name, holds in marks.items() if holds), failures,
    )  # fmt: skip


def chosen(lines: tuple[GroupLine, ...], marks: list[str], search: str) -> list[GroupLine]:
    """The groups that pass every filter and hold the text in their question, id or database."""
    wanted = search.casefold().strip()
    return [
        line
        for line in lines
        if line.marks >= set(marks) and (not wanted or wanted in f"{line.text} {line.question_id} {line.db_id}".casefold())
    ]


def whole_group(path: Path, line: GroupLine, lines: tuple[GroupLine, ...]) -> Group:
    """A group with all its tokens.

    Raises:
        ValueError: it cannot be read.
    """
    nth = sum(other.question_id == line.question_id for other in lines[: line.place])  # a question may be played twice in a file
    return read_groups(path, line.question_id)[nth]


def advantages(rewards: tuple[float, ...]) -> list[float]:
    """Each reward less the mean of its group, as GRPO weighs it (without the deviation some runs divide by)."""
    mean = sum(rewards) / len(rewards)
    return [reward - mean for reward in rewards]


@dataclass(frozen=True)
class Token:
    """One sampled token."""

    id: int
    logprob: float
    version: int | None


def turn_tokens(played: Trajectory) -> list[list[Token]]:
    """The tokens of each turn: one run of mask 1 each, observations lie between; empty lists where runs and turns do not match."""
    version_at = {place: span.version for span in played.spans for place in range(span.start, span.end)}
    runs = [
        [Token(played.ids[place], played.logprobs[place], version_at.get(place)) for place in range(start, end)]
        for start, end in turns_of(played.mask)
    ]
    return runs if len(runs) == len(played.steps) else [[] for _ in played.steps]
