"""A whole run in one process, of tests/local_crew.py's small fp32 model: two steps of SFT and two of each phase of GRPO.

As a program it makes such a run and kills itself, SIGKILL, in the middle of a step: `python -m tests.tiny_run FOLDER MODEL DATABASE STEP`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from actors.rollout import RolloutConfig
from cluster.config import EvaluationConfig, PhaseConfig, RunConfig, RunSection
from cluster.display import Display
from cluster.state import TrainerState
from cluster.supervisor import Supervisor
from cluster.trainer import Trainer
from envs.dataset import Dataset
from envs.group_files import read_groups, read_training
from envs.records import Question, TrainingSequence
from envs.run_store import RunStore
from learner.config import SftConfig
from tests.local_crew import TINY_LEARNER, local_crew

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
OFTEN = replace(CONFIG, run=RunSection(checkpoint_every=3))


def trainer_of(
    folder: Path, model_dir: Path, database: Path, config: RunConfig = CONFIG, state: TrainerState | None = None
) -> tuple[Trainer, RunStore, TrainerState]:
    """A trainer with a crew of its own, the run's directory and the state it starts from."""
    store, state = RunStore(folder), state or TrainerState()
    data = Dataset(database.parent.parent, QUESTIONS, QUESTIONS[:2], QUESTIONS[2:3], "", {})
    demonstrations = [TrainingSequence(tuple(range(5 + i, 35 + i)), (0.0,) + (1.0,) * 29) for i in range(6)]
    crew = local_crew(model_dir, database, config.rollout, config.grpo)
    canary = [sequence.ids for sequence in demonstrations[: config.evaluation.canary_sequences]]
    supervisor = Supervisor(crew, store, config.supervision, canary, config.evaluation.canary_bound)
    return Trainer(config, store, data, demonstrations, supervisor, Display(), state, model_dir), store, state


def story(store: RunStore) -> list[Any]:
    """All that was played and trained: questions and tokens in order, losses of SFT, losses of GRPO; without what was done again."""
    groups = [
        (read_training(path).trained, [(g.question.id, [t.ids for t in g.trajectories]) for g in read_groups(path)])
        for _, path in sorted(store.groups_files().items())
    ]
    lines = [line for line in store.read_metrics() if not line.get("replaced")]
    losses = [[line[name] for line in lines if name in line] for name in ("sft/loss", "grpo/loss")]
    return [groups, *losses]


def run_and_die(folder: Path, model_dir: Path, database: Path, step: int) -> None:
    """Train until the numbers of a step are written, and no further: neither its weights are pushed nor is anything kept of it."""
    trainer, store, _ = trainer_of(folder, model_dir, database, OFTEN)

    def die(at: int, _: Mapping[str, float]) -> None:
        if at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    store.on_metrics.append(die)
    asyncio.run(trainer.run())


if __name__ == "__main__":
    run_and_die(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
