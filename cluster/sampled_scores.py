"""What several sampled answers to each question come to: pass@k, and the accuracy of the answer most of them agree on, against k.

Answers agree when their result rows do (serving/agreement.py). Without an answer that anyone gave, the majority is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table

from envs.pass_at import mean_pass_at, powers_up_to
from envs.proportions import Tally
from envs.records import BUCKETS, Group, Trajectory
from envs.sandbox import Database, QueryError
from envs.verifier import is_unknown
from serving.agreement import Given, Said, agreement


@dataclass(frozen=True)
class SampledScore:
    """One policy on one question set, several answers a question."""

    samples: int  # answers to each question
    temperature: float
    pass_at: dict[int, float]  # by k: share of questions of which k answers hold a right one
    pass_at_by_tables: dict[str, dict[int, float]]  # by "1", "2", "3+"
    majority: dict[int, Tally]  # by k: the answer most of the first k agree on

    def as_dict(self) -> dict[str, Any]:
        return {
            "samples": self.samples,
            "temperature": self.temperature,
            "pass_at": {str(k): share for k, share in self.pass_at.items()},
            "pass_at_by_tables": {bucket: {str(k): share for k, share in part.items()} for bucket, part in self.pass_at_by_tables.items()},
            "majority": {str(k): tally.as_dict() for k, tally in self.majority.items()},
        }


def sampled_score(groups: Sequence[Group], databases: Mapping[str, Database], temperature: float) -> SampledScore:
    """Score groups of equally many sampled trajectories.

    Args:
        databases: by db_id; what was answered is run again there, to compare rows.

    Raises:
        ValueError: there are no groups, or they differ in size.
    """
    sizes = {len(group.trajectories) for group in groups}
    if len(sizes) != 1:
        raise ValueError(f"wanted groups of one size, got sizes {sorted(sizes)}: every question needs as many answers")
    (samples,) = sizes
    ks = powers_up_to(samples)
    buckets: dict[str, list[tuple[int, int]]] = {bucket: [] for bucket in BUCKETS}
    for group in groups:
        buckets[group.question.tables_bucket].append((samples, sum(t.outcome.correct for t in group.trajectories)))
    counts = [count for part in buckets.values() for count in part]
    curves = [majority_curve(group, databases[group.question.db_id]) for group in groups]
    return SampledScore(
        samples,
        temperature,
        {k: mean_pass_at(k, counts) for k in ks},
        {bucket: {k: mean_pass_at(k, part) for k in ks} for bucket, part in buckets.items() if part},
        {k: Tally(sum(curve[k - 1] for curve in curves), len(curves)) for k in range(1, samples + 1)},
    )


def majority_curve(group: Group, database: Database) -> list[bool]:
    """For k = 1, 2, ...: whether the answer that most of the first k trajectories agree on is right."""
    given = [given_by(trajectory, database) for trajectory in group.trajectories]
    chosen = [agreement(given[:k]).majority for k in range(1, len(given) + 1)]
    return [place is not None and group.trajectories[place].outcome.correct for place in chosen]


def given_by(played: Trajectory, database: Database) -> Given:
    """What an episode ended with, its rows fetched again."""
    outcome = played.outcome
    if is_unknown(outcome.answer):
        return Given(Said.UNKNOWN)
    if not outcome.answer or not outcome.sql:
        return Given(Said.NOTHING)
    try:
        return Given(Said.ROWS, database.query(outcome.sql).rows)
    except QueryError:
        return Given(Said.NOTHING)  # it ran once; on a busy machine it may not in time


def sampled_table(score: SampledScore) -> Table:
    """The score for a person: one row for each k."""
    title = f"{score.samples} answers a question, sampled at temperature {score.temperature:g}"
    table = Table("k", "pass@k", "majority of k", title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for k, tally in score.majority.items():
        share = score.pass_at.get(k)
        table.add_row(str(k), "" if share is None else f"{100 * share:.1f} %", str(tally))
    return table
