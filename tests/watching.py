"""What a query cost: the most memory of a jailed child, read from /proc while it lives, and how soon it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from envs.sandbox import Database


def resident_peak_kb(pid: int | None) -> int:
    """The most memory a process has held; 0 when it is gone or there is none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0


def soonest(run: Callable[[], object], bound_s: float, tries: int = 5) -> float:
    """Seconds on the clock of the fastest of some runs, as many as it takes for one to be in the bound: a busy machine holds up some."""
    fastest = float("inf")
    for _ in range(tries):
        began = time.perf_counter()
        run()
        fastest = min(fastest, time.perf_counter() - began)
        if fastest < bound_s:
            break
    return fastest


class ChildMemory:
    """`with ChildMemory(database) as memory:` samples the children that answer meanwhile; `memory.peak_kb` is the most of any."""

    def __init__(self, database: Database, every_s: float = 0.01) -> None:
        self._database, self._every_s = database, every_s
        self.peak_kb = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> ChildMemory:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._done.is_set():
            self._look()
            self._done.wait(self._every_s)

    def _look(self) -> None:
        self.peak_kb = max(self.peak_kb, resident_peak_kb(self._database.child_pid))
