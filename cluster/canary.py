"""After a push: do the generators' logprobs on fixed sequences agree with the learner's?

A stale cache or a lost tensor changes nothing that is visible in the text, and ruins training in silence; this catches it.
"""

from __future__ import annotations

import asyncio
import logging

from cluster.ray_setup import Crew

log = logging.getLogger(__name__)


class WeightsOutOfSyncError(RuntimeError):
    """A generator computes with other weights than the learner's."""


async def check_canary(crew: Crew, sequences: list[tuple[int, ...]], version: int, bound: float) -> float:
    """The mean |difference| in logprob, nats a token, of the generator furthest from the learner; pushes once more if it is too far.

    Raises:
        WeightsOutOfSyncError: still beyond the bound after the second push.
    """
    gap = await _gap(crew, sequences)
    if gap > bound:
        log.warning("canary: generators differ by %.3f nats a token (bound %.3f) after v%d; pushing again", gap, bound, version)
        await crew.learner.push.remote(crew.generators, version)
        gap = await _gap(crew, sequences)
    if gap > bound:
        raise WeightsOutOfSyncError(
            f"after two pushes of weights v{version} the generators' logprobs differ from the learner's by {gap:.3f} nats a token "
            f"(bound {bound}): check that generator and learner use the same precision and base model, and the weight transfer's log"
        )
    return gap


async def _gap(crew: Crew, sequences: list[tuple[int, ...]]) -> float:
    learner: list[list[float]]
    learner, *generators = await asyncio.gather(
        crew.learner.logprobs.remote(sequences), *(generator.logprobs.remote(sequences) for generator in crew.generators)
    )
    return max(_mean_difference(learner, generator) for generator in generators)


def _mean_difference(left: list[list[float]], right: list[list[float]]) -> float:
    pairs = [(a, b) for one, other in zip(left, right, strict=True) for a, b in zip(one, other, strict=True)]
    return sum(abs(a - b) for a, b in pairs) / len(pairs)
