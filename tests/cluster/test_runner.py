"""What a run keeps about its data, and how it ends when told to before it has begun."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cluster.runner import RunConflictError, record_data
from envs.dataset import Dataset
from envs.run_claim import RUNNING
from envs.run_store import RunStore


def dataset(spider: str) -> Dataset:
    return Dataset(Path("databases"), (), (), (), f"all of {spider}", {"spider": {"fingerprint": spider, "dropped": {"empty": 3}}})


def test_a_run_that_has_begun_goes_on_only_with_the_spider_it_was_begun_with(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    record_data(store, dataset("one"), begun=False)
    record_data(store, dataset("two"), begun=False)  # nothing was trained yet
    record_data(store, dataset("two"), begun=True)
    with pytest.raises(RunConflictError, match=r"data\.spider has changed"):
        record_data(store, dataset("one"), begun=True)
    assert [(event["fingerprint"], event["outside"]) for event in store.read_events()][-1] == ("all of two", {"spider": "two"})


@pytest.mark.parametrize("sign", ["config.toml", pytest.param("tensorboard/*", marks=pytest.mark.ray)], ids=["before_ray", "with_ray"])
def test_sigterm_while_a_run_starts_ends_it_as_ctrl_c_does(tmp_path: Path, sign: str) -> None:
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "cluster.cli", "train", "--preset", "smoke", "--run-dir", str(run)],
        cwd=Path(__file__).parent.parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 120
    while process.poll() is None and not any(run.glob(sign)) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 130, told
    assert "Broken off. The same command goes on" in told
    assert not (run / RUNNING).exists()
