"""The loop of a run: SFT, GRPO phase 1, GRPO phase 2, each validated, scored and checkpointed, and the base model scored beside them.

The driver holds no tensors. The stages (cluster/sft_stage.py, cluster/grpo_stage.py) train; cluster/scoring.py decides by the
validation databases alone when to stop and which policy is best; cluster/running.py pushes weights and writes checkpoints.
"""

from __future__ import annotations

from pathlib import Path

from cluster.config import RunConfig
from cluster.display import Display
from cluster.grpo_stage import train_grpo
from cluster.ray_setup import Crew
from cluster.running import LEARNER, Run, Stopped
from cluster.scoring import Scoring
from cluster.sft_stage import train_sft
from cluster.state import DONE, TrainerState
from cluster.supervisor import Supervisor, TooManyRestartsError
from envs.dataset import Dataset
from envs.records import TrainingSequence
from envs.run_store import RunStore

__all__ = ["LEARNER", "Stopped", "Trainer"]


class Trainer:
    """One run, from wherever its state stands to the end."""

    def __init__(
        self,
        config: RunConfig,
        store: RunStore,
        data: Dataset,
        demonstrations: list[TrainingSequence],
        supervisor: Supervisor,
        display: Display,
        state: TrainerState,
        base_model_dir: Path,
    ) -> None:
        self._run = Run(config, store, data, demonstrations, supervisor, display, state, base_model_dir)
        self._scoring = Scoring(self._run)

    @property
    def crew(self) -> Crew:
        return self._run.crew

    @property
    def supervisor(self) -> Supervisor:
        return self._run.supervisor

    @property
    def stopping(self) -> bool:
        """Set it to have the run stop when the step in progress is finished."""
        return self._run.stopping

    @stopping.setter
    def stopping(self, asked: bool) -> None:
        self._run.stopping = asked

    async def run(self) -> None:
        """Train to the end.

        Raises:
            Stopped: `stopping` was set; everything done so far is in the last checkpoint.
            TooManyRestartsError: processes died faster than the limit allows; the same holds.
        """
        run, state = self._run, self._run.state
        try:
            if not state.step or state.stages["base"].test is None:
                await run.supervisor.begin_with_base()  # at once, but for a run whose learner was lost and went back to here
            if state.step:
                await self._scoring.score_base()
                await run.push("resume")
            while state.stage != DONE:
                await self._run_stage(state.stage)
            await self._scoring.score_best()
            await run.export("last")
        except (Stopped, TooManyRestartsError):
            await run.checkpoint()
            raise

    async def _run_stage(self, stage: str) -> None:
        run, state = self._run, self._run.state
        await self._train_stage(stage)
        await self._scoring.score_stage(stage)
        if stage == "sft":
            await run.begin_grpo()
        run.store.append_event("stage_done", stage=stage, steps=state.record.steps, step=state.step)
        state.advance()
        await run.checkpoint()

    async def _train_stage(self, stage: str) -> None:
        run, record = self._run, self._run.state.record
        if record.over:
            return
        if stage == "sft":
            await train_sft(run, self._scoring)
        else:
            await train_grpo(run, self._scoring, getattr(run.config, stage))
        record.over = True
        if record.validated_at != record.steps:
            await self._scoring.push_trained(stage)
