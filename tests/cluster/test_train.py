"""The whole spine on the `smoke` preset, as a person runs it: stopped by Ctrl-C in the middle, taken up by the same command."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import command_line

pytestmark = [pytest.mark.ray, pytest.mark.vllm, pytest.mark.timeout(2400)]

ROOT = Path(__file__).parent.parent.parent
Done = subprocess.CompletedProcess[str]
COMMAND = [sys.executable, "-m", "cluster.cli"]
NOISE = ("WARNING", "INFO", "(raylet)", "Traceback", "[rank0]", "DeepSpeed", "EngineCore")


def start(run_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "train", "--preset", "smoke", "--run-dir", str(run_dir)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(arguments: list[str]) -> Done:
    return subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600)


def metric_lines(run_dir: Path) -> list[dict[str, Any]]:
    path = run_dir / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A smoke run that was interrupted once: its directory and what both calls printed."""
    run_dir = tmp_path_factory.mktemp("runs") / "smoke"
    first = start(run_dir)
    deadline = time.monotonic() + 900
    while first.poll() is None and time.monotonic() < deadline:
        if any("sft/loss" in line for line in metric_lines(run_dir)):
            first.send_signal(signal.SIGINT)
            break
        time.sleep(0.5)
    told_first, _ = first.communicate(timeout=300)
    assert first.returncode == 130, told_first
    second = start(run_dir)
    told_second, _ = second.communicate(timeout=1200)
    assert second.returncode == 0, told_second
    return run_dir, told_first, told_second


def test_an_interrupted_run_says_so_and_goes_on_from_the_step_it_had_done(finished: tuple[Path, str, str]) -> None:
    run_dir, told_first, told_second = finished
    assert "Stopped at step" in told_first
    assert "Going on with" in told_second
    steps = [line["step"] for line in metric_lines(run_dir) if "sft/loss" in line]
    assert steps == [1, 2, 3]  # none lost, none done twice


def test_the_terminal_shows_no_noise_of_the_libraries(finished: tuple[Path, str, str]) -> None:
    _, told_first, told_second = finished
    noisy = [line for line in (told_first + told_second).splitlines() if any(word in line for word in NOISE)]
    assert noisy == []


def test_result_json_has_every_stage_scored_on_validation_and_test(finished: tuple[Path, str, str]) -> None:
    result = json.loads((finished[0] / "result.json").read_text())
    assert [stage["stage"] for stage in result["stages"]] == ["base", "sft", "phase1", "phase2"]
    for stage in result["stages"]:
        assert stage["validation"]["questions"] == 6
        assert stage["test"]["questions"] == 4
        assert set(stage["validation"]["tables"]) == {"1", "2", "3+"}
        assert set(stage["validation"]["pass_at"]) == {"1", "2"}
        assert stage["watched"][0]["training_questions"] == 4
        assert set(stage["test"]["failures"]) == {"gave_up", "no_query", "wrong_rows", "sql_error", "malformed"}
    assert result["best"]["test"] is not None
    assert 0 < result["peak_memory_bytes"] < 14e9


def test_every_push_was_checked_by_the_canary(finished: tuple[Path, str, str]) -> None:
    gaps = [line["canary/logprob_gap"] for line in metric_lines(finished[0]) if "canary/logprob_gap" in line]
    assert len(gaps) >= 4  # after SFT and after each GRPO step
    assert max(gaps) < 0.15


def test_groups_on_disk_hold_tokens_masks_and_versions(finished: tuple[Path, str, str]) -> None:
    import pyarrow.parquet as pq

    from envs.group_files import read_training
    from envs.groups import table_to_groups

    paths = sorted((finished[0] / "groups").glob("step_*.parquet"))
    assert len(paths) == 3
    assert [read_training(path).step for path in paths] == [4, 5, 6]
    for path in paths:
        for group in table_to_groups(pq.read_table(path)):
            assert len(group.trajectories) == 4
            for played in group.trajectories:
                assert len(played.ids) == len(played.mask) == len(played.logprobs)
                assert sum(span.end - span.start for span in played.spans) == sum(played.mask) > 0


@pytest.fixture(scope="module")
def afterwards(finished: tuple[Path, str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Done, Path]:
    """`replay` of the run and `evaluate` of its policy, at the same time, and the predictions of the latter."""
    place = tmp_path_factory.mktemp("afterwards")
    folder, questions, predictions = place / "databases" / "toys", place / "questions.json", place / "predictions.jsonl"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "toys.sqlite") as connection:
        connection.execute("CREATE TABLE toys (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
        connection.executemany("INSERT INTO toys (name, price) VALUES (?, ?)", [("Ball", 2.5), ("Kite", 9.0)])
    questions.write_text(json.dumps([{"db_id": "toys", "question": "How many toys are there?", "query": "SELECT COUNT(*) FROM toys"}]))
    evaluate = [
        *("evaluate", "--policy", str(finished[0] / "policy/best"), "--questions", str(questions)),
        *("--databases", str(place / "databases"), "--json", "--predictions", str(predictions), "--samples", "2"),
    ]
    with ThreadPoolExecutor(2) as pool:
        replayed, evaluated = pool.map(run, (["replay", str(finished[0]), "--json"], evaluate))
    return replayed, evaluated, predictions


def test_replay_reproduces_the_recorded_losses_from_the_files(finished: tuple[Path, str, str], afterwards: tuple[Done, Done, Path]) -> None:
    trained = [line["step"] for line in metric_lines(finished[0]) if line.get("grpo/updates")]
    done = afterwards[0]
    if not trained:  # so short a run may meet no group with variance
        assert (done.returncode, done.stdout) == (2, "")
        assert "none has yet" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["step"] for line in done.stdout.splitlines()] == trained


def test_evaluate_scores_a_spider_layout_file_with_the_exported_policy(afterwards: tuple[Done, Done, Path]) -> None:
    _, done, predictions = afterwards
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["questions"] == 1
    assert set(told["sampled"]["majority"]) == set(told["sampled"]["pass_at"]) == {"1", "2"}
    line = json.loads(predictions.read_text())
    assert set(line) == {"db_id", "question", "tables", "sql", "answer", "actions", "correct"}


def test_a_finished_run_is_not_trained_again(finished: tuple[Path, str, str]) -> None:
    again = command_line.run("train", "--preset", "smoke", "--run-dir", finished[0])
    assert again.returncode == 0
    assert "is finished" in again.stdout + again.stderr


def test_other_settings_for_a_run_that_has_begun_are_refused(finished: tuple[Path, str, str]) -> None:
    done = command_line.run("train", "--preset", "smoke", "--run-dir", finished[0], "--set", "run.seed=99")
    assert done.returncode == 2
    assert "begun with other settings" in done.stderr
