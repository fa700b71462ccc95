"""Sequences that begin alike, laid out as a tree of tokens: every shared token once. Pure numpy, no model.

The trajectories of a question share their prompt and often their first turns. In sorted order each sequence shares its longest
beginning with the one before it, so the tokens it adds follow each other: that is a tree in preorder, without ever building one. A token
looks at its ancestors alone and stands at its depth, so the model gives it the hidden state it has in each of its sequences. What a token
predicts differs from child to child: that is an edge, and the loss of every trained token of every sequence is taken on its edge.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

PART_PRICE = 6_000  # a part's work beside its pairs (135M, 2 cores)
PART_STEP = 64


@dataclass(frozen=True, slots=True)
class PrefixTree:
    """Tokens in preorder: a token's descendants follow it up to its end."""

    ids: Ints  # [token]
    depths: Ints  # [token], 0 for one that begins sequences
    parents: Ints  # [token], -1 for one that begins sequences
    ends: Ints  # [token], one behind the token's last descendant
    paths: tuple[Ints, ...]  # for each sequence its tokens' places in the tree


@dataclass(frozen=True, slots=True)
class AttentionPart:
    """Neighbouring tokens that ask together, and all that any of them may look at."""

    start: int
    end: int
    keys: Ints  # [key]: ancestors of the first token, then the part's own tokens
    allowed: npt.NDArray[np.bool_]  # [token of the part, key]


def sorted_order(sequences: Sequence[Sequence[int]]) -> list[int]:
    """Places of the sequences, so that those that begin alike follow each other."""
    return sorted(range(len(sequences)), key=lambda place: (tuple(sequences[place]), place))


def shared_beginnings(sequences: Sequence[Sequence[int]]) -> list[int]:
    """How many tokens each sequence shares with the one before it; 0 for the first."""
    arrays = [np.asarray(sequence, dtype=np.int64) for sequence in sequences]
    shared = [0] if arrays else []
    for before, after in itertools.pairwise(arrays):
        length = min(len(before), len(after))
        differs = np.flatnonzero(before[:length] != after[:length])
        shared.append(int(differs[0]) if differs.size else length)
    return shared


def build(sequences: Sequence[Sequence[int]]) -> PrefixTree:
    """The tree of sequences in sorted order.

    Raises:
        ValueError: they are not sorted, so that a beginning would stand in the tree twice.
    """
    if any(tuple(after) < tuple(before) for before, after in itertools.pairwise(sequences)):
        raise ValueError("the sequences are not in sorted order: take them in that of sorted_order()")
    ids: list[Ints] = []
    depths: list[Ints] = []
    parents: list[Ints] = []
    paths: list[Ints] = []
    size = 0
    for sequence, shared in zip(sequences, shared_beginnings(sequences), strict=True):
        new = np.arange(size, size + len(sequence) - shared, dtype=np.int64)
        path = np.concatenate([paths[-1][:shared], new]) if paths else new
        ids.append(np.asarray(sequence[shared:], dtype=np.int64))
        depths.append(np.arange(shared, len(sequence), dtype=np.int64))
        parents.append(np.concatenate([[-1], path])[shared : len(sequence)].astype(np.int64))
        paths.append(path)
        size += len(new)
    joined = [np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64) for parts in (ids, depths, parents)]
    return PrefixTree(joined[0], joined[1], joined[2], _ends(joined[2]), tuple(paths))


def _ends(parents: Ints) -> Ints:
    ends = np.arange(1, len(parents) + 1, dtype=np.int64)
    for token in range(len(parents) - 1, -1, -1):
        if (parent := parents[token]) >= 0:
            ends[parent] = max(ends[parent], ends[token])
    return ends


def attention_parts(tree: PrefixTree, price: int = PART_PRICE, step: int = PART_STEP) -> list[AttentionPart]:
    """The tree cut into parts, so that few pairs are computed that may not look at each other, and few parts.

    All that a part may look at before it are the ancestors of its first token: descendants are neighbours in preorder, so an earlier
    token with a descendant in the part has the part's first token among them.

    Args:
        price: of a part, in pairs.
        step: tokens between places where a run without branches may be cut.
    """
    parts = []
    for start, end in _cuts(tree, price, step):
        before = []
        token = int(tree.parents[start])
        while token >= 0:
            before.append(token)
            token = int(tree.parents[token])
        keys = np.concatenate([np.array(before[::-1], dtype=np.int64), np.arange(start, end, dtype=np.int64)])
        asking = np.arange(start, end, dtype=np.int64)[:, None]
        parts.append(AttentionPart(start, end, keys, (keys <= asking) & (asking < tree.ends[keys])))
    return parts


def _cuts(tree: PrefixTree, price: int, step: int) -> list[tuple[int, int]]:
    """Where to cut, by dynamic programming over the last part: pairs computed, and a fixed price for each part."""
    size = len(tree.ids)
    branches = np.flatnonzero(tree.parents != np.arange(-1, size - 1)).tolist()
    places = sorted({0, size, *branches, *(p for a, b in zip([0, *branches], [*branches, size], strict=True) for p in range(a, b, step))})
    cost = [0.0] + [math.inf] * (len(places) - 1)
    came_from = [0] * len(places)
    for end in range(1, len(places)):
        for start in range(end - 1, -1, -1):
            asking = places[end] - places[start]
            pairs = asking * (int(tree.depths[places[start]]) + asking)
            if cost[start] + pairs + price < cost[end]:
                cost[end], came_from[end] = cost[start] + pairs + price, start
    return [(places[start], places[end]) for start, end in followed(came_from)]


def followed(came_from: Sequence[int]) -> list[tuple[int, int]]:
    """The cuts of a dynamic program, from where each end came from."""
    cuts: list[tuple[int, int]] = []
    end = len(came_from) - 1
    while end:
        cuts.append((came_from[end], end))
        end = came_from[end]
    return cuts[::-1]
