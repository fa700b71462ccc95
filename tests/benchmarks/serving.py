"""The served analyst under load: seconds to the first step and to the answer, beside raw vLLM, through a swap, a kill and abuse.

`analyst-buddy serve` runs as a process of its own on loopback. Users ask starter questions of the four sample businesses, each the
next as soon as the last is answered. Raw is the same engine asked in its own process, replaying the prompts of the same questions turn by
turn, without SQL, HTTP or Ray; served and raw alternate, so that whatever else the machine does meets both. Everything is time on the
clock, so it says what this machine did under the load it had.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.report import Figure, Report
from tests.benchmarks.serving_abuse import A_SECOND, hostile_requests, slow_client
from tests.benchmarks.serving_raw import RawClient
from tests.benchmarks.serving_users import Seen, Users, p95, questions
from tests.serving.scripts import write_script
from tests.serving.server import running_server

RAW_SHARE, ADDED_MS = 0.8, 15.0
SCRIPT_S = 0.05  # that a turn of the script takes
RAW_USERS = 16
RAW_QUESTIONS, ADDED_QUESTIONS = 8, 3
JAIL = "jailed.py"
PHASES = ("load", "swap", "kill", "abuse", "raw")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", default=None, help="a policy directory; without it a script answers and raw is left out")
    parser.add_argument("--users", default="1,4,16", help="users at once, one after the other (default 1,4,16)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each number of users (default 20)")
    parser.add_argument("--rounds", type=int, default=3, help="of served and raw in turns (default 3)")
    parser.add_argument("--abuse-seconds", type=float, default=300.0, help=f"of abuse, {A_SECOND} requests a second (default 300)")
    parser.add_argument("--phases", default="load,swap,raw", help=f"some of {','.join(PHASES)} (default load,swap,raw)")
    parser.add_argument("--start-seconds", type=float, default=240.0, help="that the server may take to start (default 240)")


def measure(options: argparse.Namespace) -> Report:
    phases = options.phases.split(",")
    unknown = set(phases) - set(PHASES)
    if unknown:
        raise ValueError(f"no phase {', '.join(sorted(unknown))}: wanted some of {', '.join(PHASES)}")
    figures: dict[str, Figure] = {}

    def keep(found: Mapping[str, Figure]) -> None:
        figures.update(found)
        print(json.dumps({name: figure.as_dict() for name, figure in found.items()}), file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        policy = str(Path(options.policy).resolve()) if options.policy else write_script(folder, delay_s=SCRIPT_S)
        with_raw = "raw" in phases and options.policy is not None
        began = time.perf_counter()
        with running_server(folder, policy, ready_s=options.start_seconds, with_raw=with_raw) as server:
            keep({"start_s": Figure(time.perf_counter() - began, "s")})
            asked = questions(server, scripted=options.policy is None)
            bench = Bench(Users(server, asked), options.seconds)
            asyncio.run(bench.run(phases, options, policy, RawClient(folder / "state") if with_raw else None, keep))
    how = {
        "seconds_a_level": options.seconds,
        "questions": len(asked),
        "policy": "a script, 50 ms a turn" if options.policy is None else Path(options.policy).name,
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "clock": "wall",
        "statistic": "percentiles over answers; served and raw in turns, median of the rounds' ratios",
    }
    ratio = figures["users_16/of_raw"].value if "users_16/of_raw" in figures else None
    return Report("serving", figures, how, ratio=ratio)


@dataclass
class Bench:
    """Load on one server."""

    users: Users
    seconds: float

    async def run(self, phases: list[str], options: argparse.Namespace, policy: str, raw: RawClient | None, keep: Any) -> None:
        """The phases in their order."""
        if phases != ["raw"]:  # which plays its questions before it measures
            await self.warm()
        if options.policy is None:
            keep(await self.added_to_script())
        if "load" in phases:
            for users in map(int, options.users.split(",")):
                keep(await self.level(users))
            keep(await self.twice_capacity())
        if raw is not None:
            await self.beside_raw(raw, options.rounds, keep)
        if "swap" in phases:
            keep(await self.swap(policy))
        if "abuse" in phases:
            keep(await self.abuse(options.abuse_seconds))
        if "kill" in phases:
            keep(await self.kill())

    async def warm(self) -> None:
        """Some questions once, so that no level pays for the first."""
        async with httpx.AsyncClient(timeout=120) as client:
            for question in self.users.asked[:4]:
                await self.users.ask_once(client, question)

    async def added_to_script(self) -> dict[str, Figure]:
        """What serving adds to a turn whose length is known, because a script sleeps for it; one question at a time."""
        async with httpx.AsyncClient(timeout=120) as client:
            seen = [await self.users.ask_once(client, self.users.asked[0]) for _ in range(40)]
        added = [1e3 * (one.answer_s / one.steps - SCRIPT_S) for one in seen if one.status == 200]
        return {
            "script/added_ms_a_turn_p50": Figure(statistics.median(added), "ms", at_most=ADDED_MS),
            "script/added_ms_a_turn_p95": Figure(p95(added), "ms"),
            "script/added_ms_a_turn_least": Figure(min(added), "ms"),
        }

    async def level(self, users: int) -> dict[str, Figure]:
        rate, seen, took = await self.users.tokens_a_second(users, self.seconds)
        good = [one for one in seen if one.status == 200]
        first, answer = [one.first_s for one in good], [one.answer_s for one in good]
        figures = {
            "first_event_p50_s": Figure(statistics.median(first), "s"),
            "first_event_p95_s": Figure(p95(first), "s"),
            "answer_p50_s": Figure(statistics.median(answer), "s"),
            "answer_p95_s": Figure(p95(answer), "s"),
            "answers_a_minute": Figure(60 * len(good) / took, "count"),
            "tokens_per_s": Figure(rate, "count"),
            "failed": Figure(len(seen) - len(good), "count", at_most=0),
        }
        return {f"users_{users}/{name}": figure for name, figure in figures.items()}

    async def twice_capacity(self) -> dict[str, Figure]:
        """Twice as many users as can be answered and wait (32): how many are sent away, and that nobody fails otherwise."""
        seen = await self.users.ask(64, min(10.0, self.seconds), pause_s=0.5)
        away = sum(one.status == 503 for one in seen)
        return {
            "twice_capacity/sent_away": Figure(away / max(1, len(seen)), "share"),
            "twice_capacity/failed": Figure(sum(one.status not in (200, 503) for one in seen), "count", at_most=0),
        }

    async def beside_raw(self, raw: RawClient, rounds: int, keep: Any) -> None:
        """What serving adds to a turn, and tokens a second of 16 users and of the engine alone."""
        users = Users(self.users.server, self.users.asked[:RAW_QUESTIONS])
        await raw.ask("play", users.asked)
        added, turn_ms = await self._added_ms_a_turn(users, raw, rounds)
        keep({"raw/turn_ms": Figure(turn_ms, "ms"), "added_ms_a_turn": Figure(added, "ms", at_most=ADDED_MS)})
        served: list[float] = []
        alone: list[float] = []
        for number in range(rounds):
            for of_raw in (number % 2 == 0, number % 2 == 1):
                if of_raw:
                    alone.append(await raw.ask("tokens_a_second", RAW_USERS, self.seconds))
                else:
                    served.append((await users.tokens_a_second(RAW_USERS, self.seconds))[0])
            keep(
                {
                    "users_16/of_raw": Figure(
                        statistics.median(a / b for a, b in zip(served, alone, strict=True)), "share", at_least=RAW_SHARE
                    ),
                    "users_16/of_raw_lowest": Figure(min(a / b for a, b in zip(served, alone, strict=True)), "share"),
                    "raw/served_tokens_per_s": Figure(statistics.median(served), "count"),
                    "raw/tokens_per_s": Figure(statistics.median(alone), "count"),
                }
            )

    async def _added_ms_a_turn(self, users: Users, raw: RawClient, repeats: int) -> tuple[float, float]:
        """What a turn takes longer when it is served than when it is only sampled, and what it takes alone, in milliseconds.

        One question at a time, served and replayed in turns; of each the fastest of the repeats counts, because others may use the machine,
        and of the questions the median. One that is played in another number of turns than when many were sampled at once is left out.
        """
        added, alone = [], []
        async with httpx.AsyncClient(timeout=120) as client:
            for place, asked in enumerate(users.asked[:ADDED_QUESTIONS]):
                served_s, alone_s, turns = [], [], 0
                for _ in range(repeats):
                    seen = await users.ask_once(client, asked)
                    seconds, turns = await raw.ask("replay", place)
                    alone_s.append(seconds)
                    if seen.status == 200 and seen.steps == turns:
                        served_s.append(seen.answer_s)
                if served_s:
                    added.append(1e3 * (min(served_s) - min(alone_s)) / turns)
                    alone.append(1e3 * min(alone_s) / turns)
        return statistics.median(added), statistics.median(alone)

    async def swap(self, policy: str) -> dict[str, Figure]:
        """Four users while other weights are promoted and rolled back; the weights are the same, their version is not."""
        body = {"policy": policy, "name": "again", "tested": {"correct": 1, "questions": 1}}
        url, done = self.users.server.url, []

        async def change() -> None:
            async with httpx.AsyncClient(timeout=120) as client:
                await asyncio.sleep(2)
                done.append((await client.post(f"{url}/v1/admin/promote", json=body)).json())
                await asyncio.sleep(2)
                done.append((await client.post(f"{url}/v1/admin/rollback")).json())

        changing = asyncio.create_task(change())
        seen = await self.users.ask(4, max(12.0, self.seconds))
        await changing
        good = [one for one in seen if one.status == 200]
        return {
            "swap/answers": Figure(len(good), "count"),
            "swap/failed": Figure(len(seen) - len(good), "count", at_most=0),
            "swap/versions_seen": Figure(len({one.versions for one in good}), "count", at_least=2),
            "swap/loading_s": Figure(max(one["seconds"] for one in done), "s"),
            "swap/longest_answer_s": Figure(max(one.answer_s for one in good), "s"),
        }

    async def kill(self) -> dict[str, Figure]:
        """Four users while the generator is killed, until one is answered again."""
        back, server = 0.0, self.users.server
        engines = server.engines()

        async def kill_and_wait() -> None:
            nonlocal back
            await asyncio.sleep(2)
            (replica,) = await asyncio.to_thread(server.replicas, "Generator")
            replica.kill()
            began = time.perf_counter()
            async with httpx.AsyncClient(timeout=60) as client:
                await asyncio.sleep(1)
                while (await self.users.ask_once(client, self.users.asked[0])).status != 200:
                    await asyncio.sleep(0.2)
            back = time.perf_counter() - began

        task = asyncio.create_task(kill_and_wait())
        seen = await self.users.ask(4, 300.0, until=task, pause_s=0.5)
        await task
        return {
            "kill/healthy_after_s": Figure(back, "s"),
            "kill/sent_away": Figure(sum(one.status == 503 for one in seen), "count"),
            "kill/failed_otherwise": Figure(sum(one.status not in (200, 503) for one in seen), "count", at_most=0),
            "kill/engines_that_outlived_it": Figure(sum(engine.is_running() for engine in engines), "count", at_most=0),
        }

    async def abuse(self, seconds: float) -> dict[str, Figure]:
        """Two good users while somebody sends rubbish, 20 requests a second."""
        server = self.users.server
        files = self._files()
        memory: dict[str, int] = {}  # counted from a third of the time on, when all has been loaded that is used
        codes: dict[str, int] = {}
        until = time.monotonic() + seconds

        async def look_at_memory() -> None:
            nonlocal memory
            await asyncio.sleep(seconds / 3)
            memory = await asyncio.to_thread(server.memory_bytes)

        async def send(client: httpx.AsyncClient, request: dict[str, Any]) -> None:
            try:
                status = str((await client.request(**request)).status_code)
            except httpx.HTTPError as error:
                status = type(error).__name__
            codes[status] = codes.get(status, 0) + 1

        async def abuse() -> None:
            running: set[asyncio.Task[None]] = set()
            async with httpx.AsyncClient(timeout=15, base_url=server.url) as client:
                for request in hostile_requests():
                    if time.monotonic() > until:
                        break
                    running.add(asyncio.create_task(send(client, request)))
                    running = {task for task in running if not task.done()}
                    await asyncio.sleep(1 / A_SECOND)
                await asyncio.gather(*running)

        slow = [await asyncio.to_thread(slow_client, server.url) for _ in range(8)]
        seen: list[Seen]
        seen, *_ = await asyncio.gather(self.users.ask(2, seconds), abuse(), look_at_memory())
        for connection in slow:
            connection.close()
        good = [one for one in seen if one.status == 200]
        minutes, held = 2 / 3 * seconds / 60, server.memory_bytes()
        jails = held.pop(JAIL, 0)  # as many as are in use and eight more: a kill makes them fewer, a question more
        grew = {name: (held[name] - memory.get(name, 0)) / 1e6 / minutes for name in held}
        most = sorted(grew, key=lambda name: -abs(grew[name]))[:4]
        return {
            "abuse/requests": Figure(sum(codes.values()), "count"),
            "abuse/5xx_but_503": Figure(sum(n for code, n in codes.items() if code.startswith("5") and code != "503"), "count", at_most=0),
            "abuse/good_answers": Figure(len(good), "count"),
            "abuse/good_failed": Figure(len(seen) - len(good), "count", at_most=0),
            "abuse/good_answer_p95_s": Figure(p95([one.answer_s for one in good]), "s"),
            "abuse/files_written": Figure(len(self._files() - files), "count", at_most=0),
            "abuse/memory_mb_a_minute": Figure(sum(grew.values()), "MB", at_most=1.0),
            **{f"abuse/memory_mb_a_minute/{name}": Figure(grew[name], "MB") for name in most},
            "abuse/memory_of_jails_mb": Figure(jails / 1e6, "MB"),
        }

    def _files(self) -> set[Path]:
        """Databases that are kept."""
        return set((self.users.server.folder / "state" / "databases").rglob("*"))
