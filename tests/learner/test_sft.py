from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from envs.records import TrainingSequence
from learner.engine import Engine
from learner.sft import sft_step


def test_the_reported_loss_is_that_before_the_step_and_costs_are_told(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    batch = [TrainingSequence((1, 2, 3, 4), (0.0, 0.0, 1.0, 1.0)), TrainingSequence((9, 8, 7), (0.0, 1.0, 0.0))]
    metrics = sft_step(engine, batch, 0.0)  # a learning rate of 0 leaves the weights alone
    again = sft_step(engine, batch, 0.0)
    assert again["sft/loss"] == pytest.approx(metrics["sft/loss"], abs=1e-6)
    assert 0 < metrics["sft/loss"] < 4 * math.log(97)
    assert (metrics["sft/trained_tokens"], metrics["learner/tokens"]) == (3, 7)
    assert metrics["learner/tokens_per_s"] == pytest.approx(7 / metrics["learner/step_s"])


def test_a_token_of_weight_zero_does_not_move_the_loss(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    one = sft_step(engine, [TrainingSequence((1, 2, 3, 4), (0.0, 1.0, 1.0, 0.0))], 0.0)
    other = sft_step(engine, [TrainingSequence((1, 2, 3, 50), (0.0, 1.0, 1.0, 0.0))], 0.0)
    assert one["sft/loss"] == pytest.approx(other["sft/loss"], abs=1e-6)
