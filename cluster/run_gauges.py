"""A run's numbers for Prometheus: what goes to metrics.jsonl, restarts, and which generators are healthy, on Ray's own exporter.

Trainer, actors and learner measure in their own processes; their numbers meet in the driver's lines of metrics.jsonl and leave from
there, each as a gauge `ray_analyst_buddy_...` with the run's name. Memory and processor time of each process are Ray's own, at the same
address.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import ray
from ray.util.metrics import Counter, Gauge

from envs.run_store import RunStore

PREFIX = "analyst_buddy_"  # Ray puts `ray_` before it


class RunGauges:
    """Listens to a run's directory; Ray must be running."""

    def __init__(self, run: str) -> None:
        self._run = {"run": run}
        self._gauges: dict[str, Gauge] = {}
        self._restarts = Counter(f"{PREFIX}restarts", "processes of the run that were started anew", ("run", "who"))
        self._healthy = Gauge(f"{PREFIX}generator_healthy", "1 while the generator may sample, else 0", ("run", "who"))

    def listen(self, store: RunStore) -> None:
        """Follow what is written from now on."""
        store.on_metrics.append(self.metrics)
        store.on_events.append(self.event)

    def metrics(self, step: int, numbers: Mapping[str, float]) -> None:
        """One line of metrics.jsonl; what is no number leaves its gauge as it was."""
        for name, value in {"step": step, **numbers}.items():
            if math.isfinite(value):
                if name not in self._gauges:
                    self._gauges[name] = Gauge(PREFIX + re.sub(r"\W", "_", name), f"{name} of metrics.jsonl", ("run",))
                self._gauges[name].set(value, self._run)

    def event(self, kind: str, fields: Mapping[str, Any]) -> None:
        """One line of events.jsonl; only restarts and the health of generators are numbers."""
        if kind == "restart":
            self._restarts.inc(1, {**self._run, "who": fields["who"]})
        elif kind == "generator_health":
            self._healthy.set(float(fields["health"] == "healthy"), {**self._run, "who": fields["who"]})


def exporters() -> list[str]:
    """Where Prometheus finds the numbers: one address for each node."""
    return [f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics" for node in ray.nodes() if node["Alive"]]
