"""`analyst-buddy bench`: finds the benchmarks of a checkout by name and prints one shape of report for all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.bench_command import benchmarks
from tests import command_line
from tests.benchmarks.report import Figure, Report

ROOT = Path(__file__).parent.parent.parent


def test_every_benchmark_is_listed_with_its_idea() -> None:
    found = benchmarks(ROOT / "tests" / "benchmarks")
    assert {"env", "fuzz", "export-agreement"} <= found.keys()
    assert "report" not in found
    assert all(idea.endswith((".", "?")) for idea in found.values())
    listed = command_line.run("bench", "--list").stdout
    assert all(f"{name} " in listed for name in found)


def test_a_report_is_one_json_line_with_units_bounds_and_how() -> None:
    done = command_line.run("bench", "fuzz", "--seconds", "0.5", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report.keys() == {"name", "met", "ratio", "figures", "how", "notes"}
    assert report["figures"]["longest"].keys() == {"value", "unit", "at_most", "met"}
    assert report["how"]["seconds"] == 0.5


def test_a_name_that_is_none_is_a_usage_error_with_the_nearest() -> None:
    done = command_line.run("bench", "fuz")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean fuzz?" in done.stderr


def test_an_installation_without_tests_says_that_a_checkout_is_needed(tmp_path: Path) -> None:
    for package in ("cluster", "envs"):
        shutil.copytree(ROOT / package, tmp_path / "site" / package, ignore=shutil.ignore_patterns("__pycache__"))
    command, there = [sys.executable, "-m", "cluster.cli", "bench", "--list"], {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=there)
    assert (done.returncode, done.stdout) == (2, "")
    assert "root of a checkout" in done.stderr


@pytest.mark.parametrize(
    ("figure", "met"),
    [(Figure(1.6, "times", at_most=1.5), False), (Figure(1.5, "times", at_most=1.5), True), (Figure(24, "times", at_least=25), False),
     (Figure(3, "count"), True)],
)  # fmt: skip
def test_a_report_is_met_when_every_bound_is(figure: Figure, met: bool) -> None:
    report = Report("x", {"a": figure, "b": Figure(1, "count", at_most=1)}, {})
    assert report.met is met
    assert report.as_dict()["met"] is met
