"""Lets answers in as long as no weights are being changed, and changes weights only when no answer is under way.

An answer holds a lease from its first turn to its last, so that one set of weights makes all of it. Who never gives a lease back (a process
that was killed) loses it when its time is up.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator


class LeaseLostError(RuntimeError):
    """The weights that this answer was begun with are not in place any more."""


class Gate:
    """Leases of one engine's weights, all in one event loop."""

    def __init__(self) -> None:
        self._leases: dict[str, float] = {}  # by when each is given up
        self._open = asyncio.Event()
        self._open.set()
        self._changed = asyncio.Event()
        self._one_change = asyncio.Lock()
        self.waiting = 0

    @property
    def leased(self) -> int:
        return len(self._leases)

    async def enter(self, seconds: float) -> str:
        """A lease for at most so many seconds; waits while weights are changed."""
        self.waiting += 1
        try:
            await self._open.wait()
        finally:
            self.waiting -= 1
        lease = secrets.token_hex(8)
        self._leases[lease] = time.monotonic() + seconds
        return lease

    def check(self, lease: str) -> None:
        """Raise LeaseLostError unless the lease is held."""
        if lease not in self._leases:
            raise LeaseLostError("the weights that this answer was begun with are gone: ask again")

    def leave(self, lease: str) -> None:
        """Give a lease back; one that is gone is no harm."""
        self._leases.pop(lease, None)
        self._changed.set()

    @contextlib.asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Nobody holds a lease inside the block, and whoever wants one waits for its end."""
        async with self._one_change:
            self._open.clear()
            try:
                await self._empty()
                yield
            finally:
                self._open.set()

    async def _empty(self) -> None:
        while True:
            now = time.monotonic()
            for lease in [lease for lease, until in self._leases.items() if until <= now]:
                del self._leases[lease]
            if not self._leases:
                return
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(self._leases.values()) - now)
