from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from envs.records import TrainingSequence
from learner.config import LearnerConfig
from learner.learner_actor import LearnerActor

SETTINGS = LearnerConfig(precision="fp32", zero_stage=0, compile=False, threads=1, micro_batch_tokens=64)


@pytest.fixture(scope="module")
def actor(tiny_model_dir: Path, make_engine: Callable[..., Any]) -> LearnerActor:  # make_engine ends the process group
    return LearnerActor(SETTINGS, str(tiny_model_dir))


def test_logprobs_are_one_a_token_with_zero_for_the_first(actor: LearnerActor, tiny_model_dir: Path) -> None:
    from transformers import AutoModelForCausalLM

    sequences = [[4, 9, 2, 7, 7], [11, 3], [5], []]
    got = actor.logprobs(sequences)
    model = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    for ids, logprobs in zip(sequences, got, strict=True):
        wanted = [0.0] * len(ids)
        if len(ids) > 1:
            with torch.no_grad():
                table = model(torch.tensor([ids])).logits[0].log_softmax(-1)
            wanted = [0.0, *(float(table[i, ids[i + 1]]) for i in range(len(ids) - 1))]
        assert logprobs == pytest.approx(wanted, abs=1e-5)


def test_an_actor_goes_on_where_the_saved_one_stopped(actor: LearnerActor, tiny_model_dir: Path, tmp_path: Path) -> None:
    batch = [TrainingSequence((1, 2, 3, 4, 5), (0.0, 1.0, 1.0, 1.0, 1.0))]
    actor.sft_step(batch, 1e-3)
    actor.set_reference()
    actor.save_checkpoint(str(tmp_path / "saved"))
    wanted = actor.sft_step(batch, 1e-3)["sft/loss"]
    other = LearnerActor(SETTINGS, str(tiny_model_dir))
    other.load_checkpoint(str(tmp_path / "saved"))
    assert other.sft_step(batch, 1e-3)["sft/loss"] == pytest.approx(wanted, abs=1e-6)
    assert other._reference is not None


def test_memory_is_that_of_this_process(actor: LearnerActor) -> None:
    assert 10**8 < actor.memory_bytes() < 10**11


def test_importing_the_actor_does_not_import_torch() -> None:
    code = "import sys, learner.learner_actor; sys.exit('torch' in sys.modules or 'deepspeed' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
