"""`analyst-buddy app`: starts, waits, says what is wrong in one line, and leaves no process behind."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from rich.console import Console

from cluster.app_command import app_command, app_environment, child, run_app, wait_until_up
from cluster.errors import UserError
from cluster.listening import free_port


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1:{port} .*--port"):
            run_app(Console(file=io.StringIO()), url="http://127.0.0.1:9", port=port, runs=tmp_path)


def test_a_process_that_ends_by_itself_or_never_answers_is_named() -> None:
    with child([sys.executable, "-c", "raise SystemExit(3)"], os.environ) as process:
        process.wait(60)
        with pytest.raises(UserError, match=r"serving ended by itself \(exit code 3\)"):
            wait_until_up("http://127.0.0.1:9", 20.0, {"serving": process})
    with pytest.raises(UserError, match="did not answer within 0 s"):
        wait_until_up("http://127.0.0.1:9", 0.3, {})


def test_a_child_ends_with_all_it_started(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    with child(["sh", "-c", f"sleep 600 & echo $! > {told}; wait"], os.environ):
        ends = time.monotonic() + 60
        while not told.is_file() or not told.read_text().endswith("\n"):
            assert time.monotonic() < ends
            time.sleep(0.02)
    with contextlib.suppress(psutil.NoSuchProcess):
        started = psutil.Process(int(told.read_text()))
        while started.status() != psutil.STATUS_ZOMBIE:  # nobody may be there to wait for it
            assert time.monotonic() < ends + 60, "it goes on"
            time.sleep(0.02)


def test_the_apps_environment_names_serving_runs_and_data_and_can_import_this_project(tmp_path: Path) -> None:
    told = app_environment({"PYTHONPATH": "/elsewhere"}, "http://there:1", tmp_path)
    assert (told["ANALYST_BUDDY_URL"], told["ANALYST_BUDDY_RUNS"]) == ("http://there:1", str(tmp_path))
    root, elsewhere = told["PYTHONPATH"].split(os.pathsep)
    assert (Path(root) / "dashboards" / "app.py").is_file()
    assert elsewhere == "/elsewhere"
    assert told["ANALYST_BUDDY_API_KEY"] == ""
    assert app_environment({"ANALYST_BUDDY_API_KEYS": "one, two"}, "http://there:1", tmp_path)["ANALYST_BUDDY_API_KEY"] == "one"
    assert "--browser.gatherUsageStats=false" in app_command("127.0.0.1", 1)


def test_the_app_starts_prints_its_address_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "cluster.cli", "app", "--url", "http://127.0.0.1:9", "--port", str(port), "--runs", str(tmp_path)]
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}, cwd=tmp_path)
    assert process.stderr is not None
    try:
        lines = (line.decode() for line in process.stderr)
        assert any(f"http://localhost:{port}" in line for line in lines)
        assert httpx.get(f"http://127.0.0.1:{port}/_stcore/health", trust_env=False, timeout=60).status_code == httpx.codes.OK
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/_stcore/health", trust_env=False)
