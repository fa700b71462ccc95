"""The page about runs, under AppTest on run directories the project's own writers made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dashboards.settings import Settings
from envs.run_claim import RUNNING, claimed
from envs.run_store import RunStore
from tests.dashboards.pages import checked, opened


def test_a_finished_run_shows_where_it_stands_its_charts_and_its_results(runs_dir: Path) -> None:
    page = opened("runs_page", Settings(runs=runs_dir))
    assert page.multiselect[0].value == ["small"]
    figures = {metric.label: metric.value for metric in page.metric}
    assert (figures["Step"], figures["Stage"]) == ("20", "phase2")
    assert figures["Latest validation"].endswith("%")
    titles = [markdown.value.split("**")[1] for markdown in page.markdown if markdown.value.startswith("**")]
    assert {"Reward", "KL to SFT", "Clipped tokens", "Entropy", "Seconds of a step", "By number of tables", "By database"} <= set(titles)
    assert list(page.dataframe[0].value["stage"])[:2] == ["base", "sft"]


def test_two_runs_are_compared_and_one_stage_can_be_looked_at(runs_dir: Path) -> None:
    page = opened("runs_page", Settings(runs=runs_dir), {"runs": "small"})
    page.multiselect[0].set_value(["small", "older"]).run()
    assert not page.exception
    assert [metric.value for metric in page.metric if metric.label == "Run"] == ["small", "older"]
    page.segmented_control(key="stage").set_value("phase1").run()
    assert not page.exception


def test_a_run_that_has_only_begun_and_no_run_at_all_say_so(tmp_path: Path) -> None:
    assert "No runs in" in opened("runs_page", Settings(runs=tmp_path)).info[0].value
    RunStore(tmp_path / "new").append_event("data", fingerprint="x")
    assert "Nothing is measured yet" in opened("runs_page", Settings(runs=tmp_path)).info[0].value


def test_whether_a_run_goes_on_is_told_by_its_process_not_by_how_long_ago_it_wrote(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "new")
    store.append_event("data", fingerprint="x")
    with claimed(store.path):
        os.utime(store.path / "events.jsonl", (1, 1))
        page = opened("runs_page", Settings(runs=tmp_path))
        assert any("Going on" in caption.value for caption in page.caption)
        left_behind = (store.path / RUNNING).read_text()
    page = checked(page.run())
    assert not any("Going on" in caption.value for caption in page.caption)
    claim = json.loads(left_behind)
    (store.path / RUNNING).write_text(json.dumps({**claim, "started": claim["started"] - 100}))  # of a process that is gone
    assert any("gone without a word" in caption.value for caption in checked(page.run()).caption)
    (store.path / RUNNING).write_text(json.dumps({**claim, "host": "elsewhere"}))
    assert any("another machine" in caption.value for caption in checked(page.run()).caption)


@pytest.mark.parametrize("text", ['{"step": 1, "x": null}\n{"st', "not json\n", '{"step": "one"}\n[1]\n'])
def test_metrics_that_are_torn_or_odd_do_not_break_the_page(tmp_path: Path, text: str) -> None:
    store = RunStore(tmp_path / "odd")
    store.append_event("data")
    (store.path / "metrics.jsonl").write_text(text)
    store.evaluation_path(3).with_name("step_000003_sft_validation.parquet").write_text("no Parquet")
    opened("runs_page", Settings(runs=tmp_path))
