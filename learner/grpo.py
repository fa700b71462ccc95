"""One batch of GRPO: trajectories of one question compared with each other, better ones made likelier.

Groups whose rewards are all equal say nothing and are dropped and counted. The ratio of the clip is taken against the logprobs the
generator sampled with, or, if asked for, against the learner's own before the first update, with or without a correction for what the
two differ by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from envs.records import Group, Metrics
from learner.batch import Example, MicroBatch, from_trajectories, pack_by, spread
from learner.config import GrpoConfig
from learner.engine import Engine, LossOf, Part
from learner.losses import group_advantages, kl_to_reference, policy_loss, truncated_importance


def grpo_step(
    engine: Engine, reference: Any | None, groups: Sequence[Group], config: GrpoConfig, learning_rate: float, seed: int = 0
) -> Metrics:
    """Train on one batch of groups: updates_per_batch passes of `minibatches` optimizer steps each.

    Args:
        engine: the weights being trained.
        reference: the frozen model the KL is taken to (`Engine.frozen_copy`), or None to leave the KL out.
        groups: whole groups; a group is never split by the trainer, and is normalised by itself.
        config: the [grpo] table.
        learning_rate: of every optimizer step.
        seed: of the cut into minibatches; another one for each batch, or the same members meet every time.

    Returns:
        Means over trained tokens (`policy/...`), counts (`grpo/...`) and costs (`learner/...`). `grpo/updates` is 0 and nothing
        has changed when no group had variance.

    Raises:
        ValueError: config.kl_coefficient is above 0 and there is no reference.
        NonFiniteError: a loss or gradient was not finite; the weights are as after the last update that was.
    """
    if config.kl_coefficient > 0 and reference is None:
        raise ValueError("grpo.kl_coefficient is above 0, but there is no reference: call set_reference() after the SFT first")
    kept = [group for group in groups if group.has_variance]
    counts = {"grpo/groups": float(len(groups)), "grpo/groups_without_variance": float(len(groups) - len(kept))}
    examples = to_examples(kept, divide_by_std=config.advantage_std)
    if not any(any(example.weights) for example in examples):
        return {**counts, "grpo/updates": 0.0}
    sampled = examples
    if config.old_logprobs == "learner":
        packed = pack_by(engine.config, examples)
        examples = spread(engine.logprobs(packed), packed, examples)

    order = np.random.default_rng(seed)
    totals: dict[str, float] = defaultdict(float)
    updates = 0
    for _ in range(config.updates_per_batch):
        for share in np.array_split(order.permutation(len(examples)), config.minibatches):
            packed = _packed(engine, reference, [examples[i] for i in share], config)
            if not packed:
                continue
            if config.importance_cap > 0:
                packed = _corrected(packed, [sampled[i] for i in share], config.importance_cap, totals)
            total_tokens = sum(micro.trained for micro in packed)
            report = engine.step(packed, _loss_of(config, total_tokens), learning_rate)
            updates += 1
            for name, value in {**report.sums, **report.metrics(learning_rate), "loss": report.loss}.items():
                totals[name] += value
    return {**counts, **_means(totals, updates)}


def to_examples(groups: Sequence[Group], *, divide_by_std: bool) -> list[Example]:
    """Every trajectory with its advantage within its own group."""
    examples: list[Example] = []
    for group in groups:
        rewards = torch.tensor([group.rewards], dtype=torch.float32)
        advantages = group_advantages(rewards, divide_by_std=divide_by_std)[0].tolist()
        examples.extend(from_trajectories(group.trajectories, advantages))
    return examples


def _packed(engine: Engine, reference: Any | None, examples: Sequence[Example], config: GrpoConfig) -> list[MicroBatch]:
    """Micro-batches with reference logprobs: of all examples when the loss needs the KL, of a share when it is only reported."""
    packed = pack_by(engine.config, examples)
    if reference is None:
        return packed
    if config.kl_coefficient > 0:
        logprobs = engine.logprobs(packed, reference)
        return [replace(micro, reference_logprobs=of_micro) for micro, of_micro in zip(packed, logprobs, strict=True)]
    trained = [i for micro in packed for i in micro.examples]
    count = int(np.ceil(config.kl_report_share * len(trained)))
    chosen = sorted(trained[int((k + 0.5) * len(trained) / count)] for k in range(count))  # in even steps through the batch
    shown = [examples[i] for i in chosen]
    shown_packed = pack_by(engine.config, shown)
    known = dict(zip(chosen, spread(engine.logprobs(shown_packed, reference), shown_packed, shown), strict=True))
    return [replace(micro, reference_logprobs=_known_of(micro, examples, known)) for micro in packed]


def _known_of(micro: MicroBatch, examples: Sequence[Example], known: Mapping[int, Example]) -> torch.Tensor | None:
    """[trained], the old_logprobs of the examples that are known, in the order of the micro-batch, and nan for the others."""
    if not known.keys() & set(micro.examples):
        return None
    parts = []
    for i in micro.examples:
        trained = np.flatnonzero(examples[i].weights)
        of_example = np.asarray(known[i].old_logprobs)[trained] if i in known else np.full(len(trained), np.nan)
        parts.append(of_example.astype(np.float32))
    return torch.from_numpy(np.concatenate(parts))


def _old_logprobs_of(micro: MicroBatch, examples: Sequence[Example]) -> torch.Tensor:
    """[trained], the logprobs that these examples hold, in the micro-batch's order."""
    found = _known_of(micro, examples, dict(enumerate(examples)))
    assert found is not None
    return found


def _corrected(packed: Sequence[MicroBatch], sampled: Sequence[Example], cap: float, totals: dict[str, float]) -> list[MicroBatch]:
    """The micro-batches with each token's advantage times its importance; `sampled` are their examples with the generator's logprobs."""
    corrected = []
    for micro in packed:
        weights = truncated_importance(micro.old_logprobs, _old_logprobs_of(micro, sampled), cap)
        totals["importance"] += float(weights.sum())
        totals["truncated"] += float((weights >= cap).sum())
        corrected.append(replace(micro, advantages=micro.advantages * weights))
    return corrected


def _loss_of(config: GrpoConfig, total_tokens: int) -> LossOf:
    def loss_of(micro: MicroBatch, logprobs: torch.Tensor) -> Part:
        device = logprobs.device
        policy = policy_loss(
            logprobs,
            micro.old_logprobs.to(device),
            micro.advantages.to(device),
            clip_low=config.clip_low,
            clip_high=config.clip_high,
            total_tokens=total_tokens,
        )
        loss = policy.loss
        sums = {
            "tokens": float(micro.trained),
            "ratio": float(policy.ratio_sum),
            "clipped": float(policy.clipped_sum),
            "surprise": -float(logprobs.detach().sum()),
            "drift": float((logprobs.detach() - micro.old_logprobs.to(device)).abs().sum()),
        }
        if micro.reference_logprobs is not None:
            known = ~micro.reference_logprobs.isnan()
            kl = kl_to_reference(logprobs[known.to(device)], micro.reference_logprobs[known].to(device)).sum()
            sums |= {"kl": float(kl.detach()), "kl_tokens": float(known.sum())}
            if config.kl_coefficient > 0:
                loss = loss + config.kl_coefficient * kl / total_tokens
        return Part(loss, sums)

    return loss_of


def _means(totals: dict[str, float], updates: int) -> Metrics:
    tokens = totals["tokens"]
    metrics = {
        "grpo/updates": float(updates),
        "grpo/trained_tokens": tokens,
        "grpo/loss": totals["loss"] / updates,
        "policy/ratio_mean": totals["ratio"] / tokens,
        "policy/clip_share": totals["clipped"] / tokens,
        "policy/entropy": totals["surprise"] / tokens,  # mean -logprob of sampled tokens: its expectation is the entropy, in nats
        "policy/logprob_difference": totals["drift"] / tokens,  # |learner - sampled|: large at the first update means stale weights
        "learner/gradient_norm": totals["learner/gradient_norm"] / updates,
        "learner/learning_rate": totals["learner/learning_rate"] / updates,
        "learner/step_s": totals["learner/step_s"],
        "learner/tokens_per_s": totals["learner/tokens"] / totals["learner/step_s"],
        "learner/tokens": totals["learner/tokens"],
        "learner/computed_tokens": totals["learner/computed_tokens"],
    }
    parts = ("learner/forward_s", "learner/backward_s", "learner/optimizer_s")
    metrics |= {name: totals[name] for name in parts if name in totals}
    if "importance" in totals:
        metrics["policy/importance_mean"] = totals["importance"] / tokens
        metrics["policy/importance_truncated_share"] = totals["truncated"] / tokens
    if totals["kl_tokens"]:
        metrics["policy/kl_to_sft"] = totals["kl"] / totals["kl_tokens"]
    return metrics
