"""A run's numbers, scraped from Ray's exporter as Prometheus would."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.run_store import RunStore

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from cluster.run_gauges import exporters

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, _system_config={"metrics_report_interval_ms": 500})
    try:
        (found,) = exporters()
        yield found
    finally:
        ray.shutdown()


def test_lines_of_metrics_restarts_and_health_are_scraped_under_the_runs_name(address: str, tmp_path: Path) -> None:
    from cluster.run_gauges import RunGauges

    store = RunStore(tmp_path / "quick")
    RunGauges(store.name).listen(store)
    store.append_metrics(7, {"reward/mean": 0.25, "learner/tokens_per_s": 460.0, "grpo/loss": float("nan")})
    store.append_event("restart", who="generator 0", cause="killed", action="restarted", seconds=1.0)
    store.append_event("generator_health", who="generator 0", health="stale")
    store.append_event("stopped", step=7)

    wanted = {"step": 7, "reward_mean": 0.25, "learner_tokens_per_s": 460, "restarts_total": 1, "generator_healthy": 0}
    deadline, found = time.monotonic() + 60, dict[str, float]()
    while found != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
        found = scraped(address)
    assert found == wanted


def scraped(address: str) -> dict[str, float]:
    """Our numbers of the run `quick`."""
    found = {}
    with urllib.request.urlopen(address, timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("ray_analyst_buddy_") and 'run="quick"' in line:
                found[line.partition("{")[0].removeprefix("ray_analyst_buddy_")] = float(line.rpartition(" ")[2])
    return found
