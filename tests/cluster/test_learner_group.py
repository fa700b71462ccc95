"""Two learner ranks, a Ray actor each, against one rank in this process: the same losses, weights and checkpoints in fp32."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from learner.config import GrpoConfig, LearnerConfig
from tests.fakes import training_batches

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.ray

# Three micro-batches for two ranks: one of them has to wait with a micro-batch that counts for nothing.
BATCHES = training_batches(4, 5)
SETTINGS: dict[str, Any] = {"micro_batch_tokens": 64, "width_multiple": 1}


@pytest.fixture(scope="module")
def two(tiny_model_dir: Path) -> Iterator[Any]:
    from cluster.learner_group import start_learners

    config = LearnerConfig(precision="fp32", zero_stage=1, compile=False, threads=1, **SETTINGS)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        group = start_learners(2, 0.5, 0.0, config, tiny_model_dir, GrpoConfig(), "shm")
        assert ray.get(group.ready.remote(), timeout=120) is True
        yield group
    finally:
        ray.shutdown()


def test_two_ranks_lose_what_one_rank_loses_and_go_on_from_a_checkpoint(two: Any, tiny_model_dir: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from learner.engine import Engine
    from learner.sft import sft_step

    one = Engine(LearnerConfig(precision="fp32", zero_stage=0, compile=False, threads=1, **SETTINGS), tiny_model_dir)
    for batch in BATCHES[:2]:
        wanted = sft_step(one, batch, 1e-2)
        got = ray.get(two.sft_step.remote(batch, 1e-2))
        assert got["sft/loss"] == pytest.approx(wanted["sft/loss"], abs=1e-4)
        assert got["learner/gradient_norm"] == pytest.approx(wanted["learner/gradient_norm"], rel=1e-3)
    ray.get(two.save_checkpoint.remote(str(tmp_path / "kept")))
    losses = [ray.get(two.sft_step.remote(batch, 1e-2))["sft/loss"] for batch in BATCHES[2:]]
    assert losses == pytest.approx([sft_step(one, batch, 1e-2)["sft/loss"] for batch in BATCHES[2:]], abs=1e-4)

    ray.get(two.load_checkpoint.remote(str(tmp_path / "kept")))
    again = [ray.get(two.sft_step.remote(batch, 1e-2))["sft/loss"] for batch in BATCHES[2:]]
    assert again == pytest.approx(losses, abs=1e-6)

    ray.get(two.export.remote(str(tmp_path / "policy"), exact=True))
    exported = load_file(tmp_path / "policy" / "model.safetensors")
    for name, weight in one.named_parameters():
        torch.testing.assert_close(exported[name], weight, atol=1e-4, rtol=0)


def test_logprobs_are_those_of_the_trained_weights_and_a_failing_rank_fails_the_call(two: Any) -> None:
    told = ray.get(two.logprobs.remote([[1, 2, 3, 4]]))
    assert len(told[0]) == 4
    with pytest.raises(FileNotFoundError, match="holds no learner checkpoint"):
        ray.get(two.load_checkpoint.remote("/nowhere"))


def test_a_rank_that_dies_is_a_lost_learner_and_its_place_is_free_again(two: Any) -> None:
    from cluster.rebuilding import LEARNER_LOST, end_learner

    before = ray.available_resources()["CPU"]
    ray.kill(ray.get(two.ranks.remote())[1])
    with pytest.raises(LEARNER_LOST):
        ray.get(two.sft_step.remote(BATCHES[0], 1e-2), timeout=60)
    end_learner(two)
    deadline = time.monotonic() + 30
    while ray.available_resources()["CPU"] <= before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert ray.available_resources()["CPU"] == before + 1.0
