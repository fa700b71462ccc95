"""Steps through real DeepSpeed on a tiny model in fp32, against plain torch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from envs.records import TrainingSequence
from learner.batch import Example, MicroBatch, from_sequences, pack
from learner.engine import Engine, NonFiniteError, Part, TokenLogprobs
from learner.losses import cross_entropy
from learner.sft import sft_step


def sequences(count: int = 7, seed: int = 0) -> list[TrainingSequence]:
    """Sequences of unequal length, about half of whose tokens are trained, with unequal weights."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for number in range(count):
        length = 5 + 3 * number
        ids = torch.randint(1, 97, (length,), generator=generator).tolist()
        weights = (torch.rand(length, generator=generator) - 0.4).clamp(0).tolist()
        made.append(TrainingSequence(tuple(ids), (0.0, *weights[1:])))
    return made


def plain_gradients(engine: Engine, batch: list[TrainingSequence]) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients by plain torch and transformers: one sequence at a time, logits of every token."""
    model = copy.deepcopy(engine.causal)
    model.set_attn_implementation("eager")
    model.zero_grad()
    total = sum(sum(s.weights) for s in batch)
    loss = torch.zeros(())
    for s in batch:
        ids = torch.tensor([s.ids])
        logprobs = model(input_ids=ids).logits[0].log_softmax(-1)
        picked = logprobs[:-1].gather(1, ids[0, 1:, None])[:, 0]
        loss = loss - (torch.tensor(s.weights[1:]) * picked).sum() / total
    loss.backward()
    return loss.item(), {name: p.grad for name, p in model.named_parameters()}


def engine_gradients(engine: Engine, batch: list[TrainingSequence], budget: int) -> tuple[float, dict[str, torch.Tensor]]:
    micro_batches = pack(from_sequences(batch), budget)
    total = sum(float(m.weights.sum()) for m in micro_batches)
    module = TokenLogprobs(copy.deepcopy(engine.causal))
    module.zero_grad()
    losses = [cross_entropy(module(m.ids, m.positions), m.weights, total) for m in micro_batches]
    torch.stack(losses).sum().backward()
    return torch.stack(losses).sum().item(), {name: p.grad for name, p in module.causal.named_parameters()}


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine()


@pytest.mark.parametrize("budget", [1, 40, 10_000])
def test_packing_and_padding_change_neither_loss_nor_gradient(engine: Engine, budget: int) -> None:
    batch = sequences()
    wanted_loss, wanted = plain_gradients(engine, batch)
    loss, gradients = engine_gradients(engine, batch, budget)
    assert loss == pytest.approx(wanted_loss, abs=1e-5)
    for name, gradient in wanted.items():
        torch.testing.assert_close(gradients[name], gradient, atol=1e-5, rtol=1e-5, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize(("precision", "zero_stage"), [("fp32", 0), ("bf16", 1)])
def test_frozen_layers_and_the_embedding_stay_and_the_others_learn(
    make_engine: Callable[..., Engine], precision: str, zero_stage: int
) -> None:
    engine = make_engine(frozen_layers=1, precision=precision, zero_stage=zero_stage)
    before = {name: weight.clone() for name, weight in engine.named_parameters()}
    sft_step(engine, sequences(), 1e-2)
    changed = {name for name, weight in engine.named_parameters() if not torch.equal(weight, before[name])}
    stay = {name for name in before if "embed_tokens" in name or ".layers.0." in name}
    assert changed == set(before) - stay and stay


def test_freezing_every_layer_is_refused(make_engine: Callable[..., Engine]) -> None:
    with pytest.raises(ValueError, match="leave some to train"):
        make_engine(frozen_layers=2)


@pytest.mark.parametrize(("zero_stage", "budget"), [(0, 30), (0, 10_000), (1, 30)])
def test_an_optimizer_step_through_deepspeed_is_that_of_plain_adamw(
    make_engine: Callable[..., Engine], zero_stage: int, budget: int
) -> None:
    engine = make_engine(zero_stage=zero_stage, micro_batch_tokens=budget, gradient_clip=0.5, weight_decay=0.1)
    batch = sequences()
    plain = copy.deepcopy(engine.causal)
    optimizer = torch.optim.AdamW(plain.parameters(), lr=1e-2, betas=engine.config.betas, weight_decay=0.1)
    for learning_rate in (1e-2, 3e-3):
        _, gradients = plain_gradients(engine, batch)
        for name, parameter in plain.named_parameters():
            parameter.grad = gradients[name]
        norm = float(torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.5))
        optimizer.param_groups[0]["lr"] = learning_rate
        optimizer.step()
        metrics = sft_step(engine, batch, learning_rate)
        assert metrics["learner/gradient_norm"] == pytest.approx(norm, rel=1e-4)
        for name, parameter in engine.named_parameters():
            torch.testing.assert_close(parameter, plain.get_parameter(name).detach(), atol=2e-5, rtol=1e-4)


def test_a_few_steps_lower_the_loss_on_a_fixed_batch(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine(micro_batch_tokens=40)
    batch = sequences()
    losses = [sft_step(engine, batch, 3e-3)["sft/loss"] for _ in range(6)]
    assert losses[-1] < losses[0] - 0.5
    assert engine.steps == 6


def test_compiled_layers_learn_what_plain_ones_learn(make_engine: Callable[..., Engine]) -> None:
    plain, compiled = make_engine(micro_batch_tokens=40), make_engine(micro_batch_tokens=40, compile=True)
    compiled.warm_up()
    batch = sequences()
    for _ in range(3):
        wanted, got = (sft_step(engine, batch, 3e-3) for engine in (plain, compiled))
        assert got["sft/loss"] == pytest.approx(wanted["sft/loss"], abs=1e-4)
        assert got["learner/gradient_norm"] == pytest.approx(wanted["learner/gradient_norm"], rel=1e-3)


@pytest.mark.parametrize("zero_stage", [0, 1, 2])
def test_bf16_gradients_add_up_over_micro_batches(make_engine: Callable[..., Engine], zero_stage: int) -> None:
    engine = make_engine(precision="bf16", zero_stage=zero_stage, micro_batch_tokens=30)
    _, gradients = plain_gradients(engine, sequences())
    norm = float(torch.nn.utils.get_total_norm([g.float() for g in gradients.values()]))
    assert sft_step(engine, sequences(), 1e-3)["learner/gradient_norm"] == pytest.approx(norm, rel=0.05)


def test_bf16_keeps_master_weights_so_that_small_steps_are_not_lost(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine(precision="bf16", zero_stage=1, micro_batch_tokens=40)
    before = {name: p.clone() for name, p in engine.named_parameters()}
    losses = [sft_step(engine, sequences(), 2e-4)["sft/loss"] for _ in range(15)]
    assert losses[-1] < losses[0]
    norms = [name for name in before if "norm" in name]
    after = dict(engine.named_parameters())
    # Norm weights are 1, where bf16 steps are 0.0039 or 0.0078 wide: 2e-4 a step shows only if it was added up in fp32.
    assert any(not torch.equal(before[name], after[name]) for name in norms)


def test_logprobs_without_gradient_are_those_of_plain_transformers(engine: Engine) -> None:
    ids = (3, 14, 15, 92, 65, 35)
    (got,) = engine.logprobs(pack([Example(ids, (0.0, *[1.0] * 5)), Example((1, 2, 3), (0.0,) * 3)], 100))
    model = copy.deepcopy(engine.causal)
    model.set_attn_implementation("sdpa")
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    torch.testing.assert_close(got, torch.stack([logits[i, ids[i + 1]] for i in range(5)]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("where", ["loss", "gradient"])
@pytest.mark.parametrize(
    "settings", [{}, {"zero_stage": 1}, {"precision": "bf16", "zero_stage": 1}, {"precision": "bf16", "zero_stage": 2}]
)
def test_what_is_not_finite_raises_before_the_weights_change_and_leaves_nothing_behind(
    make_engine: Callable[..., Engine], where: str, settings: dict[str, Any]
) -> None:
    engine = make_engine(micro_batch_tokens=40, **settings)
    twin = make_engine(micro_batch_tokens=40, **settings)
    micro_batches = pack(from_sequences(sequences()), 40)
    assert len(micro_batches) > 1

    def broken(micro: MicroBatch, logprobs: torch.Tensor) -> Part:
        last = micro is micro_batches[-1]
        if where == "loss":
            return Part(logprobs.sum() * (float("nan") if last else 1.0), {})
        # The root of 0 is 0, but its slope is infinite.
        return Part(logprobs.sum() + ((logprobs - logprobs.detach()).abs().sqrt().sum() if last else 0.0), {})

    before = {name: p.clone() for name, p in engine.named_parameters()}
    with pytest.raises(NonFiniteError, match="weights are unchanged"):
        engine.step(micro_batches, broken, 1e-2)
    assert all(torch.equal(before[name], p) for name, p in engine.named_parameters())
    # The next step is the same as that of an engine that never saw the broken one.
    sft_step(engine, sequences(), 1e-2)
    sft_step(twin, sequences(), 1e-2)
    for (name, got), (_, wanted) in zip(engine.named_parameters(), twin.named_parameters(), strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-6, rtol=1e-6, msg=lambda m, n=name: f"{n}: {m}")


def test_a_batch_without_trained_tokens_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no micro-batch"):
        sft_step(engine, [TrainingSequence((1, 2, 3), (0.0, 0.0, 0.0))], 1e-3)


def test_the_frozen_copy_stays_while_the_weights_move(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    packed = pack(from_sequences(sequences()), 1000)
    reference = engine.frozen_copy()
    before = engine.logprobs(packed)
    sft_step(engine, sequences(), 1e-2)
    torch.testing.assert_close(engine.logprobs(packed, reference)[0], before[0], atol=0, rtol=0)
    assert not torch.allclose(engine.logprobs(packed)[0], before[0], atol=1e-3)
    assert not any(p.requires_grad for p in reference.parameters())


def test_making_a_frozen_copy_leaves_the_random_state_alone(engine: Engine) -> None:
    state = torch.get_rng_state()
    engine.frozen_copy()
    assert torch.equal(state, torch.get_rng_state())


def test_exported_names_are_those_of_the_model_directory(engine: Engine, tiny_model_dir: Path) -> None:
    from safetensors import safe_open

    with safe_open(tiny_model_dir / "model.safetensors", "pt") as file:
        assert {name for name, _ in engine.named_parameters()} == set(file.keys())


@pytest.mark.parametrize(
    "settings", [{}, {"zero_stage": 1}, *({"precision": "bf16", "zero_stage": stage} for stage in (0, 1, 2))], ids=lambda s: str(s)
)
def test_a_restarted_optimizer_goes_on_as_a_new_one_on_the_same_weights(
    make_engine: Callable[..., Engine], settings: dict[str, Any]
) -> None:
    used, new, kept = make_engine(**settings), make_engine(**settings), make_engine(**settings)
    for engine in (used, kept):
        for seed in range(3):
            sft_step(engine, sequences(seed=seed), 1e-2)
    before = {name: p.clone() for name, p in used.named_parameters()}
    used.restart_optimizer()
    assert all(torch.equal(before[name], p) for name, p in used.named_parameters())
    with torch.no_grad():
        for name, p in new.named_parameters():
            p.copy_(before[name])
    new.restart_optimizer()  # takes the master weights over
    for seed in (3, 4):
        for engine in (used, new, kept):
            sft_step(engine, sequences(seed=seed), 1e-3)
    after, wanted, other = (dict(engine.named_parameters()) for engine in (used, new, kept))
    assert all(torch.equal(after[name], wanted[name]) for name in wanted)
    assert not all(torch.equal(other[name], wanted[name]) for name in wanted)
