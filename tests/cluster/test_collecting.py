"""Groups in step with the learner and ahead of it, played by stand-ins with random delays."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from cluster.collecting import Ahead, Collected, InStep, Tally
from cluster.staleness import lag
from envs.records import Group, Question
from tests.fakes import bare_group, endless_draws
from tests.virtual_time import in_virtual_time

WANTED, REFILL = 3, 2


class World:
    """Generators whose weights are a number; a group samples a token now and a token later, and takes a random time for it."""

    def __init__(self, seed: int, longest_s: float = 0.006) -> None:
        self.version = 0
        self.random = random.Random(seed)
        self.asked: Counter[int] = Counter()
        self.in_flight = self.most_in_flight = 0
        self._longest_s = longest_s

    async def play(self, question: Question, number: int) -> Group:
        self.asked[number] += 1
        first, flat = self.version, self.random.random() < 0.3
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        delay = self.random.random() * self._longest_s
        await asyncio.sleep(delay * 6 if self.random.random() < 0.15 else delay)  # some take as long as several steps
        self.in_flight -= 1
        return bare_group(question, (first, self.version), flat=flat)


async def train(world: World, max_lag: int, steps: int) -> tuple[list[Collected], Ahead]:
    ahead = Ahead(world.play, endless_draws(), Tally(), max_lag=max_lag, wanted=WANTED, refill=REFILL, in_flight=50)
    taken = []
    for step in range(steps):
        collected = await ahead.take(step)
        assert all(lag(group, step) <= max_lag for group in collected.trained)
        assert collected.lags == [lag(group, step) for group in collected.trained]
        taken.append(collected)
        await asyncio.sleep(world.random.random() * 0.004)  # the learner trains
        world.version = step + 1
        ahead.advance(step + 1)
    await asyncio.sleep(0)  # so that what was started last has been asked
    await ahead.close()
    return taken, ahead


@pytest.mark.parametrize("seed", range(4))
@in_virtual_time
async def test_no_group_older_than_max_lag_reaches_the_learner_and_every_drop_is_counted_and_asked_again(seed: int) -> None:
    world = World(seed)
    taken, ahead = await train(world, max_lag=2, steps=40)
    dropped = [group.question.id for collected in taken for group in collected.stale]
    trained = [group.question.id for collected in taken for group in collected.trained]
    assert dropped, "nothing was late: the test shows nothing"
    assert max(lag for collected in taken for lag in collected.lags) > 0, "nothing ran ahead"
    drops = Counter([*dropped, *(group.question.id for group in ahead._stale)])
    waiting = Counter(question.id for _, question in ahead._again)
    for number, times in world.asked.items():
        assert times + waiting[f"q{number}"] == 1 + drops[f"q{number}"]
    assert len(trained) == len(set(trained)), "a question was trained on twice"


@in_virtual_time
async def test_no_more_is_started_than_the_next_max_lag_steps_and_this_one_can_use() -> None:
    world = World(0, longest_s=0.001)
    ahead = Ahead(world.play, endless_draws(), Tally(1000, 0), max_lag=2, wanted=WANTED, refill=REFILL, in_flight=50)
    await ahead.take(0)
    await asyncio.sleep(0.05)  # the learner trains for long: everything that may be started ends
    assert len(ahead._ready) <= 2 * WANTED + 1
    started = sum(world.asked.values())
    await asyncio.sleep(0.02)
    assert sum(world.asked.values()) == started
    assert world.most_in_flight <= 3 * WANTED + 1
    await ahead.close()


@in_virtual_time
async def test_a_resumed_run_asks_again_from_the_first_question_that_was_not_settled() -> None:
    world = World(3)
    taken, ahead = await train(world, max_lag=2, steps=10)
    settled = {int(g.question.id[1:]) for collected in taken for g in [*collected.trained, *collected.flat]}
    settled |= {int(g.question.id[1:]) for g in ahead._flat}
    assert ahead.unsettled == next(number for number in itertools.count() if number not in settled)


@in_virtual_time
async def test_a_failure_while_playing_ends_the_step_that_waits_for_it() -> None:
    async def fail(_question: Question, _number: int) -> Group:
        await asyncio.sleep(0)
        raise RuntimeError("the database is gone")

    ahead = Ahead(fail, endless_draws(), Tally(), max_lag=1, wanted=WANTED, refill=REFILL, in_flight=5)
    with pytest.raises(RuntimeError, match="database is gone"):
        await ahead.take(0)
    await ahead.close()


@in_virtual_time
async def test_in_step_groups_keep_the_order_they_were_asked_in_whichever_ends_first() -> None:
    world = World(5)

    async def wave(questions: Sequence[Question], version: int) -> AsyncIterator[Group]:
        groups = [bare_group(question, (version, version), flat=int(question.id[1:]) % 4 == 0) for question in questions]
        for group in world.random.sample(groups, len(groups)):
            yield group

    source = InStep(wave, endless_draws(), Tally(), WANTED, REFILL)
    first, second = await source.take(0), await source.take(1)
    numbers = [int(group.question.id[1:]) for collected in (first, second) for group in collected.trained]
    assert numbers == sorted(numbers)
    assert len(first.played) <= REFILL * WANTED
    assert source.unsettled == len(first.played) + len(second.played)
