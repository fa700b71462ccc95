"""Steps under SIGKILL with scripted engines: does every question come back once, and sampled by the right weights alone?

Real Ray, rollout actors, supervision and pushes; the engines answer from a script and the weights are one number, so that twenty kills
take a minute. Each step plays questions, trains (the number changes) and pushes. At random moments rollout actors, generator
actors and engines inside living actors die, by the ids of this benchmark's own processes. `chaos` kills learner and driver as well.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import ray

from cluster.config import SupervisionConfig
from cluster.ray_setup import Crew
from cluster.supervisor import Supervisor
from envs.records import Group, Question
from envs.run_store import RunStore
from tests.benchmarks.report import Figure, Report
from tests.benchmarks.scale import byte_world
from tests.scripted_crew import kill, start_scripted_crew

CANARY = [(1, 2, 3)]
KINDS = ("rollout actor", "generator actor", "engine")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=int, default=20, help="steps of the run (default 20)")
    parser.add_argument("--kills", type=int, default=20, help="at least so many deaths (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="of who dies, and when (default 0)")


def measure(options: argparse.Namespace) -> Report:
    """Run the steps, killing meanwhile."""
    with tempfile.TemporaryDirectory(prefix="chaos-scripted-") as scratch:
        folder = Path(scratch)
        databases, model_dir = byte_world(folder)
        ray.init(num_cpus=8, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        try:
            crew = start_scripted_crew(
                folder, databases, (model_dir / "tokenizer.json").read_text(), generators=2, rollouts=3, latency_s=0.1
            )
            return asyncio.run(_run(crew, RunStore(folder / "run"), options))
        finally:
            ray.shutdown()


async def _run(crew: Crew, store: RunStore, options: argparse.Namespace) -> Report:
    supervisor = Supervisor(crew, store, SupervisionConfig(restarts_max=10_000), CANARY, 0.1)
    watch = asyncio.create_task(supervisor.watch())
    await asyncio.sleep(0)
    rng = random.Random(options.seed)
    kills: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    came: Counter[str] = Counter()
    wrong_weights = 0
    began = time.monotonic()
    await supervisor.push(1)
    for step in range(1, options.steps + 1):
        questions = [Question(f"shop/{step}/{i}", "shop", "How many pets are there?", "SELECT count(*) FROM pets") for i in range(12)]
        asked.update(question.id for question in questions)
        due = -(-(options.kills * step) // options.steps) - sum(kills.values())
        blows = [asyncio.create_task(_strike(crew, rng, kills)) for _ in range(due)]
        async for group in supervisor.play(questions, members=2, seed=step, temperature=1.0, concurrency=12):
            came[group.question.id] += 1
            wrong_weights += _versions(group) != {step}
        await asyncio.gather(*blows)
        await crew.learner.step.remote()
        await supervisor.push(step + 1)
    watch.cancel()
    return _report(store, options, kills, asked == came, wrong_weights, time.monotonic() - began)


async def _strike(crew: Crew, rng: random.Random, kills: Counter[str]) -> None:
    kind = rng.choice(KINDS)
    kills[kind] += 1
    victim: Any = rng.choice(crew.rollouts if kind == "rollout actor" else crew.generators)
    await asyncio.sleep(rng.uniform(0.0, 0.8))
    try:
        if kind == "engine":
            await victim.break_engine.remote()
        else:
            await asyncio.to_thread(kill, victim)
    except (ray.exceptions.RayActorError, ProcessLookupError):
        kills[kind] -= 1  # it was dead already


def _versions(group: Group) -> set[int]:
    return {span.version for trajectory in group.trajectories for span in trajectory.spans}


def _report(store: RunStore, options: argparse.Namespace, kills: Counter[str], whole: bool, wrong_weights: int, seconds: float) -> Report:
    restarts = [event for event in store.read_events() if event["kind"] == "restart"]
    back = [event["seconds"] for event in restarts if event["who"].startswith("generator")]
    return Report(
        name="chaos-scripted",
        figures={
            "steps_done": Figure(options.steps, "count", at_least=options.steps),
            "kills": Figure(sum(kills.values()), "count"),
            "restarts_recorded": Figure(len(restarts), "count", at_least=1 if sum(kills.values()) else 0),
            "every_question_came_back_once": Figure(int(whole), "count", at_least=1),
            "groups_of_other_weights": Figure(wrong_weights, "count", at_most=0),
            "generator_back_median": Figure(statistics.median(back) if back else 0.0, "s"),
            "generator_back_longest": Figure(max(back, default=0.0), "s"),
            "run": Figure(seconds, "s"),
        },
        how={"seed": options.seed, "kills_by_kind": dict(kills), "generators": 2, "rollout_actors": 3, "questions_a_step": 12},
        notes=["deaths that overtake each other count once; the 25 s start of a real engine is not in, as these answer from a script"],
    )
