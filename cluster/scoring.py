"""Validation, test and the best policy: what a run is judged by, and when a stage has stopped improving.

Validation chooses; the test score of each stage is only reported. Held-out groups are kept in the run directory.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from cluster.memorisation import Watched
from cluster.play import play_groups
from cluster.running import Run
from cluster.schedule import spread
from cluster.scores import Score, pass_at_shares, score
from cluster.state import Best
from envs.group_files import write_groups
from envs.records import Group, Question


class Scoring:
    """Scores one run's policies with its own generators."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def score_base(self) -> None:
        """Score the base model unless that is done: until the first push the generators hold it."""
        if self._run.state.stages["base"].test is None:
            await self.score_stage("base")

    async def gave_up(self, stage: str, patience: int) -> bool:
        """Validate in the middle of a stage; whether it has stopped improving."""
        run = self._run
        if stage == "sft":  # GRPO pushes after every step
            await self.score_base()
            await run.push(stage)
        await self._validate(stage)
        if run.state.record.since_best < patience:
            return False
        run.display.line(f"{stage}: no better on the validation databases {patience} times in a row, so it ends here")
        run.store.append_event("early_stop", stage=stage, step=run.state.step)
        return True

    async def _validate(self, stage: str) -> Score:
        run, step = self._run, self._run.state.step_of(stage)
        result = await self._evaluate(f"{stage} validation", step, run.data.validation, run.config.evaluation.validation_questions)
        record, best = run.state.stages[stage], run.state.best
        record.validation, record.validated_at = result.as_dict(), record.steps
        record.since_best += 1
        if best is None or result.total.correct > best.correct:
            record.since_best = 0
            run.state.best = Best(stage, step, result.total.correct, result.total.questions, result.as_dict())
            await run.export("best", base=stage == "base")
        run.store.append_metrics(step, {"validation/accuracy": result.total.accuracy})
        run.display.line(f"{stage}, step {step}: validation {result.total}")
        await self._watch(stage, step, result)
        return result

    async def score_stage(self, stage: str) -> None:
        """Validation (unless just done) and test of the weights a stage ended with; the test score chooses nothing."""
        run = self._run
        record, step = run.state.stages[stage], run.state.step_of(stage)
        started = time.monotonic()
        if record.validated_at != record.steps:
            await self._validate(stage)
        if record.test is None:
            result = await self._evaluate(f"{stage} test", step, run.data.test, run.config.evaluation.test_questions)
            record.test = result.as_dict()
            run.display.line(f"{stage}, step {step}: test {result.total}")
        record.scoring_s += time.monotonic() - started
        best = run.state.best
        if best is not None and best.stage == stage and best.step == step:
            best.test = record.test

    async def score_best(self) -> None:
        """The test score of the best policy, if it is not the end of any stage."""
        run = self._run
        best = run.state.best
        if best is None or best.test is not None:
            return
        run.display.line(f"The best policy is of step {best.step} ({best.stage}): scoring it on the test databases")
        await run.crew.learner.push_directory.remote(str(run.store.policy_dir("best")), run.crew.generators, run.state.step + 1)
        best.test = (await self._evaluate("best test", best.step, run.data.test, run.config.evaluation.test_questions)).as_dict()
        await run.checkpoint()

    async def _watch(self, stage: str, step: int, validation: Score) -> None:
        """What is measured beside a validation, where the configuration asks for it: pass@k, and training against validation accuracy."""
        run = self._run
        settings, record = run.config.evaluation, run.state.stages[stage]
        if settings.samples:
            questions, temperature = spread(run.data.validation, settings.validation_questions), run.config.rollout.temperature
            groups = await self._play(f"{stage} samples", step, questions, members=settings.samples, temperature=temperature)
            shares = pass_at_shares(groups)
            record.validation = {**(record.validation or {}), "pass_at": shares}
            run.store.append_metrics(step, {f"validation/pass_at_{k}": share for k, share in shares.items()})
            told = ", ".join(f"pass@{k} {100 * share:.1f} %" for k, share in shares.items())
            run.display.line(f"{stage}, step {step}: validation {told} (sampled at temperature {temperature:g})")
        if settings.training_questions:
            training = score(await self._play(f"{stage} training", step, spread(run.data.train, settings.training_questions)))
            run.store.append_metrics(step, {"training/accuracy": training.total.accuracy})
            if alarm := run.state.watch(stage, Watched(step, training.total, validation.total)):
                run.display.line(str(alarm))
                run.store.append_event("memorisation", stage=stage, step=step, message=str(alarm))

    async def _evaluate(self, name: str, step: int, questions: Sequence[Question], first: int) -> Score:
        return score(await self._play(name, step, spread(questions, first)))

    async def _play(self, name: str, step: int, chosen: Sequence[Question], *, members: int = 1, temperature: float = 0.0) -> list[Group]:
        """Play held-out questions, and keep the groups in the run."""
        run = self._run
        groups: list[Group] = []
        run.display.begin(name, len(chosen))
        with run.timed("evaluation"):
            settings = run.config.evaluation
            async for group in play_groups(
                run.crew.rollouts,
                chosen,
                members=members,
                seed=0,
                temperature=temperature,
                concurrency=settings.concurrency,
                steered=settings.steered,
            ):
                run.stop_if_asked()
                groups.append(group)
                right = sum(g.trajectories[0].outcome.correct for g in groups)
                run.display.advance(len(groups), f"{right} right")
        path = run.store.evaluation_path(step)
        write_groups(path.with_name(f"{path.stem}_{name.replace(' ', '_')}.parquet"), groups)
        return groups
