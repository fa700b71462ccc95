"""Plays many questions through the rollout actors, a bounded number at a time."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Any

from envs.groups import table_to_groups
from envs.records import Group, Question

# From an error, its question, how often it has failed and when it was asked for: returns for it to be played again, else raises.
Recover = Callable[[BaseException, Question, int, float], Awaitable[None]]


async def play_groups(
    rollouts: list[Any],
    questions: Iterable[Question],
    *,
    members: int,
    seed: int,
    temperature: float,
    concurrency: int,
    steered: bool = False,
    recover: Recover | None = None,
) -> AsyncGenerator[Group]:
    """Groups in the order they finish, with at most `concurrency` episodes in flight; drawn from `questions` as room appears.

    Leaving the iteration early abandons what is in flight.

    Raises:
        ray.exceptions.RayError: a rollout failed, and `recover` could not mend it; that is our failure and never a reward of 0.
    """
    waiting = iter(questions)
    first = seed % len(rollouts)  # of many calls with one question each, not all go to the same actor
    actors = itertools.cycle([*rollouts[first:], *rollouts[:first]])
    running: set[asyncio.Task[Any]] = set()
    asked: dict[asyncio.Task[Any], tuple[Question, float]] = {}
    failures: Counter[str] = Counter()
    in_flight = max(1, concurrency // members)

    async def play(question: Question) -> Group:
        table = await next(actors).play.remote(
            question, members=members, seed=question_seed(seed, question.id), temperature=temperature, steered=steered
        )
        return table_to_groups(table)[0]

    try:
        while True:
            for question in itertools.islice(waiting, in_flight - len(running)):
                task = asyncio.create_task(play(question))
                running.add(task)
                asked[task] = question, time.monotonic()
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                question, began = asked.pop(task)
                error = task.exception()
                if error is None:
                    yield task.result()
                elif recover is None:
                    raise error
                else:
                    failures[question.id] += 1
                    await recover(error, question, failures[question.id], began)
                    waiting = itertools.chain([question], waiting)
    finally:
        for task in running:
            task.cancel()


def question_seed(seed: int, question_id: str) -> int:
    """A seed of its own for each question, the same on every machine (Python's hash is salted)."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{question_id}".encode(), digest_size=4).digest(), "big")
