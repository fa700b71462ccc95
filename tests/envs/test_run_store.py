"""The run directory: whole or not at all, and readable after any crash."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from envs.run_store import RunStore, list_runs
from envs.whole_files import DiskFullError


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs" / "quickstart")


def test_metrics_are_read_back_in_order_with_their_step_and_time(store: RunStore) -> None:
    store.append_metrics(1, {"reward/mean": 0.25})
    store.append_metrics(2, {"reward/mean": np.float32(0.5)})
    rows = store.read_metrics()
    assert [(r["step"], r["reward/mean"]) for r in rows] == [(1, 0.25), (2, 0.5)]
    assert rows[0]["time"] <= rows[1]["time"]


def test_a_number_that_is_not_finite_is_written_as_null(store: RunStore) -> None:
    store.append_metrics(1, {"loss": float("nan"), "kl": float("inf")})
    assert "NaN" not in (store.path / "metrics.jsonl").read_text()
    assert store.read_metrics()[0]["loss"] is None


def test_a_torn_last_line_is_left_out_and_not_glued_to_the_next_one(store: RunStore) -> None:
    store.append_event("stage", name="sft")
    with (store.path / "events.jsonl").open("a") as file:
        file.write('{"kind": "sta')
    assert [e["name"] for e in store.read_events()] == ["sft"]
    store.append_event("stage", name="phase1")
    assert [e["name"] for e in store.read_events()] == ["sft", "phase1"]


def test_what_was_never_written_reads_as_empty(store: RunStore) -> None:
    assert store.read_metrics() == []
    assert store.read_json("result.json") is None
    assert store.latest_checkpoint() is None


def test_json_that_cannot_be_written_leaves_the_old_file_and_nothing_beside_it(store: RunStore) -> None:
    store.write_json_atomic("result.json", {"seed": 1, "path": Path("a"), "pair": (1, 2)})
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(RecursionError):
        store.write_json_atomic("result.json", circle)
    assert store.read_json("result.json") == {"seed": 1, "path": "a", "pair": [1, 2]}
    assert [p.name for p in store.path.iterdir()] == ["result.json"]


def test_a_full_disk_is_one_clear_error(store: RunStore) -> None:
    (store.path / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match=r"no room left on the disk of .*metrics\.jsonl"):
        store.append_metrics(1, {"loss": 1.0})
    with pytest.raises(DiskFullError, match="step_000001"), store.checkpoint(1, {}), Path("/dev/full").open("w") as file:
        file.write("weights")
        file.flush()


def test_paths_are_named_by_step_and_their_folders_exist(store: RunStore) -> None:
    assert store.groups_path(12) == store.path / "groups" / "step_000012.parquet"
    assert store.evaluation_path(120) == store.path / "evaluations" / "step_000120.parquet"
    assert store.groups_path(12).parent.is_dir()
    assert store.policy_dir("best").parent.is_dir()


def test_files_of_groups_and_evaluations_are_found_by_step_and_name(store: RunStore) -> None:
    for step in (10, 9):
        store.groups_path(step).touch()
    (store.path / "groups" / ".writing-step_000011.parquet-x").touch()
    for name in ("step_000012_best_test", "step_000003_sft_validation", "step_000120"):
        (store.evaluation_path(1).parent / f"{name}.parquet").touch()
    assert list(store.groups_files()) == [9, 10]
    assert store.groups_files()[9] == store.groups_path(9)
    assert [(step, name) for step, name, _ in store.evaluation_files()] == [(3, "sft_validation"), (12, "best_test"), (120, "")]


def test_a_run_is_found_by_its_directory_or_its_name_and_none_is_made(store: RunStore) -> None:
    store.append_event("start")
    root = store.path.parent
    assert RunStore.existing(store.path, root).path == store.path
    assert RunStore.existing("quickstart", root).path == store.path
    with pytest.raises(FileNotFoundError, match=r"no run in smoke.*\(there: quickstart\)"):
        RunStore.existing("smoke", root)
    assert not (root / "smoke").exists()


def test_runs_are_listed_newest_first_without_other_folders(tmp_path: Path) -> None:
    for age, name in enumerate(("newest", "older")):
        RunStore(tmp_path / name).append_event("start")
        os.utime(tmp_path / name / "events.jsonl", (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "notes").mkdir()
    assert [p.name for p in list_runs(tmp_path)] == ["newest", "older"]
    assert list_runs(tmp_path / "nothing") == []


def test_an_event_line_is_plain_json(store: RunStore) -> None:
    store.append_event("question", text="what's “café”?\nline\u2028separator", tables={"a"})
    line = (store.path / "events.jsonl").read_text("utf-8")
    assert line.count("\n") == 1
    assert json.loads(line)["tables"] == ["a"]
    assert store.read_events()[0]["text"].endswith("separator")


def test_metric_lines_that_a_rewind_replaced_are_marked(store: RunStore) -> None:
    for step in (1, 2, 3):
        store.append_metrics(step, {"loss": 1.0})
    assert store.rewind(3) is False
    assert store.rewind(1) is True
    assert store.rewind(1) is False  # they are marked already
    store.append_metrics(2, {"loss": 2.0})
    assert [(r["step"], r["loss"], r.get("replaced", False)) for r in store.read_metrics() if "loss" in r] == [
        (1, 1.0, False), (2, 1.0, True), (3, 1.0, True), (2, 2.0, False),
    ]  # fmt: skip
