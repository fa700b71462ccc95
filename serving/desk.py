"""Where a request is served: the databases, the turns, the model and what is remembered, without a word of HTTP.

One desk lives in each replica of the analyst deployment; what has to outlive it is in the state's folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, TypeVar

from envs.dialogue import Codec
from envs.importing import ImportRefusedError
from envs.sandbox import Database, QueryError, QueryResult
from serving.analyst import run_again
from serving.answer_store import AnswerStore, StoredAnswer
from serving.answers import answer_to_sql
from serving.connections import Connections
from serving.contract import Answer, DatabaseEntry, FeedbackBody, PromotedBody, SchemaBody, StepEvent, UploadedDatabase
from serving.databases import SAMPLES, DatabaseStore, StoreFullError
from serving.feedback import Feedback, write_feedback
from serving.metrics import Metrics
from serving.model_client import ModelClient
from serving.questions import Answered, Asked, Begun, Questions, count_sql, stored
from serving.schema_view import schema_of, wording_of
from serving.settings import Args
from serving.starters import starters
from serving.turns import Turns

log = logging.getLogger("ray.serve")
T = TypeVar("T")

READY_S = 2.0  # for how long a check of readiness holds


class NoAnswerError(LookupError):
    """There is no such answer for this owner."""


class Desk:
    """All methods run in one event loop; what reads files or databases does so in threads."""

    def __init__(self, args: Args, generator: Any, codec: Codec) -> None:
        state = Path(args.state)
        self.args, self.config = args, args.analyst()
        self.metrics, self.model = Metrics(), ModelClient(generator)
        self.store = DatabaseStore(state, args.limits())
        self.store.clean()
        self.answers = AnswerStore(state / "answers.sqlite")
        self.connections = Connections(idle_max=args.answers_max)  # closing what full load needs again would cost a start each time
        self._questions = Questions(args, codec, self.store, self.model, self.answers, self.connections, self.metrics)
        self.turns = self._questions.turns
        self.queries = Turns(args.queries_max, 4 * args.queries_max)
        self.uploading = Turns(1, 2)
        self._state = state
        self._ready: tuple[float, dict[str, bool]] = (float("-inf"), {})

    def ask(self, asked: Asked) -> AsyncGenerator[Begun | StepEvent | Answered, None]:
        """Answer a question; see Questions.ask."""
        return self._questions.ask(asked)

    # SQL and downloads

    async def sql(self, owner: str, database: str, sql: str) -> Answer:
        """Run SQL that a person wrote."""
        began = time.monotonic()
        path = await asyncio.to_thread(self.store.path, owner, database)
        async with self.queries.one():
            read = await run_again(self.connections, path, {sql}, self.config.rows_max)
        count_sql(self.metrics, read.results[sql])
        answer = await asyncio.to_thread(answer_to_sql, database, sql, read, time.monotonic() - began, wording_of(database))
        await asyncio.to_thread(self.answers.keep, owner, stored(answer, None))
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
        return await self._read(owner, name, schema_of)

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
        """Take nothing new and let answers under way end."""
        self.queries.closing = self.uploading.closing = True
        await self._questions.drain()

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
