"""dashboards/run_reading.py: series read on while a run goes on, stages, scores and the best step."""

from __future__ import annotations

from pathlib import Path

from dashboards.run_charts import RunView, accuracy_chart
from dashboards.run_reading import MetricsLog, Stage, best_step, evaluations, points, stages
from envs.run_store import RunStore


def test_metrics_are_read_on_from_where_the_last_look_ended_and_a_later_line_of_a_step_holds(tmp_path: Path) -> None:
    store, log = RunStore(tmp_path), MetricsLog(tmp_path / "metrics.jsonl")
    log.refresh()
    store.append_metrics(1, {"reward/mean": 0.1})
    log.refresh()
    store.append_metrics(1, {"reward/mean": 0.2})
    store.append_metrics(2, {"reward/mean": 0.3})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "reward/me')
    log.refresh()
    assert (log.series["reward/mean"], log.last_step) == ({1: 0.2, 2: 0.3}, 2)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('an": 0.4}\n')
    log.refresh()
    assert log.series["reward/mean"][3] == 0.4


def test_steps_that_a_resumed_run_threw_away_are_not_shown(tmp_path: Path) -> None:
    store, log = RunStore(tmp_path), MetricsLog(tmp_path / "metrics.jsonl")
    for step in (1, 2, 3):
        store.append_metrics(step, {"sft/loss": float(step)})
    log.refresh()
    assert store.rewind(1)
    store.append_metrics(2, {"sft/loss": 20.0})
    log.refresh()
    assert (log.series, log.last_step) == ({"sft/loss": {1: 1.0, 2: 20.0}}, 2)


def test_a_run_begun_again_in_the_same_folder_is_read_anew(tmp_path: Path) -> None:
    store, log = RunStore(tmp_path), MetricsLog(tmp_path / "metrics.jsonl")
    store.append_metrics(500, {"sft/loss": 1.0})
    log.refresh()
    longer = (tmp_path / "metrics.jsonl").stat().st_size + 1
    (tmp_path / "metrics.jsonl").unlink()
    while not (tmp_path / "metrics.jsonl").exists() or (tmp_path / "metrics.jsonl").stat().st_size < longer:
        store.append_metrics(1, {"sft/loss": 2.0})
    log.refresh()
    assert (log.series, log.last_step) == ({"sft/loss": {1: 2.0}}, 1)


def test_long_series_are_averaged_over_neighbours() -> None:
    assert points({2: 1.0, 1: 0.0}) == [(1.0, 0.0), (2.0, 1.0)]
    assert points({step: float(step) for step in range(1, 7)}, points_max=3) == [(1.5, 1.5), (3.5, 3.5), (5.5, 5.5)]


def test_stages_are_told_by_their_events_and_the_one_at_hand_by_what_is_missing() -> None:
    done = [{"kind": "stage_done", "stage": "sft", "steps": 12, "step": 12}, {"kind": "resumed", "step": 12}]
    assert stages(done, 14) == [Stage("sft", 0, 12, over=True), Stage("phase1", 12, 14, over=False)]
    assert stages([], 0) == []


def test_scores_are_counted_from_the_files_of_trajectories(small_run: RunStore) -> None:
    scores = evaluations(small_run)
    assert [(s.step, s.stage) for s in scores if s.kind == "test"] == [(0, "base"), (12, "sft"), (16, "phase1"), (20, "phase2")]
    result = small_run.read_json("result.json")
    assert result is not None
    for stage, score in zip(result["stages"], (s for s in scores if s.kind == "validation"), strict=True):
        assert (score.total.correct, score.total.questions) == (stage["validation"]["correct"], 3)
        assert set(score.tables) == {"1", "2", "3+"}
    assert best_step(small_run, scores) == result["best"]["step"]


def test_only_a_single_runs_chart_marks_stages_alarms_and_the_best_step(small_run: RunStore) -> None:
    log = MetricsLog(small_run.path / "metrics.jsonl")
    log.refresh()
    alarm = {"kind": "memorisation", "step": 14}
    view = RunView("small", log, evaluations(small_run), stages(small_run.read_events(), 20), 12, [alarm])
    texts = [row["name"] for layer in accuracy_chart([view])["layer"] for row in layer["data"].get("values", [])]
    assert {"SFT", "phase1", "phase2", "best", "memorising"} <= set(texts)
    assert all("values" not in layer["data"] for layer in accuracy_chart([view, view])["layer"])
    late = accuracy_chart([view], stage="phase2")["datasets"]
    assert {row["step"] for row in late["scores"]} == {16, 20}


def test_names_of_stages_that_begin_close_together_are_one_text_that_stays_in_the_chart(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl", last_step=461)
    view = RunView("run", log, stages=[Stage("sft", 0, 456, True), Stage("phase1", 456, 458, True), Stage("phase2", 458, 461, True)])

    def texts(stage: str | None) -> list[tuple[str, str]]:
        marks = [layer for layer in accuracy_chart([view], stage=stage)["layer"] if layer["mark"]["type"] == "text"]
        return [(mark["mark"]["align"], row["name"]) for mark in marks for row in mark["data"]["values"]]

    assert texts(None) == [("left", "SFT"), ("right", "phase1, phase2")]
    assert texts("phase1") == [("left", "phase1"), ("right", "phase2")]
