"""`analyst-buddy profile RUN|PRESET`: one GRPO step with real parts, and where each of its seconds went, process by process.

Of a run, its configuration and best policy; of a preset, the base model, whose groups train nothing, so they are given rewards that do: the
time does not depend on which. The parts follow each other as in training without lag. Beside the clock stands what each process used of
the processors: what a part took and no process used is waiting.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cluster.base_model import resolve
from cluster.config import RunConfig, load_preset
from cluster.dataset_cache import data_of
from cluster.processor_time import ProcessorTime
from envs.records import Group, Question
from envs.run_store import RunStore


@dataclass(frozen=True)
class Part:
    """One part of a step."""

    name: str
    seconds: float
    used_s: dict[str, float]  # processor seconds by kind of process


@dataclass
class Profile:
    """A profiled step: its parts in order, and what the processes themselves measured."""

    parts: list[Part] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        before, began = ProcessorTime.now(), time.perf_counter()
        yield
        self.parts.append(Part(name, time.perf_counter() - began, ProcessorTime.now().since(before)))

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    def as_dict(self) -> dict[str, Any]:
        return {
            "seconds": self.seconds,
            "parts": {part.name: {"seconds": part.seconds, "processor_seconds": part.used_s} for part in self.parts},
            "metrics": self.metrics,
        }


def what_to_profile(target: str, runs: Path, overrides: list[str]) -> tuple[RunConfig, Path]:
    """The configuration and the model directory of a run, or of a preset's name.

    Raises:
        ConfigError: there is neither.
    """
    try:
        store = RunStore.existing(target, runs)
    except FileNotFoundError:
        config = load_preset(target, overrides)
        return config, resolve(config.run.base_model)
    config = load_preset(str(store.config_path), overrides)
    for which in ("best", "last", "sft"):
        if ((policy := store.policy_dir(which)) / "config.json").is_file():
            return config, policy
    return config, resolve(config.run.base_model)


def profile_step(config: RunConfig, model_dir: Path, console: Console) -> Profile:
    """Start everything, play a warm-up, then measure one step: rollout, update, push."""
    data = data_of(config)
    from cluster.ray_setup import ray_session, start_crew  # takes seconds to import

    with tempfile.TemporaryDirectory() as logs, ray_session(Path(logs)), console.status("starting the engines"):
        crew = start_crew(config, model_dir, data.databases_dir)
        questions = [question for question in data.train if len(question.tables) <= config.phase1.tables_max]
        return asyncio.run(profiled(config, crew, questions, console))


async def profiled(config: RunConfig, crew: Any, questions: list[Question], console: Console) -> Profile:
    """One step of actors that are starting."""
    from envs.groups import groups_to_table

    await crew.ready()
    await crew.learner.begin_grpo.remote()
    console.print("playing a group to warm up, then one step", highlight=False)
    await _played(config, crew, questions[:1])
    profile = Profile()
    with profile.part("rollout"):
        groups = await _played(config, crew, questions[1 : 1 + config.phase1.groups_per_step])
    trained = trainable(groups)
    with profile.part("update"):
        update = await crew.learner.grpo_step.remote(groups_to_table(trained), config.phase1.learning_rate, 0)
    with profile.part("push"):
        push = await crew.learner.push.remote(crew.generators, 1)
    sampled = sum(sum(t.mask) for group in groups for t in group.trajectories)
    rollout_s = profile.parts[0].seconds
    profile.metrics = {**update, **push, "actor/groups": float(len(groups)), "actor/tokens_per_s": sampled / rollout_s}
    return profile


async def _played(config: RunConfig, crew: Any, questions: list[Question]) -> list[Group]:
    from cluster.play import play_groups

    played = play_groups(
        crew.rollouts,
        questions,
        members=config.rollout.group_size,
        seed=config.run.seed,
        temperature=config.rollout.temperature,
        concurrency=config.evaluation.concurrency,
    )
    return [group async for group in played]


def trainable(groups: list[Group]) -> list[Group]:
    """The groups, those without variance with rewards that take turns."""
    return [
        group
        if group.has_variance
        else replace(group, trajectories=tuple(replace(t, reward=float(i % 2)) for i, t in enumerate(group.trajectories)))
        for group in groups
    ]


def print_profile(profile: Profile, console: Console) -> None:
    """A table of processor seconds by process and part, then what the learner and the push say of themselves."""
    kinds = sorted(
        {kind for part in profile.parts for kind in part.used_s}, key=lambda k: -sum(p.used_s.get(k, 0.0) for p in profile.parts)
    )
    table = Table("seconds", *(part.name for part in profile.parts), "step", title="Processor seconds by process")
    for kind in kinds:
        used = [part.used_s.get(kind, 0.0) for part in profile.parts]
        if sum(used) >= 0.05:
            table.add_row(kind, *(f"{seconds:.1f}" for seconds in [*used, sum(used)]))
    table.add_section()
    table.add_row("on the clock", *(f"{seconds:.1f}" for seconds in [*(part.seconds for part in profile.parts), profile.seconds]))
    console.print(table)
    told = [name for name in profile.metrics if name.endswith(("_s", "tokens"))]
    console.print("; ".join(f"{name} {profile.metrics[name]:.4g}" for name in told), highlight=False)
