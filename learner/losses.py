"""The losses, as pure functions of logprobs of trained tokens.

All divide by a total that the caller takes over the whole batch, never over a micro-batch, so that how a batch is cut into
micro-batches changes neither the loss nor its gradient, and a token counts the same in a short trajectory as in a long one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

STD_FLOOR = 1e-4  # keeps the division by a group's standard deviation finite


def cross_entropy(logprobs: torch.Tensor, weights: torch.Tensor, total_weight: float) -> torch.Tensor:
    """The weighted mean of -logprob: a micro-batch's part of it.

    Args:
        logprobs: [trained] float32, natural log of each trained token's probability.
        weights: [trained] float32.
        total_weight: the sum of the weights of the whole batch.
    """
    return -(weights * logprobs).sum() / total_weight


def group_advantages(rewards: torch.Tensor, *, divide_by_std: bool = False) -> torch.Tensor:
    """How much better each trajectory did than the mean of its group.

    Args:
        rewards: [question, member] float32; one row is one group.
        divide_by_std: divide each row by its (population) standard deviation, as the first GRPO paper does.

    Returns:
        Same shape; every row sums to 0, and a row of equal rewards is all 0 (no gradient).

    Raises:
        ValueError: groups have one member, so there is nothing to compare with.

    Source: GRPO, arXiv:2402.03300 section 4.1; arXiv:2503.20783 argues against the division, which favours questions that are
    nearly always right or nearly always wrong.
    """
    if rewards.ndim != 2 or rewards.shape[1] < 2:
        raise ValueError(f"rewards are {tuple(rewards.shape)}: wanted [question, member] with 2 or more members to compare")
    advantages = rewards - rewards.mean(dim=1, keepdim=True)
    if divide_by_std:
        advantages = advantages / (rewards.std(dim=1, correction=0, keepdim=True) + STD_FLOOR)
    return torch.where((rewards == rewards[:, :1]).all(dim=1, keepdim=True), 0.0, advantages)


@dataclass(frozen=True, slots=True)
class PolicyLoss:
    """The clipped loss with what is worth watching; sums run over tokens, so that micro-batches add up."""

    loss: torch.Tensor  # scalar with gradient
    ratio_sum: torch.Tensor  # of the probability now over the probability when sampled
    clipped_sum: torch.Tensor  # tokens whose gradient the clip cut off


def policy_loss(
    logprobs: torch.Tensor,
    old_logprobs: torch.Tensor,
    advantages: torch.Tensor,
    *,
    clip_low: float,
    clip_high: float,
    total_tokens: float,
) -> PolicyLoss:
    """The clipped policy-gradient loss: a micro-batch's part of the mean over all trained tokens of the batch.

    Args:
        logprobs: [trained] float32, under the weights being trained.
        old_logprobs: [trained] float32, under the weights that sampled.
        advantages: [trained] float32.
        clip_low, clip_high: the ratio counts between 1 - clip_low and 1 + clip_high.
        total_tokens: trained tokens of the whole batch. Prompts and observations are in none of these tensors.

    Source: PPO, arXiv:1707.06347 equation 7; unequal clips and normalisation over tokens, DAPO, arXiv:2503.14476.
    """
    ratio = torch.exp(logprobs - old_logprobs)
    unclipped = ratio * advantages
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high) * advantages
    loss = -torch.minimum(unclipped, clipped).sum() / total_tokens
    return PolicyLoss(loss, ratio.detach().sum(), (clipped < unclipped).sum())


def truncated_importance(old_logprobs: torch.Tensor, sampled_logprobs: torch.Tensor, cap: float) -> torch.Tensor:
    """[trained], how much a token counts because generator and learner do not quite agree on it: learner / generator, at most `cap`.

    A constant to the gradient. It multiplies the clipped loss, and so the advantages: minimum(ratio A, clipped A) times a positive
    number is the same with A times that number.

    Args:
        old_logprobs: [trained] float32, of the learner before the first update: what the clip's ratio is taken against.
        sampled_logprobs: [trained] float32, of the generator, which sampled the tokens.
        cap: the largest weight.

    Source: truncated importance sampling (Ionides, 2008); between an actor and a learner that differ, IMPALA, arXiv:1802.01561.
    """
    return torch.exp(old_logprobs - sampled_logprobs).clamp(max=cap).detach()


def kl_to_reference(logprobs: torch.Tensor, reference_logprobs: torch.Tensor) -> torch.Tensor:
    """[trained], an estimate of KL(policy || reference) at each sampled token: never negative, 0 where both agree.

    Source: k3 of http://joschu.net/blog/kl-approx.html, as GRPO uses it.
    """
    difference = reference_logprobs - logprobs
    return torch.exp(difference) - difference - 1
