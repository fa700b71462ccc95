"""Where a request is served: the databases, the turns, the model and what is remembered, without a word of HTTP.

One desk lives in each replica of the analyst deployment; what has to outlive it is in the state's folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from envs.businesses import wording
from envs.dialogue import Codec
from envs.guard import Cell as Value
from envs.importing import ImportRefusedError
from envs.sandbox import Database, QueryError, QueryResult
from envs.schema import quoted
from envs.vocabulary import Wording
from serving.analyst import Played, play, run_again
from serving.answer_store import AnswerStore, StoredAnswer
from serving.answers import answer_of, answer_to_sql, is_ungrounded, stored_model
from serving.calibration import Calibration
from serving.connections import Connections
from serving.contract import (
    Answer,
    Cell,
    ColumnEntry,
    DatabaseEntry,
    FeedbackBody,
    PromotedBody,
    SchemaBody,
    StepEvent,
    TableEntry,
    UploadedDatabase,
    rows_of,
)
from serving.databases import SAMPLES, DatabaseStore, NoDatabaseError, StoreFullError
from serving.feedback import Feedback, write_feedback
from serving.follow_ups import LastTurn, follow_up
from serving.metrics import Metrics
from serving.model_client import LeasedPolicy, ModelClient
from serving.policy_files import SCRIPTED
from serving.settings import Args
from serving.starters import starters
from serving.turns import BusyError, Turns

log = logging.getLogger("ray.serve")
T = TypeVar("T")

SAMPLE_ROWS, CELL_CHARS = 3, 200
LEASE_SPARE_S = 30.0  # beyond an answer's deadline, for reading its result
READY_S = 2.0  # for how long a check of readiness holds
DRAIN_S = 20.0  # for answers under way when the server stops


class NoAnswerError(LookupError):
    """There is no such answer for this owner."""


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


class Desk:
    """All methods run in one event loop; what reads files or databases does so in threads."""

    def __init__(self, args: Args, generator: Any, codec: Codec) -> None:
        state = Path(args.state)
        self.args, self.config = args, args.analyst()
        self.metrics, self.model = Metrics(), ModelClient(generator)
        self.store = DatabaseStore(state, args.limits())
        self.store.clean()
        self.answers = AnswerStore(state / "answers.sqlite")
        self.connections = Connections()
        self.turns = Turns(args.answers_max, args.waiting_max)
        self.queries = Turns(args.queries_max, 4 * args.queries_max)
        self.uploading = Turns(1, 2)
        self._codec, self._state = codec, state
        self._asking: set[asyncio.Task[Any]] = set()  # those who wait for an answer
        self._cutting = False
        self._calibrations: dict[str, Calibration | None] = {}
        self._ready: tuple[float, dict[str, bool]] = (float("-inf"), {})

    # Questions

    async def ask(self, asked: Asked) -> AsyncGenerator[Begun | StepEvent | Answered, None]:
        """`Begun` when it has its turn, the steps as they happen, then the answer. Leaving early ends it all, the SQL included.

        Raises:
            NoDatabaseError, BusyError, ModelGoneError: as they say.
        """
        path = await asyncio.to_thread(self.store.path, asked.owner, asked.database)
        began = time.monotonic()
        ended = False
        task = asyncio.current_task()
        assert task is not None
        self._asking.add(task)
        try:
            async with self.turns.one(), self.model.leased(self.config.timeout_s + LEASE_SPARE_S) as policy:
                yield Begun()
                last = asked.last or await self._last_turn(asked)
                read = follow_up(asked.question, last, await self._tables(path))
                samples = asked.samples or self.args.samples
                first = True
                steps = play(policy, self._codec, self.connections, path, read.text, samples, self.config)
                async with contextlib.aclosing(steps):
                    async for step in steps:
                        if isinstance(step, StepEvent):
                            if first:
                                self.metrics.first_event_s.observe(time.monotonic() - began)
                            first = False
                            yield step
                        else:
                            played = step
                seconds, calibration = time.monotonic() - began, await asyncio.to_thread(self._calibration, policy)
                words = wording_of(asked.database)
                answer = answer_of(asked.database, asked.question, read.understood, played, policy.model, calibration, seconds, words)
            await self._remember(asked, answer, read.kept)
            self._count(asked, answer, played)
            ended = True
            yield Answered(answer, played.prompt_tokens, played.sampled_tokens)
        except (NoDatabaseError, BusyError):
            ended = True
            raise
        except asyncio.CancelledError:
            if not self._cutting:
                raise
            task.uncancel()
            ended = True
            raise BusyError("the server is stopping: ask again in a moment", 5) from None
        finally:
            self._asking.discard(task)
            if not ended:
                self.metrics.left.inc()

    async def _last_turn(self, asked: Asked) -> LastTurn | None:
        if asked.conversation is None:
            return None
        return await asyncio.to_thread(self.answers.last_turn, asked.owner, asked.conversation, asked.database)

    async def _tables(self, path: Path) -> tuple[str, ...]:
        async with self.connections.lent(path) as database:
            return database.schema.names

    async def _remember(self, asked: Asked, answer: Answer, kept: str) -> None:
        await asyncio.to_thread(self.answers.keep, asked.owner, _stored(answer, kept))
        if asked.conversation is not None and answer.outcome == "answered":
            turn = LastTurn(kept, answer.sql)
            await asyncio.to_thread(self.answers.keep_turn, asked.owner, asked.conversation, asked.database, turn)

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
        m = self.metrics
        m.outcomes.labels(answer.outcome).inc()
        m.answer_s.labels(answer.outcome).observe(answer.seconds)
        m.steps.observe(len(answer.steps))
        m.timeouts.inc(played.timed_out)
        m.ungrounded.inc(sum(is_ungrounded(one, played.read.results.get(one.outcome.sql)) for one in played.trajectories))
        m.tokens.labels("prompt").inc(played.prompt_tokens)
        m.tokens.labels("sampled").inc(played.sampled_tokens)
        for result in played.read.results.values():
            self._count_sql(result)
        said = {"question": asked.question, "sql": answer.sql} if self.args.log_questions else {}
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

    def _count_sql(self, result: QueryResult | QueryError) -> None:
        if isinstance(result, QueryError):
            self.metrics.sql_failed.labels(result.code).inc()
        else:
            self.metrics.sql_s.observe(result.seconds)

    # SQL and downloads

    async def sql(self, owner: str, database: str, sql: str) -> Answer:
        """Run SQL that a person wrote."""
        began = time.monotonic()
        path = await asyncio.to_thread(self.store.path, owner, database)
        async with self.queries.one():
            read = await run_again(self.connections, path, {sql}, self.config.rows_max)
        self._count_sql(read.results[sql])
        answer = answer_to_sql(database, sql, read, time.monotonic() - began, wording_of(database))
        await asyncio.to_thread(self.answers.keep, owner, _stored(answer, None))
        return answer

    async def rows(self, owner: str, answer_id: str) -> QueryResult:
        """The rows of an answer, read again.

        Raises:
            NoAnswerError: this owner has no such answer, or it has no rows.
            QueryError: its query fails now.
        """
        found = await self._stored_answer(owner, answer_id)
        if found.outcome not in ("answered", "unsure") or not found.sql:
            raise NoAnswerError("this answer has no rows to download")
        path = await asyncio.to_thread(self.store.path, owner, found.database)
        async with self.queries.one():
            result = (await run_again(self.connections, path, {found.sql}, self.config.rows_max)).results[found.sql]
        if isinstance(result, QueryError):
            raise result
        return result

    async def feedback(self, owner: str, body: FeedbackBody) -> str:
        """Keep what somebody says of an answer.

        Raises:
            NoAnswerError: this owner has no such answer.
        """
        found = await self._stored_answer(owner, body.answer_id)
        path = await asyncio.to_thread(self.store.path, owner, found.database)
        told = Feedback(
            owner=owner,
            answer_id=found.id,
            database=found.database,
            database_file=str(path.relative_to(self._state)),
            question=found.question,
            sql=found.sql,
            outcome=found.outcome,
            model=found.model,
            verdict=body.verdict,
            reason=body.reason,
            corrected_sql=body.sql,
        )
        self.metrics.feedback.labels(body.verdict).inc()
        return await asyncio.to_thread(write_feedback, self._state / "feedback", told)

    async def _stored_answer(self, owner: str, answer_id: str) -> StoredAnswer:
        found = await asyncio.to_thread(self.answers.find, owner, answer_id)
        if found is None:
            raise NoAnswerError("there is no such answer: its id is in the answer that was sent")
        return found

    # Databases

    async def databases(self, owner: str) -> list[DatabaseEntry]:
        return await asyncio.to_thread(self.store.list, owner)

    async def upload(
        self, owner: str, file: Path, file_name: str, name: str | None, month_first: bool | None, closed: bool
    ) -> UploadedDatabase:
        """Make a database of a file; see DatabaseStore.add."""
        async with self.uploading.one():
            try:
                made = await asyncio.to_thread(self.store.add, owner, file, file_name, name, month_first=month_first, closed=closed)
            except (ImportRefusedError, StoreFullError) as error:
                self.metrics.uploads.labels(getattr(error, "code", "store_full")).inc()
                raise
        self.metrics.uploads.labels("made").inc()
        return made

    async def delete(self, owner: str, name: str) -> None:
        path = await asyncio.to_thread(self.store.delete, owner, name)
        self.connections.forget(path)
        await asyncio.to_thread(self.answers.forget_database, owner, name)

    async def schema(self, owner: str, name: str) -> SchemaBody:
        """Tables, columns, keys and a few rows."""
        return await self._read(owner, name, _schema)

    async def starters(self, owner: str, name: str) -> list[str]:
        """Questions that this database could be asked first."""
        return await self._read(owner, name, lambda database: starters(database, wording_of(name)))

    async def _read(self, owner: str, name: str, read: Callable[[Database], T]) -> T:
        path = await asyncio.to_thread(self.store.path, owner, name)
        async with self.queries.one(), self.connections.lent(path) as database:
            return await asyncio.to_thread(read, database)

    # Operations

    async def promote(self, policy: str, name: str, tested: dict[str, Any] | None, margin: float) -> PromotedBody:
        return self._swapped(await self.model.promote(policy, name, tested, margin))

    async def roll_back(self) -> PromotedBody:
        return self._swapped(await self.model.roll_back())

    def _swapped(self, done: PromotedBody) -> PromotedBody:
        self.metrics.swaps.labels("done").inc()
        self.metrics.swap_s.observe(done.seconds)
        return done

    async def checks(self) -> dict[str, bool]:
        """Whether it can answer: the model, the jail, the disk, and that it is not stopping."""
        checked_at, found = self._ready
        if time.monotonic() - checked_at > READY_S or not all(found.values()):
            found = {"model": await self._model_answers(), "jail": await self._jail_holds()}
            found["disk"] = await asyncio.to_thread(self.store.is_writable)
            self._ready = (time.monotonic(), found)
        return {**found, "not_stopping": not self.turns.closing}

    async def metrics_text(self) -> bytes:
        self.metrics.under_way.set(self.turns.under_way)
        self.metrics.waiting.set(self.turns.waiting)
        self.metrics.kills.set(self.connections.killed)
        with contextlib.suppress(Exception):
            model = (await self.model.info(1.0))["model"]
            self.metrics.model.clear()
            self.metrics.model.labels(model["weights"]).set(model["version"])
        return await asyncio.to_thread(self.metrics.text)

    async def drain(self) -> None:
        """Take nothing new, let answers under way end, then end those that take too long with a word."""
        for turns in (self.turns, self.queries, self.uploading):
            turns.closing = True
        if not await self.turns.ended(DRAIN_S):
            self._cutting = True
            for task in self._asking:
                task.cancel()
            await self.turns.ended(2.0)

    async def stop(self) -> None:
        """Drain, then let go of everything."""
        await self.drain()
        self.connections.close()
        self.answers.close()

    async def _model_answers(self) -> bool:
        try:
            await self.model.info(5.0)
        except Exception as error:
            log.warning("not ready: the model does not answer (%s)", type(error).__name__)
            return False
        return True

    async def _jail_holds(self) -> bool:
        """A SELECT is run and an ATTACH is not."""
        try:
            path = self.store.path("public", SAMPLES[0])
            found = (await run_again(self.connections, path, {"SELECT 1", "ATTACH 'x' AS y"}, 1)).results
        except (OSError, ValueError) as error:
            log.warning("not ready: the jail does not start (%s)", type(error).__name__)
            return False
        return isinstance(found["SELECT 1"], QueryResult) and isinstance(found["ATTACH 'x' AS y"], QueryError)


def wording_of(database: str) -> Wording | None:
    """What its owner calls tables and columns; known of the samples alone, because nobody can upload under their names."""
    return wording(database) if database in SAMPLES else None


def _schema(database: Database) -> SchemaBody:
    tables = []
    for table in database.schema.tables:
        targets = {key.column: f"{key.table}.{key.target}" for key in table.foreign_keys}
        columns = [ColumnEntry(name=c.name, type=c.type, key="primary" if c.primary_key else targets.get(c.name)) for c in table.columns]
        chosen = ", ".join(quoted(name) for name in table.column_names)
        rows = database.look(f"SELECT {chosen} FROM {quoted(table.name)} LIMIT {SAMPLE_ROWS}", SAMPLE_ROWS)
        tables.append(TableEntry(name=table.name, row_count=table.row_count, columns=columns, sample_rows=_short(rows)))
    return SchemaBody(tables=tables)


def _short(rows: list[tuple[Value, ...]]) -> list[list[Cell]]:
    """Rows for a glance: long texts are cut."""
    shown = [[value[:CELL_CHARS] + "…" if isinstance(value, str) and len(value) > CELL_CHARS else value for value in row] for row in rows]
    return rows_of([[value[:CELL_CHARS] if isinstance(value, bytes) else value for value in row] for row in shown])


def _stored(answer: Answer, question: str | None) -> StoredAnswer:
    """What is kept; the question of a follow-up with what it leaned on."""
    return StoredAnswer(answer.id, answer.database, question, answer.sql, answer.outcome, stored_model(answer.model))
