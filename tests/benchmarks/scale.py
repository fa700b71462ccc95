"""How far does one driver reach? Real rollout actors of 64 environments each, generators that answer from a script after a set time.

Measured: the driver's processor time for a group, with few actors and with many (it should stay flat), the memory of an environment, and
from these where the driver would be the bottleneck. No model runs: a turn costs its latency and a Ray call. All actors share this machine's
cores, so the wall clock says nothing about a cluster; processor time does.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import ray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from actors.rollout import RolloutConfig
from actors.rollout_actor import RolloutActor
from cluster.play import play_groups
from envs.records import Question
from envs.sql_env import EpisodeConfig
from tests.benchmarks.report import Figure, Report
from tests.conftest import make_shop
from tests.scripted_crew import SCRIPT, ScriptedGenerator

ENVIRONMENTS = 64  # episodes in play in each actor
MEMBERS = 8  # of a group
ACTORS_PER_GENERATOR = 8
FLAT = 1.5  # the driver's time for a group, most over least


@dataclass(frozen=True)
class Measured:
    """One size."""

    actors: int
    groups: int
    seconds: float
    driver_s_per_group: float  # processor time of the driver process
    bytes_per_actor: float  # PSS with its environments in play
    idle_bytes_per_actor: float


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--actors", default="1,4,16,64", help="numbers of rollout actors (default 1,4,16,64)")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds that a turn takes (default 1.0)")
    parser.add_argument("--waves", type=int, default=3, help="how often each environment is played (default 3)")


def measure(options: argparse.Namespace) -> Report:
    """Play on crews of growing size.

    Raises:
        ValueError: the options name no size.
    """
    sizes = sorted({int(size) for size in options.actors.split(",")})
    if not sizes or sizes[0] < 1 or options.waves < 1:
        raise ValueError("--actors wants numbers above 0, such as 1,4,16, and --waves at least 1")
    with tempfile.TemporaryDirectory(prefix="scale-") as scratch:
        databases, model_dir = byte_world(Path(scratch))
        ray.init(num_cpus=8, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        try:
            found = [_at_size(size, options, databases, model_dir) for size in sizes]
        finally:
            ray.shutdown()
    return _report(found, options)


def _at_size(size: int, options: argparse.Namespace, databases: Path, model_dir: Path) -> Measured:
    generators = [
        ray.remote(ScriptedGenerator).options(num_cpus=0, max_concurrency=10_000).remote(str(model_dir), options.latency)
        for _ in range(1 + (size - 1) // ACTORS_PER_GENERATOR)
    ]
    rollout = RolloutConfig(group_size=MEMBERS, turn_tokens_max=64, episode_tokens_max=2048)
    actors = [
        ray.remote(RolloutActor)
        .options(num_cpus=0, max_concurrency=1000)
        .remote(databases, model_dir, generators, EpisodeConfig(), rollout)
        for _ in range(size)
    ]
    try:
        ray.get([actor.ready.remote() for actor in actors])
        pids = ray.get([actor.__ray_call__.remote(_pid) for actor in actors])
        idle = sum(psutil.Process(pid).memory_full_info().pss for pid in pids)
        return asyncio.run(_played(actors, pids, idle, options.waves))
    finally:
        for actor in [*actors, *generators]:
            ray.kill(actor)


async def _played(actors: list[Any], pids: list[int], idle: float, waves: int) -> Measured:
    in_play = len(actors) * ENVIRONMENTS
    wave = in_play // MEMBERS
    questions = (
        Question(f"shop/{i}", "shop", f"How many pets are there, {i}?", "SELECT count(*) FROM pets", ("pets",)) for i in itertools.count()
    )
    groups = play_groups(actors, questions, members=MEMBERS, seed=0, temperature=1.0, concurrency=in_play)
    played = 0
    full = idle
    began = cpu = 0.0
    async for group in groups:
        assert all(trajectory.outcome.correct for trajectory in group.trajectories)
        played += 1
        if played == wave:  # the first wave opens databases and warms everything up
            full = sum(psutil.Process(pid).memory_full_info().pss for pid in pids)
            began, cpu = time.monotonic(), time.process_time()
        if played == wave * (1 + waves):
            break
    seconds, driver = time.monotonic() - began, time.process_time() - cpu
    await groups.aclose()
    return Measured(len(actors), wave * waves, seconds, driver / (wave * waves), full / len(actors), idle / len(actors))


def _report(found: list[Measured], options: argparse.Namespace) -> Report:
    times = [one.driver_s_per_group for one in found]
    largest = found[-1]
    per_environment = max(0.0, largest.bytes_per_actor - largest.idle_bytes_per_actor) / ENVIRONMENTS
    groups_per_s = 1 / largest.driver_s_per_group
    group_s = len(SCRIPT) * options.latency  # how long an actor's 64 environments are busy with their 8 groups
    figures = {f"driver_ms_per_group_{one.actors}_actors": Figure(1000 * one.driver_s_per_group, "ms") for one in found}
    figures |= {
        "most_over_least": Figure(max(times) / min(times), "times", at_most=FLAT),
        "memory_per_environment": Figure(per_environment / 1e6, "MB"),
        "memory_per_actor_idle": Figure(largest.idle_bytes_per_actor / 1e6, "MB"),
        "driver_saturated_at_groups_per_s": Figure(groups_per_s, "count"),
        "driver_saturated_at_actors": Figure(groups_per_s * group_s / (ENVIRONMENTS / MEMBERS), "count"),
    }
    return Report(
        name="scale",
        figures=figures,
        how={
            "actors": [one.actors for one in found], "environments_each": ENVIRONMENTS, "members": MEMBERS, "turns": len(SCRIPT),
            "latency_s": options.latency, "groups": [one.groups for one in found], "wall_s": [round(one.seconds, 1) for one in found],
            "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
        },
        notes=[
            "saturated: groups a second at which one core of the driver has no time left, and the rollout actors of 64 environments "
            f"that would make as many if every turn took {options.latency:g} s"
        ],
    )  # fmt: skip


def byte_world(folder: Path) -> tuple[Path, Path]:
    """A pet shop and a tokenizer of single bytes."""
    databases, model_dir = folder / "databases", folder / "model"
    (databases / "shop").mkdir(parents=True)
    model_dir.mkdir()
    make_shop(databases / "shop" / "shop.sqlite")
    alphabet = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")])
    tokenizer.save(str(model_dir / "tokenizer.json"))
    return databases, model_dir


def _pid(_actor: Any) -> int:
    return os.getpid()
