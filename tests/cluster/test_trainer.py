"""The whole loop in one process: a small random Llama plays, learns and is pushed, through SFT and both phases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cluster.rebuilding import load_learner
from cluster.state import DONE, TrainerState
from cluster.trainer import LEARNER, Stopped
from envs.group_files import read_groups
from tests.fakes import save_tiny_model
from tests.tiny_run import CONFIG, OFTEN, PHASE, ROLLOUT, story, trainer_of

pytest.importorskip("torch", reason="torch is not installed: run `make setup`")


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: str) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"), tiny_tokenizer)


async def test_all_stages_are_trained_scored_and_exported_and_the_same_seed_repeats_every_token(
    tmp_path: Path, model_dir: Path, shop_db: Path
) -> None:
    stories = []
    for name in ("one", "two"):
        trainer, store, state = trainer_of(tmp_path / name, model_dir, shop_db)
        await trainer.run()
        stories.append(story(store))
        assert state.stage == DONE
        assert all(record.test is not None for record in state.stages.values())
        assert {path.name for path in (tmp_path / name / "policy").iterdir()} >= {"sft", "best", "last"}
    groups, sft_losses, losses = stories[0]
    assert stories[0] == stories[1]
    assert (len(groups), len(sft_losses)) == (4, 2)
    assert len(losses) == sum(bool(trained) for trained, _ in groups) >= 2
    assert len({ids for _, step in groups for _, members in step for ids in members}) > 10, "all trajectories are alike"


async def test_a_stop_is_written_down_and_the_next_trainer_goes_on_from_it(tmp_path: Path, model_dir: Path, shop_db: Path) -> None:
    trainer, store, _ = trainer_of(tmp_path / "run", model_dir, shop_db)
    append = store.append_metrics

    def stop_at_three(step: int, metrics: Any) -> None:
        append(step, metrics)
        trainer.stopping = step == 3

    store.append_metrics = stop_at_three  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        await trainer.run()
    checkpoint = store.latest_checkpoint()
    assert checkpoint is not None
    kept = TrainerState.from_dict(store.read_manifest(checkpoint)["state"])
    trainer, store, state = trainer_of(tmp_path / "run", model_dir, shop_db, state=kept)
    assert (state.stage, state.step) == ("phase1", 3)
    await trainer.crew.learner.load_checkpoint.remote(str(checkpoint / LEARNER))
    await trainer.run()
    assert (state.stage, state.step) == (DONE, 6)
    assert sorted(store.groups_files()) == [3, 4, 5, 6]


async def test_a_run_killed_in_the_middle_of_a_step_goes_on_with_the_questions_tokens_and_losses_of_one_that_never_stopped(
    tmp_path: Path, model_dir: Path, shop_db: Path
) -> None:
    straight, unbroken, _ = trainer_of(tmp_path / "straight", model_dir, shop_db, OFTEN)
    await straight.run()

    command = [sys.executable, "-m", "tests.tiny_run", str(tmp_path / "killed"), str(model_dir), str(shop_db), "4"]
    root = Path(__file__).parent.parent.parent
    died = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=300)
    assert died.returncode == -signal.SIGKILL, died.stderr
    _, store, _ = trainer_of(tmp_path / "killed", model_dir, shop_db, OFTEN)
    checkpoint, problems = store.newest_intact_checkpoint()
    assert checkpoint is not None
    assert problems == []
    assert max(line["step"] for line in store.read_metrics()) == 4
    kept = TrainerState.from_dict(store.read_manifest(checkpoint)["state"])
    assert (kept.stage, kept.step) == ("phase1", 3)
    store.rewind(kept.step)
    resumed, store, state = trainer_of(tmp_path / "killed", model_dir, shop_db, OFTEN, kept)
    await load_learner(resumed.crew.learner, checkpoint)
    await resumed.run()

    assert (state.stage, state.step) == (DONE, 6)
    groups, sft_losses, losses = story(store)
    wanted, *wanted_losses = story(unbroken)
    assert groups == wanted
    assert [sft_losses, losses] == [pytest.approx(values, abs=1e-6) for values in wanted_losses]
    assert len(sft_losses) == 2
    assert len(losses) >= 3


async def test_ahead_of_the_learner_groups_train_within_the_lag_and_say_which_weights_made_which_token(
    tmp_path: Path, model_dir: Path, shop_db: Path
) -> None:
    config = replace(CONFIG, rollout=replace(ROLLOUT, max_lag=2), phase1=replace(PHASE, steps=4), phase2=replace(PHASE, steps=1))
    trainer, store, state = trainer_of(tmp_path / "run", model_dir, shop_db, config)
    await trainer.run()
    assert state.stage == DONE
    lags = [line["actor/lag_max"] for line in store.read_metrics() if "actor/lag_max" in line]
    assert 0 < max(lags) <= 2
    versions = {s.version for path in store.groups_files().values() for g in read_groups(path) for t in g.trajectories for s in t.spans}
    assert len(versions) >= 3
    assert state.stages["phase1"].stale == sum(line.get("staleness/dropped", 0) for line in store.read_metrics() if line["step"] <= 6)
