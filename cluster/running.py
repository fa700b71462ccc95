"""A run in progress, as all its stages see it: settings, data, actors, state and directory, and what every stage does with them.

Weights are pushed and exported, checkpoints written and steps counted here, and nowhere else.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.config import RunConfig
from cluster.display import Display
from cluster.ray_setup import Crew
from cluster.state import TrainerState
from cluster.supervisor import Supervisor
from envs.dataset import Dataset
from envs.records import TrainingSequence
from envs.run_store import RunStore
from envs.whole_files import written_aside

log = logging.getLogger(__name__)

LEARNER = "learner"  # the learner's folder in a checkpoint


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The run was asked to stop; its checkpoint is written."""


@dataclass
class Run:
    """What the stages of one run share."""

    config: RunConfig
    store: RunStore
    data: Dataset
    demonstrations: list[TrainingSequence]
    supervisor: Supervisor
    display: Display
    state: TrainerState
    base_model_dir: Path
    stopping: bool = False  # set by a signal handler; the step in progress is finished first

    @property
    def crew(self) -> Crew:
        return self.supervisor.crew

    # Weights and checkpoints

    async def push(self, reason: str) -> None:
        """Broadcast the learner's weights and check that the generators now agree with it.

        Raises:
            WeightsOutOfSyncError: they do not, even after a second push.
        """
        with self.timed("push"):
            version = self.state.step
            metrics = await self.supervisor.push(version)
        self.store.append_metrics(self.state.step, metrics)
        log.info("%s: pushed weights v%d, canary gap %.4f", reason, version, metrics["canary/logprob_gap"])

    async def begin_grpo(self) -> None:
        """What GRPO starts from is kept as policy/sft, in the learner's own precision: `replay` starts from it too."""
        await self.crew.learner.begin_grpo.remote()
        with written_aside(self.store.policy_dir("sft")) as folder:
            await self.crew.learner.export.remote(str(folder), exact=True)

    async def export(self, which: str, *, base: bool = False) -> None:
        """Write the learner's weights, or the base model's, as policy/`which`."""
        with written_aside(self.store.policy_dir(which)) as folder:
            if base:  # the learner has moved on, but the base model is at hand
                shutil.copytree(self.base_model_dir, folder, dirs_exist_ok=True)
            else:
                await self.crew.learner.export.remote(str(folder))

    async def checkpoint_if_due(self) -> None:
        if self.state.step % self.config.run.checkpoint_every == 0:
            await self.checkpoint()

    async def checkpoint(self) -> None:
        """Write everything needed to go on from here."""
        with self.timed("checkpoint"), self.store.checkpoint(self.state.step, self.state.as_dict()) as folder:
            if self.state.step:  # before the first step the learner is the base model, which is at hand anyway
                await self.crew.learner.save_checkpoint.remote(str(folder / LEARNER))
        self.store.prune_checkpoints(best=self.state.best.step if self.state.best else None)
        log.info("checkpoint of step %d written", self.state.step)

    # Bookkeeping

    def step_done(self, metrics: dict[str, float], more: dict[str, float], seconds: float | None = None) -> None:
        """Count a learner step of the stage at hand and write its metrics; `seconds` it took, if not the learner's own."""
        record = self.state.record
        record.steps += 1
        self.state.step += 1
        record.seconds += metrics["learner/step_s"] if seconds is None else seconds
        self.store.append_metrics(self.state.step, {**metrics, **more})
        log.info("%s step %d: %s", self.state.stage, self.state.step, {k: round(v, 4) for k, v in {**metrics, **more}.items()})

    def stop_if_asked(self) -> None:
        if self.stopping:
            raise Stopped

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Add the block's seconds to a part of the run."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.state.spend(part, time.monotonic() - started)
