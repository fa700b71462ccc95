"""Talks to serving over HTTP: databases, SQL, feedback, downloads, and a question whose steps come as they happen."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
from httpx_sse import SSEError, aconnect_sse

SHORT_S, UPLOAD_S, ANSWER_S = 15.0, 180.0, 90.0  # an answer has 60 s on the server; a stream pings every 10 s
STREAM_SILENT_S = 30.0
KEEP_ALIVE_S = 2.0  # less than any server keeps a connection, or a request might go out on one that is being closed

Answer = dict[str, Any]  # serving/contract.py's Answer, as JSON


class ServingError(Exception):
    """Serving cannot be reached, or refused; the text is for the owner."""


class Client:
    """One server, with the key it wants."""

    def __init__(self, url: str, api_key: str = "") -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        limits = httpx.Limits(keepalive_expiry=KEEP_ALIVE_S)
        self._http = httpx.Client(base_url=url, headers=self._headers, timeout=SHORT_S, limits=limits, trust_env=False)

    def databases(self) -> list[dict[str, Any]]:
        """name, title, tables, rows, sample of each."""
        return list(self._json("GET", "/v1/databases")["databases"])

    def schema(self, database: str) -> list[dict[str, Any]]:
        """name, row_count, columns and sample_rows of each table."""
        return list(self._json("GET", f"/v1/databases/{database}/schema")["tables"])

    def starters(self, database: str) -> list[str]:
        """Questions to begin with."""
        return [str(question) for question in self._json("GET", f"/v1/databases/{database}/starters")["questions"]]

    def upload(self, file_name: str, data: bytes) -> dict[str, Any]:
        """Make a database of a SQLite file, CSV or Excel; its entry, with the import's report."""
        return self._json("POST", "/v1/databases", files={"file": (file_name, data)}, timeout=UPLOAD_S)

    def delete(self, database: str) -> None:
        """Delete a database that was uploaded."""
        self._send("DELETE", f"/v1/databases/{database}")

    def sql(self, database: str, sql: str) -> Answer:
        """Run SQL that a person wrote."""
        return self._json("POST", "/v1/sql", json={"database": database, "sql": sql}, timeout=ANSWER_S)

    def feedback(self, answer_id: str, *, right: bool, reason: str = "", sql: str = "") -> None:
        """Say whether an answer was right, and what would have been."""
        body = {"answer_id": answer_id, "verdict": "right" if right else "wrong"}
        self._json("POST", "/v1/feedback", json={**body, **({"reason": reason} if reason else {}), **({"sql": sql} if sql else {})})

    def download(self, path: str, kind: str) -> bytes:
        """All rows of an answer.

        Args:
            path: the answer's `download`.
            kind: "csv" or "xlsx".
        """
        return self._send("GET", f"{path}.{kind}", timeout=ANSWER_S).content

    async def ask(
        self, database: str, question: str, conversation: str, samples: int | None = None
    ) -> AsyncGenerator[tuple[str, Answer], None]:
        """The events of an answer as they happen: ("step", ...) any number of times, then ("answer", ...).

        Leaving the iteration (or cancelling its task) closes the connection, at which serving stops the SQL.

        Raises:
            ServingError: serving is not there, refused, broke off or failed.
        """
        body: dict[str, Any] = {"database": database, "question": question, "conversation": conversation}
        if samples:
            body["samples"] = samples
        timeout = httpx.Timeout(SHORT_S, read=STREAM_SILENT_S)
        try:
            async with (
                httpx.AsyncClient(base_url=self.url, headers=self._headers, timeout=timeout, trust_env=False) as client,
                aconnect_sse(client, "POST", "/v1/ask", json=body) as source,
            ):
                if source.response.is_error:
                    await source.response.aread()
                    raise _refused(source.response)
                async for event in source.aiter_sse():
                    if event.event == "error":
                        told = json.loads(event.data)["error"]
                        raise ServingError(told["message"])
                    if event.event == "done":
                        return
                    yield event.event, json.loads(event.data)
        except (httpx.HTTPError, SSEError, OSError) as error:
            raise _gone(self.url, error) from error
        raise ServingError("The answer broke off: the server was stopped or restarted. Ask again.")

    def _json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            return dict(self._send(method, path, **more).json())
        except ValueError as error:
            raise ServingError(f"{self.url} answers, but not as analyst-buddy's server does: is the address right?") from error

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **more)
        except (httpx.HTTPError, OSError) as error:
            raise _gone(self.url, error) from error
        if response.is_error:
            raise _refused(response)
        return response


def _gone(url: str, error: Exception) -> ServingError:
    if isinstance(error, httpx.TimeoutException):
        return ServingError("The server is busy and did not answer in time. Try again in a moment.")
    if isinstance(error, httpx.ConnectError):
        return ServingError(f"The server at {url} cannot be reached. Is it running? “analyst-buddy serve” starts it.")
    return ServingError("The connection to the server broke off: it was stopped or restarted. Ask again.")


def _refused(response: httpx.Response) -> ServingError:
    try:
        told = response.json()["error"]
        return ServingError(_sentence(str(told["message"])))
    except (ValueError, KeyError, TypeError):
        return ServingError(
            f"The server answers {response.status_code} without saying why: it is still starting, or another program has its address."
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
