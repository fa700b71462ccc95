"""Weights change only when no answer is under way, and whoever comes meanwhile waits."""

from __future__ import annotations

import asyncio

import pytest

from serving.lease import Gate, LeaseLostError


async def test_a_change_waits_for_answers_under_way_and_new_ones_wait_for_the_change() -> None:
    gate, order = Gate(), []
    lease = await gate.enter(60)

    async def change() -> None:
        async with gate.closed():
            order.append("change")
            await asyncio.sleep(0.02)
            order.append("changed")

    async def ask() -> None:
        gate.leave(await gate.enter(60))
        order.append("asked")

    changing = asyncio.create_task(change())
    await asyncio.sleep(0.01)
    asking = asyncio.create_task(ask())
    await asyncio.sleep(0.01)
    assert (order, gate.leased, gate.waiting) == ([], 1, 1)
    order.append("left")
    gate.leave(lease)
    await asyncio.gather(changing, asking)
    assert order == ["left", "change", "changed", "asked"]


async def test_a_lease_that_is_never_given_back_ends_with_its_time_and_is_good_for_nothing_then() -> None:
    gate = Gate()
    lease = await gate.enter(0.5)
    gate.check(lease)
    async with asyncio.timeout(60):
        async with gate.closed():
            with pytest.raises(LeaseLostError):
                gate.check(lease)


async def test_a_change_that_fails_lets_askers_in_again() -> None:
    gate = Gate()
    with pytest.raises(RuntimeError):
        async with gate.closed():
            raise RuntimeError
    async with asyncio.timeout(60):
        await gate.enter(1)
