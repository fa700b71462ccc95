"""The loop of a run: SFT, GRPO phase 1, GRPO phase 2, each validated, scored and checkpointed, and the base model scored beside them.

The driver holds no tensors. It draws questions, asks rollout actors for groups, hands them to the learner, has the new weights
pushed, and decides by the validation databases alone when to stop and which policy is best. `max_lag = 0` is all there is so far:
every group is made by the weights it trains.
"""

from __future__ import annotations

import itertools
import logging
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ray

from cluster.canary import check_canary
from cluster.config import PhaseConfig, RunConfig
from cluster.display import Display
from cluster.memorisation import Watched
from cluster.play import play_groups, question_seed
from cluster.ray_setup import Crew
from cluster.schedule import (
    batches_of_like_length,
    endless_order,
    groups_to_ask_for,
    learning_rate,
    minutes_left_for_sft,
    progress,
    spread,
)
from cluster.scores import Score, pass_at_shares, score
from cluster.staleness import fresh_groups
from cluster.state import DONE, Best, TrainerState
from envs.dataset import Dataset
from envs.group_files import training_of, write_groups
from envs.groups import groups_to_table
from envs.records import Group, Question, TrainingSequence
from envs.run_store import RunStore
from envs.whole_files import written_aside

log = logging.getLogger(__name__)

LEARNER = "learner"  # the learner's folder in a checkpoint
BASE_SCORED_AFTER = 5  # SFT steps: until the first push the generators hold the base model
SCORING_GUESS_S = 120.0  # what scoring a stage is taken to cost until the base model has been scored
TRAINED_OVER_BASE = 2.0  # seconds of scoring: an untrained model fails in three short turns
REFILL = 2  # at most so many times a step's groups are drawn to replace those without variance


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The run was asked to stop; its checkpoint is written."""


class Trainer:
    """One run, from wherever its state stands to the end."""

    def __init__(
        self,
        config: RunConfig,
        store: RunStore,
        data: Dataset,
        demonstrations: list[TrainingSequence],
        crew: Crew,
        display: Display,
        state: TrainerState,
        base_model_dir: Path,
    ) -> None:
        self.config, self.store, self.data, self.crew, self.display = config, store, data, crew, display
        self.demonstrations = demonstrations
        self.base_model_dir = base_model_dir
        self.state = state
        self.stopping = False  # set by a signal handler; the step in progress is finished first

    # The stages

    async def run(self) -> None:
        """Train to the end.

        Raises:
            Stopped: `stopping` was set; everything done so far is in the last checkpoint.
        """
        try:
            if self.state.step:
                await self._push("resume")
            while self.state.stage != DONE:
                await self._run_stage(self.state.stage)
            await self._score_best()
            await self._export("last")
        except Stopped:
            self._checkpoint()
            raise

    async def _run_stage(self, stage: str) -> None:
        await self._train_stage(stage)
        await self._score_stage(stage)
        if stage == "sft":
            await self._begin_grpo()
        self.store.append_event("stage_done", stage=stage, steps=self.state.record.steps, step=self.state.step)
        self.state.advance()
        self._checkpoint()

    async def _train_stage(self, stage: str) -> None:
        if self.state.record.over:
            return
        if stage == "sft":
            await self._sft()
        else:
            await self._grpo(getattr(self.config, stage))
        self.state.record.over = True
        if self.state.record.validated_at != self.state.record.steps:
            await self._push(stage)

    async def _sft(self) -> None:
        settings, record = self.config.sft, self.state.record
        seed = self.config.run.seed
        batches = batches_of_like_length(endless_order(self.demonstrations, seed), settings.batch_tokens, settings.length_window, seed)
        batches = itertools.islice(batches, record.steps, None)  # a resumed run goes on in the same order
        one_pass = math.ceil(sum(len(s.ids) for s in self.demonstrations) / settings.batch_tokens)
        steps = settings.steps or (0 if self._sft_minutes() else one_pass)
        self.display.begin("SFT", steps or one_pass, record.steps)
        while (done := progress(record.steps, steps, record.seconds / 60, self._sft_minutes())) < 1.0:
            self._stop_if_asked()
            if record.steps == BASE_SCORED_AFTER and self.state.stages["base"].test is None:
                await self._score_stage("base")  # late enough that a person sees training begin, early enough to plan by its time
                self.display.begin("SFT", steps or one_pass, record.steps)
            rate = settings.learning_rate_at(done)
            batch = next(batches)
            with self._timed("sft"):
                metrics = await self.crew.learner.sft_step.remote(batch, rate)
            record.drawn += len(batch)
            self._step_done(metrics, {"learner/learning_rate": rate, "learner/sequences": len(batch)})
            self.display.advance(
                record.steps,
                f"loss {metrics['sft/loss']:.3f}, {metrics['learner/tokens_per_s']:.0f} tokens/s, {100 * done:.0f} %",
            )
            if record.steps % settings.validate_every == 0 and await self._gave_up("sft", settings.patience):
                return
            self._checkpoint_if_due()

    def _sft_minutes(self) -> float:
        """When SFT is over: by its own limit, or by what the run's leaves after all else."""
        config = self.config
        if not config.run.minutes:
            return config.sft.minutes
        spent = sum(seconds for part, seconds in self.state.seconds.items() if part not in ("sft", "total"))
        scoring = TRAINED_OVER_BASE * self.state.stages["base"].scoring_s or SCORING_GUESS_S
        trained_stages = len(self.state.stages) - 1  # all but base, which is scored meanwhile
        return minutes_left_for_sft(config.run.minutes, spent, scoring, trained_stages, config.phase1.minutes + config.phase2.minutes)

    async def _grpo(self, phase: PhaseConfig) -> None:
        stage, record = self.state.stage, self.state.record
        pool = [q for q in self.data.train if len(q.tables) <= phase.tables_max]
        self.display.begin(f"GRPO {stage}", phase.steps, record.steps)
        while (done := progress(record.steps, phase.steps, record.seconds / 60, phase.minutes)) < 1.0:
            self._stop_if_asked()
            started = time.monotonic()
            with self._timed("rollout"):
                played, usable = await self._collect(pool, phase)
            rewards = [reward for group in played for reward in group.rewards]
            metrics: dict[str, float] = {
                "reward/mean": sum(rewards) / len(rewards),
                "actor/groups": len(played),
                "actor/rollout_s": time.monotonic() - started,
                "actor/tokens_per_s": sum(sum(t.mask) for g in played for t in g.trajectories) / (time.monotonic() - started),
                "actor/zero_variance_groups": sum(not group.has_variance for group in played),
            }
            rate, step = learning_rate(phase.learning_rate, record.steps, phase.warmup_steps, done), self.state.step + 1
            training = training_of(step, stage, played, usable, rate, question_seed(self.config.run.seed, f"cut {step}"))
            write_groups(self.store.groups_path(step), played, training)
            if usable:
                with self._timed("update"):
                    update = await self.crew.learner.grpo_step.remote(groups_to_table(usable), rate, training.seed)
                metrics |= update | {"learner/learning_rate": rate}
                record.kl_to_sft = update.get("policy/kl_to_sft", record.kl_to_sft)
            record.rewards.append(metrics["reward/mean"])
            record.seconds += time.monotonic() - started
            self._step_done(metrics, {}, seconds=0.0)
            await self._push(stage)
            self.display.advance(
                record.steps,
                f"reward {metrics['reward/mean']:.2f}, {len(usable)} of {len(played)} groups used, {100 * done:.0f} %",
            )
            if record.steps % phase.validate_every == 0 and await self._gave_up(stage, phase.patience):
                return
            self._checkpoint_if_due()

    async def _collect(self, pool: list[Question], phase: PhaseConfig) -> tuple[list[Group], list[Group]]:
        """All groups played for a step, and those of them that train: fresh ones with variance.

        As many are asked for at once as will probably give groups_per_step with variance, by the stage's figures so far: one large
        wave of episodes takes far less time than two small ones. Whatever a step does, it plays at most REFILL times groups_per_step.
        """
        record, rollout = self.state.record, self.config.rollout
        order = endless_order(pool, self.config.run.seed, record.drawn)
        played: list[Group] = []
        usable: list[Group] = []
        while len(usable) < phase.groups_per_step and len(played) < REFILL * phase.groups_per_step:
            groups, flat = record.groups + len(played), record.zero_variance + len(played) - len(usable)
            wanted = groups_to_ask_for(phase.groups_per_step - len(usable), groups, flat, REFILL * phase.groups_per_step - len(played))
            questions = list(itertools.islice(order, wanted))
            async for group in play_groups(
                self.crew.rollouts,
                questions,
                members=rollout.group_size,
                seed=question_seed(self.config.run.seed, f"step {self.state.step}"),
                temperature=rollout.temperature,
                concurrency=self.config.evaluation.concurrency,
            ):
                self._stop_if_asked()
                played.append(group)
                if group.has_variance:
                    usable.append(group)
        fresh = fresh_groups(usable, self.state.step, rollout.max_lag)
        record.drawn += len(played)
        record.groups += len(played)
        record.zero_variance += sum(not group.has_variance for group in played)
        record.stale += len(usable) - len(fresh)
        return played, fresh

    # Validation, test and the best policy

    async def _gave_up(self, stage: str, patience: int) -> bool:
        """Validate in the middle of a stage; whether it has stopped improving."""
        if stage == "sft":  # GRPO pushes after every step
            await self._push(stage)
        await self._validate(stage)
        if self.state.record.since_best < patience:
            return False
        self.display.line(f"{stage}: no better on the validation databases {patience} times in a row, so it ends here")
        self.store.append_event("early_stop", stage=stage, step=self.state.step)
        return True

    async def _validate(self, stage: str) -> Score:
        step = self._step_of(stage)
        result = await self._evaluate(f"{stage} validation", step, self.data.validation, self.config.evaluation.validation_questions)
        record, best = self.state.stages[stage], self.state.best
        record.validation, record.validated_at = result.as_dict(), record.steps
        record.since_best += 1
        if best is None or result.total.correct > best.correct:
            record.since_best = 0
            self.state.best = Best(stage, step, result.total.correct, result.total.questions, result.as_dict())
            await self._export("best", base=stage == "base")
        self.store.append_metrics(step, {"validation/accuracy": result.total.accuracy})
        self.display.line(f"{stage}, step {step}: validation {result.total}")
        await self._watch(stage, step, result)
        return result

    async def _score_stage(self, stage: str) -> None:
        """Validation (unless just done) and test of the weights a stage ended with; the test score chooses nothing."""
        record, step = self.state.stages[stage], self._step_of(stage)
        started = time.monotonic()
        if record.validated_at != record.steps:
            await self._validate(stage)
        if record.test is None:
            result = await self._evaluate(f"{stage} test", step, self.data.test, self.config.evaluation.test_questions)
            record.test = result.as_dict()
            self.display.line(f"{stage}, step {step}: test {result.total}")
        record.scoring_s += time.monotonic() - started
        best = self.state.best
        if best is not None and best.stage == stage and best.step == step:
            best.test = record.test

    async def _score_best(self) -> None:
        """The test score of the best policy, if it is not the end of any stage."""
        best = self.state.best
        if best is None or best.test is not None:
            return
        self.display.line(f"The best policy is of step {best.step} ({best.stage}): scoring it on the test databases")
        await self.crew.learner.push_directory.remote(str(self.store.policy_dir("best")), self.crew.generators, self.state.step + 1)
        best.test = (await self._evaluate("best test", best.step, self.data.test, self.config.evaluation.test_questions)).as_dict()
        self._checkpoint()

    async def _watch(self, stage: str, step: int, validation: Score) -> None:
        """What is measured beside a validation, where the configuration asks for it: pass@k, and training against validation accuracy."""
        settings, record = self.config.evaluation, self.state.stages[stage]
        if settings.samples:
            questions, temperature = spread(self.data.validation, settings.validation_questions), self.config.rollout.temperature
            groups = await self._play(f"{stage} samples", step, questions, members=settings.samples, temperature=temperature)
            shares = pass_at_shares(groups)
            record.validation = {**(record.validation or {}), "pass_at": shares}
            self.store.append_metrics(step, {f"validation/pass_at_{k}": share for k, share in shares.items()})
            told = ", ".join(f"pass@{k} {100 * share:.1f} %" for k, share in shares.items())
            self.display.line(f"{stage}, step {step}: validation {told} (sampled at temperature {temperature:g})")
        if settings.training_questions:
            training = score(await self._play(f"{stage} training", step, spread(self.data.train, settings.training_questions)))
            self.store.append_metrics(step, {"training/accuracy": training.total.accuracy})
            if alarm := self.state.watch(stage, Watched(step, training.total, validation.total)):
                self.display.line(str(alarm))
                self.store.append_event("memorisation", stage=stage, step=step, message=str(alarm))

    async def _evaluate(self, name: str, step: int, questions: Sequence[Question], first: int) -> Score:
        return score(await self._play(name, step, spread(questions, first)))

    async def _play(self, name: str, step: int, chosen: Sequence[Question], *, members: int = 1, temperature: float = 0.0) -> list[Group]:
        """Play held-out questions, and keep the groups in the run."""
        groups: list[Group] = []
        self.display.begin(name, len(chosen))
        with self._timed("evaluation"):
            settings = self.config.evaluation
            async for group in play_groups(
                self.crew.rollouts,
                chosen,
                members=members,
                seed=0,
                temperature=temperature,
                concurrency=settings.concurrency,
                steered=settings.steered,
            ):
                self._stop_if_asked()
                groups.append(group)
                right = sum(g.trajectories[0].outcome.correct for g in groups)
                self.display.advance(len(groups), f"{right} right")
        path = self.store.evaluation_path(step)
        write_groups(path.with_name(f"{path.stem}_{name.replace(' ', '_')}.parquet"), groups)
        return groups

    # Weights and checkpoints

    async def _push(self, reason: str) -> None:
        """Broadcast the learner's weights and check that the generators now agree with it.

        Until the first push the generators hold the base model, so that is the last moment to score it.

        Raises:
            WeightsOutOfSyncError: they do not, even after a second push.
        """
        if self.state.stages["base"].test is None:
            await self._score_stage("base")
        with self._timed("push"):
            version = self.state.step
            metrics = await self.crew.learner.push.remote(self.crew.generators, version)
            gap = await check_canary(self.crew, self._canary(), version, self.config.evaluation.canary_bound)
        self.store.append_metrics(self.state.step, {**metrics, "canary/logprob_gap": gap})
        log.info("%s: pushed weights v%d, canary gap %.4f", reason, version, gap)

    def _canary(self) -> list[tuple[int, ...]]:
        return [s.ids for s in self.demonstrations[: self.config.evaluation.canary_sequences]]

    async def _begin_grpo(self) -> None:
        """What GRPO starts from is kept as policy/sft, in the learner's own precision: `replay` starts from it too."""
        await self.crew.learner.begin_grpo.remote()
        with written_aside(self.store.policy_dir("sft")) as folder:
            await self.crew.learner.export.remote(str(folder), exact=True)

    async def _export(self, which: str, *, base: bool = False) -> None:
        with written_aside(self.store.policy_dir(which)) as folder:
            if base:  # the learner has moved on, but the base model is at hand
                shutil.copytree(self.base_model_dir, folder, dirs_exist_ok=True)
            else:
                await self.crew.learner.export.remote(str(folder))

    def _checkpoint_if_due(self) -> None:
        if self.state.step % self.config.run.checkpoint_every == 0:
            self._checkpoint()

    def _checkpoint(self) -> None:
        with self._timed("checkpoint"), self.store.checkpoint(self.state.step, self.state.as_dict()) as folder:
            if self.state.step:  # before the first step the learner is the base model, which is at hand anyway
                ray.get(self.crew.learner.save_checkpoint.remote(str(folder / LEARNER)))
        self.store.prune_checkpoints(best=self.state.best.step if self.state.best else None)
        log.info("checkpoint of step %d written", self.state.step)

    # Bookkeeping

    def _step_done(self, metrics: dict[str, float], more: dict[str, float], seconds: float | None = None) -> None:
        record = self.state.record
        record.steps += 1
        self.state.step += 1
        record.seconds += metrics["learner/step_s"] if seconds is None else seconds
        self.store.append_metrics(self.state.step, {**metrics, **more})
        log.info("%s step %d: %s", self.state.stage, self.state.step, {k: round(v, 4) for k, v in {**metrics, **more}.items()})

    def _step_of(self, stage: str) -> int:
        """The learner step whose weights a stage's score speaks of."""
        return 0 if stage == "base" else self.state.step

    def _stop_if_asked(self) -> None:
        if self.stopping:
            raise Stopped

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.state.spend(part, time.monotonic() - started)
