"""A run's crew whose engines answer from a script and whose weights are one number: real Ray, real actors, real episodes, no model."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import ray

from actors.generator_actor import GeneratorActor, GeneratorDiedError, was_restarted
from actors.policy import Sampling, Turn
from actors.rollout import RolloutConfig
from actors.rollout_actor import RolloutActor
from cluster.ray_setup import Crew
from envs.dialogue import Codec
from envs.records import WeightSpan
from envs.sql_env import EpisodeConfig
from learner.errors import PushError
from tests.fakes import ScriptedPolicy

SCRIPT = ["DESCRIBE pets", "QUERY SELECT count(*) FROM pets", "ANSWER RESULT"]  # right for every question about how many pets there are


def start_scripted_crew(
    folder: Path,
    databases: Path,
    tokenizer_json: str,
    *,
    generators: int,
    rollouts: int,
    latency_s: float = 0.15,
    last_of_each: Any = None,
) -> Crew:
    """Start the actors and wait for them; Ray must be running. `folder` takes the tokenizer.

    Args:
        last_of_each: Ray's scheduling strategy of the last generator and the last rollout actor.
    """
    (folder / "tokenizer.json").write_text(tokenizer_json)

    def placed(last: bool) -> dict[str, Any]:
        where = {"scheduling_strategy": last_of_each} if last and last_of_each is not None else {}
        return {"num_cpus": 0.1, "max_concurrency": 1000, "max_restarts": -1, **where}

    names = [f"generator {index}" for index in range(generators)]
    samplers = [
        ray.remote(ScriptedGenerator).options(name=name, **placed(name == names[-1])).remote(str(folder), latency_s) for name in names
    ]
    rollout = RolloutConfig(group_size=2, turn_tokens_max=128, episode_tokens_max=4096)
    players = [
        ray.remote(RolloutActor).options(**placed(index == rollouts - 1)).remote(databases, folder, names, EpisodeConfig(), rollout)
        for index in range(rollouts)
    ]
    crew = Crew(samplers, players, ray.remote(ScriptedLearner).options(num_cpus=0.1).remote())
    ray.get([actor.ready.remote() for actor in [*samplers, *players]])
    return crew


def kill(handle: Any) -> None:
    """SIGKILL to the process of one of our own actors."""
    os.kill(ray.get(handle.__ray_call__.remote(lambda _actor: os.getpid())), signal.SIGKILL)


class ScriptedEngine:
    """What a VllmPolicy does, with one number for weights."""

    def __init__(self, codec: Codec, latency_s: float) -> None:
        self._script, self._latency_s = ScriptedPolicy(codec, SCRIPT), latency_s
        self.weight, self.version, self.dead = 0.0, 0, False

    async def check(self) -> None:
        if self.dead:
            raise GeneratorDiedError("the engine is gone: start the generator again")

    async def generate(self, ids: Any, sampling: Sampling) -> Turn:
        await asyncio.sleep(self._latency_s)
        await self.check()
        turn = await self._script.generate(ids, sampling)
        return Turn(turn.ids, turn.logprobs, (WeightSpan(0, len(turn.ids), self.version),))

    async def logprobs(self, sequences: Any) -> list[list[float]]:
        await self.check()
        return [[self.weight] * len(ids) for ids in sequences]


class ScriptedGenerator(GeneratorActor):
    """The real actor around the scripted engine."""

    def __init__(self, model_dir: str, latency_s: float) -> None:
        self._policy: Any = ScriptedEngine(Codec.load(model_dir), latency_s)
        self._stale = was_restarted()

    async def take(self, weight: float, version: int) -> None:
        await self._policy.check()
        self._policy.weight, self._policy.version = weight, version

    async def break_engine(self) -> None:
        self._policy.dead = True


class ScriptedLearner:
    """Weights that are one number."""

    def __init__(self) -> None:
        self._weight = -1.0

    def step(self) -> None:
        """Other weights."""
        self._weight -= 1.0

    def push(self, generators: list[Any], version: int) -> dict[str, float]:
        try:
            ray.get([generator.take.remote(self._weight, version) for generator in generators])
        except ray.exceptions.RayError as error:
            raise PushError(str(error)) from error
        return {"broadcast/push_s": 0.0}

    def forget_generators(self) -> None:
        pass

    def logprobs(self, sequences: Any) -> list[list[float]]:
        return [[self._weight] * len(ids) for ids in sequences]
