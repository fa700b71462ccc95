"""Processor time of this process and all below it, by what they are: driver, generator and its engine, rollout, learner, Ray itself."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass

import psutil

from cluster.memory import of_all_processes

_ACTOR = re.compile(r"ray::(\w+?)(?:Actor)?(?:\.|$|\s)")


@dataclass(frozen=True)
class ProcessorTime:
    """What processes had used of a processor at one moment, in seconds."""

    used_s: dict[int, tuple[str, float]]  # by process id: its kind and its seconds

    @classmethod
    def now(cls) -> ProcessorTime:
        def used(process: psutil.Process) -> tuple[int, tuple[str, float]]:
            times = process.cpu_times()
            kind = "driver" if process.pid == os.getpid() else process_kind(process.cmdline(), process.name())
            return process.pid, (kind, times.user + times.system)

        return cls(dict(of_all_processes(used)))

    def since(self, before: ProcessorTime) -> dict[str, float]:
        """Seconds used between two moments, by kind; a process that began in between counts from its start."""
        found: dict[str, float] = defaultdict(float)
        for pid, (kind, seconds) in self.used_s.items():
            found[kind] += seconds - before.used_s.get(pid, (kind, 0.0))[1]
        return dict(found)


def process_kind(command: list[str], name: str) -> str:
    """What a process below the driver is, by the title it gave itself."""
    title = command[0] if command else name
    if actor := _ACTOR.match(title):
        return "idle worker" if actor[1] == "IDLE" else actor[1].lower()
    if title.startswith("VLLM::"):
        return "engine"
    if any(part in " ".join([title, *command[1:2]]) for part in ("raylet", "gcs_server", "/ray/")):
        return "Ray"
    return "other"
