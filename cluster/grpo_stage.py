"""A GRPO phase: groups are collected, the learner trains on those with variance, and the new weights are pushed.

`max_lag = 0` is all there is so far: every group is made by the weights it trains.
"""

from __future__ import annotations

import itertools
import time

from cluster.config import PhaseConfig
from cluster.play import play_groups, question_seed
from cluster.running import Run
from cluster.schedule import endless_order, groups_to_ask_for, learning_rate, progress
from cluster.scoring import Scoring
from cluster.staleness import fresh_groups
from envs.group_files import training_of, write_groups
from envs.groups import groups_to_table
from envs.records import Group, Question

REFILL = 2  # at most so many times a step's groups are drawn to replace those without variance


async def train_grpo(run: Run, scoring: Scoring, phase: PhaseConfig) -> None:
    """Train from wherever the phase stands to its end."""
    stage, record = run.state.stage, run.state.record
    pool = [q for q in run.data.train if len(q.tables) <= phase.tables_max]
    run.display.begin(f"GRPO {stage}", phase.steps, record.steps)
    while (done := progress(record.steps, phase.steps, record.seconds / 60, phase.minutes)) < 1.0:
        run.stop_if_asked()
        started = time.monotonic()
        with run.timed("rollout"):
            played, usable = await _collect(run, pool, phase)
        rewards = [reward for group in played for reward in group.rewards]
        metrics: dict[str, float] = {
            "reward/mean": sum(rewards) / len(rewards),
            "actor/groups": len(played),
            "actor/rollout_s": time.monotonic() - started,
            "actor/tokens_per_s": sum(sum(t.mask) for g in played for t in g.trajectories) / (time.monotonic() - started),
            "actor/zero_variance_groups": sum(not group.has_variance for group in played),
        }
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
        run.display.advance(
            record.steps,
            f"reward {metrics['reward/mean']:.2f}, {len(usable)} of {len(played)} groups used, {100 * done:.0f} %",
        )
        if record.steps % phase.validate_every == 0 and await scoring.gave_up(stage, phase.patience):
            return
        await run.checkpoint_if_due()


async def _collect(run: Run, pool: list[Question], phase: PhaseConfig) -> tuple[list[Group], list[Group]]:
    """All groups played for a step, and those of them that train: fresh ones with variance.

    As many are asked for at once as will probably give groups_per_step with variance, by the stage's figures so far: one large
    wave of episodes takes far less time than two small ones. Whatever a step does, it plays at most REFILL times groups_per_step.
    """
    record, rollout = run.state.record, run.config.rollout
    order = endless_order(pool, run.config.run.seed, record.drawn)
    played: list[Group] = []
    usable: list[Group] = []
    while len(usable) < phase.groups_per_step and len(played) < REFILL * phase.groups_per_step:
        groups, flat = record.groups + len(played), record.zero_variance + len(played) - len(usable)
        wanted = groups_to_ask_for(phase.groups_per_step - len(usable), groups, flat, REFILL * phase.groups_per_step - len(played))
        questions = list(itertools.islice(order, wanted))
        async for group in play_groups(
            run.crew.rollouts,
            questions,
            members=rollout.group_size,
            seed=question_seed(run.config.run.seed, f"step {run.state.step}"),
            temperature=rollout.temperature,
            concurrency=run.config.evaluation.concurrency,
        ):
            run.stop_if_asked()
            played.append(group)
            if group.has_variance:
                usable.append(group)
    fresh = fresh_groups(usable, run.state.step, rollout.max_lag)
    record.drawn += len(played)
    record.groups += len(played)
    record.zero_variance += sum(not group.has_variance for group in played)
    record.stale += len(usable) - len(fresh)
    return played, fresh
