"""The engine alone, to hold the served one against: the same engine replays the prompts of the same questions, without SQL, HTTP or Ray.

`python -m tests.benchmarks.serving_raw POLICY PORT STATE` serves as `analyst-buddy serve` does, with a generator that can be asked so in
its own process, through a socket beside its state. It is one engine that both use in turns, so neither has the better machine.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from actors.policy import Policy, Sampling
from actors.rollout import play_episode
from cluster.config import load_preset
from cluster.serve_command import arguments, choose_policy, run
from envs.dialogue import Codec
from envs.records import Question, Trajectory, turns_of
from envs.sandbox import Database
from envs.steering import Names
from serving.generator import Generator

SOCKET = "raw.sock"


class RawGenerator(Generator):
    """A generator that replays turns when asked at its socket."""

    async def check_health(self) -> None:
        await super().check_health()
        path = self._state / SOCKET
        if not path.exists():
            raw = Raw(self._policy, Path(self._history.current.policy), self._state / "samples")
            self._server = await asyncio.start_unix_server(raw.listen, path)


class Raw:
    """Plays questions once, greedily, as they are played when served; then samples their turns again."""

    def __init__(self, policy: Policy, policy_dir: Path, databases: Path) -> None:
        self._policy, self._codec, self._folder = policy, Codec.load(policy_dir), databases
        self._config = load_preset("quickstart")
        self._played: list[Trajectory] = []
        self._names: dict[str, Names] = {}

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a line, a list of a method and its arguments; one line back."""
        while line := await reader.readline():
            method, *told = json.loads(line)
            answer = await getattr(self, method)(*told)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()

    async def play(self, asked: list[list[str]]) -> int:
        """Play these questions, each a database and a text; the sampled tokens."""
        self._played = await asyncio.gather(*(self._play(*one) for one in asked))
        return sum(sum(trajectory.mask) for trajectory in self._played)

    async def tokens_a_second(self, users: int, seconds: float) -> float:
        """Sampled tokens a second with so many episodes at once; what is under way when the time is up is finished, and counts."""
        sampled, began = 0, time.perf_counter()
        waiting = itertools.cycle(range(len(self._played)))

        async def one() -> None:
            nonlocal sampled
            while time.perf_counter() - began < seconds:
                place = next(waiting)
                await self.replay(place)
                sampled += sum(self._played[place].mask)

        await asyncio.gather(*(one() for _ in range(users)))
        return sampled / (time.perf_counter() - began)

    async def replay(self, place: int) -> tuple[float, int]:
        """Sample each turn of a question again after the same tokens; the seconds it took and the number of turns."""
        c, trajectory, began = self._config, self._played[place], time.perf_counter()
        turns = turns_of(trajectory.mask)
        for turn, (start, _) in enumerate(turns):
            names = self._names[trajectory.db_id].after(trajectory.steps[:turn]) if c.evaluation.steered else None
            sampling = Sampling(c.rollout.turn_tokens_max, self._codec.stop_ids, temperature=0.0, seed=0, names=names)
            await self._policy.generate(trajectory.ids[:start], sampling)
        return time.perf_counter() - began, len(turns)

    async def _play(self, db_id: str, text: str) -> Trajectory:
        database, c = Database.open(self._folder / f"{db_id}.sqlite"), self._config
        self._names[db_id] = Names.of(database.schema)
        question = Question("asked", db_id, text, "", answerable=False)
        try:
            return await play_episode(
                self._policy,
                self._codec,
                database,
                question,
                0,
                c.episode,
                c.rollout,
                seed=0,
                temperature=0.0,
                steered=c.evaluation.steered,
            )
        finally:
            database.close()


class RawClient:
    """The other end of the socket."""

    def __init__(self, state: Path) -> None:
        self._path = state / SOCKET

    async def ask(self, method: str, *told: Any) -> Any:
        reader, writer = await asyncio.open_unix_connection(self._path)
        writer.write(json.dumps([method, *told]).encode() + b"\n")
        line = await reader.readline()
        writer.close()
        return json.loads(line)


def main(policy: str, port: str, state: str) -> int:
    from tests.benchmarks.serving_raw import RawGenerator as Kind  # by the name under which the replica finds it

    console = Console(stderr=True)
    args = arguments(choose_policy(policy, Path("runs"), console), Path(state), load_preset("quickstart"))
    return run(args, "127.0.0.1", int(port), console, verbose=False, generator=Kind)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
