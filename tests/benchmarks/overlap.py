"""What playing ahead of the learner saves: seconds a step with rollout.max_lag at 0, 1 and 2, and how long each process stands idle.

The collectors are the trainer's own; generators, learner and pushes are stand-ins that take the times of a GPU apiece (options), group
times log-normal, so that a step in lockstep waits for its longest group. Time is virtual: the figures are of the schedule and the same on
any machine. On one machine where learner and generators share the cores nothing can overlap, and the default stays 0.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from cluster.collecting import Ahead, InStep, Tally
from envs.records import Group, Question
from tests.benchmarks.report import Comparison, Figure, Report
from tests.fakes import bare_group, endless_draws
from tests.virtual_time import in_virtual_time

LAGS = (0, 1, 2)
REFILL = 2
SPREAD = 0.5  # of the logarithm of a group's seconds


@dataclass(frozen=True)
class Times:
    """Seconds that the stand-ins take."""

    group: float  # the median
    update: float
    push: float


@dataclass
class Played:
    """One schedule."""

    step_s: float
    learner_idle: float  # shares of the time
    generator_idle: float
    dropped: float  # groups too old, of those played


class World:
    """Generators whose weights are a number, and the time in which they had work."""

    def __init__(self, times: Times, flat_share: float, seed: int) -> None:
        self.version, self.groups, self.busy_s = 0, 0, 0.0
        self._times, self._flat_share, self._random = times, flat_share, random.Random(seed)
        self._in_flight, self._since = 0, 0.0

    async def play(self, question: Question, _number: int) -> Group:
        now = asyncio.get_running_loop().time
        first, flat = self.version, self._random.random() < self._flat_share
        if self._in_flight == 0:
            self._since = now()
        self._in_flight += 1
        self.groups += 1
        try:
            await asyncio.sleep(self._times.group * math.exp(self._random.gauss(0, SPREAD)))
        finally:
            self._in_flight -= 1
            if self._in_flight == 0:
                self.busy_s += now() - self._since
        return bare_group(question, (first, self.version), flat=flat)

    async def play_all(self, questions: Sequence[Question], version: int) -> AsyncIterator[Group]:
        for done in asyncio.as_completed([self.play(question, version) for question in questions]):
            yield await done


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--group", type=float, default=20.0, help="median seconds of a group (default 20)")
    parser.add_argument("--update", type=float, default=15.0, help="seconds of a learner step (default 15)")
    parser.add_argument("--push", type=float, default=2.0, help="seconds of a push of weights (default 2)")
    parser.add_argument("--groups", type=int, default=16, help="groups with variance a step trains on (default 16)")
    parser.add_argument("--flat", type=float, default=0.4, help="share of groups without variance (default 0.4)")
    parser.add_argument("--steps", type=int, default=200, help="steps played (default 200)")


def measure(options: argparse.Namespace) -> Report:
    times = Times(options.group, options.update, options.push)
    found: dict[int, Played] = {}
    for max_lag in LAGS:

        @in_virtual_time
        async def play(max_lag: int = max_lag) -> None:
            found[max_lag] = await _steps(World(times, options.flat, seed=max_lag), times, max_lag, options.groups, options.steps)

        play()
    figures = {
        f"{name}_lag_{max_lag}": Figure(getattr(played, name), "s" if name == "step_s" else "share")
        for max_lag, played in found.items()
        for name in ("step_s", "learner_idle", "generator_idle", "dropped")
    }
    ratio = found[0].step_s / found[1].step_s
    how = {
        "time": "virtual",
        "steps": options.steps,
        "groups_a_step": options.groups,
        "seconds": f"group {times.group:g} (log-normal, sigma {SPREAD:g}), update {times.update:g}, push {times.push:g}",
        "without_variance": options.flat,
    }
    comparison = Comparison(1.0, found[1].step_s, found[0].step_s, "s", 1)
    return Report("overlap", figures, how, ratio=ratio, comparison=comparison)


async def _steps(world: World, times: Times, max_lag: int, wanted: int, steps: int) -> Played:
    draws = endless_draws()
    collecting: InStep | Ahead
    if max_lag == 0:
        collecting = InStep(world.play_all, draws, Tally(), wanted, REFILL)
    else:
        collecting = Ahead(
            world.play, draws, Tally(), max_lag=max_lag, wanted=wanted, refill=REFILL, in_flight=(max_lag + 1) * REFILL * wanted
        )
    loop, dropped, learner_s = asyncio.get_running_loop(), 0, 0.0
    began = loop.time()
    for step in range(steps):
        dropped += len((await collecting.take(step)).stale)
        await asyncio.sleep(times.update)
        learner_s += times.update
        await asyncio.sleep(times.push)
        world.version = step + 1
        collecting.advance(step + 1)
    whole = loop.time() - began
    await collecting.close()
    return Played(whole / steps, 1 - learner_s / whole, max(0.0, 1 - world.busy_s / whole), dropped / world.groups)
