"""`analyst-buddy train` with all its real processes on a tiny random model, as a command: what chaos and soak run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from cluster.base_model import ensure_bundled
from tests.fakes import save_tiny_model

PRESET = "smoke"
SETTINGS = (
    "run.checkpoint_every=2", "run.rollout_actors=2", "learner.compile=false", "learner.frozen_layers=0", "learner.threads=1",
    "generator.max_model_len=1024", "generator.max_num_batched_tokens=1024", "generator.kv_cache_gb=0.1", "generator.max_num_seqs=16",
    "rollout.group_size=2", "rollout.turn_tokens_max=12", "rollout.episode_tokens_max=1000", "reward.repeated=0.05",
    "reward.malformed=0.05", "sft.batch_tokens=1000",
    "evaluation.validation_questions=2", "evaluation.test_questions=1", "evaluation.samples=0", "evaluation.training_questions=0",
    "supervision.restarts_max=10000", "data.train_questions=200", "data.validation_questions=200", "data.schema_styles=1",
)  # fmt: skip


def settings_of(folder: Path, more: Iterable[str]) -> list[str]:
    """What is set in the preset; the model is made in the folder."""
    os.environ.setdefault("DS_ACCELERATOR", "cpu")  # transformers loads DeepSpeed, which warns when it has to guess
    model = save_tiny_model(folder / "model", (ensure_bundled() / "tokenizer.json").read_text())
    return [*SETTINGS, f'run.base_model="{model}"', *more]


def command(run_dir: Path, settings: Iterable[str]) -> list[str]:
    """The command that trains, and goes on when it is given again."""
    sets = [word for setting in settings for word in ("--set", setting)]
    return [sys.executable, "-m", "cluster.cli", "train", "--preset", PRESET, "--run-dir", str(run_dir), *sets]


def environment() -> dict[str, str]:
    """That of a command of this checkout, wherever it is run."""
    root = str(Path(__file__).resolve().parent.parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
