"""Peak memory of a run: PSS (memory that is shared counts once, split among its users) summed over this process and all below it."""

from __future__ import annotations

import threading

import psutil


def total_pss_bytes() -> int:
    """PSS of this process and all its descendants (Ray's workers are among them), in bytes."""
    own = psutil.Process()
    total = 0
    for process in [own, *own.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue  # it ended meanwhile
    return total


class MemoryWatch:
    """Samples the total in a thread and remembers the peak."""

    def __init__(self, every_s: float = 5.0) -> None:
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
