"""Reads a run directory for the pages about runs: series of metrics, stages, held-out scores, the best step.

A run may be going on meanwhile: metrics.jsonl is read on from where the last look ended, and a file of trajectories is counted once
for each time it was written.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from envs.proportions import Tally
from envs.records import bucket_of
from envs.run_claim import read_claim
from envs.run_store import REWOUND, RunStore

STAGES = ("sft", "phase1", "phase2")
HEAD_BYTES = 256
POINTS_MAX = 400  # of one series in one chart; more are averaged over neighbouring steps


Life = Literal["live", "elsewhere", "killed", "ended"]


@dataclass(frozen=True)
class Evaluation:
    """One held-out score of a run."""

    step: int
    stage: str  # "base", "sft", "phase1", "phase2" or "best"
    kind: str  # "validation" or "test"
    total: Tally
    databases: dict[str, Tally]
    tables: dict[str, Tally]  # "1", "2", "3+"


@dataclass(frozen=True)
class Stage:
    """The steps (first, last] a stage of training took; `over` when it has ended."""

    name: str
    first: int
    last: int
    over: bool


@dataclass
class MetricsLog:
    """A run's metrics.jsonl, read on from where it ended before."""

    path: Path
    series: dict[str, dict[int, float]] = field(default_factory=dict)  # by metric, then by step; a later line of a step holds
    last_step: int = 0
    _read: int = 0  # bytes
    _head: bytes = b""  # how the file began; every line holds the time it was written

    def refresh(self) -> None:
        """Take in what was written since; a file that was replaced or cut is read anew."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if not head.startswith(self._head):  # not by its inode, which a new file may be given again
                self.series, self.last_step, self._read = {}, 0, 0
            self._head = head
            file.seek(self._read)
            block = file.read()
        whole = block.rfind(b"\n") + 1  # a line being written just now is left for the next look
        self._read += whole
        for line in block[:whole].split(b"\n"):
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            record = json.loads(line) if line.strip() else None
        except ValueError:
            return  # cut short by a crash
        if not isinstance(record, dict) or not isinstance(record.get("step"), int):
            return
        step = record["step"]
        if record.get(REWOUND):  # what came after that step was thrown away
            self.series = {key: {at: value for at, value in by_step.items() if at <= step} for key, by_step in self.series.items()}
            self.last_step = min(self.last_step, step)
            return
        self.last_step = max(self.last_step, step)
        for key, value in record.items():
            if key not in ("step", "time") and isinstance(value, (int, float)):
                self.series.setdefault(key, {})[step] = float(value)


def life_of(run: Path) -> Life:
    """Whether the process that trains a run lives, by the claim it holds on the directory."""
    claim = read_claim(run)
    if claim is None:
        return "ended"
    alive = claim.alive()
    if alive is None:
        return "elsewhere"
    return "live" if alive else "ended" if (run / "result.json").is_file() else "killed"


def points(series: dict[int, float], points_max: int = POINTS_MAX) -> list[tuple[float, float]]:
    """A series as (step, value) in the order of the steps, at most points_max: neighbours are averaged, steps too."""
    ordered = sorted(series.items())
    if len(ordered) <= points_max:
        return [(float(step), value) for step, value in ordered]
    size = -(-len(ordered) // points_max)
    chunks = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    return [(sum(s for s, _ in chunk) / len(chunk), sum(v for _, v in chunk) / len(chunk)) for chunk in chunks]


def stages(events: Sequence[dict[str, Any]], last_step: int) -> list[Stage]:
    """The stages done, by their events, and the one at hand."""
    found: dict[str, Stage] = {}
    for event in events:
        if event.get("kind") == "stage_done" and event.get("stage") in STAGES:
            last = int(event.get("step", 0))
            found[event["stage"]] = Stage(event["stage"], last - int(event.get("steps", 0)), last, over=True)
    done = [found[name] for name in STAGES if name in found]
    end = done[-1].last if done else 0
    missing = [name for name in STAGES if name not in found]
    if last_step > end and missing:
        done.append(Stage(missing[0], end, last_step, over=False))
    return done


def evaluations(store: RunStore) -> list[Evaluation]:
    """The held-out scores there are, by step; a file that cannot be read is left out."""
    found = []
    for step, name, path in store.evaluation_files():
        stage, _, kind = name.rpartition("_")
        if kind in ("validation", "test"):
            try:
                found.append(evaluation(path, path.stat().st_mtime_ns, step, stage, kind))
            except (OSError, ValueError, KeyError):
                continue
    return found


@functools.lru_cache(maxsize=2_000)
def evaluation(path: Path, written_ns: int, step: int, stage: str, kind: str) -> Evaluation:  # noqa: ARG001 - part of the cache's key
    """The score of one file of held-out trajectories; the first member of a group counts.

    Raises:
        ValueError: it is no file of trajectories (pyarrow's errors are ValueErrors).
    """
    columns = ["place", "question.db_id", "question.tables", "outcome.correct"]
    rows = [row for row in pq.ParquetFile(path).read(columns=columns).to_pylist() if row["place"] == 0]
    graded = [(row["question"]["db_id"], bucket_of(len(row["question"]["tables"])), row["outcome"]["correct"]) for row in rows]
    return Evaluation(
        step,
        stage,
        kind,
        Tally(sum(right for _, _, right in graded), len(graded)),
        shares((database, right) for database, _, right in graded),
        shares((tables, right) for _, tables, right in graded),
    )


def shares(graded: Iterable[tuple[str, bool]]) -> dict[str, Tally]:
    """Right answers by name, in the order of the names."""
    graded = list(graded)
    questions, correct = Counter(name for name, _ in graded), Counter(name for name, right in graded if right)
    return {name: Tally(correct[name], questions[name]) for name in sorted(questions)}


def best_step(store: RunStore, scores: Sequence[Evaluation]) -> int | None:
    """The step whose policy is kept as the best: as the result says, else the first with the most right on validation."""
    result = store.read_json("result.json")
    if result and result.get("best"):
        return int(result["best"]["step"])
    validated = [score for score in scores if score.kind == "validation"]
    return max(validated, key=lambda score: (score.total.accuracy, -score.step)).step if validated else None


def result_rows(store: RunStore) -> list[dict[str, str]]:
    """The table of results, one row a stage, as `analyst-buddy train` prints it; empty before the run's end."""
    result = store.read_json("result.json") or {"stages": [], "best": None}
    rows = []
    for stage in result["stages"]:
        training, validation = stage["training"], stage["validation"] or {}
        rows.append(
            {
                "stage": stage["stage"],
                "steps": str(stage["steps"]),
                "validation": _score(stage["validation"]),
                "test": _score(stage["test"]),
                "1 / 2 / 3+ tables": " / ".join(f"{100 * t['accuracy']:.0f} %" for t in validation.get("tables", {}).values()),
                "reward": f"{training['reward_first_quarter']:.2f} to {training['reward_last_quarter']:.2f}" if training["groups"] else "",
            }
        )
    if best := result["best"]:
        row = {"stage": f"best: {best['stage']}", "steps": str(best["step"])}
        rows.append({**row, "validation": _score(best["validation"]), "test": _score(best["test"]), "1 / 2 / 3+ tables": "", "reward": ""})
    return rows


def _score(score: dict[str, Any] | None) -> str:
    return str(Tally(score["correct"], score["questions"])) if score else ""
