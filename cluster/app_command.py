"""`analyst-buddy app`: the app in the browser, and serving beside it unless a server is named; Ctrl-C stops both."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from rich.console import Console

from cluster.base_model import cache_dir
from cluster.errors import UserError
from cluster.listening import check_port, free_port
from cluster.signals import sigterm_as_ctrl_c
from dashboards import settings, theme
from serving.settings import KEYS

HOST = "127.0.0.1"
APP_START_S = 60.0
SERVE_START_S = 300.0  # Ray and the engine on a busy machine
STOP_S = 25.0  # serving finishes what it is answering within 20 s
POLL_S = 0.25


def run_app(
    console: Console,
    *,
    url: str | None,
    port: int,
    address: str = HOST,
    runs: Path = Path("runs"),
    serve_options: tuple[str, ...] = (),
) -> int:
    """Start the app, print its address and wait for Ctrl-C.

    Args:
        url: a server that is there already; None starts one.
        serve_options: for the server started here, as `analyst-buddy serve` takes them.

    Raises:
        UserError: the port is taken, or one of the two did not start or ended by itself.
    """
    check_port(address, port)
    with contextlib.ExitStack() as stack:
        stack.enter_context(sigterm_as_ctrl_c())
        children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            if url is None:
                serve_port = free_port()
                url = f"http://{HOST}:{serve_port}"
                command = [sys.executable, "-m", "cluster.cli", "serve", "--port", str(serve_port), *serve_options]
                children["serving"] = stack.enter_context(child(command, os.environ))
            environment = app_environment(os.environ, url, runs)
            children["the app"] = stack.enter_context(child(app_command(address, port), environment))
            here = f"http://{'localhost' if address == HOST else address}:{port}"
            wait_until_up(f"{here}/_stcore/health", APP_START_S, children)
            console.print(f"[bold]{here}[/]  (Ctrl-C stops it)", soft_wrap=True)
            if "serving" in children:
                with console.status("starting serving: loading the model; runs can be looked at meanwhile"):
                    wait_until_up(f"{url}/readyz", SERVE_START_S, children)
                console.print("serving is ready: ask away", soft_wrap=True)
            while True:
                still_running(children)
                time.sleep(POLL_S)
        except KeyboardInterrupt:
            console.print("stopping")
            return 0


def app_command(address: str, port: int) -> list[str]:
    """The command that starts Streamlit on the app, with every option on it: no file of settings is read for them."""
    options = [f"--{name}={value}" for name, value in theme.streamlit_options(address, port).items()]
    return [sys.executable, "-m", "dashboards", *options]


def app_environment(environment: Mapping[str, str], url: str, runs: Path) -> dict[str, str]:
    """The environment of the app: where serving, runs and built data are, and this project on Python's path."""
    root = str(Path(theme.__file__).parent.parent)
    path = os.pathsep.join([root, *filter(None, [environment.get("PYTHONPATH")])])
    key = environment.get(settings.ENV_KEY) or environment.get(KEYS, "").split(",")[0].strip()  # the first serving takes
    told = {settings.ENV_KEY: key, settings.ENV_URL: url, settings.ENV_RUNS: str(runs.resolve()), settings.ENV_DATA: str(cache_dir())}
    return {**environment, **told, "PYTHONPATH": path}


@contextlib.contextmanager
def child(command: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, ended with all it started when the block ends."""
    process = subprocess.Popen(command, env=dict(environment), start_new_session=True)
    try:
        yield process
    finally:
        _signal(process, signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()


def wait_until_up(url: str, within_s: float, children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Wait until the address answers 200.

    Raises:
        UserError: it did not in time, or a process ended.
    """
    ends = time.monotonic() + within_s
    with httpx.Client(timeout=5.0, trust_env=False) as client:
        while time.monotonic() < ends:
            still_running(children)
            with contextlib.suppress(httpx.HTTPError):
                if client.get(url).status_code == httpx.codes.OK:
                    return
            time.sleep(POLL_S)
    raise UserError(f"{url} did not answer within {within_s:.0f} s: the lines above say why, or the machine is too busy")


def still_running(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Nothing while all run.

    Raises:
        UserError: one ended.
    """
    for name, process in children.items():
        if process.poll() is not None:
            raise UserError(f"{name} ended by itself (exit code {process.returncode}): the lines above say why")


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
