"""Trees against their sequences, and training on a tree against one sequence at a time."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learner.batch import Example, pack_by, pack_trees, spread
from learner.config import LearnerConfig
from learner.engine import Engine, TokenLogprobs
from learner.losses import cross_entropy, policy_loss
from learner.prefix_tree import attention_parts, build, sorted_order

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine fails nothing


@st.composite
def branching(draw: st.DrawFn) -> list[list[int]]:
    """Sequences of few different ids, each with the beginning of an earlier one, so that much is shared."""
    made: list[list[int]] = []
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.sampled_from(made))[: draw(st.integers(0, 40))] if made else []
        made.append([*start, *draw(st.lists(st.integers(1, 3), min_size=1, max_size=20))])
    return made


@st.composite
def branching_examples(draw: st.DrawFn) -> list[Example]:
    """Their weights, old logprobs and advantages differ even where their ids are the same."""
    examples = []
    for sequence in draw(branching()):
        rng = random.Random(draw(st.integers(0, 2**32)))
        weights = [0.0, *(rng.choice([0.0, 0.5, 1.0]) for _ in sequence[1:])]
        logprobs = tuple(rng.uniform(-5, -4) if weight else 0.0 for weight in weights)
        examples.append(Example(tuple(sequence), tuple(weights), logprobs, rng.uniform(-1, 1)))
    return examples


@relaxed
@given(branching())
def test_a_path_through_the_tree_spells_its_sequence(sequences: list[list[int]]) -> None:
    tree = build([sequences[place] for place in sorted_order(sequences)])
    for path, place in zip(tree.paths, sorted_order(sequences), strict=True):
        assert tree.ids[path].tolist() == sequences[place]
        assert tree.depths[path].tolist() == list(range(len(path)))
        assert tree.parents[path].tolist() == [-1, *path[:-1]]


@relaxed
@given(branching())
def test_every_beginning_is_in_the_tree_once(sequences: list[list[int]]) -> None:
    tree = build([sequences[place] for place in sorted_order(sequences)])
    assert len(tree.ids) == len({tuple(s[: i + 1]) for s in sequences for i in range(len(s))})


@relaxed
@given(branching(), st.sampled_from([0, 50, 10_000]), st.sampled_from([1, 5, 64]))
def test_the_parts_let_each_token_look_at_its_ancestors_and_itself_alone(sequences: list[list[int]], price: int, step: int) -> None:
    tree = build([sequences[place] for place in sorted_order(sequences)])
    ancestors = np.zeros((len(tree.ids), len(tree.ids)), dtype=bool)
    for path in tree.paths:
        for place, token in enumerate(path):
            ancestors[token, path[: place + 1]] = True
    got = np.zeros_like(ancestors)
    covered: list[int] = []
    for part in attention_parts(tree, price, step):
        covered += range(part.start, part.end)
        for row, token in enumerate(range(part.start, part.end)):
            got[token, part.keys[part.allowed[row]]] = True
    assert covered == list(range(len(tree.ids)))
    assert (got == ancestors).all()


def test_sequences_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="sorted"):
        build([[2, 1], [1]])


@relaxed
@given(branching_examples(), st.integers(1, 60))
def test_micro_batches_hold_each_trained_example_once_within_their_budget(examples: list[Example], budget: int) -> None:
    packed = pack_trees(examples, budget)
    assert sorted(i for m in packed for i in m.examples) == [i for i, e in enumerate(examples) if any(e.weights)]
    assert all(m.ids.numel() <= budget or len(m.examples) == 1 for m in packed)


@relaxed
@given(branching_examples(), st.integers(1, 60))
def test_values_of_trained_tokens_come_back_to_their_own_examples(examples: list[Example], budget: int) -> None:
    packed = pack_trees(examples, budget)
    for micro in packed:
        wanted = [(e.ids[t], e.weights[t], e.advantage) for e in (examples[i] for i in micro.examples) for t in np.flatnonzero(e.weights)]
        assert micro.tree is not None
        targets = micro.tree.targets[micro.positions].tolist()
        assert list(zip(targets, micro.weights.tolist(), micro.advantages.tolist(), strict=True)) == [
            (i, w, pytest.approx(a)) for i, w, a in wanted
        ]
    restored = spread([m.old_logprobs for m in packed], packed, examples)
    assert [e.old_logprobs for e in restored] == [pytest.approx(e.old_logprobs) if any(e.weights) else e.old_logprobs for e in examples]


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(packing="tree")


def one_at_a_time(model: Any, examples: Sequence[Example]) -> torch.Tensor:
    """Logprobs of all trained tokens by plain transformers, logits of every token of each sequence by itself."""
    found = []
    for example in examples:
        ids = torch.tensor([example.ids])
        logprobs = model(input_ids=ids).logits[0].log_softmax(-1)
        found += [logprobs[t - 1, example.ids[t]] for t in np.flatnonzero(example.weights)]
    return torch.stack(found)


def loss(
    kind: str, logprobs: torch.Tensor, weights: torch.Tensor, old: torch.Tensor, advantages: torch.Tensor, total: float
) -> torch.Tensor:
    if kind == "demonstrations":
        return cross_entropy(logprobs, weights, total)
    return policy_loss(logprobs, old, advantages, clip_low=0.2, clip_high=0.28, total_tokens=total).loss


@settings(relaxed, max_examples=40)
@given(branching_examples(), st.integers(1, 200), st.sampled_from(["demonstrations", "trajectories"]))
def test_loss_and_gradients_of_trees_are_those_of_one_sequence_at_a_time(
    engine: Engine, examples: list[Example], budget: int, kind: str
) -> None:
    trained = [e for e in examples if any(e.weights)]
    if not trained:
        return
    values = [
        torch.tensor([value for e in trained for value, w in zip(of(e), e.weights, strict=True) if w])
        for of in (lambda e: e.weights, lambda e: e.old_logprobs, lambda e: [e.advantage] * len(e.ids))
    ]
    total = float(values[0].sum())
    plain = copy.deepcopy(engine.causal)
    plain.set_attn_implementation("eager")
    wanted = loss(kind, one_at_a_time(plain, trained), *values, total)
    wanted.backward()

    packed = pack_by(LearnerConfig(packing="tree", micro_batch_tokens=budget), examples)
    module = TokenLogprobs(copy.deepcopy(engine.causal))
    parts = [loss(kind, module(m.ids, m.positions, m.tree), m.weights, m.old_logprobs, m.advantages, total) for m in packed]
    torch.stack(parts).sum().backward()
    assert float(torch.stack(parts).sum().detach()) == pytest.approx(float(wanted.detach()), abs=1e-5)
    for (name, got), (_, parameter) in zip(module.causal.named_parameters(), plain.named_parameters(), strict=True):
        torch.testing.assert_close(got.grad, parameter.grad, atol=1e-5, rtol=1e-5, msg=lambda m, n=name: f"{n}: {m}")


def test_a_model_that_attends_by_trees_refuses_rows(engine: Engine) -> None:
    with pytest.raises(ValueError, match="without a tree"):
        TokenLogprobs(engine.causal)(torch.tensor([[1, 2, 3]]), torch.tensor([1]))
