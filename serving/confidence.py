"""What a calibration sees of an answer: the agreement of the samples and how those that agree were played.

`analyst-buddy calibrate` and the served analyst both use it, so that a confidence means the same in both.
"""

from __future__ import annotations

from collections.abc import Sequence

from envs.records import Trajectory, Verb
from envs.sandbox import QueryResult
from envs.schema import Schema
from serving.agreement import Agreement, Given, Said
from serving.analyst import Played
from serving.calibration import Features


def features_of(found: Agreement, given: Sequence[Given], played: Played) -> Features:
    """The features of the majority's answer.

    Args:
        found: how the samples agree; somebody answered.
        given: what each sample came to, in the order of `played.trajectories`.
    """
    camp = [played.trajectories[place] for place in found.camps[0]]
    first = given[found.camps[0][0]]
    lone = first.rows[0][0] if len(first.rows) == 1 and len(first.rows[0]) == 1 else ""
    result = played.read.results.get(camp[0].outcome.sql)
    return Features(
        share=found.share,
        margin=found.margin,
        found=bool(first.rows) and lone not in (None, 0),
        errors=sum(sum(not step.ok for step in one.steps) for one in camp) / len(camp),
        steps=sum(len(one.steps) for one in camp) / len(camp),
        described=isinstance(result, QueryResult) and _described(camp[0], played.read.schema) >= set(result.tables_read),
        surprise=sum(-sum(one.logprobs) for one in camp) / len(camp),
        unknown=first.said is Said.UNKNOWN,
    )


def _described(trajectory: Trajectory, schema: Schema | None) -> set[str]:
    """The tables that it had described, spelled as in the schema."""
    if schema is None:
        return set()
    described = (step.action.argument for step in trajectory.steps if step.ok and step.action.verb is Verb.DESCRIBE)
    return {table.name for argument in described if (table := schema.find(argument)) is not None}
