"""`analyst-buddy status RUN`: where a run stands, whether its process lives, what it measured last and what happened to it.

Everything is read from the run directory, so it works while the run goes on, after it, and on a copy of it elsewhere.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from cluster.config import RunConfig, read_config
from cluster.report import score_text
from envs.run_claim import Claim, read_claim
from envs.run_store import RunStore

Life = Literal["live", "unknown", "killed", "failed", "stopped", "finished"]
PACE_ROWS = 20  # steps that the pace is taken from
SHOWN = (
    "sft/loss", "reward/mean", "learner/tokens_per_s", "actor/tokens_per_s", "learner/gradient_norm", "canary/logprob_gap",
    "validation/accuracy",
)  # fmt: skip
_MEANS: dict[Life, str] = {
    "live": "training",
    "unknown": "on another machine: whether it lives cannot be told from here",
    "killed": "its process is gone without a word: the same command goes on from the last checkpoint",
    "failed": "ended with an error: see the last event; the same command goes on from the last checkpoint",
    "stopped": "stopped when asked to: the same command goes on",
    "finished": "finished",
}


def status(store: RunStore, events_max: int = 10) -> dict[str, Any]:
    """Where a run stands, as plain values; seconds are since 1970 or durations, and None is what cannot be known."""
    now = time.time()
    rows, events, claim = [row for row in store.read_metrics() if not row.get("replaced")], store.read_events(), read_claim(store.path)
    checkpoint = store.latest_checkpoint()
    manifest = store.read_manifest(checkpoint) if checkpoint else None
    state: dict[str, Any] = manifest["state"] if manifest else {"stage": "sft", "step": 0, "stages": {}, "seconds": {}, "best": None}
    result = store.read_json("result.json")
    life = _life(events, claim, finished=result is not None)
    step = max([int(state["step"]), *(row["step"] for row in rows)])
    stage_steps = step - int(state["step"]) + int(state["stages"].get(state["stage"], {}).get("steps", 0))
    config = read_config(store.config_path) if store.config_path.is_file() else RunConfig()
    written = max((row["time"] for row in [*rows, *events]), default=None)
    pace = step_pace(rows, state["stage"])
    return {
        "run": store.name,
        "life": life,
        "process": None if claim is None else {"pid": claim.pid, "host": claim.host, "since": claim.since},
        "stage": state["stage"],
        "step": step,
        "stage_step": stage_steps,
        "stage_steps": _steps_of(config, state["stage"]),
        "step_seconds": pace,
        "stage_seconds_left": _stage_left(config, state["stage"], stage_steps, pace),
        "run_seconds_left": _run_left(config, state, manifest, claim, now) if life == "live" else None,
        "written_seconds_ago": None if written is None else now - written,
        "metrics": _latest(rows),
        "best": (result or state)["best"],
        "checkpoint": None if manifest is None else {"step": manifest["step"], "time": manifest["time"], "bytes": _bytes(manifest)},
        "events": events[-events_max:] if events_max else [],
    }


def print_status(found: Mapping[str, Any], console: Console) -> None:
    """The same for a person."""

    def line(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    of = f" of {found['stage_steps']}" if found["stage_steps"] else ""
    line(f"{found['run']}: {_MEANS[found['life']]}")
    line(f"stage {found['stage']}, its step {found['stage_step']}{of}, step {found['step']} in all")
    left = [f"{name} {_duration(found[key])}" for name, key in (("stage", "stage_seconds_left"), ("run", "run_seconds_left")) if found[key]]
    if left and found["life"] == "live":
        line(f"time left: {', '.join(left)}")
    if process := found["process"]:
        line(f"process {process['pid']} on {process['host']}, since {_clock(process['since'])}")
    if found["written_seconds_ago"] is not None:
        line(f"last written {_duration(found['written_seconds_ago'])} ago")
    if kept := found["checkpoint"]:
        line(f"checkpoint of step {kept['step']}, {_clock(kept['time'])}, {kept['bytes'] / 1e6:.0f} MB")
    else:
        line("no checkpoint yet")
    if best := found["best"]:
        line(f"best policy: {best['stage']}, step {best['step']}, validation {score_text(best['validation'])}")
    if found["metrics"]:
        table = Table("metric", "last", "of step", box=None)
        for name in SHOWN:
            if name in found["metrics"]:
                table.add_row(name, f"{found['metrics'][name]['value']:.4g}", str(found["metrics"][name]["step"]))
        console.print(table)
    for event in found["events"]:
        rest = ", ".join(f"{key} {value}" for key, value in event.items() if key not in ("kind", "time") and not isinstance(value, dict))
        line(f"{_clock(event['time'])} {event['kind']}{': ' + rest if rest else ''}")


def step_pace(rows: Sequence[Mapping[str, Any]], stage: str) -> float | None:
    """Seconds from step to step, the median of the last ones of the stage (so that a validation between two does not count)."""
    mark = "sft/loss" if stage == "sft" else "reward/mean"
    times = [row["time"] for row in rows if mark in row][-PACE_ROWS:]
    return statistics.median(b - a for a, b in itertools.pairwise(times)) if len(times) > 1 else None


def _life(events: Sequence[Mapping[str, Any]], claim: Claim | None, *, finished: bool) -> Life:
    if claim is not None:
        alive = claim.alive()
        return "unknown" if alive is None else "live" if alive else "finished" if finished else "killed"
    if finished:
        return "finished"
    last = next((event["kind"] for event in reversed(events) if event["kind"] in ("stopped", "failed", "resumed")), "stopped")
    return "failed" if last == "failed" else "stopped"


def _steps_of(config: RunConfig, stage: str) -> int | None:
    """How many steps a stage has by its preset; None when the clock decides, or it is not trained."""
    section = getattr(config, stage, None)
    return getattr(section, "steps", 0) or None


def _stage_left(config: RunConfig, stage: str, done: int, pace: float | None) -> float | None:
    steps = _steps_of(config, stage)
    return None if steps is None or pace is None else max(0, steps - done) * pace


def _run_left(
    config: RunConfig, state: Mapping[str, Any], manifest: Mapping[str, Any] | None, claim: Claim | None, now: float
) -> float | None:
    """What run.minutes leaves: the parts' seconds up to the last checkpoint, and the clock since."""
    if not config.run.minutes or claim is None:
        return None
    spent: float = sum(seconds for part, seconds in state["seconds"].items() if part != "total")
    since: float = max(claim.since, manifest["time"] if manifest else 0.0)
    left: float = config.run.minutes * 60 - spent - (now - since)
    return max(0.0, left)


def _latest(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """For every metric its last value and that value's step."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in ("step", "time") and isinstance(value, int | float):
                found[name] = {"value": value, "step": row["step"]}
    return found


def _bytes(manifest: Mapping[str, Any]) -> int:
    return sum(size if isinstance(size, int) else size["bytes"] for size in manifest["files"].values())


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
