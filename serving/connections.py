"""Open connections to the databases that are asked, each in a jailed process of its own and lent to one answer at a time.

What an answer borrows nobody else uses, so that a cancelled one can have its SQL killed without harm to others.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from envs.sandbox import Database, Limits, Trust


class Connections:
    """Lends jailed connections; keeps some open between answers, because opening reads the schema.

    Args:
        idle_max: connections kept open that nobody uses; the ones unused longest are closed first.
        limits: of every query.
    """

    def __init__(self, idle_max: int = 8, limits: Limits | None = None) -> None:
        self._idle_max, self._limits = idle_max, limits or Limits()
        self._idle: list[tuple[Path, Database]] = []  # the last used stands last
        self._lock = threading.Lock()
        self.killed = 0  # children that were ended with their SQL

    @contextlib.asynccontextmanager
    async def lent(self, path: Path) -> AsyncIterator[Database]:
        """A connection for the block; if that is left by an exception, cancellation included, its SQL is ended at once.

        Raises:
            FileNotFoundError: the database is gone.
            ValueError: it cannot be read.
        """
        opening = asyncio.ensure_future(asyncio.to_thread(self._take, path))
        try:
            database = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._give_back_unused)
            raise
        try:
            yield database
        except BaseException:
            self.killed += 1
            await asyncio.shield(asyncio.to_thread(database.stop))
            raise
        self._give_back(path, database)

    def forget(self, path: Path) -> None:
        """Close the idle connections to a database that is being deleted."""
        with self._lock:
            gone = [database for known, database in self._idle if known == path]
            self._idle = [(known, database) for known, database in self._idle if known != path]
        for database in gone:
            database.close()

    def close(self) -> None:
        """Close all that is idle; what is lent is closed when it comes back."""
        with self._lock:
            self._idle_max = 0
        for database in self._surplus():
            database.close()

    def _take(self, path: Path) -> Database:
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place][0] == path and path.is_file():
                    return self._idle.pop(place)[1]
        return Database.open(path, self._limits, Trust.UNTRUSTED)

    def _give_back(self, path: Path, database: Database) -> None:
        with self._lock:
            self._idle.append((path, database))
        for surplus in self._surplus():
            surplus.close()

    def _give_back_unused(self, opening: asyncio.Future[Database]) -> None:
        if not opening.cancelled() and opening.exception() is None:
            self._give_back(opening.result().path, opening.result())

    def _surplus(self) -> Iterator[Database]:
        while True:
            with self._lock:
                if len(self._idle) <= self._idle_max:
                    return
                _, database = self._idle.pop(0)
            yield database
