"""Plays one question against one database, several times when asked to: the steps as they happen, then what came of it.

It is the rollout of training with the prompt and dialogue of training, against a jailed copy of the database; only SQL runs in threads, so
that the server goes on meanwhile. Leaving the iteration early ends the turns and kills the SQL under way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from actors.policy import Policy
from actors.rollout import RolloutConfig, play_episode
from envs.dialogue import Codec
from envs.records import Question, Step, Stop, Trajectory
from envs.sandbox import Database, QueryError, QueryResult
from envs.schema import Schema
from envs.sql_env import EpisodeConfig
from serving.connections import Connections
from serving.contract import StepEvent

SEED = 0  # the same question is answered the same way


@dataclass(frozen=True)
class AnalystConfig:
    """How questions are played when they are answered."""

    episode: EpisodeConfig = field(default_factory=EpisodeConfig)
    rollout: RolloutConfig = field(default_factory=RolloutConfig)
    steered: bool = False  # turns can only become actions on names that exist
    timeout_s: float = 60.0  # of one answer, all its samples together
    temperature: float = 0.7  # of every sample but the first, which is greedy
    rows_max: int = 10_000  # rows read of a result

    def __post_init__(self) -> None:
        if self.timeout_s <= 0 or self.temperature <= 0 or self.rows_max < 1:
            raise ValueError("timeout_s and temperature must be above 0, rows_max 1 or more")


@dataclass(frozen=True)
class Read:
    """What queries return from a database, and its schema."""

    schema: Schema | None  # None when nothing was read
    results: dict[str, QueryResult | QueryError]  # by SQL


@dataclass(frozen=True)
class Played:
    """What the samples of one question came to."""

    trajectories: tuple[Trajectory, ...]  # those that were played to their end in time
    steps: tuple[tuple[StepEvent, ...], ...]  # of each of them
    read: Read  # each different last query, run again on the database
    asked: int  # samples that were begun
    timed_out: bool

    @property
    def prompt_tokens(self) -> int:
        return sum(len(played.mask) - sum(played.mask) for played in self.trajectories)

    @property
    def sampled_tokens(self) -> int:
        return sum(sum(played.mask) for played in self.trajectories)


async def play(
    policy: Policy,
    codec: Codec,
    connections: Connections,
    path: Path,
    text: str,
    samples: int,
    config: AnalystConfig,
) -> AsyncGenerator[StepEvent | Played, None]:
    """The steps of the first sample as they happen, then one `Played`.

    Args:
        text: the question as the policy is to see it.
        samples: how often it is played, at once.

    Raises:
        FileNotFoundError: the database is gone.
        GeneratorDiedError, LeaseLostError and what else the policy raises: nobody can answer now.
    """
    began = time.monotonic()
    board = _Board(samples)
    timed_out = False
    try:
        async with connections.lent(path) as database:
            question = Question(id="asked", db_id=database.name, text=text, gold_sql="", answerable=False)  # no gold: nothing to grade
            tasks = [
                asyncio.create_task(
                    play_episode(
                        policy,
                        codec,
                        database,
                        question,
                        member=member,
                        episode=config.episode,
                        rollout=config.rollout,
                        seed=SEED,
                        temperature=config.temperature if member else 0.0,
                        steered=config.steered,
                        on_step=board.writer(member),
                        threads=True,
                    )
                )
                for member in range(samples)
            ]
            try:
                async for step in board.steps(tasks, began + config.timeout_s):
                    yield step
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
            if not all(isinstance(outcome, Trajectory) for outcome in ended):
                raise _OutOfTimeError  # their SQL may be running: the connection is ended with it
    except _OutOfTimeError:
        timed_out = True
    played = [(outcome, tuple(board.written[member])) for member, outcome in enumerate(ended) if isinstance(outcome, Trajectory)]
    trajectories, steps = tuple(outcome for outcome, _ in played), tuple(written for _, written in played)
    read = await run_again(connections, path, {played.outcome.sql for played in trajectories if _answers(played)}, config.rows_max)
    yield Played(trajectories, steps, read, samples, timed_out)


async def run_again(connections: Connections, path: Path, queries: set[str], rows_max: int) -> Read:
    """The rows of each query, as many as are kept."""
    if not queries:
        return Read(None, {})

    async with connections.lent(path) as database:
        return await asyncio.to_thread(read_again, database, queries, rows_max)


def read_again(database: Database, queries: Iterable[str], rows_max: int | None = None) -> Read:
    """What each query gives, or why it fails."""
    found: dict[str, QueryResult | QueryError] = {}
    for sql in sorted(queries):
        try:
            found[sql] = database.query(sql, rows_max)
        except QueryError as error:
            found[sql] = error
    return Read(database.schema, found)


class _OutOfTimeError(Exception):
    """Not every sample was played to its end in time."""


class _Board:
    """Where the samples write their steps; those of the first are read as they come."""

    def __init__(self, samples: int) -> None:
        self.written: list[list[StepEvent]] = [[] for _ in range(samples)]
        self._last = [time.perf_counter()] * samples
        self._new: asyncio.Queue[StepEvent | None] = asyncio.Queue()

    def writer(self, member: int) -> Callable[[Step], None]:
        def write(step: Step) -> None:
            now = time.perf_counter()
            event = StepEvent(
                index=len(self.written[member]),
                verb=step.action.verb.value,
                argument=step.action.argument,
                observation=step.observation,
                ok=step.ok,
                seconds=round(now - self._last[member], 3),
            )
            self._last[member] = now
            self.written[member].append(event)
            if member == 0:
                self._new.put_nowait(event)

        return write

    async def steps(self, tasks: list[asyncio.Task[Trajectory]], deadline: float) -> AsyncIterator[StepEvent]:
        """The first sample's steps until all have ended or the time is up; what one of them raises is raised here."""
        for task in tasks:
            task.add_done_callback(lambda _: self._new.put_nowait(None))
        running = len(tasks)
        while running:
            try:
                event = await asyncio.wait_for(self._new.get(), deadline - time.monotonic())
            except TimeoutError:
                return
            if event is not None:
                yield event
                continue
            running -= 1
            for task in tasks:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    raise error


def _answers(played: Trajectory) -> bool:
    return played.stop is Stop.ANSWERED and bool(played.outcome.sql)
