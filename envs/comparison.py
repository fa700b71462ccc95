"""Two policies on the same questions, compared in pairs: which ones only one of them got right, and whether chance explains it.

Two accuracies on one question set are not two independent samples, so their intervals overlap long after the difference is clear. What
tells is the questions on which the two differ (McNemar's test). Pure arithmetic: the command, the report and the dashboard share it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from envs.records import BUCKETS, Group, bucket_of


@dataclass(frozen=True, slots=True)
class Answered:
    """What one policy made of one question."""

    db_id: str
    question: str
    correct: bool
    tables: int = 0  # that the gold reads; 0 when it is not known
    sql: str = ""
    answer: str = ""

    @property
    def tables_bucket(self) -> str:
        """ "1", "2" or "3+", as results are reported; "" when it is not known."""
        return bucket_of(self.tables) if self.tables else ""


@dataclass(frozen=True, slots=True)
class Paired:
    """How two policies, A and B, did on the same questions."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def questions(self) -> int:
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def difference(self) -> float:
        """Accuracy of B less that of A; 0 for no questions."""
        return (self.only_b - self.only_a) / self.questions if self.questions else 0.0

    @property
    def p_value(self) -> float:
        return mcnemar(self.only_a, self.only_b)

    def as_dict(self) -> dict[str, Any]:
        return {
            "questions": self.questions,
            "correct_a": self.both + self.only_a,
            "correct_b": self.both + self.only_b,
            **asdict(self),
            "difference": self.difference,
            "p_value": self.p_value,
        }


@dataclass(frozen=True)
class Comparison:
    """Policies A and B on one question set."""

    total: Paired
    databases: dict[str, Paired]
    tables: dict[str, Paired]  # by "1", "2", "3+"; empty when some question's tables are not known
    disagreements: tuple[tuple[Answered, Answered], ...]  # (A's, B's), in the order of the questions

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.total.as_dict(),
            "databases": {name: part.as_dict() for name, part in self.databases.items()},
            "tables": {bucket: part.as_dict() for bucket, part in self.tables.items()},
            "disagreements": [
                {
                    "db_id": a.db_id,
                    "question": a.question,
                    "tables": a.tables,
                    "right": "a" if a.correct else "b",
                    "a": {"sql": a.sql, "answer": a.answer},
                    "b": {"sql": b.sql, "answer": b.answer},
                }
                for a, b in self.disagreements
            ],
        }


def mcnemar(only_a: int, only_b: int) -> float:
    """The exact two-sided p-value of a difference between paired proportions: how often a fair coin would split so unevenly.

    Args:
        only_a, only_b: questions that only the one, and only the other, got right.

    Returns:
        Twice the binomial tail, at most 1; 1.0 when the two never differ.

    Source: McNemar (1947), doi:10.1007/BF02295996, in its exact binomial form.
    """
    differing = only_a + only_b
    tail = sum(math.comb(differing, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, float(Fraction(2 * tail, 2**differing)))  # whole numbers to the end, so no count is too large


def answered(groups: Iterable[Group]) -> list[Answered]:
    """What evaluation groups came to; of a larger group, its first trajectory."""
    return [
        Answered(
            group.question.db_id,
            group.question.text,
            group.trajectories[0].outcome.correct,
            max(1, len(group.question.tables)),
            group.trajectories[0].outcome.sql,
            group.trajectories[0].outcome.answer,
        )
        for group in groups
    ]


def pair(a: Sequence[Answered], b: Sequence[Answered], *, common: bool = False) -> list[tuple[Answered, Answered]]:
    """Each question's two answers, in A's order; the same words asked twice of one database pair in their order.

    Args:
        common: leave out what only one of the two was asked, instead of refusing.

    Raises:
        ValueError: the two were not asked the same questions, or have none in common.
    """
    waiting: dict[tuple[str, str], list[Answered]] = defaultdict(list)
    for one in b:
        waiting[one.db_id, one.question.strip()].append(one)
    pairs = [(one, queue.pop(0)) for one in a if (queue := waiting[one.db_id, one.question.strip()])]
    only_a, only_b = len(a) - len(pairs), len(b) - len(pairs)
    if (only_a or only_b) and not common:
        raise ValueError(f"the two were not asked the same: {only_a} questions only in A, {only_b} only in B, {len(pairs)} in both")
    if not pairs:
        raise ValueError(f"nothing to compare: A has {len(a)} questions, B has {len(b)}, and none is in both")
    return pairs


def compare(pairs: Sequence[tuple[Answered, Answered]]) -> Comparison:
    """Count pairs in all, by database and by number of tables."""
    by_database: dict[str, list[tuple[Answered, Answered]]] = defaultdict(list)
    by_tables: dict[str, list[tuple[Answered, Answered]]] = {bucket: [] for bucket in (*BUCKETS, "")}
    for a, b in pairs:
        by_database[a.db_id].append((a, b))
        by_tables[a.tables_bucket or b.tables_bucket].append((a, b))
    unknown = by_tables.pop("")
    return Comparison(
        count(pairs),
        {name: count(by_database[name]) for name in sorted(by_database)},
        {} if unknown else {bucket: count(part) for bucket, part in by_tables.items()},
        tuple((a, b) for a, b in pairs if a.correct != b.correct),
    )


def count(pairs: Iterable[tuple[Answered, Answered]]) -> Paired:
    """How often both, only one, or neither was right."""
    rights = [(a.correct, b.correct) for a, b in pairs]
    return Paired(*(rights.count(kind) for kind in ((True, True), (True, False), (False, True), (False, False))))
