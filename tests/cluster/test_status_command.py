"""`analyst-buddy status` on run directories made by hand, in every state a run can be in."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cluster.cli import app
from cluster.config import load_preset, to_toml
from cluster.state import Best, TrainerState
from cluster.status_command import status, step_pace
from envs.run_claim import RUNNING, Claim, claimed
from envs.run_store import RunStore
from envs.whole_files import write_text_atomic

SCORE = {"accuracy": 0.25, "correct": 5, "questions": 20, "interval": [0.11, 0.47]}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A smoke run in its first phase: checkpoint at step 3, one step trained since."""
    store = RunStore(tmp_path / "runs" / "small")
    write_text_atomic(store.config_path, to_toml(load_preset("smoke", ["run.minutes=10", "phase1.steps=5"])))
    state = TrainerState(stage="phase1", step=3, best=Best("sft", 3, 5, 20, SCORE), seconds={"sft": 100.0, "total": 500.0})
    state.stages["sft"].steps = 3
    with store.checkpoint(3, state.as_dict()) as folder:
        (folder / "weights").write_bytes(b"x" * 1000)
    store.append_metrics(3, {"sft/loss": 1.5})
    store.append_metrics(4, {"reward/mean": 0.25, "actor/groups": 8})
    store.append_metrics(4, {"canary/logprob_gap": 0.01})
    store.append_event("stage_done", stage="sft", step=3)
    return store


def test_a_live_run_says_its_stage_step_last_metrics_and_time_left(store: RunStore) -> None:
    with claimed(store.path):
        found = status(store)
    assert (found["life"], found["stage"], found["step"], found["stage_step"], found["stage_steps"]) == ("live", "phase1", 4, 1, 5)
    assert found["metrics"]["reward/mean"] == {"value": 0.25, "step": 4}
    assert found["metrics"]["sft/loss"] == {"value": 1.5, "step": 3}
    assert 490 < found["run_seconds_left"] < 501  # ten minutes, 100 s of them spent before the checkpoint
    assert found["checkpoint"]["step"] == 3
    assert found["checkpoint"]["bytes"] == 1000
    assert [event["kind"] for event in found["events"]] == ["stage_done"]


def test_a_killed_run_is_told_from_a_stopped_a_failed_and_a_finished_one(store: RunStore) -> None:
    assert status(store)["life"] == "stopped"
    store.append_event("failed", error="PushError", cause="generator 0 is gone")
    assert status(store)["life"] == "failed"
    gone = Claim(2**22 + 1, socket.gethostname(), time.time(), time.time())
    (store.path / RUNNING).write_text(json.dumps(asdict(gone)))
    assert status(store)["life"] == "killed"
    (store.path / RUNNING).write_text(json.dumps({**asdict(gone), "host": "elsewhere"}))
    assert status(store)["life"] == "unknown"
    (store.path / RUNNING).unlink()
    store.write_json_atomic("result.json", {"best": None})
    assert status(store)["life"] == "finished"


def test_the_pace_leaves_out_a_pause_between_two_steps_and_other_stages() -> None:
    rows = [{"time": t, "sft/loss": 1.0} for t in (0.0, 2.0, 4.0, 104.0, 106.0)]
    assert step_pace([*rows, {"time": 300.0, "reward/mean": 0.1}], "sft") == 2.0
    assert step_pace(rows, "phase1") is None


def test_the_command_prints_for_a_person_and_for_a_machine(store: RunStore) -> None:
    shown = CliRunner().invoke(app, ["status", str(store.path)], catch_exceptions=False)
    assert shown.exit_code == 0
    assert "small: stopped when asked to" in shown.stdout
    assert "stage phase1, its step 1 of 5, step 4 in all" in shown.stdout
    assert "best policy: sft, step 3, validation 25.0 % (5 of 20" in shown.stdout
    machine = CliRunner().invoke(app, ["status", str(store.path), "--json", "--events", "0"], catch_exceptions=False)
    assert json.loads(machine.stdout)["events"] == []


def test_a_run_that_has_hardly_begun_has_a_status_too(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "new")
    store.append_event("data", fingerprint="a")
    found = status(store)
    assert (found["stage"], found["step"], found["checkpoint"], found["metrics"]) == ("sft", 0, None, {})
