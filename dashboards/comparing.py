"""Reads two policies' answers for the page that compares them: predictions files, or the held-out trajectories of a run.

Who was right where, and whether chance explains it, is envs.comparison's; here it gets what a person reads beside it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from envs.comparison import Answered, Paired, pair

COLUMNS = ["place", "question", "steps", "outcome"]
VERDICTS = {"b": "Only the second is right", "a": "Only the first is right", "both": "Both right", "neither": "Both wrong"}


@dataclass(frozen=True, slots=True)
class Read(Answered):
    """What one policy did with one question, with its actions and, when the file says it, the gold."""

    actions: tuple[str, ...] = ()
    gold_sql: str = ""


@dataclass(frozen=True)
class Pairs:
    """The questions both were asked."""

    pairs: tuple[tuple[Read, Read], ...]
    alone: int  # questions that only one of the files holds

    def of(self, verdict: str) -> list[tuple[Read, Read]]:
        """The pairs of one verdict: "a" or "b" when only that one is right, "both" or "neither"."""
        return [(a, b) for a, b in self.pairs if _verdict(a, b) == verdict]


def read_pairs(first: Sequence[Read], second: Sequence[Read]) -> Pairs:
    """Pair two files by database and question.

    Raises:
        ValueError: they have no question in common.
    """
    found = tuple((a, b) for a, b in pair(first, second, common=True) if isinstance(a, Read) and isinstance(b, Read))
    return Pairs(found, len(first) + len(second) - 2 * len(found))


def part_rows(parts: Mapping[str, Paired]) -> list[list[str | int | float]]:
    """One row for each database or number of tables: name, questions, % right of each, wins and losses of the second, p."""
    return [
        [
            name, part.questions, 100 * (part.both + part.only_a) / part.questions, 100 * (part.both + part.only_b) / part.questions,
            part.only_b, part.only_a, part.p_value,
        ]
        for name, part in parts.items() if part.questions
    ]  # fmt: skip


def read_predictions(text: str, name: str) -> list[Read]:
    """The lines of a predictions file.

    Raises:
        ValueError: a line is something else; says which.
    """
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(_prediction(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            wanted = "wanted a line as `analyst-buddy evaluate --predictions` writes it, with db_id, question and correct"
            raise ValueError(f"{name}, line {number}: {wanted}, got {line.strip()[:80]!r}") from error
    if not found:
        raise ValueError(f"{name} is empty: wanted one JSON line a question, as `analyst-buddy evaluate --predictions` writes it")
    return found


def read_evaluation(path: Path) -> tuple[Read, ...]:
    """The held-out trajectories of a run; the first member of a group counts.

    Raises:
        ValueError: it is no such file.
    """
    return _read_evaluation(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _read_evaluation(path: Path, written_ns: int) -> tuple[Read, ...]:  # noqa: ARG001 - part of the cache's key
    rows = [row for row in pq.ParquetFile(path).read(columns=COLUMNS).to_pylist() if row["place"] == 0]
    return tuple(
        Read(
            row["question"]["db_id"], row["question"]["text"], row["outcome"]["correct"], max(1, len(row["question"]["tables"])),
            row["outcome"]["sql"], row["outcome"]["answer"], tuple(f"{step['verb']} {step['argument']}" for step in row["steps"]),
            row["question"]["gold_sql"],
        )
        for row in rows
    )  # fmt: skip


def verdict_words(total: Paired, names: tuple[str, str]) -> str:
    """One sentence on the difference, for a person."""
    wins, losses = total.only_b, total.only_a
    if wins == losses:
        return f"Neither is ahead: each is right on {_questions(wins)} that the other gets wrong."
    ahead, behind = (names[1], names[0]) if wins > losses else names
    told = (
        f"{ahead} is right on {_questions(max(wins, losses))} that {behind} gets wrong, and wrong on {min(wins, losses)} that it gets right"
    )
    chance = "more than chance explains" if total.p_value < 0.05 else "chance could explain it"
    return f"{told}: {chance} (McNemar, p = {total.p_value:.2g})."


def _questions(count: int) -> str:
    return f"{count} question{'s' if count != 1 else ''}"


def _verdict(a: Read, b: Read) -> str:
    if a.correct == b.correct:
        return "both" if a.correct else "neither"
    return "a" if a.correct else "b"


def _prediction(row: dict[str, object]) -> Read:
    db_id, question, correct, tables, actions = row["db_id"], row["question"], row["correct"], row.get("tables", 0), row.get("actions", [])
    if not (isinstance(db_id, str) and isinstance(question, str) and isinstance(correct, bool) and isinstance(actions, list)):
        raise TypeError("a field has another type")
    told = tuple(str(action) for action in actions)
    return Read(
        db_id, question, correct, tables if isinstance(tables, int) else 0, str(row.get("sql", "")), str(row.get("answer", "")), told
    )
