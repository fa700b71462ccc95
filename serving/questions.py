"""A question from the moment it is asked until its answer is kept and counted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs.dialogue import Codec
from envs.follow_ups import LastTurn, follow_up
from envs.sandbox import QueryError, QueryResult
from serving.analyst import Played, play
from serving.answer_store import AnswerStore, StoredAnswer
from serving.answers import answer_of, is_ungrounded, stored_model
from serving.calibration import Calibration
from serving.connections import Connections
from serving.contract import Answer, StepEvent
from serving.databases import DatabaseStore
from serving.metrics import Metrics
from serving.model_client import LeasedPolicy, ModelClient
from serving.policy_files import SCRIPTED
from serving.schema_view import wording_of
from serving.settings import Args
from serving.turns import BusyError, Turns

log = logging.getLogger("ray.serve")

LEASE_SPARE_S = 30.0  # beyond an answer's deadline, for reading its result
DRAIN_S = 20.0  # for answers under way when the server stops


@dataclass(frozen=True)
class Asked:
    """A question, as it came."""

    owner: str
    request_id: str
    database: str
    question: str
    samples: int | None = None
    conversation: str | None = None
    last: LastTurn | None = None  # what was asked and answered before, where the request itself says so


@dataclass(frozen=True)
class Begun:
    """The question has its turn; what could be refused at once has not been."""


@dataclass(frozen=True)
class Answered:
    """The answer and the tokens it took."""

    answer: Answer
    prompt_tokens: int
    sampled_tokens: int


class Questions:
    """Answers questions with what the desk shares with it; `turns` says how many are under way."""

    def __init__(
        self,
        args: Args,
        codec: Codec,
        store: DatabaseStore,
        model: ModelClient,
        answers: AnswerStore,
        connections: Connections,
        metrics: Metrics,
    ) -> None:
        self._args, self._config, self._codec = args, args.analyst(), codec
        self._store, self._model, self._answers, self._connections, self._metrics = store, model, answers, connections, metrics
        self.turns = Turns(args.answers_max, args.waiting_max)
        self._asking: set[asyncio.Task[Any]] = set()  # those who wait for an answer
        self._cutting = False
        self._calibrations: dict[str, Calibration | None] = {}

    async def ask(self, asked: Asked) -> AsyncGenerator[Begun | StepEvent | Answered, None]:
        """`Begun` when it has its turn, the steps as they happen, then the answer. Leaving early ends it all, the SQL included.

        Raises:
            NoDatabaseError, BusyError, ModelGoneError: as they say.
        """
        path = await asyncio.to_thread(self._store.path, asked.owner, asked.database)
        began = time.monotonic()
        task = asyncio.current_task()
        assert task is not None
        self._asking.add(task)
        try:
            async with self.turns.one(), self._model.leased(self._config.timeout_s + LEASE_SPARE_S) as policy:
                yield Begun()
                last = asked.last or await self._last_turn(asked)
                read = follow_up(asked.question, last, await self._tables(path) if last else ())
                samples = asked.samples or self._args.samples
                first = True
                steps = play(policy, self._codec, self._connections, path, read.text, samples, self._config)
                async with contextlib.aclosing(steps):
                    async for step in steps:
                        if isinstance(step, StepEvent):
                            if first:
                                self._metrics.first_event_s.observe(time.monotonic() - began)
                            first = False
                            yield step
                        else:
                            played = step
                seconds, calibration = time.monotonic() - began, await asyncio.to_thread(self._calibration, policy)
                words = wording_of(asked.database)
                answer = await asyncio.to_thread(  # comparing and reading results of 10,000 rows would hold up every other stream
                    answer_of, asked.database, asked.question, read.understood, played, policy.model, calibration, seconds, words
                )
            await self._remember(asked, answer, read.kept)
            self._count(asked, answer, played)
            yield Answered(answer, played.prompt_tokens, played.sampled_tokens)
        except (asyncio.CancelledError, GeneratorExit):
            if not self._cutting:
                self._metrics.left.inc()
                raise
            task.uncancel()
            raise BusyError("the server is stopping: ask again in a moment", 5) from None
        finally:
            self._asking.discard(task)

    async def _last_turn(self, asked: Asked) -> LastTurn | None:
        if asked.conversation is None:
            return None
        return await asyncio.to_thread(self._answers.last_turn, asked.owner, asked.conversation, asked.database)

    async def _tables(self, path: Path) -> tuple[str, ...]:
        async with self._connections.lent(path) as database:
            return database.schema.names

    async def _remember(self, asked: Asked, answer: Answer, kept: str) -> None:
        await asyncio.to_thread(self._answers.keep, asked.owner, stored(answer, kept))
        if asked.conversation is not None and answer.outcome == "answered":
            turn = LastTurn(kept, answer.sql)
            await asyncio.to_thread(self._answers.keep_turn, asked.owner, asked.conversation, asked.database, turn)

    def _calibration(self, policy: LeasedPolicy) -> Calibration | None:
        """The calibration of the weights that answer, where they have one."""
        weights = policy.model.weights
        if weights not in self._calibrations:
            found = None
            try:
                found = None if policy.policy.startswith(SCRIPTED) else Calibration.load(Path(policy.policy))
            except ValueError as error:
                log.warning("no confidence is told: %s", error)
            if found is not None and found.weights not in ("", weights):
                log.warning("the calibration beside the policy was made for weights %s, not %s: it is not used", found.weights, weights)
                found = None
            self._calibrations[weights] = found
        return self._calibrations[weights]

    def _count(self, asked: Asked, answer: Answer, played: Played) -> None:
        m = self._metrics
        m.outcomes.labels(answer.outcome).inc()
        m.answer_s.labels(answer.outcome).observe(answer.seconds)
        m.steps.observe(len(answer.steps))
        m.timeouts.inc(played.timed_out)
        m.ungrounded.inc(sum(is_ungrounded(one, played.read.results.get(one.outcome.sql)) for one in played.trajectories))
        m.tokens.labels("prompt").inc(played.prompt_tokens)
        m.tokens.labels("sampled").inc(played.sampled_tokens)
        for result in played.read.results.values():
            count_sql(self._metrics, result)
        said = {"question": asked.question, "sql": answer.sql} if self._args.log_questions else {}
        fields = {
            "request": asked.request_id,
            "answer": answer.id,
            "outcome": answer.outcome,
            "steps": len(answer.steps),
            "samples": played.asked,
            "answer_s": answer.seconds,
            "version": answer.model.version if answer.model else None,
            "timed_out": played.timed_out,
            **said,
        }
        log.info("answered", extra=fields)

    async def drain(self) -> None:
        """Take nothing new, let answers under way end, then end those that take too long with a word."""
        self.turns.closing = True
        if not await self.turns.ended(DRAIN_S):
            self._cutting = True
            for task in self._asking:
                task.cancel()
            await self.turns.ended(2.0)


def count_sql(metrics: Metrics, result: QueryResult | QueryError) -> None:
    """Count a query of a person's, or a result that was read again."""
    if isinstance(result, QueryError):
        metrics.sql_failed.labels(result.code).inc()
    else:
        metrics.sql_s.observe(result.seconds)


def stored(answer: Answer, question: str | None) -> StoredAnswer:
    """What is kept; the question of a follow-up with what it leaned on."""
    return StoredAnswer(answer.id, answer.database, question, answer.sql, answer.outcome, stored_model(answer.model))
