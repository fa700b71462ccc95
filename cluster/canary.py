"""After a push: do the generators' logprobs on fixed sequences agree with the learner's?

A stale cache or a lost tensor changes nothing that is visible in the text, and ruins training in silence; this catches it.
"""

from __future__ import annotations

import asyncio
import logging
import math

from cluster.ray_setup import Crew

log = logging.getLogger(__name__)


class WeightsOutOfSyncError(RuntimeError):
    """A generator computes with other weights than the learner's."""


async def check_canary(crew: Crew, sequences: list[tuple[int, ...]], version: int, bound: float) -> float:
    """The mean |difference| in logprob, nats a token, of the generator furthest from the learner; pushes once more if it is too far.

    Raises:
        WeightsOutOfSyncError: still beyond the bound, or no number, after the second push.
        ValueError: there is no sequence of two tokens or more, so nothing could be compared.
    """
    if not any(len(ids) > 1 for ids in sequences):
        raise ValueError("the canary has no sequence to compare logprobs on: wanted evaluation.canary_sequences of 1 or more")
    gaps = await _gaps(crew, sequences)
    if not _agree(gaps, bound):
        log.warning("canary: generators differ by %s nats a token (bound %g) after v%d; pushing again", _told(gaps), bound, version)
        await crew.learner.push.remote(crew.generators, version)
        gaps = await _gaps(crew, sequences)
    if not _agree(gaps, bound):
        raise WeightsOutOfSyncError(
            f"after two pushes of weights v{version} the generators' logprobs differ from the learner's by {_told(gaps)} nats a token "
            f"(bound {bound:g}). Check that generator and learner use the same base model; that generator.dtype and learner.precision are "
            "what the bound (evaluation.canary_bound) is for; that the KV cache is cleared at a push; and the weight transfer's log in the "
            "run's logs folder. The same command goes on from the last checkpoint"
        )
    return max(gaps)


def _agree(gaps: list[float], bound: float) -> bool:
    return all(gap <= bound for gap in gaps)  # a gap that is no number does not


def _told(gaps: list[float]) -> str:
    worst = max(range(len(gaps)), key=lambda i: math.inf if math.isnan(gaps[i]) else gaps[i])
    return f"{gaps[worst]:.3g}" + (f" (generator {worst} of {len(gaps)}, counted from 0)" if len(gaps) > 1 else "")


async def _gaps(crew: Crew, sequences: list[tuple[int, ...]]) -> list[float]:
    """For each generator its mean |difference| from the learner, which computes first: they may share their cores."""
    learner: list[list[float]] = await crew.learner.logprobs.remote(sequences)
    generators = await asyncio.gather(*(generator.logprobs.remote(sequences) for generator in crew.generators))
    return [_mean_difference(learner, generator) for generator in generators]


def _mean_difference(left: list[list[float]], right: list[list[float]]) -> float:
    """Over all tokens but the first of each sequence, which nothing predicts."""
    pairs = [(a, b) for one, other in zip(left, right, strict=True) for a, b in zip(one[1:], other[1:], strict=True)]
    return sum(abs(a - b) for a, b in pairs) / len(pairs)
