"""One step of supervised fine-tuning on demonstrations: the weighted cross-entropy of the tokens they teach."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from envs.records import Metrics, TrainingSequence
from learner.batch import MicroBatch, from_sequences, pack_by
from learner.engine import Engine, Part
from learner.losses import cross_entropy


def sft_step(engine: Engine, sequences: Sequence[TrainingSequence], learning_rate: float) -> Metrics:
    """Train once on all sequences together.

    Returns:
        `sft/loss`, the weighted mean of -logprob of a trained token before the step, in nats; `learner/...`, what the step cost.

    Raises:
        ValueError: no sequence trains any token.
        NonFiniteError: the weights are unchanged.
    """
    packed = pack_by(engine.config, from_sequences(sequences))
    total_weight = sum(float(micro.weights.sum()) for micro in packed)

    def loss_of(micro: MicroBatch, logprobs: torch.Tensor) -> Part:
        return Part(cross_entropy(logprobs, micro.weights.to(logprobs.device), total_weight), {})

    report = engine.step(packed, loss_of, learning_rate)
    return {"sft/loss": report.loss, "sft/trained_tokens": sum(m.trained for m in packed), **report.metrics(learning_rate)}
