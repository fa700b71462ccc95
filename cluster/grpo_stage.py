"""A GRPO phase: groups are collected, the learner trains on those with variance, and the new weights are pushed.

With `rollout.max_lag` at 0 groups are played while the learner waits, by the weights they train. Above, they are played all the time
(cluster/collecting.py): weights are pushed in flight, episodes go on with them, and each token says which version sampled it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Sequence

from cluster.collecting import Ahead, Collected, InStep, Tally
from cluster.config import PhaseConfig
from cluster.play import question_seed
from cluster.running import Run
from cluster.schedule import endless_order, learning_rate, progress
from cluster.scoring import Scoring
from cluster.state import StageRecord
from envs.group_files import training_of, write_groups
from envs.groups import groups_to_table
from envs.records import Group, Question
from envs.rewards import shaped


async def train_grpo(run: Run, scoring: Scoring, phase: PhaseConfig) -> None:
    """Train from wherever the phase stands to its end."""
    stage, record = run.state.stage, run.state.record
    run.display.begin(f"GRPO {stage}", phase.steps, record.steps)
    collecting = _collecting(run, phase)
    try:
        await _steps(run, scoring, phase, collecting)
    finally:
        await collecting.close()


async def _steps(run: Run, scoring: Scoring, phase: PhaseConfig, collecting: InStep | Ahead) -> None:
    stage, record = run.state.stage, run.state.record
    collected_at = time.monotonic()
    while (done := progress(record.steps, phase.steps, record.seconds / 60, phase.minutes)) < 1.0:
        run.stop_if_asked()
        started = time.monotonic()
        with run.timed("rollout"):
            collected = await collecting.take(run.state.step)
        played, usable = collected.played, collected.trained
        _count(record, collected, collecting.unsettled)
        began, collected_at = started if run.config.rollout.max_lag == 0 else collected_at, time.monotonic()  # ahead: since the last step's
        rewards = [reward for group in played for reward in group.rewards]
        metrics: dict[str, float] = {
            "reward/mean": sum(rewards) / len(rewards),
            "actor/correct_share": sum(t.outcome.correct for g in played for t in g.trajectories) / len(rewards),
            "actor/groups": len(played),
            "actor/rollout_s": collected_at - started,  # that the learner waited
            "actor/tokens_per_s": sum(sum(t.mask) for g in played for t in g.trajectories) / (collected_at - began),
            "actor/zero_variance_groups": len(collected.flat),
            "staleness/dropped": len(collected.stale),
        }
        if collected.lags:
            metrics |= {"actor/lag_mean": sum(collected.lags) / len(collected.lags), "actor/lag_max": max(collected.lags)}
        rate, step = learning_rate(phase.learning_rate, record.steps, phase.warmup_steps, done), run.state.step + 1
        training = training_of(step, stage, played, usable, rate, question_seed(run.config.run.seed, f"cut {step}"))
        write_groups(run.store.groups_path(step), played, training)
        if usable:
            with run.timed("update"):
                update = await run.crew.learner.grpo_step.remote(groups_to_table(usable), rate, training.seed)
            metrics |= update | {"learner/learning_rate": rate}
            record.kl_to_sft = update.get("policy/kl_to_sft", record.kl_to_sft)
        record.rewards.append(metrics["reward/mean"])
        record.seconds += time.monotonic() - started
        run.step_done(metrics, {}, seconds=0.0)
        await run.push(stage)
        collecting.advance(run.state.step)
        run.display.advance(
            record.steps,
            f"reward {metrics['reward/mean']:.2f}, {len(usable)} of {len(played)} groups used, {100 * done:.0f} %",
        )
        if record.steps % phase.validate_every == 0 and await scoring.gave_up(stage, phase.patience):
            return
        await run.checkpoint_if_due()


def _count(record: StageRecord, collected: Collected, unsettled: int) -> None:
    record.drawn = unsettled
    record.groups += len(collected.played)
    record.zero_variance += len(collected.flat)
    record.stale += len(collected.stale)


def _collecting(run: Run, phase: PhaseConfig) -> InStep | Ahead:
    """Where the phase's groups come from: in step with the learner, or ahead of it by at most rollout.max_lag versions."""
    record, rollout, seed = run.state.record, run.config.rollout, run.config.run.seed
    pool = [q for q in run.data.train if len(q.tables) <= phase.tables_max]
    draws = zip(itertools.count(record.drawn), endless_order(pool, seed, record.drawn), strict=False)
    tally = Tally(record.groups, record.zero_variance)

    async def play(questions: Sequence[Question], moment: str) -> AsyncIterator[Group]:
        async for group in run.supervisor.play(
            questions,
            members=rollout.group_size,
            seed=question_seed(seed, moment),
            temperature=rollout.temperature,
            concurrency=run.config.evaluation.concurrency,
        ):
            run.stop_if_asked()
            yield shaped(group, run.config.reward)

    async def play_one(question: Question, number: int) -> Group:
        (group,) = [group async for group in play([question], f"draw {number}, step {run.state.step}")]
        return group

    if rollout.max_lag == 0:
        return InStep(lambda questions, version: play(questions, f"step {version}"), draws, tally, phase.groups_per_step, phase.refill)
    return Ahead(
        play_one,
        draws,
        tally,
        max_lag=rollout.max_lag,
        wanted=phase.groups_per_step,
        refill=phase.refill,
        in_flight=max(1, run.config.evaluation.concurrency // rollout.group_size),
    )
