"""Gets a step its groups: `InStep` while the learner waits (max_lag 0, exact), `Ahead` while it trains (max_lag above 0).

A group's lag is how many weight versions its oldest token is behind the learner when the learner takes it, so time in the queue counts.
Ahead, no more is started than can be used: a group begun at version v can train at the latest max_lag steps later, and only so many
groups are wanted until then. What is too old all the same is dropped, counted, and its question asked again before any other.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from cluster.schedule import groups_to_ask_for
from cluster.staleness import fresh_groups, lag
from envs.records import Group, Question

Draw = tuple[int, Question]  # a question and its place in the stage's order


@dataclass(frozen=True)
class Collected:
    """What a step gets."""

    trained: list[Group]  # fresh and with variance, in the order they were asked for (Ahead: in which they came)
    flat: list[Group]  # without variance: nothing to learn from them
    stale: list[Group]  # too old; their questions are asked again
    lags: list[int] = field(default_factory=list)  # of those trained, in weight versions

    @property
    def played(self) -> list[Group]:
        return [*self.trained, *self.flat, *self.stale]


@dataclass
class Tally:
    """Groups of a stage so far, by which the share without variance is foreseen."""

    groups: int = 0
    flat: int = 0


class InStep:
    """Plays a step's groups when they are asked for, by the newest weights: every group has lag 0.

    As many are asked for at once as will probably give `wanted` with variance: one large wave of episodes takes far less time than two
    small ones. A step plays at most refill * wanted groups.

    Args:
        play: plays questions, groups in any order; the number is the version of the weights, which the seed follows from.
        draws: the stage's questions in order.
    """

    def __init__(
        self, play: Callable[[Sequence[Question], int], AsyncIterator[Group]], draws: Iterator[Draw], tally: Tally, wanted: int, refill: int
    ) -> None:
        self._play, self._draws, self._tally, self._wanted, self._refill = play, draws, tally, wanted, refill
        self.unsettled = 0  # the first draw that a run resumed from here has to make

    async def take(self, version: int) -> Collected:
        """The groups of the step that trains weights `version`."""
        trained: list[Group] = []
        flat: list[Group] = []
        stale: list[Group] = []
        while len(trained) < self._wanted and (played := len(trained) + len(flat) + len(stale)) < self._refill * self._wanted:
            missing, room = self._wanted - len(trained), self._refill * self._wanted - played
            asked = list(
                itertools.islice(self._draws, groups_to_ask_for(missing, self._tally.groups + played, self._tally.flat + len(flat), room))
            )
            place = {question.id: number for number, question in asked}
            wave = [group async for group in self._play([question for _, question in asked], version)]
            wave.sort(key=lambda group: place[group.question.id])  # they finish in another order each time
            fresh = fresh_groups(wave, version, 0)
            trained += [group for group in fresh if group.has_variance]
            flat += [group for group in wave if not group.has_variance]
            stale += [group for group in wave if group.has_variance and group not in fresh]
            self.unsettled = asked[-1][0] + 1
        self._tally.groups += len(trained) + len(flat) + len(stale)
        self._tally.flat += len(flat)
        return Collected(trained, flat, stale, [0] * len(trained))

    def advance(self, version: int) -> None:
        """Nothing is under way between steps."""

    async def close(self) -> None:
        """Nothing is under way between steps."""


class Ahead:
    """Plays groups all the time, also while the learner trains and while weights are pushed.

    Args:
        play: plays one question, given its place in the order.
        draws: the stage's questions in order.
        max_lag: weight versions a group may be behind when it is taken, 1 or more.
        wanted: groups with variance a step trains on.
        refill: a step takes what there is once refill * wanted groups have come for it.
        in_flight: groups played at once at most.
    """

    def __init__(
        self,
        play: Callable[[Question, int], Awaitable[Group]],
        draws: Iterator[Draw],
        tally: Tally,
        *,
        max_lag: int,
        wanted: int,
        refill: int,
        in_flight: int,
    ) -> None:
        self._play, self._draws, self._tally = play, draws, tally
        self._max_lag, self._wanted, self._refill, self._in_flight = max_lag, wanted, refill, in_flight
        self._running: dict[asyncio.Task[Group], Draw] = {}
        self._ready: deque[tuple[Draw, Group]] = deque()
        self._flat: list[Group] = []  # since the last step
        self._stale: list[Group] = []
        self._again: deque[Draw] = deque()
        self._settled: list[int] = []  # a heap of draws that are done with, after one that is not
        self.unsettled = -1  # the first draw that a run resumed from here has to make; -1 before any
        self._training = False  # the learner trains: what is started now is for later steps
        self._arrived = asyncio.Event()
        self._error: BaseException | None = None

    async def take(self, version: int) -> Collected:
        """Wait for the groups of the step that trains weights `version`; those taken are none of them more than max_lag behind.

        Raises:
            what `play` raised.
        """
        self._training = False
        while True:
            if self._error is not None:
                raise self._error
            self._drop_stale(version)
            enough = len(self._ready) >= self._wanted
            if enough or len(self._ready) + len(self._flat) + len(self._stale) >= self._refill * self._wanted:
                return self._hand_over(version)
            self._arrived.clear()
            self._admit()
            await self._arrived.wait()

    def advance(self, version: int) -> None:
        """Weights `version` were pushed: drop what is too old for the next step, and start what it makes room for."""
        self._training = False
        self._drop_stale(version)
        self._admit()

    async def close(self) -> None:
        """Give up what is under way; its questions are asked again by a run that is resumed from `unsettled`."""
        running, self._running = list(self._running), {}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _hand_over(self, version: int) -> Collected:
        taken = [self._ready.popleft() for _ in range(min(self._wanted, len(self._ready)))]
        trained = [group for _, group in taken]
        for (number, _), _ in taken:
            self._settle(number)
        collected = Collected(trained, self._flat, self._stale, [lag(group, version) for group in trained])
        self._flat, self._stale = [], []
        self._training = True
        self._admit()
        return collected

    def _drop_stale(self, version: int) -> None:
        kept: deque[tuple[Draw, Group]] = deque()
        for draw, group in self._ready:
            if lag(group, version) <= self._max_lag:
                kept.append((draw, group))
            else:
                self._stale.append(group)
                self._again.append(draw)
        self._ready = kept

    def _admit(self) -> None:
        """Start groups until as many are ready or under way as the versions they can still train will use."""
        versions = self._max_lag + (0 if self._training else 1)
        missing = versions * self._wanted - len(self._ready)
        if missing <= 0 or self._error is not None:
            return
        room = self._refill * versions * self._wanted
        useful = min(groups_to_ask_for(missing, self._tally.groups, self._tally.flat, room), self._in_flight)
        while len(self._running) < useful:
            draw = self._again.popleft() if self._again else next(self._draws)
            if self.unsettled < 0:
                self.unsettled = draw[0]
            task = asyncio.ensure_future(self._play(draw[1], draw[0]))
            self._running[task] = draw
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[Group]) -> None:
        draw = self._running.pop(task, None)  # type: ignore[call-overload]  # a task is its own future
        if draw is None or task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._error = error
        else:
            group = task.result()
            self._tally.groups += 1
            if group.has_variance:
                self._ready.append((draw, group))
            else:
                self._tally.flat += 1
                self._flat.append(group)
                self._settle(draw[0])
            self._admit()
        self._arrived.set()

    def _settle(self, number: int) -> None:
        heapq.heappush(self._settled, number)
        while self._settled and self._settled[0] == self.unsettled:
            heapq.heappop(self._settled)
            self.unsettled += 1
