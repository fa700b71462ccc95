"""A run that goes on and on: does any of its processes grow, does a descriptor leak, is anything left in shared memory?

`analyst-buddy train` with all its real processes on a tiny random model: GRPO steps, pushes, scorings and checkpoints without end, until
Ctrl-C. From a fifth of the time on every process is looked at every ten seconds; growth is the slope of a line through its PSS.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import Progress

from cluster.memory import of_all_processes
from envs.run_store import RunStore
from tests.benchmarks import whole_run
from tests.benchmarks.report import Figure, Report

EVERY_S = 10.0
WARM_UP, MINUTES_MIN = 0.2, 2.0  # of the time; of training
GROWTH_MAX = 1.0  # MB a minute, of any process
ENDLESS = (
    "sft.steps=4", "phase1.steps=1000000", "phase1.patience=1000000", "phase1.validate_every=20", "phase1.groups_per_step=4",
    "run.checkpoint_every=10",
)  # fmt: skip
SHARED = Path("/dev/shm")


@dataclass(frozen=True)
class Sample:
    """One process at one time."""

    minute: float
    pss_bytes: int
    descriptors: int


Process = tuple[int, str]  # id and what it is called


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=30.0, help="of training (default 30)")


def measure(options: argparse.Namespace) -> Report:
    """Train for the time and watch.

    Raises:
        ValueError: too short a time to see anything grow.
        RuntimeError: the run ended by itself.
    """
    if options.minutes < MINUTES_MIN:
        raise ValueError(f"--minutes wants {MINUTES_MIN:g} or more: a run takes half of the first to start")
    before = _shared()
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        folder = Path(scratch)
        store = RunStore(folder / "run")
        command = whole_run.command(store.path, whole_run.settings_of(folder, ENDLESS))
        with (folder / "told").open("w+") as told:
            driver = subprocess.Popen(
                command, stdout=told, stderr=subprocess.STDOUT, env=whole_run.environment(), preexec_fn=_interruptible
            )
            try:
                watched = _watch(driver, options.minutes)
                if driver.poll() is not None:
                    told.seek(0)
                    raise RuntimeError(f"the run ended by itself with {driver.returncode}: {told.read()[-1500:]}")
                driver.send_signal(signal.SIGINT)
                code = driver.wait(120)
            finally:
                if driver.poll() is None:
                    driver.kill()
        steps = max((row["step"] for row in store.read_metrics()), default=0)
    return _report(watched, options.minutes, steps, code, sorted(_shared() - before))


def _interruptible() -> None:
    """In the child: Ctrl-C interrupts it even where whoever started the benchmark ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _watch(driver: subprocess.Popen[bytes], minutes: float) -> dict[Process, list[Sample]]:
    """The samples of every process of the run, until the time is over or the run is."""
    found: dict[Process, list[Sample]] = defaultdict(list)
    began = time.monotonic()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("soaking", total=minutes)
        while (minute := (time.monotonic() - began) / 60) < minutes and driver.poll() is None:
            progress.update(task, completed=minute)
            if minute > WARM_UP * minutes:
                for pid, called, pss_bytes, descriptors in of_all_processes(_held):
                    if pid != os.getpid():
                        found[pid, called].append(Sample(minute, pss_bytes, descriptors))
            time.sleep(EVERY_S)
    return found


def _held(process: psutil.Process) -> tuple[int, str, int, int]:
    return process.pid, _called(process), int(process.memory_full_info().pss), process.num_fds()


def _called(process: psutil.Process) -> str:
    words: list[str] = process.cmdline()
    if words and words[0].startswith(("ray::", "VLLM::")):
        return words[0].split(".")[0]
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    return next((Path(word).name for word in words if word.endswith((".py", "raylet", "gcs_server"))), " ".join(words)[-40:])


def growth_mb_a_minute(samples: Sequence[Sample]) -> float:
    """The slope of a line through a process's PSS."""
    return statistics.linear_regression([s.minute for s in samples], [s.pss_bytes / 1e6 for s in samples]).slope


def more_descriptors(samples: Sequence[Sample]) -> int:
    """How many more it held at the least in the last third of the time than at the most in the first; above 0 they only ever grew."""
    third = max(1, len(samples) // 3)
    return min(s.descriptors for s in samples[-third:]) - max(s.descriptors for s in samples[:third])


def _shared() -> set[str]:
    return {path.name for path in SHARED.iterdir()} if SHARED.is_dir() else set()


def _report(watched: Mapping[Process, list[Sample]], minutes: float, steps: int, code: int, left: list[str]) -> Report:
    most = max(map(len, watched.values()))
    lasting = {name: samples for name, samples in watched.items() if len(samples) >= 0.9 * most}
    growth = {f"{called} {pid}": growth_mb_a_minute(samples) for (pid, called), samples in lasting.items()}
    fastest = sorted(growth, key=lambda name: -growth[name])[:5]
    more = {f"{called} {pid}": more_descriptors(samples) for (pid, called), samples in lasting.items()}
    return Report(
        name="soak",
        figures={
            "steps": Figure(steps, "count", at_least=1),
            "processes": Figure(len(lasting), "count"),
            "growth_most": Figure(growth[fastest[0]], "MB/min", at_most=GROWTH_MAX),
            **{f"growth/{name}": Figure(growth[name], "MB/min") for name in fastest},
            "processes_with_ever_more_descriptors": Figure(sum(count > 0 for count in more.values()), "count", at_most=0),
            "names_left_in_shared_memory": Figure(len(left), "count", at_most=0),
        },
        how={
            "minutes": minutes, "warm_up": WARM_UP, "exit_code": code, "left": left, "cores": len(os.sched_getaffinity(0)),
            "descriptors": {name: count for name, count in more.items() if count > 0},
        },
    )  # fmt: skip
