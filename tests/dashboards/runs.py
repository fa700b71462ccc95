"""Run directories for the tests of the app, written as the trainer writes them: real episodes on a real database, played from a script."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from actors.rollout import RolloutConfig, play_group
from envs.dialogue import Codec
from envs.group_files import training_of, write_groups
from envs.records import Group, Question, Trajectory, WeightSpan
from envs.run_store import RunStore
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig
from tests.fakes import ScriptedPolicy

ROLLOUT = RolloutConfig(turn_tokens_max=256, episode_tokens_max=20_000)
EPISODE = EpisodeConfig()
KINDS = ("right", "recovered", "wrong", "explored", "gave up")


def script(question: Question, tables: Sequence[str], kind: str) -> list[str]:
    """The actions of one episode of a kind."""
    looks = [f"DESCRIBE {table}" for table in question.tables or tables[:1]]
    if kind == "right":
        return [*looks, f"QUERY {question.gold_sql}", "ANSWER RESULT"]
    if kind == "recovered":
        return [*looks, f"QUERY {question.gold_sql.replace('SELECT ', 'SELECT nmae, ', 1)}", f"QUERY {question.gold_sql}", "ANSWER RESULT"]
    if kind == "explored":
        return [*looks, *(f"SAMPLE {table}" for table in tables[:3]), f"QUERY {question.gold_sql}", "ANSWER RESULT"]
    if kind == "wrong":
        return [*looks, f"QUERY SELECT * FROM {(question.tables or tables)[0]}", "ANSWER RESULT"]
    return [*looks, "ANSWER UNKNOWN no such thing"]


def played(codec: Codec, database: Database, question: Question, kinds: Sequence[str], *, version: int = 0, seed: int = 0) -> Group:
    """A group with one episode of each kind; logprobs are drawn, the weight version changes once within an episode."""
    rng = random.Random(seed)
    trajectories = []
    for member, kind in enumerate(kinds):
        policy = ScriptedPolicy(codec, script(question, database.schema.names, kind), context=30_000)
        group = asyncio.run(play_group(policy, codec, database, question, 1, EPISODE, ROLLOUT, seed=0, temperature=1.0))
        trajectories.append(_coloured(group.trajectories[0], member, version, rng))
    return Group(question, tuple(trajectories))


def make_run(
    path: Path,
    codec: Codec,
    databases: Mapping[str, Database],
    questions: Sequence[Question],
    *,
    sft_steps: int = 12,
    grpo_steps: int = 4,
    groups: int = 3,
    members: int = 3,
    seed: int = 0,
    skill: float = 0.6,
    finished: bool = True,
) -> RunStore:
    """A run of SFT and two phases of GRPO with metrics, events, groups and evaluations; `skill` is the share that is right at its end."""
    store, rng = RunStore(path), random.Random(seed)
    store.append_event("data", fingerprint="0123456789abcdef", outside={})
    stages: list[dict[str, Any]] = []
    _evaluated(store, codec, databases, questions, rng, 0, "base", 0.0, stages)
    step = 0
    for stage, steps in (("sft", sft_steps), ("phase1", grpo_steps), ("phase2", grpo_steps)):
        for done in range(1, steps + 1):
            step += 1
            if stage == "sft":
                loss = 3.2 * 0.9 ** (30 * done / steps) + 0.2 * rng.random()
                learner = {"learner/step_s": 1.1 + 0.2 * rng.random(), "learner/tokens_per_s": 420 + 60 * rng.random()}
                store.append_metrics(step, {"sft/loss": loss, **learner, "learner/gradient_norm": 1 + rng.random()})
                continue
            kinds = [rng.choices(KINDS, [skill, 0.1, 0.4, 0.1, 0.1], k=members) for _ in range(groups)]
            asked = [rng.choice(questions) for _ in range(groups)]
            found = [
                played(codec, databases[q.db_id], q, k, version=step - 1, seed=rng.randrange(9_999))
                for q, k in zip(asked, kinds, strict=True)
            ]
            usable = [group for group in found if group.has_variance]
            write_groups(store.groups_path(step), found, training_of(step, stage, found, usable, 2e-5, seed))
            rewards = [reward for group in found for reward in group.rewards]
            store.append_metrics(step, {"reward/mean": sum(rewards) / len(rewards), "actor/groups": groups, **_grpo(rng, done)})
            store.append_metrics(step, {"broadcast/push_s": 0.5, "broadcast/gap_s": 0.4, "canary/logprob_gap": 0.05 * rng.random()})
        part = {"sft": 0.8, "phase1": 0.9, "phase2": 1.0}[stage]
        _evaluated(store, codec, databases, questions, rng, step, stage, skill * part, stages)
        store.append_event("stage_done", stage=stage, steps=steps, step=step)
    if finished:
        best = max(stages, key=lambda row: row["validation"]["correct"])
        store.write_json_atomic("result.json", {"stages": stages, "best": {**best, "step": best["steps"]}, "seconds": {}, "seed": seed})
    return store


def _evaluated(
    store: RunStore, codec: Codec, databases: Mapping[str, Database], questions: Sequence[Question], rng: random.Random, step: int,
    stage: str, share: float, stages: list[dict[str, Any]],
) -> None:  # fmt: skip
    scores: dict[str, dict[str, Any]] = {}
    for kind in ("validation", "test"):
        found = [played(codec, databases[q.db_id], q, ["right" if rng.random() < share else "wrong"], version=step) for q in questions]
        path = store.evaluation_path(step)
        write_groups(path.with_name(f"{path.stem}_{stage}_{kind}.parquet"), found)
        right = sum(group.trajectories[0].outcome.correct for group in found)
        scores[kind] = {"correct": right, "questions": len(found), "accuracy": right / len(found), "tables": {}}
        if kind == "validation":
            store.append_metrics(step, {"validation/accuracy": right / len(found)})
    training = {"groups": 0 if stage in ("base", "sft") else 12, "reward_first_quarter": 0.31, "reward_last_quarter": 0.44}
    stages.append({"stage": stage, "steps": step, **scores, "training": training})


def _grpo(rng: random.Random, done: int) -> dict[str, float]:
    return {
        "actor/rollout_s": 6 + 2 * rng.random(), "actor/tokens_per_s": 210 + 40 * rng.random(),
        "actor/zero_variance_groups": rng.randrange(3),
        "grpo/loss": 0.02 * rng.random(), "policy/clip_share": 0.01 * rng.random(), "policy/entropy": 0.5 - 0.01 * done,
        "policy/kl_to_sft": 0.0004 * done, "policy/logprob_difference": 0.04 * rng.random(), "learner/step_s": 8 + rng.random(),
        "learner/gradient_norm": 0.4 + 0.3 * rng.random(), "learner/tokens_per_s": 320 + 30 * rng.random(), "learner/learning_rate": 2e-5,
    }  # fmt: skip


def _coloured(trajectory: Trajectory, member: int, version: int, rng: random.Random) -> Trajectory:
    """The trajectory with drawn logprobs, its first turn by the weights before."""
    logprobs = tuple(-rng.expovariate(3.0) * m for m in trajectory.mask)
    first, *rest = trajectory.spans
    spans = (WeightSpan(first.start, first.end, max(0, version - 1)), *(WeightSpan(s.start, s.end, version) for s in rest))
    return replace(trajectory, member=member, logprobs=logprobs, spans=spans)
