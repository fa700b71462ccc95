from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from learner.batch import Example, pack, spread


@st.composite
def example_lists(draw: st.DrawFn) -> list[Example]:
    lengths = draw(st.lists(st.integers(1, 40), max_size=25))
    examples = []
    for number, length in enumerate(lengths):
        trained = [0.0, *draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=length - 1, max_size=length - 1))]
        logprobs = tuple(-0.25 * i if w else 0.0 for i, w in enumerate(trained))
        ids = tuple(number * 100 + i + 1 for i in range(length))
        examples.append(Example(ids, tuple(trained), logprobs, advantage=float(number)))
    return examples


@given(example_lists(), st.integers(1, 120))
def test_every_trained_token_is_packed_once_with_its_own_values(examples: list[Example], budget: int) -> None:
    packed = pack(examples, budget)
    got = sorted(
        (int(m.ids.flatten()[p]), float(m.weights[k]), float(m.old_logprobs[k]), float(m.advantages[k]))
        for m in packed
        for k, p in enumerate(m.positions.tolist())
    )
    wanted = sorted((e.ids[i], w, e.old_logprobs[i], e.advantage) for e in examples for i, w in enumerate(e.weights) if w)
    assert got == wanted


@given(example_lists(), st.integers(1, 120))
def test_a_micro_batch_keeps_to_its_budget_unless_one_sequence_alone_exceeds_it(examples: list[Example], budget: int) -> None:
    for micro in pack(examples, budget):
        rows, columns = micro.ids.shape
        assert micro.ids.numel() <= budget or rows == 1
        assert columns == max(len(examples[i].ids) for i in micro.examples)
        assert micro.tokens == sum(len(examples[i].ids) for i in micro.examples)


@given(example_lists(), st.integers(1, 120))
def test_rows_hold_whole_sequences_then_padding_and_untrained_ones_are_left_out(examples: list[Example], budget: int) -> None:
    packed = pack(examples, budget)
    for micro in packed:
        for row, i in zip(micro.ids.tolist(), micro.examples, strict=True):
            length = len(examples[i].ids)
            assert tuple(row[:length]) == examples[i].ids
            assert not any(row[length:])
    assert sorted(i for m in packed for i in m.examples) == [i for i, e in enumerate(examples) if any(e.weights)]


@given(example_lists(), st.integers(1, 120))
def test_logprobs_spread_back_over_the_examples_they_were_packed_from(examples: list[Example], budget: int) -> None:
    packed = pack(examples, budget)
    blank = [Example(e.ids, e.weights, (), e.advantage) for e in examples]
    restored = spread([m.old_logprobs for m in packed], packed, blank)
    assert [e for e in restored if any(e.weights)] == [e for e in examples if any(e.weights)]


def test_sequences_of_like_length_share_a_micro_batch() -> None:
    examples = [Example(tuple(range(1, n + 1)), (0.0, *[1.0] * (n - 1))) for n in (4, 10, 5, 9, 10, 4)]
    shapes = [tuple(m.ids.shape) for m in pack(examples, 30)]
    assert shapes == [(3, 10), (3, 5)]


def test_a_loss_weight_on_the_first_token_is_refused() -> None:
    with pytest.raises(ValueError, match="first token"):
        Example((1, 2), (1.0, 1.0))


def test_nothing_to_train_packs_into_nothing() -> None:
    assert pack([], 100) == []
    assert pack([Example((1, 2, 3), (0.0, 0.0, 0.0))], 100) == []


def test_tensors_have_the_documented_types() -> None:
    micro = pack([Example((5, 6, 7), (0.0, 1.0, 0.5), (0.0, -1.0, -2.0), 0.25)], 100)[0]
    assert (micro.ids.dtype, micro.positions.dtype) == (torch.int64, torch.int64)
    assert {micro.weights.dtype, micro.old_logprobs.dtype, micro.advantages.dtype} == {torch.float32}


def test_widths_are_rounded_up_and_still_keep_to_the_budget() -> None:
    examples = [Example((1,) * n, (0.0, *(1.0,) * (n - 1))) for n in (70, 65, 40, 33, 20, 5)]
    shapes = [tuple(m.ids.shape) for m in pack(examples, 200, width_multiple=32)]
    assert shapes == [(2, 96), (2, 64), (2, 32)]
    assert all(rows * width <= 200 for rows, width in shapes)
