"""Connections are lent to one at a time, kept for the next, and ended with the SQL that runs on them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from envs.sandbox import Limits, QueryError
from serving.connections import Connections
from tests.serving.scripts import ENDLESS


async def test_what_was_given_back_is_lent_again_and_two_at_once_are_two(shop_db: Path) -> None:
    connections = Connections()
    async with connections.lent(shop_db) as first, connections.lent(shop_db) as second:
        assert first is not second
    async with connections.lent(shop_db) as third:
        assert third in (first, second)
    connections.close()
    assert first.child_pid is None
    assert second.child_pid is None


async def test_sql_under_way_ends_with_the_task_that_wanted_it_and_its_process_too(shop_db: Path) -> None:
    connections = Connections(limits=Limits(timeout_s=3_600))
    running = asyncio.Event()
    pids: list[int] = []

    async def ask() -> None:
        async with connections.lent(shop_db) as database:
            pids.append(database.child_pid or 0)
            running.set()
            await asyncio.to_thread(database.query, ENDLESS.format(1))

    task = asyncio.create_task(ask())
    await running.wait()
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(300):  # the query alone would take an hour
            await task
    assert not psutil.pid_exists(pids[0])
    assert connections.killed == 1


async def test_a_stopped_database_starts_no_process_again(shop_db: Path) -> None:
    connections = Connections()
    async with connections.lent(shop_db) as database:
        pass
    database.stop()
    with pytest.raises(QueryError):
        database.query("SELECT 1")
    assert database.child_pid is None


async def test_a_deleted_database_is_not_lent_from_what_is_kept(shop_db: Path) -> None:
    connections = Connections()
    async with connections.lent(shop_db) as database:
        pass
    shop_db.unlink()
    connections.forget(shop_db)
    assert database.child_pid is None
    with pytest.raises(FileNotFoundError):
        async with connections.lent(shop_db):
            pass
