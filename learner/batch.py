"""Packs token sequences into micro-batches of a token budget: the same for demonstrations and for trajectories.

As a tree (learner/prefix_tree.py), tokens that sequences share at their beginning are computed once and nothing is padded. As rows,
sequences of like length share a micro-batch and are padded on the right to its longest. The loss needs a few values per trained token
of every sequence, so those are kept flat, sequence after sequence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from envs.records import TrainingSequence, Trajectory
from learner.config import LearnerConfig
from learner.prefix_tree import build, followed, shared_beginnings, sorted_order
from learner.tree_attention import TreeLayout, layout

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
    """What one forward and backward takes. `trained` counts the tokens of all examples whose weight is not 0, example after example."""

    ids: torch.Tensor  # [row, column] int64, padded with 0 on the right; a tree is one row
    positions: torch.Tensor  # [trained] int64: places of the trained tokens in ids.flatten(), never in column 0; in a tree, their edges
    weights: torch.Tensor  # [trained] float32
    old_logprobs: torch.Tensor  # [trained] float32; 0 for demonstrations
    advantages: torch.Tensor  # [trained] float32, the trajectory's own for each of its tokens; 0 for demonstrations
    examples: tuple[int, ...]  # in order, counted in the list that was packed
    tokens: int  # of the examples, without padding; what they share counts in each
    reference_logprobs: torch.Tensor | None = None  # [trained] float32, under the reference weights; nan where unknown
    tree: TreeLayout | None = None  # how the tokens of `ids` belong together, if not as rows

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


def pack_by(config: LearnerConfig, examples: Sequence[Example], share: int = 1) -> list[MicroBatch]:
    """The examples in the packing of the [learner] table, with a `share`-th of its budget."""
    budget = max(1, config.micro_batch_tokens // share)
    if config.packing == "tree":
        return pack_trees(examples, budget)
    return pack(examples, budget, config.width_multiple)


def pack_trees(examples: Sequence[Example], micro_batch_tokens: int) -> list[MicroBatch]:
    """Micro-batches of at most micro_batch_tokens distinct tokens, cut where their sum and their number cost least.

    Every example with a trained token is in exactly one of them, up to its last trained token, which is predicted but predicts nothing.
    An example longer than the budget stands alone.
    """
    trained = [i for i, e in enumerate(examples) if any(e.weights)]
    needed = {i: examples[i].ids[: max(np.flatnonzero(examples[i].weights))] for i in trained}
    order = [trained[place] for place in sorted_order([needed[i] for i in trained])]
    sequences = [needed[i] for i in order]
    sizes, shared = [len(s) for s in sequences], shared_beginnings(sequences)
    cuts = _tree_cuts(sizes, shared, micro_batch_tokens)
    return [_tree_micro_batch(examples, order[start:end], sequences[start:end]) for start, end in cuts]


def _tree_cuts(sizes: Sequence[int], shared: Sequence[int], budget: int) -> list[tuple[int, int]]:
    """Where to cut sorted sequences so that distinct tokens, and a fixed price for each micro-batch, come to the least in all."""
    cost = [0.0] + [math.inf] * len(sizes)
    came_from = [0] * len(cost)
    for end in range(1, len(cost)):
        grown = 0  # what the sequences between start and end add to the first one's tokens
        for start in range(end - 1, -1, -1):
            tokens = sizes[start] + grown
            if tokens > budget and end - start > 1:
                break
            price = cost[start] + tokens + MICRO_BATCH_PRICE
            if price < cost[end]:
                cost[end], came_from[end] = price, start
            grown += sizes[start] - shared[start]
    return followed(came_from)


def _tree_micro_batch(examples: Sequence[Example], members: Sequence[int], sequences: Sequence[Sequence[int]]) -> MicroBatch:
    tree = build(sequences)
    sources, targets, weights, logprobs, advantages = [], [], [], [], []
    for i, path in zip(members, tree.paths, strict=True):
        example = examples[i]
        trained = np.flatnonzero(example.weights)
        sources.append(path[trained - 1])
        targets.append(np.asarray(example.ids, dtype=np.int64)[trained])
        weights.append(np.asarray(example.weights, dtype=np.float32)[trained])
        logprobs.append(np.asarray(example.old_logprobs or np.zeros(len(example.ids)), dtype=np.float32)[trained])
        advantages.append(np.full(len(trained), example.advantage, dtype=np.float32))
    pairs = np.stack([np.concatenate(sources), np.concatenate(targets)])
    edges, edge_of = np.unique(pairs, axis=1, return_inverse=True)
    return MicroBatch(
        ids=torch.from_numpy(tree.ids)[None],
        positions=torch.from_numpy(edge_of.reshape(-1)),
        weights=torch.from_numpy(np.concatenate(weights)),
        old_logprobs=torch.from_numpy(np.concatenate(logprobs)),
        advantages=torch.from_numpy(np.concatenate(advantages)),
        examples=tuple(members),
        tokens=sum(len(examples[i].ids) for i in members),
        tree=layout(tree, torch.from_numpy(edges[0]), torch.from_numpy(edges[1])),
    )


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
    return followed(came_from)


def spread(values: Sequence[torch.Tensor], micro_batches: Sequence[MicroBatch], examples: Sequence[Example]) -> list[Example]:
    """The examples with old_logprobs replaced by values given per micro-batch, each [trained] in the micro-batch's own order."""
    changed = list(examples)
    for micro, new in zip(micro_batches, values, strict=True):
        rest = new.to(device="cpu", dtype=torch.float32).numpy()
        for i in micro.examples:
            old = examples[i]
            trained = np.flatnonzero(old.weights)
            full = np.zeros(len(old.ids), dtype=np.float32)
            full[trained], rest = rest[: len(trained)], rest[len(trained) :]
            changed[i] = Example(old.ids, old.weights, tuple(full.tolist()), old.advantage)
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
