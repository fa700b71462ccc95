from __future__ import annotations

import math

import pytest
import torch

from learner.losses import cross_entropy, group_advantages, kl_to_reference, policy_loss, truncated_importance


def test_cross_entropy_is_the_weighted_mean_worked_by_hand() -> None:
    logprobs = torch.tensor([-1.0, -2.0, -4.0])
    loss = cross_entropy(logprobs, torch.tensor([1.0, 0.5, 0.5]), total_weight=2.0)
    assert loss.item() == pytest.approx((1 + 1 + 2) / 2)


def test_parts_of_a_batch_add_up_to_the_whole_however_it_is_cut() -> None:
    torch.manual_seed(0)
    logprobs, weights = -torch.rand(10), torch.rand(10)
    total = float(weights.sum())
    whole = cross_entropy(logprobs, weights, total)
    cut = cross_entropy(logprobs[:3], weights[:3], total) + cross_entropy(logprobs[3:], weights[3:], total)
    assert cut.item() == pytest.approx(whole.item(), abs=1e-6)


def test_advantages_are_rewards_minus_the_mean_of_their_own_group() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
    wanted = torch.tensor([[0.75, -0.25, -0.25, -0.25], [0.5, 0.5, -0.5, -0.5]])
    torch.testing.assert_close(group_advantages(rewards), wanted)


def test_advantages_divided_by_the_standard_deviation_have_unit_size() -> None:
    advantages = group_advantages(torch.tensor([[1.0, 1.0, 0.0, 0.0]]), divide_by_std=True)
    torch.testing.assert_close(advantages, torch.tensor([[1.0, 1.0, -1.0, -1.0]]), atol=1e-3, rtol=0)


@pytest.mark.parametrize("divide_by_std", [False, True])
def test_a_group_of_equal_rewards_has_no_advantage_even_when_its_mean_is_rounded(divide_by_std: bool) -> None:
    rewards = torch.full((1, 7), 0.1)
    assert group_advantages(rewards, divide_by_std=divide_by_std).tolist() == [[0.0] * 7]


def test_a_group_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="2 or more members"):
        group_advantages(torch.tensor([[1.0]]))


def _gradient(ratio: float, advantage: float) -> tuple[float, float, float]:
    """Loss, gradient by the logprob and clipped tokens of one token whose probability changed by `ratio`."""
    logprob = torch.tensor([math.log(ratio)], requires_grad=True)
    out = policy_loss(logprob, torch.zeros(1), torch.tensor([advantage]), clip_low=0.2, clip_high=0.28, total_tokens=1.0)
    out.loss.backward()
    assert logprob.grad is not None
    return out.loss.item(), logprob.grad.item(), out.clipped_sum.item()


def test_inside_the_clip_the_gradient_is_that_of_the_ratio() -> None:
    assert _gradient(1.1, 2.0) == pytest.approx((-2.2, -2.2, 0))
    assert _gradient(0.9, -1.0) == pytest.approx((0.9, 0.9, 0))


def test_a_good_token_is_not_pushed_above_the_upper_clip_and_a_bad_one_not_below_the_lower() -> None:
    assert _gradient(1.3, 1.0) == pytest.approx((-1.28, 0.0, 1))
    assert _gradient(0.7, -1.0) == pytest.approx((0.8, 0.0, 1))


def test_between_the_unequal_clips_only_the_upper_side_still_learns() -> None:
    assert _gradient(1.25, 1.0)[1] != 0  # 1 + clip_low < 1.25 < 1 + clip_high
    assert _gradient(0.75, -1.0)[1] == 0


def test_a_token_that_moved_the_wrong_way_is_pulled_back_whatever_the_clip() -> None:
    assert _gradient(2.0, -1.0) == pytest.approx((2.0, 2.0, 0))
    assert _gradient(0.5, 1.0) == pytest.approx((-0.5, -0.5, 0))


def test_every_token_weighs_the_same_in_long_and_short_trajectories() -> None:
    logprobs = torch.zeros(5, requires_grad=True)
    advantages = torch.tensor([1.0, 1.0, 1.0, 1.0, -1.0])  # a trajectory of four tokens and one of one
    policy_loss(logprobs, torch.zeros(5), advantages, clip_low=0.2, clip_high=0.28, total_tokens=5).loss.backward()
    assert logprobs.grad is not None
    torch.testing.assert_close(logprobs.grad, -advantages / 5)


def test_kl_is_zero_with_zero_gradient_where_policy_and_reference_agree() -> None:
    logprobs = torch.tensor([-0.5, -3.0], requires_grad=True)
    kl = kl_to_reference(logprobs, logprobs.detach().clone())
    kl.sum().backward()
    assert kl.tolist() == [0.0, 0.0]
    assert logprobs.grad is not None
    assert logprobs.grad.tolist() == [0.0, 0.0]


def test_kl_averages_to_the_exact_one_under_the_policy() -> None:
    policy, reference = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.5, 0.25, 0.25])
    exact = (policy * (policy / reference).log()).sum()
    estimate = (policy * kl_to_reference(policy.log(), reference.log())).sum()
    assert estimate.item() == pytest.approx(exact.item(), abs=1e-6)
    assert (kl_to_reference(policy.log(), reference.log()) >= 0).all()


def test_importance_is_learner_over_generator_cut_at_the_cap_and_a_constant_to_the_gradient() -> None:
    learner = torch.tensor([0.5, 0.9, 0.2]).log().requires_grad_()
    weights = truncated_importance(learner, torch.tensor([0.5, 0.3, 0.4]).log(), cap=2.0)
    torch.testing.assert_close(weights, torch.tensor([1.0, 2.0, 0.5]))
    assert not weights.requires_grad


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.1, 1.5])
@pytest.mark.parametrize("advantage", [-1.0, 2.0])
def test_a_weighted_advantage_is_a_weighted_loss_with_a_weighted_gradient(ratio: float, advantage: float) -> None:
    plain, weighted = _gradient(ratio, advantage), _gradient(ratio, 0.25 * advantage)
    assert weighted[:2] == pytest.approx([0.25 * value for value in plain[:2]])
    assert weighted[2] == plain[2]
