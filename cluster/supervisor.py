"""Keeps a run going when its processes die: sees it, has them restarted, and lets a generator sample again only with the right weights.

Ray restarts rollout and generator actors by itself; an engine that died inside a living actor is killed with its actor, which Ray then
restarts. A generator goes dead -> restarting -> stale -> healthy: started anew it holds the base model and refuses every turn until the
learner's weights were pushed and the canary agrees. What was being played is played again. Each restart is an event with cause, action
and seconds; more of them within a window than the limit stop the run. A lost learner is the caller's to rebuild (cluster/runner.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from enum import StrEnum
from typing import Any

import ray
from ray.exceptions import ObjectLostError, RayActorError, RayError, RayTaskError

from actors.generator_actor import GeneratorDiedError
from cluster.canary import check_canary
from cluster.config import SupervisionConfig
from cluster.errors import UserError
from cluster.play import play_groups
from cluster.ray_setup import Crew
from envs.records import Group, Question
from envs.run_store import RunStore
from learner.errors import PushError

log = logging.getLogger(__name__)

BASE = 0  # the version of the weights a generator starts with
KILL_AGAIN_S = 15.0  # a generator that was killed is not killed again for so long
ATTEMPTS = 5  # of one question or one push: more failures than this are no accident


class Health(StrEnum):
    """What a generator is fit for; only a healthy one samples."""

    HEALTHY = "healthy"
    DEAD = "dead"
    RESTARTING = "restarting"
    STALE = "stale"


class TooManyRestartsError(UserError):
    """Processes die faster than the limit allows: something is wrong that a restart does not mend."""


class Supervisor:
    """Watches one run's crew. The caller plays and pushes through it.

    Args:
        canary: token ids on which generators and learner must agree after a push.
        canary_bound: by how much, nats a token.
    """

    def __init__(self, crew: Crew, store: RunStore, config: SupervisionConfig, canary: list[tuple[int, ...]], canary_bound: float) -> None:
        self.crew = crew
        self.health = dict.fromkeys(range(len(crew.generators)), Health.HEALTHY)
        self.restarts = 0
        self.version: int | None = None  # of the last push; None: the generators hold the base model, as they start with
        self._store, self._config, self._canary, self._bound = store, config, canary, canary_bound
        self._directory: str | None = None  # what was pushed, when it was not the learner's own weights
        self._recent: deque[float] = deque()
        self._mended_at: dict[str, float] = {}  # actor id to when it was last seen to, so that one death counts once
        self._died: dict[int, tuple[float, str]] = {}  # generator to when its death was noticed, and the cause
        self._killed_at: dict[int, float] = {}
        self._one_at_a_time = asyncio.Lock()

    async def play(
        self, questions: Iterable[Question], *, members: int, seed: int, temperature: float, concurrency: int, steered: bool = False
    ) -> AsyncGenerator[Group]:
        """`cluster.play.play_groups`, with what a death cut short played again.

        Raises:
            TooManyRestartsError: too many processes died.
            ray.exceptions.RayError: a failure that is no death, such as a missing database.
        """
        groups = play_groups(
            self.crew.rollouts,
            questions,
            members=members,
            seed=seed,
            temperature=temperature,
            concurrency=concurrency,
            steered=steered,
            recover=self.recover,
        )
        async with contextlib.aclosing(groups):
            async for group in groups:
                yield group

    async def push(self, version: int) -> dict[str, float]:
        """Make all generators sample with the learner's weights, and see by the canary that they do.

        Returns:
            The broadcaster's metrics and `canary/logprob_gap`.

        Raises:
            TooManyRestartsError: generators died again and again.
            WeightsOutOfSyncError: the canary does not agree.
            ray.exceptions.RayError: the learner is lost.
        """
        async with self._one_at_a_time:
            self._directory = None
            return await self._push(version)

    async def push_directory(self, directory: str, version: int) -> dict[str, float]:
        """Make all generators sample with the weights of an exported model directory; the canary has nothing to compare them with."""
        async with self._one_at_a_time:
            self._directory = directory
            return await self._push(version)

    async def begin_with_base(self) -> None:
        """Have the generators hold the base model again: those that weights were pushed to are started anew, without counting it."""
        async with self._one_at_a_time:
            if self.version is None:
                return
            self.version = None
            for index in self.health:
                self._note_death(index, RuntimeError("ended by us: it is to hold the base model again"))
                self._kill(index)
            await asyncio.gather(*(self._await_generator(index, None, until=Health.STALE) for index in self.health))
            for index, handle in enumerate(self.crew.generators):
                await handle.admit.remote(BASE)
                self._died.pop(index, None)
                self._set(index, Health.HEALTHY)

    async def recover(self, error: BaseException, question: Question, attempt: int, began: float) -> None:
        """After a group failed: mend what died, then return, so that its question is played again.

        Args:
            attempt: how often this question has failed, this time included.
            began: when it was asked for, by time.monotonic().

        Raises:
            TooManyRestartsError: more processes died than the limit allows, or the question was cut short again and again.
            the error itself when it is no death of a process.
        """
        if not is_death(error):
            raise error
        if attempt > ATTEMPTS:
            raise self._given_up(f"question {question.id} was cut short {attempt} times, the last by: {first_line(error)}")
        async with self._one_at_a_time:
            log.warning("question %s is played again: %s", question.id, first_line(error))
            await self._mend_rollouts(error, began)
            await self._mend_generators()

    async def watch(self) -> None:
        """Look at the engines again and again until cancelled, so that a dead one is noticed, and restarted, while nothing is played.

        Begin with it in every event loop: what keeps the others apart belongs to one.
        """
        self._one_at_a_time = asyncio.Lock()
        while True:
            await asyncio.sleep(self._config.watch_s)
            async with self._one_at_a_time:
                await asyncio.gather(*(self._look(index) for index in self.health))

    def count_restart(self, who: str, cause: str, action: str, seconds: float) -> None:
        """Note a restart in events.jsonl.

        Raises:
            TooManyRestartsError: it is one too many within the window.
        """
        now = time.monotonic()
        self.restarts += 1
        self._recent.append(now)
        while self._recent and self._recent[0] < now - 60 * self._config.window_minutes:
            self._recent.popleft()
        self._store.append_event("restart", who=who, cause=cause, action=action, seconds=round(seconds, 2))
        log.warning("%s: %s; %s in %.1f s", who, cause, action, seconds)
        if len(self._recent) > self._config.restarts_max:
            raise self._given_up(
                f"{len(self._recent)} processes died within {self._config.window_minutes:g} minutes (supervision.restarts_max is "
                f"{self._config.restarts_max}), the last was {who}: {cause}"
            )

    async def _push(self, version: int) -> dict[str, float]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                metrics = await self._send(version)
                self.version = version
                await self._admit(version, f"weights v{version} pushed")
            except RayError as error:
                if not (is_death(error) or isinstance(error, PushError)):
                    raise
                await self.crew.learner.forget_generators.remote()  # raises when it is the learner that is lost
                if attempt == ATTEMPTS:
                    raise self._given_up(f"weights v{version} were pushed {attempt} times in vain: {first_line(error)}") from error
                await self._await_generators(error)
            else:
                return metrics
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, version: int) -> dict[str, float]:
        learner, generators = self.crew.learner, self.crew.generators
        metrics: dict[str, float]
        if self._directory is not None:
            metrics = await learner.push_directory.remote(self._directory, generators, version)
            return metrics
        metrics = await learner.push.remote(generators, version)
        return {**metrics, "canary/logprob_gap": await check_canary(self.crew, self._canary, version, self._bound)}

    async def _mend_generators(self) -> None:
        """All generators back and with the right weights."""
        await self._await_generators(None)
        if not any(health is Health.STALE for health in self.health.values()):
            return
        if self.version is None:
            await self._admit(BASE, "the base model's weights are what it should hold")
        else:
            await self.crew.learner.forget_generators.remote()  # a process group with a dead member cannot be used again
            await self._push(self.version)

    async def _await_generators(self, error: BaseException | None) -> None:
        await asyncio.gather(*(self._await_generator(index, error) for index in self.health))

    async def _await_generator(self, index: int, error: BaseException | None, until: Health | None = None) -> None:
        """Wait until a generator answers, restarted if need be; it is then healthy, or stale, or what it is waited for."""
        deadline = time.monotonic() + self._config.ready_s
        while not await self._look(index, error) or until not in (None, self.health[index]):
            if time.monotonic() > deadline:
                raise self._given_up(f"generator {index} is not back after {self._config.ready_s:.0f} s ({self._died[index][1]})")
            await asyncio.sleep(0.2)

    async def _look(self, index: int, error: BaseException | None = None) -> bool:
        """Whether a generator answers; one whose engine is dead is killed, for Ray to start it anew."""
        handle = self.crew.generators[index]
        try:
            await asyncio.wait_for(_answer(handle.ready), self._config.ready_s)
            stale = await _answer(handle.is_stale)
        except (RayError, TimeoutError) as found:
            self._note_death(index, found)
            if isinstance(found, RayTaskError | TimeoutError):  # the actor lives, its engine does not
                self._kill(index)
            self._set(index, Health.RESTARTING)
            return False
        if not stale:  # what was taken for a death was not one
            self._died.pop(index, None)
            self._set(index, Health.HEALTHY)
        elif self.health[index] is not Health.STALE:
            self._note_death(index, error or RuntimeError("its process was gone"))
            self._set(index, Health.STALE)
        return True

    def _kill(self, index: int) -> None:
        """Have Ray start a generator anew; not again while it is at that, or the new process would be what is killed."""
        now = time.monotonic()
        if now - self._killed_at.get(index, -KILL_AGAIN_S) >= KILL_AGAIN_S:
            self._killed_at[index] = now
            ray.kill(self.crew.generators[index], no_restart=False)

    def _note_death(self, index: int, error: BaseException) -> None:
        if index not in self._died:
            self._died[index] = (time.monotonic(), first_line(error))
            self._set(index, Health.DEAD)

    async def _admit(self, version: int, action: str) -> None:
        """Let every generator sample that holds these weights, and note the restarts, of those too that nobody has noticed till now.

        Raises:
            GeneratorDiedError, RayActorError: one was restarted after the push.
        """
        for index, handle in enumerate(self.crew.generators):
            if not await handle.admit.remote(version):
                self._died.pop(index, None)  # it was slow to answer, no more
                self._set(index, Health.HEALTHY)
                continue
            self._note_death(index, RuntimeError("its process was gone"))
            self._set(index, Health.STALE)
            self._set(index, Health.HEALTHY)
            self._killed_at.pop(index, None)
            noticed, cause = self._died.pop(index)
            self.count_restart(f"generator {index}", cause, f"restarted; {action}", time.monotonic() - noticed)

    async def _mend_rollouts(self, error: BaseException, began: float) -> None:
        """When it was a rollout actor that died: wait for it to be back."""
        for index, handle in enumerate(self.crew.rollouts):
            name = handle._actor_id.hex()
            if not isinstance(error, RayActorError) or error.actor_id != name or began < self._mended_at.get(name, 0.0):
                continue
            noticed = time.monotonic()
            try:
                await asyncio.wait_for(_until_ready(handle), self._config.ready_s)
            except TimeoutError:
                raise self._given_up(
                    f"rollout actor {index} is not back after {self._config.ready_s:.0f} s: {first_line(error)}"
                ) from error
            self._mended_at[name] = time.monotonic()
            self.count_restart(
                f"rollout actor {index}", first_line(error), "restarted; its groups are played again", self._mended_at[name] - noticed
            )

    def _given_up(self, what: str) -> TooManyRestartsError:
        """The error that ends the run, told in events.jsonl too."""
        error = TooManyRestartsError(
            f"{what}. Look for the reason in {self._store.logs_dir}, such as memory that ran out; the same command goes on from the last "
            "checkpoint"
        )
        self._store.append_event("failed", error=type(error).__name__, cause=what)
        return error

    def _set(self, index: int, health: Health) -> None:
        if self.health[index] is not health:
            self.health[index] = health
            self._store.append_event("generator_health", who=f"generator {index}", health=health.value)


def is_death(error: BaseException) -> bool:
    """Whether an error means that a process is gone, and not that something was asked for wrongly."""
    return isinstance(error, RayActorError | GeneratorDiedError | ObjectLostError)  # an answer is lost with the node it lay on


async def _until_ready(handle: Any) -> None:
    while True:
        with contextlib.suppress(RayActorError):
            await _answer(handle.ready)
            return
        await asyncio.sleep(0.2)


async def _answer(method: Any) -> Any:
    return await method.remote()


def first_line(error: BaseException) -> str:
    """The message for an event: an actor's error without its traceback."""
    cause = getattr(error, "cause", None) or error
    return next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)[:300]
