"""The plan of a GPU preset: what fits, what does not, and where its numbers come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cluster.cli import app
from cluster.config import load_preset
from cluster.dry_run import Assumptions, dry_run
from cluster.errors import UserError
from cluster.model_shape import shape_of


def test_the_shape_gives_the_parameters_that_a_real_model_has(tiny_model_dir: Path) -> None:
    from safetensors import safe_open

    shape = shape_of(str(tiny_model_dir))
    assert shape is not None
    with safe_open(tiny_model_dir / "model.safetensors", "pt") as file:
        real = sum(file.get_tensor(name).numel() for name in file.keys() if "norm" not in name)  # noqa: SIM118
    assert shape.parameters == real
    qwen = shape_of("models/Qwen3-1.7B")
    assert qwen is not None
    assert 1.71e9 < qwen.parameters < 1.73e9  # 1.7B, 1.4B without the embedding, says its model card
    assert qwen.kv_bytes_per_token == 114_688


def test_both_gpu_presets_fit_their_cards() -> None:
    shared, apart = dry_run(load_preset("qwen3-1.7b-a100")), dry_run(load_preset("cluster"))
    assert shared.fits
    assert apart.fits
    assert list(shared.cards_filled) == ["shared"]
    assert list(apart.cards_filled) == ["learner", "generator"]
    assert (shared.cards, apart.cards) == (1.0, 4.0)
    assert shared.kv_tokens > 32 * 1024  # the turns of 32 episodes at their longest
    assert sum(apart.hours.values()) < sum(shared.hours.values())


def test_micro_batches_that_do_not_fit_are_told() -> None:
    told = CliRunner().invoke(
        app, ["train", "--preset", "qwen3-1.7b-a100", "--dry-run", "--set", "learner.micro_batch_tokens=16384"]
    )  # fmt: skip
    assert told.exit_code == 1
    assert "It does not fit: lower learner.micro_batch_tokens" in told.stdout


def test_tokens_hours_and_cost_follow_from_the_preset_and_the_assumptions() -> None:
    config = load_preset("qwen3-1.7b-a100")
    plan = dry_run(config)
    assert plan.tokens["trained in SFT"] == 250 * 32768
    assert plan.tokens["trained in phase1"] == 150 * 32 * 16 * 700
    faster = dry_run(config, Assumptions(sampled_tokens_per_s=8000.0))
    assert faster.hours["playing and scoring"] == pytest.approx(plan.hours["playing and scoring"] / 2)
    assert plan.dollars == pytest.approx(2.5 * sum(plan.hours.values()))
    assert json.loads(json.dumps(plan.as_dict()))["fits"] is True


def test_a_preset_of_the_cpu_and_an_unknown_model_are_refused() -> None:
    with pytest.raises(UserError, match="runs on the CPU"):
        dry_run(load_preset("quickstart"))
    with pytest.raises(UserError, match="is not known: download it first"):
        dry_run(load_preset("qwen3-1.7b-a100", ["run.base_model=models/Other"]))
