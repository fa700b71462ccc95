"""What stands before every request, in Serve's proxy and in the application: the key, the host, the size of the body and its time.

Refusals come before a byte of the body is read. The proxy would otherwise keep a whole body in memory before the application sees it, so
`middlewares` is named to it in RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH (`analyst-buddy serve` does that); the application checks again.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.settings import Keys

JSON_BYTES_MAX = 200_000
FORM_BYTES = 100_000  # what a form has around its file
UPLOADS_MAX = 4  # at once: their bodies lie in the proxy's memory
BODY_S, UPLOAD_S = 20.0, 120.0  # in which a body has to arrive
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/-/healthz", "/-/routes"})
ADMIN_PATHS = frozenset({"/v1/admin/promote", "/v1/admin/rollback"})
UPLOAD_PATH = "/v1/databases"
REQUEST_ID = b"x-request-id"
_OURS = re.compile(r"req_[0-9a-f]{16}")
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})
_OF_THE_PROXY = (b"x-ray", b"x-serve", b"ray-serve", b"x-request-", b"serve_")  # clients do not set these


class HttpGate:
    """An ASGI middleware; `scope["state"]` gets `owner` and `request_id`."""

    def __init__(self, app: ASGIApp, keys: Keys, upload_bytes_max: int, *, watch_body: bool = True) -> None:
        self._app, self._keys, self._upload_bytes_max, self._watch_body = app, keys, upload_bytes_max, watch_body
        self._uploads = 0  # whose bodies are arriving or being read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no web sockets here
        headers = {name.lower(): value for name, value in scope["headers"]}
        told = headers.get(REQUEST_ID, b"").decode("latin-1")
        request_id = told if _OURS.fullmatch(told) else f"req_{secrets.token_hex(8)}"
        refused = self._refusal(scope, headers)
        if refused is not None:
            await _answer(send, *refused, request_id)
            return
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if not self._watch_body:  # in the proxy: Serve passes this on, and puts it into the answer
            scope = {**scope, "headers": [*scope["headers"], (REQUEST_ID, request_id.encode())]}
        scope["state"] = {**scope.get("state", {}), "owner": self._keys.owner(authorization), "request_id": request_id}
        is_upload = scope["path"] == UPLOAD_PATH and scope["method"] == "POST"
        timed = _timed(receive, UPLOAD_S if is_upload else BODY_S) if self._watch_body else receive
        self._uploads += is_upload
        try:
            await self._app(scope, timed, send)
        finally:
            self._uploads -= is_upload

    def _refusal(self, scope: Scope, headers: Mapping[bytes, bytes]) -> tuple[int, str, str] | None:
        path = scope["path"]
        if not self._keys.needed:
            host = headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)
            name = host[0] if len(host) == 2 and host[1].isdigit() else ":".join(host)
            if name.lower() not in LOCAL_HOSTS:  # a page whose name was made to point here
                return 421, "wrong_host", "without keys only this machine is answered: ask http://127.0.0.1"
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if path in ADMIN_PATHS:
            if not self._keys.is_admin(authorization):
                return 403, "not_admin", "this needs the admin key (ANALYST_BUDDY_ADMIN_KEY of the server) as `Authorization: Bearer KEY`"
        elif path not in OPEN_PATHS and self._keys.owner(authorization) is None:
            return 401, "no_key", "this needs a key: send `Authorization: Bearer KEY`"
        if b"transfer-encoding" in headers:
            return 411, "length_required", "send the body with a Content-Length"
        length = headers.get(b"content-length", b"0")
        most = self._upload_bytes_max + FORM_BYTES if path == UPLOAD_PATH else JSON_BYTES_MAX
        if not length.isdigit() or len(length) > 15 or int(length) > most:
            return 413, "too_large", f"the body is too large: at most {most:,} bytes are taken here"
        if path == UPLOAD_PATH and scope["method"] == "POST" and self._uploads >= UPLOADS_MAX:
            return 503, "busy", "too many files are uploaded at once: send it again in a moment"
        return None


def middlewares() -> list[Middleware]:
    """What Serve's proxy puts before every request; the limit of uploads there is the most that can be configured."""
    return [Middleware(_ProxyGate)]


class _ProxyGate:
    def __init__(self, app: ASGIApp) -> None:
        self._app = HttpGate(app, Keys.from_environment(), 200_000_000, watch_body=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kept = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(_OF_THE_PROXY)]
            scope = {**scope, "headers": kept}
        await self._app(scope, receive, send)


class SlowBodyError(Exception):
    """The body did not arrive in time."""


def _timed(receive: Receive, limit_s: float) -> Receive:
    """`receive` that gives up on a body that does not arrive in time; waiting for the client to leave takes as long as it takes."""
    deadline, whole = time.monotonic() + limit_s, False

    async def timed() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.001, deadline - time.monotonic()))
        except TimeoutError:
            raise SlowBodyError(f"the body did not arrive within {limit_s:g} s") from None
        whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return timed


def error_body(code: str, message: str, request_id: str) -> dict[str, Any]:
    """The one shape of every error."""
    return {"error": {"code": code, "message": message, "request_id": request_id}}


async def _answer(send: Send, status: int, code: str, message: str, request_id: str) -> None:
    body = json.dumps(error_body(code, message, request_id)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"x-request-id", request_id.encode())]})
    await send({"type": "http.response.body", "body": body})
