"""Which process trains a run: running.json in its directory, locked while that process lives, so that no second one trains into it.

A reader tells from it whether the process still lives: one that was killed leaves the file behind, one that ended takes it away.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

import psutil

RUNNING = "running.json"


class RunBusyError(OSError):
    """Another process trains into the run directory."""


@dataclass(frozen=True)
class Claim:
    """Who trains a run."""

    pid: int
    host: str
    started: float  # of the process, in seconds since 1970: a process id is used again some day
    since: float  # when it took the run up

    def alive(self) -> bool | None:
        """Whether the process lives; None when it ran on another machine, where nobody can look from here."""
        if self.host != socket.gethostname():
            return None
        try:
            started: float = psutil.Process(self.pid).create_time()
        except psutil.NoSuchProcess:
            return False
        return abs(started - self.started) < 1.0


@contextlib.contextmanager
def claimed(run: Path) -> Iterator[Claim]:
    """Hold a run for the block.

    Raises:
        RunBusyError: another process holds it.
    """
    path = run / RUNNING
    with _locked(path) as file:
        claim = Claim(os.getpid(), socket.gethostname(), psutil.Process().create_time(), time.time())
        file.truncate(0)
        file.write(json.dumps(asdict(claim)) + "\n")
        file.flush()
        try:
            yield claim
        finally:
            path.unlink(missing_ok=True)


def read_claim(run: Path) -> Claim | None:
    """Who trains a run, or was killed at it; None when its last process ended by itself."""
    try:
        return Claim(**json.loads((run / RUNNING).read_text("utf-8")))
    except (FileNotFoundError, json.JSONDecodeError):  # being written this very moment
        return None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[TextIO]:
    while True:
        with path.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = read_claim(path.parent)
                who = f"process {holder.pid} on {holder.host}" if holder else "another process"
                raise RunBusyError(f"{who} trains into {path.parent}: wait for it, stop it, or choose another --run-dir") from None
            if path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino:
                yield file
                return
        # the holder before us took the file away between our opening and locking it: take the new one
