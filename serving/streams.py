"""A question's answer as server-sent events: one way to begin, fail and end, whatever shape the events take."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from typing import cast

from sse_starlette import EventSourceResponse, ServerSentEvent

from serving.contract import StepEvent
from serving.desk import Desk
from serving.http_errors import problem_of
from serving.http_gate import error_body
from serving.questions import Answered, Asked, Begun

PING_S = 10  # a comment line keeps proxies from closing a stream

Told = Begun | StepEvent | Answered


async def last_of(desk: Desk, asked: Asked) -> Answered:
    """The answer alone."""
    answered = None
    async with contextlib.aclosing(desk.ask(asked)) as told:
        async for event in told:
            if isinstance(event, Answered):
                answered = event
    assert answered is not None
    return answered


async def events(
    desk: Desk, asked: Asked, shaped: Callable[[Told], Iterable[ServerSentEvent]], end: ServerSentEvent, error_event: str | None
) -> AsyncGenerator[ServerSentEvent | None, None]:
    """The events of a stream; None when it may begin. Once it has begun, what goes wrong is an event too.

    Args:
        shaped: what is sent of each thing that happens.
        end: what is sent last, always.
        error_event: the name under which an error is sent, if any.
    """
    begun = False
    try:
        async with contextlib.aclosing(desk.ask(asked)) as told:
            async for event in told:
                if isinstance(event, Begun):
                    begun = True
                    yield None
                for each in shaped(event):
                    yield each
    except Exception as error:
        if not begun:
            raise
        problem = problem_of(error)
        body = error_body(problem.code, problem.message, asked.request_id)
        yield ServerSentEvent(json.dumps(body), event=error_event, sep="\n")
    yield end


async def streamed(stream: AsyncGenerator[ServerSentEvent | None, None]) -> EventSourceResponse:
    """A stream as a response, once it may begin: what is refused before is an ordinary error. Proxies are told not to hold it back."""
    await anext(stream)
    return EventSourceResponse(cast(AsyncIterator[ServerSentEvent], stream), ping=PING_S, sep="\n", headers={"X-Accel-Buffering": "no"})
