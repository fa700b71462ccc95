"""Peak memory of a run: PSS (memory that is shared counts once, split among its users) summed over this process and all below it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

import psutil

T = TypeVar("T")


def total_pss_bytes() -> int:
    """PSS of this process and all its descendants (Ray's workers are among them), in bytes."""
    return sum(of_all_processes(lambda process: int(process.memory_full_info().pss)))


def of_all_processes(read: Callable[[psutil.Process], T]) -> list[T]:
    """What is read of this process and all its descendants; those that end meanwhile are left out."""
    own = psutil.Process()
    found = []
    for process in [own, *own.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            found.append(read(process))
    return found


class MemoryWatch:
    """Samples the total in a thread and remembers the peak."""

    def __init__(self, every_s: float = 10.0) -> None:
        self.peak_bytes = 0
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-watch", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.peak_bytes = max(self.peak_bytes, total_pss_bytes())
            self._stop.wait(self._every_s)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
