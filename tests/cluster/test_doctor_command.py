"""`analyst-buddy doctor` on this machine, and its verdicts on machines that are not fit."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import psutil
from typer.testing import CliRunner

from cluster.cli import app
from cluster.doctor_command import LOCK, as_dict, available_memory_bytes, differing_versions, examine, fit

PINS = LOCK.read_text("utf-8").splitlines()


def test_the_environment_the_tests_run_in_is_that_of_the_lock() -> None:
    assert list(differing_versions(PINS)) == []


def test_a_version_that_differs_and_a_package_that_is_missing_are_named(tmp_path: Path) -> None:
    pins = ["# a comment", "typer==0.0.1", "no-such-package==1.0", "torch==2.13.0", "ray[serve]==2.60.0"]
    assert [line.split(" (")[0] for line in differing_versions(pins)] == [f"typer is {version('typer')}", "no-such-package is missing"]
    lock = tmp_path / "lock.txt"
    lock.write_text("\n".join(pins))
    checks = {check.name: check for check in examine(tmp_path, lock)}
    assert checks["packages"].verdict == "bad"
    assert "make setup" in checks["packages"].fix
    assert not fit(list(checks.values()))


def test_every_check_that_is_bad_says_what_to_do(tmp_path: Path) -> None:
    checks = examine(tmp_path / "not" / "made" / "yet")
    assert {"Python", "packages", "C++ compiler", "Python headers", "cores", "memory", "shared memory", "GPU"} <= {c.name for c in checks}
    assert all(check.fix for check in checks if check.verdict == "bad")
    assert all(check.found for check in checks)
    disk = next(check for check in checks if check.name == "disk for runs")
    assert f"{shutil.disk_usage(tmp_path).free / 1e9:.0f}"[:1] in disk.found
    assert 0 < available_memory_bytes() <= psutil.virtual_memory().total
    assert as_dict(checks)["good"] == fit(checks)


def test_the_command_exits_with_1_exactly_when_something_must_be_put_right(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["doctor", "--runs", str(tmp_path), "--json"])
    found = json.loads(told.stdout)
    assert told.exit_code == (0 if found["good"] else 1)
    shown = CliRunner().invoke(app, ["doctor", "--runs", str(tmp_path)])
    assert ("Fit to train." in shown.stdout) == found["good"]
