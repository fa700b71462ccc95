from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from envs.records import Group, Outcome, Question, Stop, Trajectory, WeightSpan
from learner.batch import pack
from learner.config import GrpoConfig
from learner.engine import Engine
from learner.grpo import grpo_step, to_examples

QUESTION = Question("shop/1", "shop", "How many pets?", "SELECT COUNT(*) FROM pets")


def trajectory(member: int, reward: float, length: int) -> Trajectory:
    """A prompt of three tokens, then turns of two sampled tokens and observations of one."""
    generator = torch.Generator().manual_seed(100 * member + length)
    ids = torch.randint(1, 97, (length,), generator=generator).tolist()
    mask = [0 if i < 3 or i % 3 == 2 else 1 for i in range(length)]
    return Trajectory(
        "shop/1", "shop", member, tuple(ids), tuple(mask), tuple(-2.0 * m for m in mask), (WeightSpan(3, length, 0),), (),
        Stop.ANSWERED, Outcome(reward > 0, None, "", ""), reward, 0.1,
    )  # fmt: skip


def group(rewards: Sequence[float], lengths: Sequence[int] = (9, 12, 20, 7)) -> Group:
    return Group(QUESTION, tuple(trajectory(i, r, n) for i, (r, n) in enumerate(zip(rewards, lengths, strict=True))))


def on_policy(engine: Engine, groups: list[Group]) -> list[Group]:
    """The groups with the logprobs the engine itself would have sampled with."""
    made = []
    for g in groups:
        examples = to_examples([g], divide_by_std=False)
        packed = pack(examples, 10_000)
        (values,) = engine.logprobs(packed)
        full = torch.zeros(packed[0].ids.numel())
        full[packed[0].positions] = values
        rows = dict(zip(packed[0].examples, full.view(packed[0].ids.shape).tolist(), strict=True))
        made.append(replace(g, trajectories=tuple(replace(t, logprobs=tuple(rows[i][: len(t.ids)])) for i, t in enumerate(g.trajectories))))
    return made


def weights(engine: Engine) -> dict[str, torch.Tensor]:
    return {name: p.clone() for name, p in engine.named_parameters()}


def moved(engine: Engine, before: dict[str, torch.Tensor]) -> bool:
    return any(not torch.equal(before[name], p) for name, p in engine.named_parameters())


def logprob(engine: Engine, t: Trajectory) -> float:
    example = to_examples([Group(QUESTION, (t, replace(t, reward=t.reward + 1)))], divide_by_std=False)[0]
    return float(engine.logprobs(pack([example], 1000))[0].sum())


def test_groups_without_variance_change_nothing_and_are_counted(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    before = weights(engine)
    metrics = grpo_step(engine, None, [group([1, 1, 1, 1]), group([0, 0, 0, 0])], GrpoConfig(), 1e-2)
    assert (metrics["grpo/groups"], metrics["grpo/groups_without_variance"], metrics["grpo/updates"]) == (2, 2, 0)
    assert not moved(engine, before)


def test_a_group_without_variance_does_not_dilute_the_others(make_engine: Callable[..., Engine]) -> None:
    alone, beside = make_engine(), make_engine()
    useful = on_policy(alone, [group([1, 0, 0, 1])])
    grpo_step(alone, None, useful, GrpoConfig(), 1e-2)
    grpo_step(beside, None, [group([1, 1, 1, 1]), *useful], GrpoConfig(), 1e-2)
    for name, wanted in alone.named_parameters():
        torch.testing.assert_close(dict(beside.named_parameters())[name], wanted, atol=1e-6, rtol=1e-6)


def test_better_trajectories_become_likelier_and_worse_ones_less(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    (g,) = on_policy(engine, [group([1, 0, 0, 1])])
    before = [logprob(engine, t) for t in g.trajectories]
    metrics = grpo_step(engine, None, [g], GrpoConfig(), 1e-3)
    after = [logprob(engine, t) for t in g.trajectories]
    assert [b > a for a, b in zip(before, after, strict=True)] == [True, False, False, True]
    assert metrics["policy/ratio_mean"] == pytest.approx(1.0, abs=1e-5)
    assert metrics["policy/clip_share"] == 0
    assert metrics["policy/logprob_difference"] == pytest.approx(0.0, abs=1e-5)


def test_the_gradient_does_not_depend_on_the_size_of_micro_batches(make_engine: Callable[..., Engine]) -> None:
    small, large = make_engine(micro_batch_tokens=1), make_engine(micro_batch_tokens=10_000)
    groups = on_policy(small, [group([1, 0, 0, 1]), group([0, 0, 0, 1], (30, 5, 6, 21))])
    norms = [grpo_step(e, None, groups, GrpoConfig(), 0.0)["learner/gradient_norm"] for e in (small, large)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-5)


def test_the_gradient_is_that_of_the_formula_worked_with_autograd(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    (g,) = on_policy(engine, [group([1, 0, 0, 0])])
    model: Any = engine.causal
    model.zero_grad()
    tokens = sum(sum(t.mask) for t in g.trajectories)
    loss = torch.zeros(())
    for t, advantage in zip(g.trajectories, (0.75, -0.25, -0.25, -0.25), strict=True):
        logprobs = model(input_ids=torch.tensor([t.ids])).logits[0].log_softmax(-1)
        for i, m in enumerate(t.mask):
            if m:  # on policy the ratio is 1, and its gradient is that of the logprob
                loss = loss - advantage * logprobs[i - 1, t.ids[i]] / tokens
    loss.backward()
    norm = float(torch.nn.utils.get_total_norm([p.grad for p in model.parameters()]))
    model.zero_grad()
    assert grpo_step(engine, None, [g], GrpoConfig(), 0.0)["learner/gradient_norm"] == pytest.approx(norm, rel=1e-4)


def test_kl_is_zero_at_the_reference_and_grows_when_the_policy_leaves_it(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    reference = engine.frozen_copy()
    groups = on_policy(engine, [group([1, 0, 0, 1])])
    config = GrpoConfig(kl_coefficient=0.1)
    first = grpo_step(engine, reference, groups, config, 3e-3)
    second = grpo_step(engine, reference, groups, config, 3e-3)
    assert first["policy/kl_to_sft"] == pytest.approx(0.0, abs=1e-6)
    assert second["policy/kl_to_sft"] > 1e-3


def test_the_kl_term_pulls_back_to_the_reference(make_engine: Callable[..., Engine]) -> None:
    free, held = make_engine(), make_engine()
    groups = on_policy(free, [group([1, 0, 0, 1])])
    distances = []
    for engine, coefficient in ((free, 0.0), (held, 2.0)):
        reference = engine.frozen_copy()
        config = GrpoConfig(kl_coefficient=coefficient, kl_report_share=1.0, clip_high=100.0, clip_low=0.99)
        for _ in range(8):
            metrics = grpo_step(engine, reference, groups, config, 1e-3)
        distances.append(metrics["policy/kl_to_sft"])
    assert distances[1] < distances[0] / 2


def test_kl_is_reported_on_a_share_of_trajectories_when_the_loss_does_not_need_it(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine(micro_batch_tokens=25)
    groups = [group([1, 0, 0, 1])]
    reference = engine.frozen_copy()
    assert "policy/kl_to_sft" in grpo_step(engine, reference, groups, GrpoConfig(kl_report_share=0.1), 1e-3)
    assert "policy/kl_to_sft" not in grpo_step(engine, reference, groups, GrpoConfig(kl_report_share=0.0), 1e-3)
    assert "policy/kl_to_sft" not in grpo_step(engine, None, groups, GrpoConfig(), 1e-3)


@pytest.mark.parametrize("packing", ["rows", "tree"])
def test_the_kl_reported_on_a_share_is_that_of_the_trajectories_chosen(make_engine: Callable[..., Engine], packing: str) -> None:
    engine = make_engine(packing=packing, micro_batch_tokens=25)
    reference = engine.frozen_copy()
    groups = [group([1, 0, 0, 1])]
    grpo_step(engine, reference, groups, GrpoConfig(), 3e-3)  # away from the reference
    before = {name: p.clone() for name, p in engine.named_parameters()}

    def reported(**settings: float) -> float:
        with torch.no_grad():
            for name, parameter in engine.named_parameters():
                parameter.copy_(before[name])
        return grpo_step(engine, reference, groups, GrpoConfig(**settings), 0.0)["policy/kl_to_sft"]

    of_all = reported(kl_coefficient=1e-9)
    assert reported(kl_report_share=1.0) == pytest.approx(of_all, rel=1e-4)
    assert reported(kl_report_share=0.5) != pytest.approx(of_all, rel=1e-3)
    assert of_all > 1e-3


def test_a_kl_without_a_reference_is_refused(make_engine: Callable[..., Engine]) -> None:
    with pytest.raises(ValueError, match="set_reference"):
        grpo_step(make_engine(), None, [group([1, 0, 0, 1])], GrpoConfig(kl_coefficient=0.1), 1e-3)


def test_old_logprobs_of_the_learner_replace_the_generators(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine(micro_batch_tokens=25)
    groups = [group([1, 0, 0, 1])]  # whose logprobs, all -2, are nobody's
    metrics = grpo_step(engine, None, groups, GrpoConfig(old_logprobs="learner"), 1e-3)
    assert metrics["policy/ratio_mean"] == pytest.approx(1.0, abs=1e-5)
    assert grpo_step(engine, None, groups, GrpoConfig(), 1e-3)["policy/logprob_difference"] > 0.1


@pytest.mark.parametrize("packing", ["rows", "tree"])
def test_the_importance_correction_gives_the_gradient_of_the_formula_worked_with_autograd(
    make_engine: Callable[..., Engine], packing: str
) -> None:
    engine = make_engine(micro_batch_tokens=25, packing=packing)
    g = group([1, 0, 0, 0])  # the generator gave every token e^-2
    model: Any = make_engine().causal  # the same weights, and plain rows
    model.zero_grad()
    tokens, loss, weighed = sum(sum(t.mask) for t in g.trajectories), torch.zeros(()), 0.0
    for t, advantage in zip(g.trajectories, (0.75, -0.25, -0.25, -0.25), strict=True):
        logprobs = model(input_ids=torch.tensor([t.ids])).logits[0].log_softmax(-1)
        for i, m in enumerate(t.mask):
            if m:
                mine = logprobs[i - 1, t.ids[i]]
                weight = min(0.5, math.exp(float(mine.detach()) + 2.0))
                weighed += weight
                loss = loss - weight * advantage * mine / tokens
    loss.backward()
    norm = float(torch.nn.utils.get_total_norm([p.grad for p in model.parameters()]))
    model.zero_grad()
    metrics = grpo_step(engine, None, [g], GrpoConfig(old_logprobs="learner", importance_cap=0.5), 0.0)
    assert metrics["learner/gradient_norm"] == pytest.approx(norm, rel=1e-4)
    assert metrics["policy/importance_mean"] == pytest.approx(weighed / tokens, rel=1e-5)
    assert metrics["policy/ratio_mean"] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(("updates", "minibatches"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_every_pass_takes_one_optimizer_step_a_minibatch(make_engine: Callable[..., Engine], updates: int, minibatches: int) -> None:
    engine = make_engine()
    groups = [group([1, 0, 0, 1]), group([0, 1, 0, 0], (8, 9, 10, 11))]
    metrics = grpo_step(engine, None, groups, GrpoConfig(updates_per_batch=updates, minibatches=minibatches), 1e-3)
    assert metrics["grpo/updates"] == engine.steps == updates * minibatches
    assert metrics["grpo/trained_tokens"] == updates * sum(sum(t.mask) for g in groups for t in g.trajectories)


def test_infinite_sampled_logprobs_stop_the_step_before_the_weights_change(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    g = group([1, 0, 0, 1])
    broken = replace(g.trajectories[0], logprobs=tuple(float("-inf") if m else 0.0 for m in g.trajectories[0].mask), reward=0.0)
    before = weights(engine)
    with pytest.raises(FloatingPointError, match="weights are unchanged"):
        grpo_step(engine, None, [replace(g, trajectories=(broken, *g.trajectories[1:]))], GrpoConfig(), 1e-3)
    assert not moved(engine, before)


def test_groups_packed_as_trees_train_the_same_weights_as_rows(make_engine: Callable[..., Engine]) -> None:
    groups = [
        Group(QUESTION, tuple(replace(t, ids=(start, *range(1, 6), *t.ids[6:])) for t in group(rewards, lengths).trajectories))
        for start, rewards, lengths in ((7, (1.0, 0.0, 0.5, 0.0), (9, 12, 20, 7)), (8, (0.0, 1.0), (15, 30)))
    ]
    engines = [make_engine(packing=packing, micro_batch_tokens=60) for packing in ("rows", "tree")]
    config = GrpoConfig(old_logprobs="learner", kl_coefficient=0.1, minibatches=2)
    told = [grpo_step(engine, engine.frozen_copy(), groups, config, 1e-3, seed=1) for engine in engines]
    assert told[1]["learner/computed_tokens"] < told[1]["learner/tokens"] == told[0]["learner/tokens"]
    for name in ("grpo/loss", "policy/ratio_mean", "policy/kl_to_sft", "policy/entropy", "learner/gradient_norm"):
        assert told[1][name] == pytest.approx(told[0][name], rel=1e-4, abs=1e-6), name
    for (name, rows), (_, tree) in zip(engines[0].named_parameters(), engines[1].named_parameters(), strict=True):
        torch.testing.assert_close(tree, rows, atol=1e-4, rtol=1e-4, msg=lambda m, n=name: f"{n}: {m}")
