from __future__ import annotations

import json
import random
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from envs.records import TrainingSequence
from envs.run_store import RunStore
from envs.whole_files import DiskFullError
from learner.batch import from_sequences, pack
from learner.checkpoint import export, load_checkpoint, save_checkpoint
from learner.engine import Engine
from learner.sft import sft_step

BATCH = [TrainingSequence(tuple(range(k, k + 12)), (0.0, *[1.0] * 11)) for k in (1, 20, 40)]


@pytest.mark.parametrize("settings", [{}, {"precision": "bf16", "zero_stage": 1}, {"precision": "bf16", "zero_stage": 2}])
def test_a_run_resumed_from_a_checkpoint_goes_on_with_the_same_losses(
    make_engine: Callable[..., Engine], tmp_path: Path, settings: dict[str, object]
) -> None:
    straight = make_engine(**settings)
    for _ in range(2):
        sft_step(straight, BATCH, 1e-3)
    save_checkpoint(straight, None, tmp_path)
    wanted = [sft_step(straight, BATCH, 1e-3)["sft/loss"] for _ in range(3)]

    resumed = make_engine(**settings)
    assert load_checkpoint(resumed, tmp_path) is None
    assert resumed.steps == 2
    got = [sft_step(resumed, BATCH, 1e-3)["sft/loss"] for _ in range(3)]
    assert got == pytest.approx(wanted, abs=1e-6)
    assert wanted[2] < wanted[0]


def test_random_states_come_back(make_engine: Callable[..., Engine], tmp_path: Path) -> None:
    engine = make_engine()
    save_checkpoint(engine, None, tmp_path)
    drawn = (random.random(), np.random.random(), torch.rand(1).item())
    load_checkpoint(engine, tmp_path)
    assert (random.random(), np.random.random(), torch.rand(1).item()) == drawn


def test_the_reference_comes_back_with_its_own_weights(make_engine: Callable[..., Engine], tmp_path: Path) -> None:
    engine = make_engine()
    packed = pack(from_sequences(BATCH), 1000)
    reference = engine.frozen_copy()
    sft_step(engine, BATCH, 1e-2)
    save_checkpoint(engine, reference, tmp_path)

    fresh = make_engine()
    loaded = load_checkpoint(fresh, tmp_path)
    assert torch.equal(fresh.logprobs(packed, loaded)[0], engine.logprobs(packed, reference)[0])
    assert torch.equal(fresh.logprobs(packed)[0], engine.logprobs(packed)[0])
    assert not torch.equal(fresh.logprobs(packed)[0], fresh.logprobs(packed, loaded)[0])


def test_a_directory_without_a_checkpoint_is_named(make_engine: Callable[..., Engine], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no learner checkpoint"):
        load_checkpoint(make_engine(), tmp_path)


def test_an_exported_model_loads_in_transformers_with_the_same_logits(make_engine: Callable[..., Engine], tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    engine = make_engine(precision="bf16", zero_stage=1)
    sft_step(engine, BATCH, 1e-2)
    export(engine, tmp_path / "policy")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "policy", attn_implementation="eager")
    assert loaded.dtype == torch.bfloat16
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight
    for name, parameter in engine.named_parameters():
        assert torch.equal(loaded.get_parameter(name), parameter)
    ids = torch.tensor([[5, 6, 7, 8]])
    engine.causal.set_attn_implementation("eager")
    with torch.no_grad():
        assert torch.equal(loaded(ids).logits, engine.causal(ids).logits)


def test_an_export_is_bf16_with_tied_weights_once_and_the_base_tokenizer(
    make_engine: Callable[..., Engine], tiny_model_dir: Path, tmp_path: Path
) -> None:
    export(make_engine(), tmp_path / "policy")  # trained in fp32
    with safe_open(tmp_path / "policy" / "model.safetensors", "pt") as file:
        assert "lm_head.weight" not in set(file.keys())
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.bfloat16}  # noqa: SIM118
    config = json.loads((tmp_path / "policy" / "config.json").read_text())
    assert (config["dtype"], config["architectures"]) == ("bfloat16", ["LlamaForCausalLM"])
    assert (tmp_path / "policy" / "tokenizer.json").read_bytes() == (tiny_model_dir / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("settings", [{}, {"precision": "bf16", "zero_stage": 1}])
def test_an_exact_export_holds_the_very_weights_the_learner_trains_on(
    make_engine: Callable[..., Engine], tmp_path: Path, settings: dict[str, object]
) -> None:
    engine = make_engine(**settings)
    sft_step(engine, BATCH, 1e-2)
    export(engine, tmp_path / "policy", exact=True)
    with safe_open(tmp_path / "policy" / "model.safetensors", "pt") as file:
        for name, parameter in engine.named_parameters():
            assert torch.equal(file.get_tensor(name), parameter)


def test_a_checkpoint_without_room_is_one_clear_error_and_the_one_before_stays_intact(
    make_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    engine = make_engine()
    store = RunStore(tmp_path / "run")
    with store.checkpoint(1, {}) as folder:
        save_checkpoint(engine, engine.frozen_copy(), folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))  # a file may not grow beyond: as on a full disk
        with pytest.raises(DiskFullError, match=r"no room left on the disk of .*step_000002"), store.checkpoint(2, {}) as folder:
            save_checkpoint(engine, engine.frozen_copy(), folder)
        with pytest.raises(OSError, match="want of room"):
            export(engine, tmp_path / "policy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert store.newest_intact_checkpoint() == (store.checkpoint_dir(1), [])
    assert sorted(path.name for path in store.checkpoints_dir.iterdir()) == ["latest.json", "step_000001"]
