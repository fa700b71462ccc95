"""Packs token sequences into micro-batches of a token budget: the same for demonstrations and for trajectories.

Sequences of like length share a micro-batch and are padded on the right to its longest. The loss needs a few values per trained
token, so those are kept flat, in the order of `positions`, rather than as padded rectangles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from envs.records import TrainingSequence, Trajectory

MICRO_BATCH_PRICE = 150  # tokens' worth of time a micro-batch costs beside its own: gradients are added up once more (135M, 2 cores)


@dataclass(frozen=True, slots=True)
class Example:
    """One sequence as the learner sees it, whichever loss it goes to."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]  # loss weight of predicting ids[i] from ids[:i]; 0: not trained
    old_logprobs: tuple[float, ...] = ()  # natural log under the weights that sampled it; empty for demonstrations
    advantage: float = 0.0

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.ids) or len(self.old_logprobs) not in (0, len(self.ids)):
            raise ValueError(
                f"{len(self.ids)} ids, {len(self.weights)} weights, {len(self.old_logprobs)} logprobs: wanted one of each per token"
            )
        if self.weights and self.weights[0] != 0:
            raise ValueError("the first token has a loss weight, but nothing stands before it to predict it from: make it 0")


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """What one forward and backward takes. `trained` counts the tokens of all rows whose weight is not 0, row after row."""

    ids: torch.Tensor  # [row, column] int64, padded with 0 on the right
    positions: torch.Tensor  # [trained] int64: places of the trained tokens in ids.flatten(); never in column 0
    weights: torch.Tensor  # [trained] float32
    old_logprobs: torch.Tensor  # [trained] float32; 0 for demonstrations
    advantages: torch.Tensor  # [trained] float32, the trajectory's own for each of its tokens; 0 for demonstrations
    examples: tuple[int, ...]  # which example each row is, counted in the list that was packed
    tokens: int  # without padding
    reference_logprobs: torch.Tensor | None = None  # [trained] float32, under the reference weights, where asked for

    @property
    def trained(self) -> int:
        return int(self.positions.numel())


def from_sequences(sequences: Sequence[TrainingSequence]) -> list[Example]:
    """Demonstrations, with their loss weights."""
    return [Example(sequence.ids, sequence.weights) for sequence in sequences]


def from_trajectories(trajectories: Sequence[Trajectory], advantages: Sequence[float]) -> list[Example]:
    """Trajectories, trained where the policy sampled (mask 1), each with its advantage."""
    return [
        Example(t.ids, tuple(float(m) for m in t.mask), t.logprobs, advantage)
        for t, advantage in zip(trajectories, advantages, strict=True)
    ]


def pack(examples: Sequence[Example], micro_batch_tokens: int, width_multiple: int = 1) -> list[MicroBatch]:
    """Micro-batches of at most micro_batch_tokens padded tokens, longest sequences first, cut where padding and their number cost least.

    Every example with a trained token is in exactly one of them; one without has no gradient and is left out. A sequence longer
    than the budget stands alone. Widths are rounded up to width_multiple, so that few shapes occur: on a CPU every new shape costs
    memory that is kept (oneDNN's primitives, torch's caches).
    """
    order = sorted((i for i, e in enumerate(examples) if any(e.weights)), key=lambda i: (-len(examples[i].ids), i))
    widths = [_rounded(len(examples[i].ids), width_multiple) for i in order]
    return [_micro_batch(examples, order[start:end], width_multiple) for start, end in _cuts(widths, micro_batch_tokens)]


def _cuts(widths: Sequence[int], budget: int) -> list[tuple[int, int]]:
    """Where to cut rows of falling width so that padded tokens, and a fixed price for each micro-batch, come to the least in all.

    Dynamic programming over the last cut: the rows of one micro-batch follow each other. A lone row is priced as two, because
    torch.compile would make a version of its own for it.
    """
    cost = [0.0] + [math.inf] * len(widths)
    came_from = [0] * (len(widths) + 1)
    for end in range(1, len(widths) + 1):
        for start in range(end - 1, -1, -1):
            rows, tokens = end - start, (end - start) * widths[start]
            if tokens > budget and rows > 1:
                break
            price = cost[start] + max(tokens, 2 * widths[start]) + MICRO_BATCH_PRICE
            if price < cost[end]:
                cost[end], came_from[end] = price, start
    cuts: list[tuple[int, int]] = []
    end = len(widths)
    while end:
        cuts.append((came_from[end], end))
        end = came_from[end]
    return cuts[::-1]


def spread(values: Sequence[torch.Tensor], micro_batches: Sequence[MicroBatch], examples: Sequence[Example]) -> list[Example]:
    """The examples with old_logprobs replaced by values given per micro-batch, each [trained] in the micro-batch's own order."""
    changed = list(examples)
    for micro, new in zip(micro_batches, values, strict=True):
        full = torch.zeros(micro.ids.numel(), dtype=torch.float32)
        full[micro.positions] = new.to(device="cpu", dtype=torch.float32)
        for row, i in zip(full.view(micro.ids.shape).tolist(), micro.examples, strict=True):
            old = examples[i]
            changed[i] = Example(old.ids, old.weights, tuple(row[: len(old.ids)]), old.advantage)
    return changed


def _rounded(width: int, multiple: int) -> int:
    return -(-width // multiple) * multiple


def _micro_batch(examples: Sequence[Example], rows: Sequence[int], width_multiple: int) -> MicroBatch:
    width = _rounded(max(len(examples[i].ids) for i in rows), width_multiple)
    ids = np.zeros((len(rows), width), dtype=np.int64)
    weights = np.zeros((len(rows), width), dtype=np.float32)
    logprobs = np.zeros((len(rows), width), dtype=np.float32)
    advantages = np.zeros((len(rows), width), dtype=np.float32)
    for row, i in enumerate(rows):
        example = examples[i]
        length = len(example.ids)
        ids[row, :length] = example.ids
        weights[row, :length] = example.weights
        if example.old_logprobs:
            logprobs[row, :length] = example.old_logprobs
        advantages[row] = example.advantage
    positions = np.flatnonzero(weights)
    return MicroBatch(
        ids=torch.from_numpy(ids),
        positions=torch.from_numpy(positions),
        weights=torch.from_numpy(weights.ravel()[positions]),
        old_logprobs=torch.from_numpy(logprobs.ravel()[positions]),
        advantages=torch.from_numpy(advantages.ravel()[positions]),
        examples=tuple(rows),
        tokens=sum(len(examples[i].ids) for i in rows),
    )
