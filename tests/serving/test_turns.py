"""So many at once, so many waiting, the rest sent away."""

from __future__ import annotations

import asyncio

import pytest

from serving.turns import BusyError, Turns


async def test_beyond_those_under_way_and_those_waiting_one_is_sent_away() -> None:
    turns, go = Turns(at_once=1, waiting_max=1), asyncio.Event()

    async def work() -> None:
        async with turns.one():
            await go.wait()

    tasks = [asyncio.create_task(work()) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (turns.under_way, turns.waiting) == (1, 1)
    with pytest.raises(BusyError) as refused:
        async with turns.one():
            pass
    assert refused.value.retry_after_s >= 1
    go.set()
    await asyncio.gather(*tasks)
    assert await turns.ended(60)


async def test_one_that_is_closing_takes_nothing_new_and_ends_what_it_has() -> None:
    turns, go = Turns(1, 5), asyncio.Event()

    async def work() -> None:
        async with turns.one():
            await go.wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    turns.closing = True
    with pytest.raises(BusyError, match="stopping"):
        async with turns.one():
            pass
    assert not await turns.ended(0.01)
    go.set()
    assert await turns.ended(60)
    await task
