"""The HTTP application: routes, bodies and streams; what they do is the desk's."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

from fastapi import Depends, FastAPI, File, Form, Request, Response, UploadFile
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from sse_starlette import ServerSentEvent
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.contract import (
    Answer,
    AskBody,
    DatabaseList,
    FeedbackBody,
    FeedbackTaken,
    HealthBody,
    Model,
    PromoteBody,
    PromotedBody,
    SchemaBody,
    SqlBody,
    StartersBody,
    StepEvent,
    UploadedDatabase,
    VersionBody,
)
from serving.desk import Desk
from serving.downloads import as_csv, as_xlsx
from serving.http_errors import RESPONSES, answer_errors, problem_of
from serving.http_gate import REQUEST_ID, HttpGate, error_body
from serving.metrics import METHODS
from serving.questions import Answered, Asked
from serving.settings import Keys
from serving.streams import Told, events, last_of, streamed

log = logging.getLogger("ray.serve")
T = TypeVar("T")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Name = Annotated[str, InPath(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$", description="A database's name.")]


class LeftError(Exception):
    """The client has gone; nobody reads what is answered."""


def make_app(desk: Desk, keys: Keys, version: str) -> FastAPI:
    """The application around a desk."""
    app = FastAPI(
        title="analyst-buddy",
        version=version,
        description="Answers plain-English questions about a SQLite database, with the rows and the SQL.",
        docs_url=None,
        redoc_url=None,
        responses=RESPONSES,
        lifespan=_with_threads(desk),
        dependencies=[Depends(HTTPBearer(auto_error=False, description="A key of ANALYST_BUDDY_API_KEYS."))] if keys.needed else [],
    )
    answer_errors(app, lambda code: desk.metrics.shed.labels(code).inc())
    app.add_middleware(_Counted, desk=desk)
    app.add_middleware(HttpGate, keys=keys, upload_bytes_max=desk.store.limits.upload_bytes_max)
    _add_questions(app, desk)
    _add_databases(app, desk)
    _add_operations(app, desk, version)
    from serving.openai_shape import add_openai

    add_openai(app, desk)
    return app


def _with_threads(desk: Desk) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Threads enough for all SQL that may run at once and for the small things beside it: by default there are a few more than cores."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        threads = 16 + desk.turns.at_once + desk.queries.at_once
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads, thread_name_prefix="desk"))
        yield

    return lifespan


def _add_questions(app: FastAPI, desk: Desk) -> None:
    stream = {"text/event-stream": {"schema": {"type": "string"}, "example": 'event: step\ndata: {"index": 0, ...}\n\n'}}

    @app.post("/v1/ask", response_model=Answer, responses={200: {"content": stream}})
    async def ask(body: AskBody, request: Request) -> Any:
        """Ask a question. With `Accept: text/event-stream` its steps come as they happen, then `answer` (or `error`), then `done`."""
        asked = Asked(owner(request), request.state.request_id, body.database, body.question, body.samples, body.conversation)
        if "text/event-stream" in request.headers.get("accept", ""):
            done = ServerSentEvent("{}", event="done", sep="\n")
            return await streamed(events(desk, asked, _shaped, done, "error"))
        answered = await until_left(request, last_of(desk, asked))
        return json_of(answered.answer)

    @app.post("/v1/sql")
    async def sql(body: SqlBody, request: Request) -> Answer:
        """Run SQL of one's own in the same sandbox; a query that fails is an answer with the outcome `failed`."""
        return await until_left(request, desk.sql(owner(request), body.database, body.sql))

    @app.post("/v1/feedback", status_code=201)
    async def feedback(body: FeedbackBody, request: Request) -> FeedbackTaken:
        """Say whether an answer was right, and what would have been."""
        return FeedbackTaken(id=await desk.feedback(owner(request), body))

    @app.get("/v1/downloads/{answer_id}.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
    async def csv(answer_id: Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{1,80}$")], request: Request) -> Response:
        """The rows of an answer as CSV."""
        result = await until_left(request, desk.rows(owner(request), answer_id))
        return _file(await asyncio.to_thread(as_csv, result.columns, result.rows), "text/csv; charset=utf-8", f"{answer_id}.csv")

    @app.get("/v1/downloads/{answer_id}.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
    async def xlsx(answer_id: Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{1,80}$")], request: Request) -> Response:
        """The rows of an answer as an Excel workbook."""
        result = await until_left(request, desk.rows(owner(request), answer_id))
        return _file(await asyncio.to_thread(as_xlsx, result.columns, result.rows), XLSX, f"{answer_id}.xlsx")


def _add_databases(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/databases")
    async def databases(request: Request) -> DatabaseList:
        """The sample businesses and this key's own databases."""
        return DatabaseList(databases=await desk.databases(owner(request)))

    @app.post("/v1/databases", status_code=201)
    async def upload(
        request: Request,
        file: Annotated[UploadFile, File(description="SQLite, CSV or Excel.")],
        name: Annotated[str | None, Form(max_length=80)] = None,
        dates: Annotated[Literal["day-first", "month-first"] | None, Form(description="How to read 3/4/2024.")] = None,
        closed: Annotated[bool, Form(description="The program was closed before this WAL-mode database was copied.")] = False,
    ) -> UploadedDatabase:
        """Upload a file; a clean copy is made of it, and the report says what was left out and what was read in one of two ways."""
        month_first = None if dates is None else dates == "month-first"
        with tempfile.NamedTemporaryFile(prefix="analyst-buddy-upload-") as kept:
            await asyncio.to_thread(shutil.copyfileobj, file.file, kept)
            await asyncio.to_thread(kept.flush)
            return await desk.upload(owner(request), Path(kept.name), file.filename or "upload", name, month_first, closed)

    @app.get("/v1/databases/{name}/schema")
    async def schema(name: Name, request: Request) -> SchemaBody:
        """Tables, columns, keys and a few rows of each table."""
        return await desk.schema(owner(request), name)

    @app.get("/v1/databases/{name}/starters")
    async def starters(name: Name, request: Request) -> StartersBody:
        """Questions to begin with, made from the schema."""
        return StartersBody(questions=await desk.starters(owner(request), name))

    @app.delete("/v1/databases/{name}", status_code=204)
    async def delete(name: Name, request: Request) -> None:
        """Delete an uploaded database and what was asked of it."""
        await desk.delete(owner(request), name)


def _add_operations(app: FastAPI, desk: Desk, version: str) -> None:
    @app.get("/healthz", openapi_extra={"security": []})
    async def healthz() -> HealthBody:
        """Live: this process answers."""
        return HealthBody(status="ok", checks={})

    @app.get("/readyz", response_model=HealthBody, openapi_extra={"security": []})
    async def readyz() -> Any:
        """Ready: the model answers, the jail holds, the disk can be written, and it is not stopping."""
        checks = await desk.checks()
        good = all(checks.values())
        body = HealthBody(status="ok" if good else "not ready", checks=checks)
        return json_of(body) if good else JSONResponse(body.model_dump(), 503, headers={"Retry-After": "2"})

    @app.get("/version")
    async def version_of() -> VersionBody:
        """The version of the server and which weights answer."""
        told = await desk.model.info(5.0)
        return VersionBody(version=version, model=Model.model_validate(told["model"]), policy=told["engine"])

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Prometheus' metrics of this process."""
        return Response(await desk.metrics_text(), media_type="text/plain; version=0.0.4")

    @app.post("/v1/admin/promote")
    async def promote(body: PromoteBody) -> PromotedBody:
        """Answer with another policy from here on; answers under way are finished with the one before."""
        return await desk.promote(body.policy, body.name, body.tested, body.margin)

    @app.post("/v1/admin/rollback")
    async def rollback() -> PromotedBody:
        """Answer with the policy before."""
        return await desk.roll_back()


def owner(request: Request) -> str:
    return cast(str, request.state.owner)


def _shaped(event: Told) -> Iterator[ServerSentEvent]:
    if isinstance(event, StepEvent):
        yield ServerSentEvent(event.model_dump_json(), event="step", sep="\n")
    elif isinstance(event, Answered):
        yield ServerSentEvent(event.answer.model_dump_json(), event="answer", sep="\n")


async def until_left(request: Request, doing: Awaitable[T]) -> T:
    """What is being done, ended when the client goes.

    Raises:
        LeftError: it went.
    """
    task = asyncio.ensure_future(doing)
    leaving = asyncio.create_task(_leaves(request))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise LeftError
        return task.result()
    finally:
        leaving.cancel()
        task.cancel()
        await asyncio.gather(task, leaving, return_exceptions=True)


def json_of(body: Any) -> Response:
    """A pydantic body, written by pydantic (a tenth of the time that FastAPI takes)."""
    return Response(body.model_dump_json(), media_type="application/json")


async def _leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _file(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


class _Counted:
    """Counts and times every request by its route, and writes one line for it without anything of what was asked."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app, self._desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 0
        request_id = scope["state"]["request_id"]
        by_the_proxy = any(name.lower() == REQUEST_ID for name, _ in scope["headers"])

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            if message["type"] == "http.response.start" and not by_the_proxy:
                message = {**message, "headers": [*message.get("headers", []), (REQUEST_ID, request_id.encode())]}
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except LeftError:
            pass
        except Exception as error:
            if status:
                raise  # half an answer is out: the connection has to break
            problem = problem_of(error)
            await JSONResponse(error_body(problem.code, problem.message, request_id), problem.status)(scope, receive, noted)
        finally:
            route, seconds = getattr(scope.get("route"), "path", "none"), time.monotonic() - began
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._desk.metrics.requests.labels(route, method, str(status)).inc()
            self._desk.metrics.request_s.labels(route).observe(seconds)
            fields = {"request": request_id, "route": route, "method": method, "status": status, "request_s": round(seconds, 3)}
            log.info("request", extra=fields)
