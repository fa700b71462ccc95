"""The whole loop in one process: a small random Llama plays, learns and is pushed, through SFT and both phases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.rollout import RolloutConfig
from cluster.config import EvaluationConfig, PhaseConfig, RunConfig, RunSection
from cluster.display import Display
from cluster.state import DONE, TrainerState
from cluster.supervisor import Supervisor
from cluster.trainer import LEARNER, Stopped, Trainer
from envs.dataset import Dataset
from envs.group_files import read_groups, read_training
from envs.records import Question, TrainingSequence
from envs.run_store import RunStore
from learner.config import SftConfig
from tests.fakes import save_tiny_model
from tests.local_crew import TINY_LEARNER, local_crew

pytest.importorskip("torch", reason="torch is not installed: run `make setup`")

ROLLOUT = RolloutConfig(group_size=3, turn_tokens_max=6, episode_tokens_max=1000)
PHASE = PhaseConfig(steps=2, groups_per_step=2, learning_rate=1e-2, validate_every=5)
QUESTIONS = tuple(Question(f"shop/{i}", "shop", f"How many pets, {i}?", "SELECT count(*) FROM pets", ("pets",)) for i in range(7))
CONFIG = RunConfig(
    run=RunSection(checkpoint_every=100),
    rollout=ROLLOUT,
    learner=TINY_LEARNER,
    sft=SftConfig(steps=2, batch_tokens=60, learning_rate=1e-3),
    phase1=PHASE,
    phase2=replace(PHASE, tables_max=99),
    evaluation=EvaluationConfig(concurrency=6, canary_sequences=2, canary_bound=1e-3),
)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: str) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"), tiny_tokenizer)


def trainer_of(
    folder: Path, model_dir: Path, database: Path, config: RunConfig = CONFIG, state: TrainerState | None = None
) -> tuple[Trainer, RunStore, TrainerState]:
    store, state = RunStore(folder), state or TrainerState()
    data = Dataset(database.parent.parent, QUESTIONS, QUESTIONS[:2], QUESTIONS[2:3], "", {})
    demonstrations = [TrainingSequence(tuple(range(5 + i, 35 + i)), (0.0,) + (1.0,) * 29) for i in range(6)]
    crew = local_crew(model_dir, database, config.rollout, config.grpo)
    canary = [sequence.ids for sequence in demonstrations[: config.evaluation.canary_sequences]]
    supervisor = Supervisor(crew, store, config.supervision, canary, config.evaluation.canary_bound)
    return Trainer(config, store, data, demonstrations, supervisor, Display(), state, model_dir), store, state


def story(store: RunStore) -> list[Any]:
    """All that was played and trained: questions and tokens in order, losses."""
    groups = [
        (read_training(path).trained, [(g.question.id, [t.ids for t in g.trajectories]) for g in read_groups(path)])
        for _, path in sorted(store.groups_files().items())
    ]
    losses = [[line[name] for line in store.read_metrics() if name in line] for name in ("sft/loss", "grpo/loss")]
    return [groups, *losses]


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
