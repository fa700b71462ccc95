"""Which policy a command takes: the one named, else the newest run's best; and what is told when there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cluster.policies import policy_dir


def run_with_policy(runs: Path, name: str, *, at: float) -> Path:
    best = runs / name / "policy" / "best"
    best.mkdir(parents=True)
    (best / "config.json").write_text("{}")
    marker = runs / name / "metrics.jsonl"
    marker.write_text("")
    os.utime(marker, (at, at))
    return best


def test_the_newest_run_with_a_best_policy_is_taken(tmp_path: Path) -> None:
    run_with_policy(tmp_path, "old", at=1_000)
    newer = run_with_policy(tmp_path, "newer", at=2_000)
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "metrics.jsonl").write_text("")  # newest of all, without a policy yet
    assert policy_dir(None, tmp_path) == newer


def test_a_named_directory_must_be_a_policy(tmp_path: Path) -> None:
    best = run_with_policy(tmp_path, "old", at=1_000)
    assert policy_dir(best, tmp_path) == best
    with pytest.raises(FileNotFoundError, match=r"is no policy directory: wanted config\.json"):
        policy_dir(tmp_path, tmp_path)


def test_without_any_policy_the_way_to_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no policy yet: `make train`"):
        policy_dir(None, tmp_path)
