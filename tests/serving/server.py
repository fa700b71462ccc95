"""`analyst-buddy serve` as a process of its own, for tests and benchmarks: started, asked until it is ready, stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from cluster.listening import free_port

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    """A server that is running."""

    url: str
    process: subprocess.Popen[str]
    folder: Path
    ray_folder: Path

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = httpx.get(f"{self.url}/metrics", timeout=30).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    def replicas(self, deployment: str) -> list[psutil.Process]:
        """The processes of a deployment."""
        return [p for p in psutil.Process(self.process.pid).children(recursive=True) if f":{deployment}" in " ".join(_command(p))]

    def engines(self) -> list[psutil.Process]:
        """vLLM's engine processes."""
        return [p for p in psutil.Process(self.process.pid).children(recursive=True) if "EngineCore" in " ".join(_command(p))]

    def memory_bytes(self) -> dict[str, int]:
        """What its processes hold, by what they are called; those called alike together."""
        held: dict[str, int] = {}
        for process in [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]:
            name = _called(process)
            held[name] = held.get(name, 0) + _resident(process)
        return held

    def wait_until_ready(self, seconds: float) -> None:
        """Raise RuntimeError with the server's words when it does not become ready."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.3)
        raise RuntimeError(f"the server is not ready after {seconds:g} s:\n{(self.folder / 'serve.log').read_text()[-3_000:]}")


@contextmanager
def running_server(
    folder: Path, policy: str, *options: str, ready_s: float = 120.0, with_raw: bool = False, **environment: str
) -> Iterator[Server]:
    """A server on a free port with its state in a folder.

    Args:
        with_raw: its engine can be asked alone too: see tests/benchmarks/serving_raw.py. It takes no options.
    """
    port = str(free_port())
    ray_folder = Path(f"/tmp/ab-{os.getpid()}")  # Ray's sockets want short paths
    state = str(folder / "state")
    usual = ["cluster.cli", "serve", "--policy", policy, "--port", port, "--state", state, *options]
    command = [sys.executable, "-m", *(["tests.benchmarks.serving_raw", policy, port, state] if with_raw else usual)]
    given = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_TMPDIR": str(ray_folder), **environment}
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=log, stderr=subprocess.STDOUT, text=True)
    server = Server(f"http://127.0.0.1:{port}", process, folder, ray_folder)
    try:
        server.wait_until_ready(ready_s)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(60)


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _called(process: psutil.Process) -> str:
    """ "Analyst", "raylet", "jailed.py", "other"."""
    command = " ".join(_command(process))
    found = re.search(r":(Analyst|Generator)|(ProxyActor|ServeController)|([\w.]+\.py)|/(raylet|gcs_server)\b", command)
    return next(filter(None, found.groups()), "other") if found else "other"


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
