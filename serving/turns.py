"""So many at once, so many waiting, and everybody else is told to come back: what keeps a busy server answering."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator


class BusyError(RuntimeError):
    """No turn is to be had; `retry_after_s` says when there may be one."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Turns:
    """Lends turns in the order they are asked for."""

    def __init__(self, at_once: int, waiting_max: int) -> None:
        self.at_once, self.waiting_max = at_once, waiting_max
        self._room = asyncio.Semaphore(at_once)
        self.under_way = self.waiting = 0
        self.closing = False
        self._mean_s = 1.0

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A turn for the block.

        Raises:
            BusyError: too many wait already, or the server is stopping.
        """
        if self.closing:
            raise BusyError("the server is stopping: ask again in a moment", 5)
        if self._room.locked() and self.waiting >= self.waiting_max:
            rounds = 1 + self.waiting / self.at_once
            raise BusyError("too much is asked at once: ask again in a moment", max(1, min(60, round(rounds * self._mean_s))))
        self.waiting += 1
        try:
            await self._room.acquire()
        finally:
            self.waiting -= 1
        began = time.monotonic()
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
            self._mean_s += 0.2 * (time.monotonic() - began - self._mean_s)
            self._room.release()

    async def ended(self, seconds: float) -> bool:
        """Wait until nothing is under way, at most so long; whether that was so."""
        deadline = time.monotonic() + seconds
        while (self.under_way or self.waiting) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        return not self.under_way
