"""Validation, test and the best policy: what a run is judged by, and when a stage has stopped improving.

Validation chooses; the test score of each stage is only reported. Held-out groups are kept in the run directory.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from cluster.memorisation import Watched
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

    async def push_trained(self, stage: str) -> None:
        """See that the generators hold what a stage has trained: GRPO pushes after every step, SFT here, once the base model is scored."""
        if stage == "sft":
            await self.score_base()
            await self._run.push(stage)

    async def gave_up(self, stage: str, patience: int) -> bool:
        """Validate in the middle of a stage; whether it has stopped improving."""
        run = self._run
        await self.push_trained(stage)
        step = run.state.step_of(stage)
        scores = await self._evaluate(stage, step, {"validation": self._validation_questions()})
        await self._validated(stage, step, scores["validation"])
        if run.state.record.since_best < patience:
            return False
        run.display.line(f"{stage}: no better on the validation databases {patience} times in a row, so it ends here")
        run.store.append_event("early_stop", stage=stage, step=run.state.step)
        return True

    async def score_stage(self, stage: str) -> None:
        """Validation (unless just done) and test of the weights a stage ended with; the test score chooses nothing.

        Both are played in one go: at the end of each, when few episodes are left, a processor has too little to do.
        """
        run = self._run
        record, step = run.state.stages[stage], run.state.step_of(stage)
        started = time.monotonic()
        parts = {}
        if record.validated_at != record.steps:
            parts["validation"] = self._validation_questions()
        if record.test is None:
            parts["test"] = self._test_questions()
        scores = await self._evaluate(stage, step, parts) if parts else {}
        if "validation" in scores:
            await self._validated(stage, step, scores["validation"])
        if "test" in scores:
            record.test = scores["test"].as_dict()
            run.display.line(f"{stage}, step {step}: test {scores['test'].total}")
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
        await run.supervisor.push_directory(str(run.store.policy_dir("best")), run.state.step + 1)
        scores = await self._evaluate("best", best.step, {"test": self._test_questions()})
        best.test = scores["test"].as_dict()
        await run.checkpoint()

    async def _validated(self, stage: str, step: int, result: Score) -> None:
        """Count a validation, keep the policy when it is the best so far, and look at what is watched beside it."""
        run = self._run
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

    async def _watch(self, stage: str, step: int, validation: Score) -> None:
        """What is measured beside a validation, where the configuration asks for it: pass@k, and training against validation accuracy."""
        run = self._run
        settings, record = run.config.evaluation, run.state.stages[stage]
        if settings.samples:
            temperature = run.config.rollout.temperature
            parts = {"samples": self._validation_questions()}
            groups = await self._play(stage, step, parts, members=settings.samples, temperature=temperature)
            shares = pass_at_shares(groups["samples"])
            record.validation = {**(record.validation or {}), "pass_at": shares}
            run.store.append_metrics(step, {f"validation/pass_at_{k}": share for k, share in shares.items()})
            told = ", ".join(f"pass@{k} {100 * share:.1f} %" for k, share in shares.items())
            run.display.line(f"{stage}, step {step}: validation {told} (sampled at temperature {temperature:g})")
        if settings.training_questions:
            parts = {"training": spread(run.data.train, settings.training_questions)}
            training = (await self._evaluate(stage, step, parts))["training"]
            run.store.append_metrics(step, {"training/accuracy": training.total.accuracy})
            if alarm := run.state.watch(stage, Watched(step, training.total, validation.total)):
                run.display.line(str(alarm))
                run.store.append_event("memorisation", stage=stage, step=step, message=str(alarm))

    def _validation_questions(self) -> Sequence[Question]:
        return spread(self._run.data.validation, self._run.config.evaluation.validation_questions)

    def _test_questions(self) -> Sequence[Question]:
        return spread(self._run.data.test, self._run.config.evaluation.test_questions)

    async def _evaluate(self, stage: str, step: int, parts: Mapping[str, Sequence[Question]]) -> dict[str, Score]:
        return {name: score(groups) for name, groups in (await self._play(stage, step, parts)).items()}

    async def _play(
        self, stage: str, step: int, parts: Mapping[str, Sequence[Question]], *, members: int = 1, temperature: float = 0.0
    ) -> dict[str, list[Group]]:
        """Play question sets, all together, and keep the groups of each in a file of the run.

        Args:
            parts: by name; no database is in two.
        """
        run, settings = self._run, self._run.config.evaluation
        part_of = {question.id: name for name, questions in parts.items() for question in questions}
        groups: dict[str, list[Group]] = {name: [] for name in parts}
        right = 0
        run.display.begin(f"{stage} {' and '.join(parts)}", len(part_of))
        with run.timed("evaluation"):
            async for group in run.supervisor.play(
                [question for questions in parts.values() for question in questions],
                members=members,
                seed=0,
                temperature=temperature,
                concurrency=settings.concurrency,
                steered=settings.steered and stage != "base",
            ):
                run.stop_if_asked()
                groups[part_of[group.question.id]].append(group)
                right += group.trajectories[0].outcome.correct
                run.display.advance(sum(map(len, groups.values())), f"{right} right")
        path = run.store.evaluation_path(step)
        for name, played in groups.items():
            write_groups(path.with_name(f"{path.stem}_{stage}_{name}.parquet"), played)
        return groups
