"""Shared memory of an engine's processes that lasts no longer than they do, however they end.

vLLM takes the names of its message rings (400 MB, hardly any of it touched) out of /dev/shm when its processes end in good order; those of
one that is killed stay there for good. Once all processes have them mapped nobody needs the names: the memory is given back with the last
of them. Those that end in good order say in the log that the names are gone.
"""

from __future__ import annotations

import contextlib
from multiprocessing import resource_tracker
from pathlib import Path

import psutil

SHARED, START = Path("/dev/shm"), "psm_"  # noqa: S108 - where and how Python names shared memory on Linux


def shared_by_children() -> set[Path]:
    """The files of shared memory that the processes below this one have mapped, with a name or without any more."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            found |= {path for path in (Path(mapped.path) for mapped in child.memory_maps()) if path.parent == SHARED}
    return {path for path in found if path.name.startswith(START)}


def unname_shared_memory() -> None:
    """Take the names from what the processes below this one share, once they are all up."""
    for path in shared_by_children():
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            resource_tracker.unregister(f"/{path.name}", "shared_memory")  # or Python says at the end that it leaked
