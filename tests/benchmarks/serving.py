"""The served analyst under load: seconds to the first step and to the answer, beside raw vLLM, through a swap, a kill and abuse.

`analyst-buddy serve` runs as a process of its own on loopback. Users ask starter questions of the four sample businesses, each the
next as soon as the last is answered. Raw is the same engine in this process, replaying the prompts of the same questions turn by turn,
without SQL, HTTP or Ray. Everything is time on the clock, so it says what this machine did under the load it had.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from actors.policy import Sampling
from actors.rollout import play_episode
from cluster.config import load_preset
from envs.businesses import TEST
from envs.dialogue import Codec
from envs.records import Question, Trajectory
from envs.sandbox import Database
from envs.steering import Names
from tests.benchmarks.report import Figure, Report
from tests.serving.scripts import write_script
from tests.serving.server import Server, running_server

RAW_SHARE, ADDED_MS = 0.8, 15.0
ABUSE_A_SECOND = 20
PHASES = ("load", "swap", "kill", "abuse", "raw")

Asked = tuple[str, str]  # database and question


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", default=None, help="a policy directory; without it a script answers and raw is left out")
    parser.add_argument("--users", default="1,4,16", help="users at once, one after the other (default 1,4,16)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each number of users (default 20)")
    parser.add_argument("--abuse-seconds", type=float, default=300.0, help="of abuse, 20 requests a second (default 300)")
    parser.add_argument("--phases", default="load,swap,raw", help=f"some of {','.join(PHASES)} (default load,swap,raw)")


def measure(options: argparse.Namespace) -> Report:
    phases = options.phases.split(",")
    unknown = set(phases) - set(PHASES)
    if unknown:
        raise ValueError(f"no phase {', '.join(sorted(unknown))}: wanted some of {', '.join(PHASES)}")
    figures: dict[str, Figure] = {}
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        policy = str(Path(options.policy).resolve()) if options.policy else write_script(folder, delay_s=0.05)
        began = time.perf_counter()
        with running_server(folder, policy, ready_s=180) as server:
            figures["start_s"] = Figure(time.perf_counter() - began, "s")
            asked = questions(server, scripted=options.policy is None)
            bench = Bench(server, asked, options.seconds)
            asyncio.run(bench.warm())

            def keep(found: dict[str, Figure]) -> None:
                figures.update(found)
                print(json.dumps({name: figure.as_dict() for name, figure in found.items()}), file=sys.stderr, flush=True)

            if "load" in phases:
                for users in map(int, options.users.split(",")):
                    keep(asyncio.run(bench.level(users)))
                keep(asyncio.run(bench.twice_capacity()))
            if "swap" in phases:
                keep(asyncio.run(bench.swap(policy)))
            if "abuse" in phases:
                keep(asyncio.run(bench.abuse(options.abuse_seconds)))
            if "kill" in phases:
                keep(asyncio.run(bench.kill()))
        if "raw" in phases and options.policy is not None:
            figures |= asyncio.run(raw(Path(options.policy), folder / "state" / "samples", asked, options.seconds))
            served, alone = bench.tokens_per_s.get(16), figures["raw/tokens_per_s"].value
            if served is not None:
                figures["users_16/of_raw"] = Figure(served / alone, "share", at_least=RAW_SHARE)
            if 1 in bench.turn_ms:
                figures["added_ms_a_turn"] = Figure(bench.turn_ms[1] - figures["raw/turn_ms"].value, "ms", at_most=ADDED_MS)
    how = {
        "seconds_a_level": options.seconds,
        "questions": len(asked),
        "policy": "a script, 50 ms a turn" if options.policy is None else Path(options.policy).name,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "clock": "wall",
        "statistic": "percentiles over answers; raw replays the same prompts",
    }
    ratio = figures["users_16/of_raw"].value if "users_16/of_raw" in figures else None
    return Report("serving", figures, how, ratio=ratio, notes=notes)


def questions(server: Server, *, scripted: bool) -> list[Asked]:
    """What is asked, in a mixed order."""
    if scripted:
        return [("retail_smb", "How many pets do we have?"), ("retail_smb", "Pets by species?")]
    found = []
    for name in TEST:
        told = httpx.get(f"{server.url}/v1/databases/{name}/starters", timeout=60).json()
        found += [(name, question) for question in told["questions"]]
    random.Random(0).shuffle(found)
    return found


@dataclass
class Seen:
    """One request as its user saw it."""

    status: int
    first_s: float = 0.0
    answer_s: float = 0.0
    steps: int = 0
    versions: tuple[int, ...] = ()


@dataclass
class Bench:
    """Load on one server."""

    server: Server
    asked: list[Asked]
    seconds: float
    tokens_per_s: dict[int, float] = field(default_factory=dict)
    turn_ms: dict[int, float] = field(default_factory=dict)

    async def warm(self) -> None:
        """Every question once, so that no level pays for the first."""
        async with httpx.AsyncClient(timeout=120) as client:
            for question in self.asked[:4]:
                await self._ask(client, question)

    async def level(self, users: int) -> dict[str, Figure]:
        tokens, began = self.server.metric('analyst_buddy_tokens_total{kind="sampled"}'), time.perf_counter()
        seen = await self._users(users, self.seconds)
        took = time.perf_counter() - began
        self.tokens_per_s[users] = (self.server.metric('analyst_buddy_tokens_total{kind="sampled"}') - tokens) / took
        good = [one for one in seen if one.status == 200]
        self.turn_ms[users] = 1e3 * sum(one.answer_s for one in good) / max(1, sum(one.steps for one in good))
        first, answer = [one.first_s for one in good], [one.answer_s for one in good]
        figures = {
            "first_event_p50_s": Figure(statistics.median(first), "s"),
            "first_event_p95_s": Figure(p95(first), "s"),
            "answer_p50_s": Figure(statistics.median(answer), "s"),
            "answer_p95_s": Figure(p95(answer), "s"),
            "answers_a_minute": Figure(60 * len(good) / took, "count"),
            "tokens_per_s": Figure(self.tokens_per_s[users], "count"),
            "failed": Figure(len(seen) - len(good), "count", at_most=0),
        }
        return {f"users_{users}/{name}": figure for name, figure in figures.items()}

    async def twice_capacity(self) -> dict[str, Figure]:
        """Twice as many users as can be answered and wait (32): how many are sent away, and that nobody fails otherwise."""
        seen = await self._users(64, min(10.0, self.seconds), pause_s=0.5)
        away = sum(one.status == 503 for one in seen)
        return {
            "twice_capacity/sent_away": Figure(away / max(1, len(seen)), "share"),
            "twice_capacity/failed": Figure(sum(one.status not in (200, 503) for one in seen), "count", at_most=0),
        }

    async def swap(self, policy: str) -> dict[str, Figure]:
        """Four users while other weights are promoted and rolled back; the weights are the same, their version is not."""
        body = {"policy": policy, "name": "again", "tested": {"correct": 1, "questions": 1}}
        done = []

        async def change() -> None:
            async with httpx.AsyncClient(timeout=120) as client:
                await asyncio.sleep(2)
                done.append((await client.post(f"{self.server.url}/v1/admin/promote", json=body)).json())
                await asyncio.sleep(2)
                done.append((await client.post(f"{self.server.url}/v1/admin/rollback")).json())

        seen, _ = await asyncio.gather(self._users(4, max(12.0, self.seconds)), change())
        good = [one for one in seen if one.status == 200]
        return {
            "swap/answers": Figure(len(good), "count"),
            "swap/failed": Figure(len(seen) - len(good), "count", at_most=0),
            "swap/versions_seen": Figure(len({one.versions for one in good}), "count", at_least=2),
            "swap/loading_s": Figure(max(one["seconds"] for one in done), "s"),
            "swap/longest_answer_s": Figure(max(one.answer_s for one in good), "s"),
        }

    async def kill(self) -> dict[str, Figure]:
        """Four users while the generator is killed."""
        back = 0.0

        async def kill_and_wait() -> None:
            nonlocal back
            await asyncio.sleep(2)
            (replica,) = self.server.replicas("Generator")
            replica.kill()
            began = time.perf_counter()
            async with httpx.AsyncClient(timeout=60) as client:
                await asyncio.sleep(1)
                while (await self._ask(client, self.asked[0])).status != 200:
                    await asyncio.sleep(0.2)
            back = time.perf_counter() - began

        task = asyncio.create_task(kill_and_wait())
        seen = await self._users(4, 90.0, until=task, pause_s=0.5)
        return {
            "kill/healthy_after_s": Figure(back, "s"),
            "kill/sent_away": Figure(sum(one.status == 503 for one in seen), "count"),
            "kill/failed_otherwise": Figure(sum(one.status not in (200, 503) for one in seen), "count", at_most=0),
        }

    async def abuse(self, seconds: float) -> dict[str, Figure]:
        """Two good users while somebody sends rubbish, 20 requests a second."""
        files, memory = self._files(), 0  # memory is counted from a third of the time on, when all jails that are kept are open

        async def look_at_memory() -> None:
            nonlocal memory
            await asyncio.sleep(seconds / 3)
            memory = self.server.memory_bytes()

        codes: dict[str, int] = {}
        until = time.monotonic() + seconds

        async def send(client: httpx.AsyncClient, request: dict[str, Any]) -> None:
            try:
                status = str((await client.request(**request)).status_code)
            except httpx.HTTPError as error:
                status = type(error).__name__
            codes[status] = codes.get(status, 0) + 1

        async def abuse() -> None:
            running: set[asyncio.Task[None]] = set()
            async with httpx.AsyncClient(timeout=15, base_url=self.server.url) as client:
                for request in hostile_requests():
                    if time.monotonic() > until:
                        break
                    running.add(asyncio.create_task(send(client, request)))
                    running = {task for task in running if not task.done()}
                    await asyncio.sleep(1 / ABUSE_A_SECOND)
                await asyncio.gather(*running)

        slow = [await asyncio.to_thread(slow_client, self.server.url) for _ in range(8)]
        seen, *_ = await asyncio.gather(self._users(2, seconds), abuse(), look_at_memory())
        for connection in slow:
            connection.close()
        good = [one for one in seen if one.status == 200]
        minutes = 2 / 3 * seconds / 60
        return {
            "abuse/requests": Figure(sum(codes.values()), "count"),
            "abuse/5xx_but_503": Figure(sum(n for code, n in codes.items() if code.startswith("5") and code != "503"), "count", at_most=0),
            "abuse/good_answers": Figure(len(good), "count"),
            "abuse/good_failed": Figure(len(seen) - len(good), "count", at_most=0),
            "abuse/good_answer_p95_s": Figure(p95([one.answer_s for one in good]), "s"),
            "abuse/files_written": Figure(len(self._files() - files), "count", at_most=0),
            "abuse/memory_mb_a_minute": Figure((self.server.memory_bytes() - memory) / 1e6 / minutes, "MB", at_most=1.0),
        }

    def _files(self) -> set[Path]:
        """Databases that are kept."""
        return set((self.server.folder / "state" / "databases").rglob("*"))

    async def _users(self, users: int, seconds: float, *, until: asyncio.Task[None] | None = None, pause_s: float = 0.0) -> list[Seen]:
        deadline = time.monotonic() + seconds
        turn = itertools.cycle(self.asked)
        seen: list[Seen] = []

        async def one() -> None:
            async with httpx.AsyncClient(timeout=120) as client:
                while time.monotonic() < deadline and not (until and until.done()):
                    found = await self._ask(client, next(turn))
                    seen.append(found)
                    if found.status != 200:
                        await asyncio.sleep(pause_s)

        await asyncio.gather(*(one() for _ in range(users)))
        return seen

    async def _ask(self, client: httpx.AsyncClient, asked: Asked) -> Seen:
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


async def raw(policy_dir: Path, databases: Path, asked: list[Asked], seconds: float) -> dict[str, Figure]:
    """Tokens a second of the engine alone with 16 episodes at once, and milliseconds of a turn alone, over the same prompts."""
    from actors.vllm_policy import VllmPolicy

    config = load_preset("quickstart")
    with tempfile.TemporaryDirectory() as folder:
        policy = VllmPolicy(policy_dir, config.generator, log_path=Path(folder) / "vllm.log")
    codec = Codec.load(policy_dir)
    opened = {name: Database.open(databases / f"{name}.sqlite") for name in TEST}
    try:
        played = await asyncio.gather(*(_play(policy, codec, opened[name], text, config) for name, text in asked))
        alone_s, turns = 0.0, 0
        for trajectory in played[: max(4, len(played) // 2)]:
            began = time.perf_counter()
            turns += await _replay(policy, codec, trajectory, opened, config)
            alone_s += time.perf_counter() - began
        sampled, began = 0, time.perf_counter()
        waiting = itertools.cycle(played)

        async def one() -> None:
            nonlocal sampled
            while time.perf_counter() - began < seconds:
                trajectory = next(waiting)
                await _replay(policy, codec, trajectory, opened, config)
                sampled += sum(trajectory.mask)

        await asyncio.gather(*(one() for _ in range(16)))
        rate = sampled / (time.perf_counter() - began)
    finally:
        policy.close()
        for database in opened.values():
            database.close()
    return {"raw/tokens_per_s": Figure(rate, "count"), "raw/turn_ms": Figure(1e3 * alone_s / turns, "ms")}


async def _play(policy: Any, codec: Codec, database: Database, text: str, config: Any) -> Trajectory:
    question = Question("asked", database.name, text, "", answerable=False)
    steered = config.evaluation.steered
    return await play_episode(
        policy, codec, database, question, 0, config.episode, config.rollout, seed=0, temperature=0.0, steered=steered
    )


async def _replay(policy: Any, codec: Codec, trajectory: Trajectory, opened: dict[str, Database], config: Any) -> int:
    """Sample each turn again after the same tokens; the number of turns."""
    names = Names.of(opened[trajectory.db_id].schema) if config.evaluation.steered else None
    sampling = Sampling(config.rollout.turn_tokens_max, codec.stop_ids, temperature=0.0, seed=0, names=names)
    starts = [place for place in range(1, len(trajectory.mask)) if trajectory.mask[place] > trajectory.mask[place - 1]]
    for start in starts:
        await policy.generate(trajectory.ids[:start], sampling)
    return len(starts)


def hostile_requests() -> Iterator[dict[str, Any]]:
    """Requests that somebody means harm with, or does not know better."""
    database = "retail_smb"

    def post(path: str, **more: Any) -> dict[str, Any]:
        return {"method": "POST", "url": path, **more}

    sqls = (
        "DELETE FROM pets",
        "ATTACH '/etc/passwd' AS x",
        "SELECT load_extension('x')",
        "SELECT zeroblob(900000000)",
        "PRAGMA query_only=0",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c",
        "SELECT * FROM sqlite_schema",
        "SELECT 1; SELECT 2",
        "SELECT * FROM pets, pets, pets, pets, pets",
        "SELECT group_concat(hex(zeroblob(100000))) FROM pets",
        "SELECT " + "(" * 3_000 + "1" + ")" * 3_000,
    )
    kinds: list[dict[str, Any]] = [
        *(post("/v1/sql", json={"database": database, "sql": sql}) for sql in sqls),
        post("/v1/ask", content=b"{bad", headers={"Content-Type": "application/json"}),
        post("/v1/ask", content=b"[" * 50_000, headers={"Content-Type": "application/json"}),
        post("/v1/ask", content=b"x" * 1_000_000),
        post("/v1/ask", json={"database": ["retail_smb"], "question": {"a": 1}}),
        post("/v1/ask", json={"database": "../../../etc/passwd", "question": "hi"}),
        post("/v1/ask", json={"database": "nobodys", "question": "hi"}),
        post("/v1/ask", json={"database": database, "question": "x" * 100_000}),
        post("/v1/databases", files={"file": ("../../x.sqlite", os.urandom(2_000))}),
        post("/v1/databases", files={"file": ("x.sqlite", b"SQLite format 3\0" + os.urandom(8_000))}),
        post("/v1/databases", files={"file": ("x.xlsx", b"PK\x03\x04" + os.urandom(4_000))}),
        post("/v1/databases", content=b"--x\r\n" * 1_000, headers={"Content-Type": "multipart/form-data; boundary=x"}),
        post("/v1/feedback", json={"answer_id": "ans_0", "verdict": "right"}),
        {"method": "GET", "url": "/v1/databases/..%2f..%2fetc%2fpasswd/schema"},
        {"method": "GET", "url": "/v1/downloads/..%2f..%2fx.csv"},
        {"method": "DELETE", "url": "/v1/databases/nobodys"},
        {"method": "GET", "url": "/v1/databases", "headers": {"Host": "evil.example"}},
        {"method": "PATCH", "url": "/v1/ask"},
    ]  # fmt: skip
    return itertools.cycle(kinds)


def slow_client(url: str) -> socket.socket:
    """A client that announces a gigabyte, or a body that never comes."""
    host, port = url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
    return connection


def p95(values: list[float]) -> float:
    """The value that 95 of 100 stay within."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
