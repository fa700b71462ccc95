"""Every error over HTTP in one shape: {"error": {"code", "message", "request_id"}}, never a path, a stack or somebody else's SQL."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from envs.importing import ImportRefusedError
from envs.sandbox import QueryError
from serving.contract import ErrorBody
from serving.databases import NameTakenError, NoDatabaseError, SampleKeptError, StoreFullError
from serving.desk import NoAnswerError
from serving.http_gate import SlowBodyError, error_body
from serving.model_client import MixedVersionsError, ModelGoneError
from serving.policy_files import PolicyRefusedError
from serving.turns import BusyError

log = logging.getLogger("ray.serve")

_MESSAGE_CHARS = 500


@dataclass(frozen=True)
class Problem:
    """An error as it is sent."""

    status: int
    code: str
    message: str
    retry_after_s: int | None = None


_KNOWN: dict[type[Exception], tuple[int, str]] = {
    NoDatabaseError: (404, "no_database"),
    NoAnswerError: (404, "no_answer"),
    StoreFullError: (409, "store_full"),
    NameTakenError: (409, "name_taken"),
    SampleKeptError: (403, "sample_kept"),
    PolicyRefusedError: (409, "policy_refused"),
    SlowBodyError: (408, "slow_body"),
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": description}
    for status, description in (
        (400, "The body cannot be read"),
        (401, "No valid key"),
        (403, "Not allowed"),
        (404, "No such thing, or not this key's"),
        (408, "The body did not arrive in time"),
        (409, "Not as things are"),
        (411, "No Content-Length"),
        (413, "Too large"),
        (421, "Wrong host"),
        (422, "Not what was wanted; the message says what was"),
        (500, "A failure of the server"),
        (503, "Busy, starting or stopping; Retry-After says when to ask again"),
    )
}


def problem_of(error: Exception) -> Problem:
    """How an exception is told; what nobody expected is logged here with its traceback."""
    for kind, (status, code) in _KNOWN.items():
        if isinstance(error, kind):
            return Problem(status, code, _text(error))
    if isinstance(error, BusyError):
        return Problem(503, "busy", _text(error), error.retry_after_s)
    if isinstance(error, ModelGoneError):
        return Problem(503, "model_gone", _text(error), 5)
    if isinstance(error, (ImportRefusedError, QueryError)):
        return Problem(422, error.code, _text(error))
    if isinstance(error, FileNotFoundError):  # deleted meanwhile
        return Problem(404, "no_database", "the database is not there any more")
    if isinstance(error, RequestValidationError):
        return Problem(422, "invalid", _fields(error))
    if isinstance(error.__cause__, SlowBodyError):  # as FastAPI passes it on
        return Problem(408, "slow_body", _text(error.__cause__))
    if isinstance(error, HTTPException):
        return Problem(
            error.status_code, {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused"), str(error.detail)
        )
    log.error("a request failed: %s", type(error).__name__, exc_info=error)
    mixed = isinstance(error, MixedVersionsError)
    return Problem(500, "mixed_versions" if mixed else "internal", "something went wrong on the server: its log says what")


def answer_errors(app: FastAPI, shed: Callable[[str], None]) -> None:
    """Make an application answer its errors in this shape; `shed` is told the code of every 503."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error)
        if problem.status == 503:
            shed(problem.code)
        headers = dict(getattr(error, "headers", None) or {})
        if problem.retry_after_s is not None:
            headers["Retry-After"] = str(problem.retry_after_s)
        body = error_body(problem.code, problem.message, request.state.request_id)
        return JSONResponse(body, problem.status, headers=headers)

    for kind in (
        *_KNOWN,
        BusyError,
        ModelGoneError,
        ImportRefusedError,
        QueryError,
        FileNotFoundError,
        RequestValidationError,
        HTTPException,
    ):
        app.add_exception_handler(kind, answer)


def _text(error: Exception) -> str:
    return str(error)[:_MESSAGE_CHARS]


def _fields(error: RequestValidationError) -> str:
    """`samples: Input should be a valid integer; ...`, without the input itself."""
    told = [f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'body'}: {problem['msg']}" for problem in error.errors()[:5]]
    return "; ".join(told)[:_MESSAGE_CHARS]
