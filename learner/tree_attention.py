"""Attention over the tokens of a prefix tree, part by part: "tree" in learner.attention.

Each part of the tree (learner/prefix_tree.py) asks its own ancestors alone, so the products are nearly as small as the tree allows: on a
CPU, for the groups of a small model, six times faster than one scaled_dot_product_attention with the ancestors as its mask (torch's
flex_attention has no backward pass there). It is an operator of its own, forward and backward, because torch.compile would make a new
version of each layer for every shape of tree; the weights are kept from the forward pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface

from learner.prefix_tree import PrefixTree, attention_parts

NAME = "tree"
START, END, KEYS_START, KEYS_END, PAIRS_START = range(5)  # columns of TreeLayout.parts


@dataclass(frozen=True, slots=True)
class TreeLayout:
    """What a forward pass over a tree needs beside its ids."""

    depths: Tensor  # [1, token] int64: the positions the model is told
    parts: Tensor  # [part, 5] int64, on the CPU
    keys: Tensor  # [key of a part, part after part] int64
    allowed: Tensor  # [pair of a part, part after part] bool
    sources: Tensor  # [edge] int64: the token that predicts
    targets: Tensor  # [edge] int64: the id it predicts

    def to(self, device: torch.device) -> TreeLayout:
        if device.type == "cpu":
            return self
        return replace(self, **{f.name: getattr(self, f.name).to(device) for f in fields(self) if f.name != "parts"})

    def attention_arguments(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """What each layer's attention is given, by name."""
        mask = torch.zeros(self.allowed.shape, dtype=dtype, device=self.allowed.device)
        return {"tree_parts": self.parts, "tree_keys": self.keys, "tree_mask": mask.masked_fill_(~self.allowed, torch.finfo(dtype).min / 2)}


def layout(tree: PrefixTree, sources: Tensor, targets: Tensor) -> TreeLayout:
    """The tensors of a tree and the edges to be predicted in it."""
    parts = attention_parts(tree)
    keys = np.cumsum([0, *(len(part.keys) for part in parts)])
    pairs = np.cumsum([0, *(part.allowed.size for part in parts)])
    table = [[part.start, part.end, keys[i], keys[i + 1], pairs[i]] for i, part in enumerate(parts)]
    return TreeLayout(
        depths=torch.from_numpy(tree.depths)[None],
        parts=torch.tensor(table, dtype=torch.int64),
        keys=torch.from_numpy(np.concatenate([part.keys for part in parts])),
        allowed=torch.from_numpy(np.concatenate([part.allowed.ravel() for part in parts])),
        sources=sources,
        targets=targets,
    )


def register() -> None:
    """Make `attn_implementation="tree"` known to transformers."""
    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, lambda *_, **__: None)


def _attend(
    _module: Any, query: Tensor, key: Tensor, value: Tensor, _mask: None, *, scaling: float, tree_parts: Tensor | None = None,
    tree_keys: Tensor | None = None, tree_mask: Tensor | None = None, **_: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """query [1, head, token, size], key and value [1, key head, token, size] to [1, token, head, size]."""
    if tree_parts is None or tree_keys is None or tree_mask is None:
        raise ValueError(
            "the attention 'tree' was called without a tree: pack by learner.batch.pack_trees, or set learner.packing = 'rows'"
        )
    out, _weights = attend(query, key, value, tree_parts, tree_keys, tree_mask, scaling)
    return out, None


@torch.library.custom_op(
    "analyst_buddy::tree_attention",
    mutates_args=(),
    schema="(Tensor query, Tensor key, Tensor value, Tensor parts, Tensor keys, Tensor mask, float scaling) -> (Tensor, Tensor)",
)
def attend(query: Tensor, key: Tensor, value: Tensor, parts: Tensor, keys: Tensor, mask: Tensor, scaling: float) -> tuple[Tensor, Tensor]:
    """The attention's output and, for the backward pass, its weights, flat."""
    _, heads, tokens, size = query.shape
    key_heads = key.shape[1]
    shared = heads // key_heads
    asking, all_keys, all_values = _by_token(query, key_heads), key[0].contiguous(), value[0].contiguous()
    out = torch.empty_like(asking)
    weights = query.new_empty(heads * mask.shape[0])
    for rows, place, allowed, kept in _parts(parts, keys, mask, weights, key_heads, shared):
        scores = torch.baddbmm(
            allowed.repeat_interleave(shared, 0), asking[:, rows], all_keys.index_select(1, place).transpose(1, 2), alpha=scaling
        )
        torch.softmax(scores, dim=-1, out=kept)
        out[:, rows] = torch.bmm(kept, all_values.index_select(1, place))
    return out.view(key_heads, tokens, shared, size).transpose(0, 1).reshape(1, tokens, heads, size), weights


@torch.library.custom_op(
    "analyst_buddy::tree_attention_backward",
    mutates_args=(),
    schema="(Tensor grad, Tensor query, Tensor key, Tensor value, Tensor parts, Tensor keys, Tensor mask, Tensor out, Tensor weights, "
    "float scaling) -> (Tensor, Tensor, Tensor)",
)
def attend_backward(
    grad: Tensor, query: Tensor, key: Tensor, value: Tensor, parts: Tensor, keys: Tensor, mask: Tensor, out: Tensor, weights: Tensor,
    scaling: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Gradients of query, key and value; those of keys and values that several parts looked at add up in fp32."""
    _, heads, tokens, size = query.shape
    key_heads = key.shape[1]
    shared = heads // key_heads
    asking, all_keys, all_values = _by_token(query, key_heads), key[0].contiguous(), value[0].contiguous()
    grads = grad[0].view(tokens, key_heads, shared, size).transpose(0, 1).reshape(key_heads, tokens * shared, size)
    mean = (grad[0].float() * out[0].float()).sum(-1).to(grad.dtype)  # [token, head]
    means = mean.view(tokens, key_heads, shared).transpose(0, 1).reshape(key_heads, tokens * shared, 1)
    to_query = torch.empty_like(asking)
    to_key, to_value = (torch.zeros(key_heads, tokens, size, dtype=torch.float32, device=query.device) for _ in range(2))
    for rows, place, _, kept in _parts(parts, keys, mask, weights, key_heads, shared):
        to_value.index_add_(1, place, torch.bmm(kept.transpose(1, 2), grads[:, rows]).float())
        to_scores = torch.baddbmm(means[:, rows], grads[:, rows], all_values.index_select(1, place).transpose(1, 2), beta=-1).mul_(kept)
        to_query[:, rows] = torch.bmm(to_scores, all_keys.index_select(1, place))
        to_key.index_add_(1, place, torch.bmm(to_scores.transpose(1, 2), asking[:, rows]).float())
    return (
        (to_query * scaling).view(key_heads, tokens, shared, size).transpose(1, 2).reshape(1, heads, tokens, size),
        (to_key * scaling).to(key.dtype)[None],
        to_value.to(value.dtype)[None],
    )


@attend.register_fake
def _(query: Tensor, *others: Any) -> tuple[Tensor, Tensor]:
    _, heads, tokens, size = query.shape
    mask = others[4]
    return query.new_empty(1, tokens, heads, size), query.new_empty(heads * mask.shape[0])


@attend_backward.register_fake
def _(_grad: Tensor, query: Tensor, key: Tensor, value: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    return query.new_empty(query.shape), key.new_empty(key.shape), value.new_empty(value.shape)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *tensors, scaling = inputs
    ctx.save_for_backward(*tensors, *output)
    ctx.scaling = scaling


def _backward(ctx: Any, grad: Tensor, _weights: Tensor) -> tuple[Tensor | None, ...]:
    to_query, to_key, to_value = attend_backward(grad.contiguous(), *ctx.saved_tensors, ctx.scaling)
    return to_query, to_key, to_value, None, None, None, None


attend.register_autograd(_backward, setup_context=_keep)


def _parts(
    parts: Tensor, keys: Tensor, mask: Tensor, weights: Tensor, key_heads: int, shared: int
) -> Iterator[tuple[slice, Tensor, Tensor, Tensor]]:
    """For each part: its rows in [key head, token and head that share it, size], its keys' places, its mask and its weights."""
    for start, end, keys_start, keys_end, pairs_start in parts.tolist():
        asking, looked_at = end - start, keys_end - keys_start
        pairs = asking * looked_at
        kept = weights[key_heads * shared * pairs_start : key_heads * shared * (pairs_start + pairs)]
        yield (
            slice(start * shared, end * shared),
            keys[keys_start:keys_end],
            mask[pairs_start : pairs_start + pairs].view(asking, looked_at),
            kept.view(key_heads, asking * shared, looked_at),
        )


def _by_token(query: Tensor, key_heads: int) -> Tensor:
    """[key head, token and head that share it, size], a token's heads beside each other, so that a part is one stretch."""
    _, heads, tokens, size = query.shape
    return (
        query[0].view(key_heads, heads // key_heads, tokens, size).transpose(1, 2).reshape(key_heads, tokens * (heads // key_heads), size)
    )
