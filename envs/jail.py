"""A stranger's database behind a process of its own: asks the jailed child, kills it when it overstays, starts the next one.

Whatever comes back is taken for a stranger's words: its length is bounded, it is JSON, and its shape is checked. Linux only.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import struct
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import Any, TypeGuard

from envs.guard import Answer, Cell, Limits, RefusedError
from envs.jailed import MESSAGE_BYTES_MAX

QUERIES_MAX = 500  # a child is replaced after as many, whatever it may have gathered
GRACE_S = 1.0  # after a query's own deadline, which the child keeps as long as SQLite lets it
START_S = 30.0
HEAP_BYTES = 200_000_000
_SCRIPT = Path(__file__).with_name("jailed.py")
_CELLS = {type(None), int, float, str}


class BrokenError(Exception):
    """The child died, overstayed or said something that is no reply."""


class Jail:
    """One database in a child process."""

    def __init__(self, uri: str, limits: Limits) -> None:
        self.limits = dataclasses.replace(limits, heap_bytes=min(limits.heap_bytes, HEAP_BYTES))
        self._uri = uri
        self._child: Child | None = None
        self._asked = 0
        self._stopped = False
        self._begin()

    @property
    def pid(self) -> int | None:
        """The child's process id; None between two children."""
        return self._child.process.pid if self._child else None

    def run(self, text: str, rows_max: int, timeout_s: float) -> Answer:
        """Run one SELECT in the jail; see Guard.run.

        Raises:
            RefusedError: it was refused, failed, took too long or ended the child; the next query has a new one.
        """
        return self._ask("query", text, rows_max, timeout_s)

    def look(self, sql: str, rows_max: int, timeout_s: float) -> Answer:
        """Run SQL of our own making in the jail; see Guard.look."""
        return self._ask("look", sql, rows_max, timeout_s)

    def stop(self) -> None:
        """End the child, from any thread: what is being asked fails as broken, and so does all that is asked afterwards."""
        self._stopped = True
        child = self._child
        if child is not None:
            child.process.kill()

    def close(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None

    def _ask(self, do: str, sql: str, rows_max: int, timeout_s: float) -> Answer:
        child = self._child or self._begin()
        self._asked += 1
        try:
            reply = child.exchange({"do": do, "sql": sql, "rows_max": rows_max, "timeout_s": timeout_s}, timeout_s + GRACE_S)
            answer = _checked(reply)
        except BrokenError as error:
            self.close()
            raise RefusedError("timeout" if str(error) == "timeout" else "broken") from error
        except RefusedError as error:
            if error.kind == "memory":
                self.close()
            raise
        except BaseException:  # Ctrl-C between request and reply: the next reply would be the wrong one
            self.close()
            raise
        if self._asked >= QUERIES_MAX:
            self.close()
        return answer

    def _begin(self) -> Child:
        if self._stopped:
            raise RefusedError("broken")
        child = Child()
        try:
            reply = child.exchange({"uri": self._uri, "limits": dataclasses.asdict(self.limits)}, START_S)
            if reply.get("ready") is not True:
                _checked(reply)
                raise BrokenError("no greeting")
        except BrokenError as error:
            child.close()
            raise RefusedError("timeout" if str(error) == "timeout" else "broken") from error
        except BaseException:
            child.close()
            raise
        self._child, self._asked = child, 0
        return child


class Child:
    """A bare interpreter that runs one file of ours and drops what it may do (see envs/jailed.py), and its pipes."""

    def __init__(self, script: Path = _SCRIPT) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            bufsize=0,
            start_new_session=True,  # a Ctrl-C in the terminal is for us alone
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self.close = weakref.finalize(self, _end, self.process)

    def exchange(self, message: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send and wait for the reply.

        Raises:
            BrokenError: `timeout` when the child overstayed, or what else went wrong; it is to be closed then.
        """
        deadline = time.monotonic() + timeout_s
        data = json.dumps(message).encode()
        self._send(memoryview(struct.pack("<I", len(data)) + data), deadline)
        size: int = struct.unpack("<I", self._receive(4, deadline))[0]
        if size > MESSAGE_BYTES_MAX:
            raise BrokenError(f"a reply of {size} bytes")
        try:
            reply = json.loads(self._receive(size, deadline))
        except (ValueError, RecursionError) as error:
            raise BrokenError("the reply is no JSON") from error
        if not isinstance(reply, dict):
            raise BrokenError("the reply is no object")
        return reply

    def _send(self, view: memoryview, deadline: float) -> None:
        while view:
            self._wait(self._to, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._to, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise BrokenError(self._death()) from error

    def _receive(self, count: int, deadline: float) -> bytes:
        parts = []
        while count:
            self._wait(self._from, select.POLLIN, deadline)
            try:
                part = os.read(self._from, min(count, 1 << 20))
            except BlockingIOError:
                continue
            if not part:
                raise BrokenError(self._death())
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1_000):
            raise BrokenError("timeout")

    def _death(self) -> str:
        """`timeout` when the kernel ended it for its processor time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.process.wait(1.0) == -24:  # SIGXCPU
                return "timeout"
        return f"the child ended ({self.process.returncode})"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


def _checked(reply: dict[str, Any]) -> Answer:
    """The reply as an answer, if it has the shape of one.

    Raises:
        RefusedError: the child refused.
        BrokenError: it has no such shape.
    """
    refused = reply.get("refused")
    if isinstance(refused, list) and len(refused) == 2 and all(isinstance(part, str) for part in refused):
        raise RefusedError(*refused)
    columns, rows, reads = reply.get("columns"), reply.get("rows"), reply.get("reads")
    if not (_texts(columns) and _texts(reads) and isinstance(rows, list)):
        raise BrokenError("the reply is no answer")
    if reply.get("blobs") is True:
        rows = [[_blob(cell) if isinstance(cell, list) else cell for cell in row] for row in rows if isinstance(row, list)]
    width, kinds = len(columns), _CELLS | {bytes}
    for row in rows:
        if row.__class__ is not list or len(row) != width or not kinds.issuperset(map(type, row)):
            raise BrokenError("a row is no row")
    return tuple(columns), list(map(tuple, rows)), reply.get("truncated") is True, frozenset(reads)


def _texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _blob(cell: list[Any]) -> Cell:
    try:
        return bytes.fromhex(cell[0])
    except (ValueError, TypeError, IndexError) as error:
        raise BrokenError("a blob is no blob") from error
