"""What is refused before a byte of a body is read, with an application behind the gate that only waits."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from serving.http_gate import UPLOADS_MAX, HttpGate
from serving.settings import Keys


class Waiting:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.go, self.seen = asyncio.Event(), list[Scope]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope)
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def never() -> Message:
    raise AssertionError("the body was read")


async def status(gate: HttpGate, method: str, path: str, **headers: str) -> int:
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    given = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": raw}
    await gate(scope, never, send)
    return int(told[0]["status"])


async def test_only_so_many_files_are_uploaded_at_once_and_others_are_told_to_come_back() -> None:
    app = Waiting()
    gate = HttpGate(app, Keys(), 1_000)
    uploads = [asyncio.create_task(status(gate, "POST", "/v1/databases", content_length="900")) for _ in range(UPLOADS_MAX)]
    await asyncio.sleep(0)
    assert await status(gate, "POST", "/v1/databases", content_length="900") == 503
    app.go.set()
    assert await asyncio.gather(*uploads) == [200] * UPLOADS_MAX
    assert await status(gate, "POST", "/v1/databases", content_length="900") == 200


async def test_a_length_that_is_too_large_missing_or_strange_is_refused() -> None:
    gate = HttpGate(Waiting(), Keys(), 1_000)
    assert await status(gate, "POST", "/v1/databases", content_length="1000000000") == 413
    assert await status(gate, "POST", "/v1/ask", content_length="-1") == 413
    assert await status(gate, "POST", "/v1/ask", content_length="9" * 400) == 413
    assert await status(gate, "POST", "/v1/ask", transfer_encoding="chunked") == 411


async def test_the_owner_is_known_by_the_key_and_strange_hosts_matter_only_without_keys() -> None:
    app, key = Waiting(), "a-key-of-enough-letters"
    app.go.set()
    keyed = HttpGate(app, Keys(key), 1_000)
    assert await status(keyed, "GET", "/v1/databases", host="analyst.example", authorization=f"Bearer {key}") == 200
    assert app.seen[-1]["state"]["owner"] not in ("public", key)
    assert await status(keyed, "GET", "/v1/databases", authorization=f"Bearer {key}x") == 401
    assert await status(HttpGate(app, Keys(), 1_000), "GET", "/v1/databases", host="analyst.example") == 421
