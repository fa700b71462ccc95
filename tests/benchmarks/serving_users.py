"""People who ask a server, each the next question as soon as the last is answered, and what they see of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from envs.businesses import TEST
from tests.serving.server import Server

Asked = tuple[str, str]  # database and question


@dataclass
class Seen:
    """One request as its user saw it."""

    status: int
    first_s: float = 0.0
    answer_s: float = 0.0
    steps: int = 0
    versions: tuple[int, ...] = ()


@dataclass
class Users:
    """Ask one server the same questions in turns."""

    server: Server
    asked: Sequence[Asked]

    async def ask(self, users: int, seconds: float, *, until: asyncio.Task[None] | None = None, pause_s: float = 0.0) -> list[Seen]:
        """So many at once for so long; what is under way then is waited for. Who is sent away waits `pause_s` before asking again."""
        deadline = time.monotonic() + seconds
        turn = itertools.cycle(self.asked)
        seen: list[Seen] = []

        async def one() -> None:
            async with httpx.AsyncClient(timeout=120) as client:
                while time.monotonic() < deadline and not (until and until.done()):
                    found = await self.ask_once(client, next(turn))
                    seen.append(found)
                    if found.status != 200:
                        await asyncio.sleep(pause_s)

        await asyncio.gather(*(one() for _ in range(users)))
        return seen

    async def tokens_a_second(self, users: int, seconds: float) -> tuple[float, list[Seen], float]:
        """Sampled tokens a second, what the users saw, and the seconds until the last was answered."""
        tokens, began = await self._tokens(), time.perf_counter()
        seen = await self.ask(users, seconds)
        took = time.perf_counter() - began
        return (await self._tokens() - tokens) / took, seen, took

    async def ask_once(self, client: httpx.AsyncClient, asked: Asked) -> Seen:
        began, seen, event = time.perf_counter(), Seen(0), ""
        body = {"database": asked[0], "question": asked[1]}
        try:
            async with client.stream("POST", f"{self.server.url}/v1/ask", json=body, headers={"Accept": "text/event-stream"}) as stream:
                seen.status = stream.status_code
                async for line in stream.aiter_lines():
                    if line.startswith("event: "):
                        event = line.removeprefix("event: ")
                        seen.first_s = seen.first_s or time.perf_counter() - began
                    elif line.startswith("data: ") and event == "answer":
                        answer = json.loads(line.removeprefix("data: "))
                        seen.answer_s, seen.steps = time.perf_counter() - began, len(answer["steps"])
                        seen.versions = (answer["model"]["version"],)
                    elif line.startswith("data: ") and event == "error":
                        code = json.loads(line.removeprefix("data: "))["error"]["code"]
                        seen.status = 503 if code in ("busy", "model_gone") else 500
        except httpx.HTTPError:
            seen.status = 0
        return seen

    async def _tokens(self) -> float:
        return await asyncio.to_thread(self.server.metric, 'analyst_buddy_tokens_total{kind="sampled"}')


def questions(server: Server, *, scripted: bool) -> list[Asked]:
    """What is asked, in a mixed order: starter questions of the four sample businesses, or what the script knows."""
    if scripted:
        return [("retail_smb", "How many pets do we have?"), ("retail_smb", "Pets by species?")]
    found = []
    for name in TEST:
        told = httpx.get(f"{server.url}/v1/databases/{name}/starters", timeout=60).json()
        found += [(name, question) for question in told["questions"]]
    random.Random(0).shuffle(found)
    return found


def p95(values: list[float]) -> float:
    """The value that 95 of 100 stay within."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
