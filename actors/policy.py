"""What every policy can do: continue token ids by one turn. vLLM, transformers and the tests' fakes pass the same contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from envs.records import WeightSpan
from envs.steering import Names


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one turn is drawn. Training samples at temperature 1 without top_p or top_k, so that logprobs are the policy's own."""

    max_tokens: int
    stop_ids: tuple[int, ...]  # a turn ends with the first of these, which is kept
    temperature: float = 1.0  # 0 is greedy
    seed: int | None = None
    names: Names | None = None  # steer: take only tokens after which the turn can still become an action on these names


@dataclass(frozen=True, slots=True)
class Turn:
    """One sampled turn."""

    ids: tuple[int, ...]  # at least one; the stop token included when there was one
    logprobs: tuple[float, ...]  # natural log of each id's probability under the weights at temperature 1, steered or not
    spans: tuple[WeightSpan, ...]  # from 0 to len(ids), which weights made which tokens


class Policy(Protocol):
    """Continues token ids by one turn."""

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
        """Sample one turn after prompt_ids.

        Raises:
            ValueError: no room is left in the model's context.
        """
        ...
