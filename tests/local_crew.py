"""A run's crew in this process: a small random Llama in fp32 that really plays and really learns, without Ray and vLLM.

An untrained model answers nothing right, so trajectories are rewarded by what they say: the share of even token ids.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from actors.policy import Sampling, Turn
from actors.rollout import RolloutConfig, play_group
from actors.transformers_policy import TransformersPolicy
from cluster.ray_setup import Crew
from envs.dialogue import Codec
from envs.groups import groups_to_table
from envs.records import Question, Trajectory
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig
from learner.config import GrpoConfig, LearnerConfig
from learner.learner_actor import LearnerActor
from tests.fakes import LocalHandle

TINY_LEARNER = LearnerConfig(precision="fp32", zero_stage=0, compile=False, threads=1, micro_batch_tokens=512)


class FreshPolicy(TransformersPolicy):
    """Computes every turn from its first token: what a cache holds depends on who came before, and rounds logprobs accordingly."""

    def _generate(self, prompt: list[int], sampling: Sampling, tokens_max: int) -> Turn:
        self._cached = []
        return super()._generate(prompt, sampling, tokens_max)

    async def admit(self, version: int) -> bool:
        """As a generator that was never restarted."""
        assert version == self.version
        return False


class LocalRollouts:
    """A RolloutActor's `play` on one database with one policy."""

    def __init__(self, policy: TransformersPolicy, model_dir: Path, database: Path, rollout: RolloutConfig) -> None:
        self._policy, self._codec, self._rollout = policy, Codec.load(model_dir), rollout
        self._database = Database.open(database)
        self.asked: list[str] = []

    async def play(self, question: Question, members: int, seed: int, temperature: float, steered: bool = False) -> pa.Table:
        self.asked.append(question.id)
        group = await play_group(
            self._policy, self._codec, self._database, question, members, EpisodeConfig(actions_max=2), self._rollout,
            seed=seed, temperature=temperature,
        )  # fmt: skip
        return groups_to_table([replace(group, trajectories=tuple(replace(t, reward=evenness(t)) for t in group.trajectories))])


class LocalLearner:
    """A LearnerActor whose methods are coroutines, and which pushes by way of an exported directory.

    Args:
        spoil: what happens to the exported directory on the way, as when a transfer breaks.
    """

    def __init__(self, model_dir: Path, grpo: GrpoConfig, spoil: Callable[[Path], None] | None = None) -> None:
        self._learner = LearnerActor(TINY_LEARNER, str(model_dir), grpo)
        self._spoil = spoil
        self.pushes: list[int] = []

    async def push(self, generators: list[Any], version: int) -> dict[str, float]:
        self.pushes.append(version)
        with tempfile.TemporaryDirectory() as folder:
            self._learner.export(folder, exact=True)
            if self._spoil is not None:
                self._spoil(Path(folder))
            for generator in generators:
                await generator.load.remote(Path(folder), version)
        return {"broadcast/push_s": 0.0}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._learner, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            return method(*arguments, **named)

        return call


def local_crew(
    model_dir: Path,
    database: Path,
    rollout: RolloutConfig,
    grpo: GrpoConfig | None = None,
    spoil: Callable[[Path], None] | None = None,
) -> Crew:
    """A crew of one generator, one rollout actor and one learner."""
    policy = FreshPolicy(model_dir, dtype="float32")
    learner = LocalLearner(model_dir, grpo or GrpoConfig(), spoil)
    return Crew([LocalHandle(policy)], [LocalHandle(LocalRollouts(policy, model_dir, database, rollout))], cast(Any, LocalHandle(learner)))


def evenness(trajectory: Trajectory) -> float:
    sampled = [token for token, mask in zip(trajectory.ids, trajectory.mask, strict=True) if mask]
    return sum(token % 2 == 0 for token in sampled) / max(1, len(sampled))
