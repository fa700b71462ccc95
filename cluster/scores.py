"""How well a policy did: accuracy with its count and 95 % Wilson interval, by database and by number of tables.

Pure arithmetic over finished trajectories; `SCORE` in result.json and `evaluate --json` is `Score.as_dict()`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from envs.pass_at import mean_pass_at, powers_up_to
from envs.proportions import Tally
from envs.records import BUCKETS, Failure, Group, Question, Verb


@dataclass(frozen=True)
class Breakdown:
    """Right answers in all, by database, and by number of tables."""

    total: Tally
    databases: dict[str, Tally]
    tables: dict[str, Tally]

    @classmethod
    def of(cls, graded: Iterable[tuple[Question, bool]]) -> Breakdown:
        """Count questions and whether each was answered rightly."""
        rights: list[bool] = []
        by_database: dict[str, list[bool]] = defaultdict(list)
        by_tables: dict[str, list[bool]] = {bucket: [] for bucket in BUCKETS}
        for question, right in graded:
            rights.append(right)
            by_database[question.db_id].append(right)
            by_tables[question.tables_bucket].append(right)
        return cls(
            _tally(rights),
            {name: _tally(by_database[name]) for name in sorted(by_database)},
            {bucket: _tally(found) for bucket, found in by_tables.items()},
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.total.as_dict(),
            "databases": {name: tally.as_dict() for name, tally in self.databases.items()},
            "tables": {bucket: tally.as_dict() for bucket, tally in self.tables.items()},
        }


@dataclass(frozen=True)
class Score(Breakdown):
    """One policy on one question set."""

    actions_mean: float
    parse_rate: float  # share of turns that parsed as an action
    failures: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        return {
            **super().as_dict(),
            "actions_mean": self.actions_mean,
            "parse_rate": self.parse_rate,
            "failures": self.failures,
        }


def score(groups: Iterable[Group]) -> Score:
    """Score groups of one (greedy) trajectory each; larger groups count their first member."""
    played = [(group.question, group.trajectories[0]) for group in groups]
    failures: Counter[str] = Counter()
    for _, trajectory in played:
        if trajectory.outcome.failure is not None:
            failures[trajectory.outcome.failure.value] += 1
    steps = [step for _, trajectory in played for step in trajectory.steps]
    parsed = sum(step.action.verb is not Verb.MALFORMED for step in steps)
    accuracy = Breakdown.of((question, trajectory.outcome.correct) for question, trajectory in played)
    return Score(
        accuracy.total,
        accuracy.databases,
        accuracy.tables,
        actions_mean=len(steps) / len(played) if played else 0.0,
        parse_rate=parsed / len(steps) if steps else 0.0,
        failures={kind.value: failures[kind.value] for kind in Failure},
    )


def pass_at_shares(groups: Iterable[Group]) -> dict[str, float]:
    """pass@k of groups of equally many sampled trajectories, by k as text: 1, 2, 4, ... and all of them."""
    counts = [(len(group.trajectories), sum(t.outcome.correct for t in group.trajectories)) for group in groups]
    return {str(k): mean_pass_at(k, counts) for k in powers_up_to(counts[0][0])} if counts else {}


def _tally(rights: Sequence[bool]) -> Tally:
    return Tally(sum(rights), len(rights))
