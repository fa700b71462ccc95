"""Plays groups in a Ray actor that holds the databases open: a turn costs one call to a generator, and the driver never sees one.

The class is plain: `ray.remote(RolloutActor).options(max_concurrency=...).remote(...)`. Every method is a coroutine, so many groups
are played at once by one actor.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.generator_actor import GeneratorDiedError
from actors.policy import Policy, Sampling, Turn
from actors.rollout import RolloutConfig, play_group
from envs.dialogue import Codec
from envs.groups import groups_to_table
from envs.records import Question
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig

if TYPE_CHECKING:
    import pyarrow as pa


class RemotePolicy:
    """A GeneratorActor's handle as a `Policy`."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
        import ray

        try:
            turn: Turn = await self._generator.generate.remote(prompt_ids, sampling)
        except ray.exceptions.RayActorError as error:
            raise GeneratorDiedError(f"the generator's process is gone: start it anew and push weights to it ({error})") from error
        return turn


class RolloutActor:
    """Plays groups of questions with the generators it was given.

    Args:
        generators: handles of GeneratorActors, or the names Ray knows them by: names for an actor that Ray is to restart, because it
            complains of handles among the arguments of one.
    """

    def __init__(
        self,
        databases_dir: str | Path,
        model_dir: str | Path,
        generators: Sequence[Any],
        episode: EpisodeConfig,
        rollout: RolloutConfig,
    ) -> None:
        self._databases_dir = Path(databases_dir)
        self._codec = Codec.load(model_dir)
        self._policies: list[Policy] = [RemotePolicy(_handle(generator)) for generator in generators]
        self._episode = episode
        self._rollout = rollout
        self._databases: dict[str, Database] = {}

    async def ready(self) -> bool:
        return True

    async def set_generators(self, generators: Sequence[Any]) -> None:
        """Play with these from the next group on."""
        self._policies = [RemotePolicy(generator) for generator in generators]

    async def play(self, question: Question, members: int, seed: int, temperature: float, steered: bool = False) -> pa.Table:
        """One group as an Arrow table of `members` rows (`envs.groups`).

        Raises:
            GeneratorDiedError: a turn could not be sampled; ask again when the generator is back.
            FileNotFoundError: there is no database of the question's name.
        """
        # all turns of a question on one generator: they share a prompt, and it keeps the KV cache of what it has seen
        policy = self._policies[zlib.crc32(question.id.encode()) % len(self._policies)]
        group = await play_group(
            policy,
            self._codec,
            self._database(question.db_id),
            question,
            members,
            self._episode,
            self._rollout,
            seed=seed,
            temperature=temperature,
            steered=steered,
        )
        return groups_to_table([group])

    def _database(self, db_id: str) -> Database:
        if db_id not in self._databases:
            path = self._databases_dir / db_id / f"{db_id}.sqlite"
            if not path.is_file():
                raise FileNotFoundError(f"{path} is missing: a question names database {db_id!r}, build the data set first")
            self._databases[db_id] = Database.open(path)
        return self._databases[db_id]


def _handle(generator: Any) -> Any:
    if not isinstance(generator, str):
        return generator
    import ray

    return ray.get_actor(generator)
