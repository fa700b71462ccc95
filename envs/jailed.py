"""The jailed child: holds one stranger's database, answers queries over its pipes, can open and write nothing else.

Started by envs/jail.py as a bare interpreter. It imports and opens all it needs, then drops what it may do, then reads requests:
JSON behind four bytes of length, a reply to each.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import sys
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parent.parent))  # isolated mode knows the standard library only
from envs.guard import JAILED_FUNCTIONS, Answer, Guard, Limits, RefusedError

MEMORY_BYTES = 440_000_000
CPU_S_MAX = 3_600  # over the child's life; each query is given its own share
NOBODY = 65_534
MESSAGE_BYTES_MAX = 64_000_000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38


def main() -> None:
    sys.path.pop()
    request = read_message()
    try:
        guard = Guard(request["uri"], Limits(**request["limits"]), JAILED_FUNCTIONS)
    except RefusedError as error:
        write_message({"refused": [error.kind, error.said]})
        return
    except Exception as error:
        write_message({"refused": ["sqlite", str(error)[:200]]})
        return
    drop()
    write_message({"ready": True})
    while request := read_message():
        reply = _answer(guard, request)
        try:
            write_message(reply)
        except MemoryError:
            reply = {"refused": ["memory", ""]}
            write_message(reply)
        if reply.get("refused", [""])[0] == "memory":
            return  # what is left of the memory is in pieces: begin anew


def _answer(guard: Guard, request: dict[str, Any]) -> dict[str, Any]:
    allow_seconds(request["timeout_s"])
    try:
        return _reply((guard.run if request["do"] == "query" else guard.look)(request["sql"], request["rows_max"], request["timeout_s"]))
    except RefusedError as error:
        return {"refused": [error.kind, error.said[:2_000]]}
    except MemoryError:
        return {"refused": ["memory", ""]}


def _reply(answer: Answer) -> dict[str, Any]:
    blobs = False
    columns, answered, truncated, reads = answer
    rows: list[Any] = answered
    for place, row in enumerate(rows):
        if any(cell.__class__ is bytes for cell in row):
            blobs = True
            rows[place] = [[cell.hex()] if cell.__class__ is bytes else cell for cell in row]
    return {"columns": columns, "rows": rows, "truncated": truncated, "reads": sorted(reads), "blobs": blobs}


def allow_seconds(seconds: float) -> None:
    """So much more processor time from now on, or the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (min(cpu_s, CPU_S_MAX), CPU_S_MAX))


def drop() -> None:
    """Give up everything but the open file, the two pipes and a share of memory and time."""
    time.tzset()  # reads the time zone while files can still be opened
    libc = ctypes.CDLL(None, use_errno=True)
    os.umask(0o777)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl failed")
    open_files = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 (the listing's own descriptor is counted on purpose)
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_AS, MEMORY_BYTES),
    ):
        resource.setrlimit(limit, (value, value))


def read_message() -> dict[str, Any]:
    head = _exactly(4)
    return json.loads(_exactly(struct.unpack("<I", head)[0])) if head else {}


def _exactly(count: int) -> bytes:
    parts = []
    while count:
        part = os.read(0, count)
        if not part:
            return b""
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def write_message(message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    if len(data) > MESSAGE_BYTES_MAX:
        data = json.dumps({"refused": ["sqlite", "the result is too big"]}).encode()
    view = memoryview(struct.pack("<I", len(data)) + data)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    main()
