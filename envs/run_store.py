"""The run directory: everything a run leaves behind, and all that a dashboard or a resumed run needs.

    RUN/ config.toml  result.json  metrics.jsonl  events.jsonl  logs/  evaluations/step_000120_sft_validation.parquet
         tensorboard/  groups/step_000012.parquet  checkpoints/step_000120/  policy/{sft,best,last}/

One process writes; any number read meanwhile. Lines are appended whole and flushed; files and directories are written aside and
renamed (envs/whole_files.py), so that a reader, or a run that comes back after a crash, finds a thing whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import re
import time
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from envs import checkpoints
from envs.checkpoints import STEP, step_name
from envs.whole_files import no_room_is_one_clear_error, plain, write_text_atomic

log = logging.getLogger(__name__)

REWOUND = "run/rewound"  # in a line of metrics.jsonl: the run went on from that line's step
_EVALUATION = re.compile(r"step_(\d{6,})(?:_(.+))?")


class RunStore:
    """One run's directory, open for writing and reading.

    Args:
        path: RUN/, made when it is missing.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.on_metrics: list[Callable[[int, Mapping[str, float]], None]] = []  # called with each line of metrics.jsonl once it is written
        self.on_events: list[Callable[[str, Mapping[str, Any]], None]] = []  # likewise of events.jsonl: its kind and fields
        with no_room_is_one_clear_error(self.path):
            self.path.mkdir(parents=True, exist_ok=True)

    @classmethod
    def existing(cls, run: Path | str, root: Path | str = "runs") -> RunStore:
        """The run in a directory, or of that name under `root`; nothing is made.

        Raises:
            FileNotFoundError: there is no run.
        """
        for path in (Path(run), Path(root) / run):
            if path.is_dir() and _written_at(path) > 0:
                return cls(path)
        there = ", ".join(path.name for path in list_runs(root)) or "none"
        raise FileNotFoundError(f"no run in {run}: wanted a run's directory or a name under {root} (there: {there})")

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config_path(self) -> Path:
        return self.path / "config.toml"

    @property
    def logs_dir(self) -> Path:
        return self._folder("logs")

    def groups_path(self, step: int) -> Path:
        """Where the groups trained on at a step are kept (its folder exists afterwards)."""
        return self._folder("groups") / f"{step_name(step)}.parquet"

    def evaluation_path(self, step: int) -> Path:
        """Where the trajectories of a held-out evaluation are kept (its folder exists afterwards)."""
        return self._folder("evaluations") / f"{step_name(step)}.parquet"

    def groups_files(self) -> dict[int, Path]:
        """The files of groups there are, by step, in the order of the steps."""
        found = [(match, path) for path in (self.path / "groups").glob("*.parquet") if (match := STEP.fullmatch(path.stem))]
        return dict(sorted((int(match[1]), path) for match, path in found))

    def evaluation_files(self) -> list[tuple[int, str, Path]]:
        """The files of held-out evaluations there are: step, name (e.g. "sft_validation", "" for one without) and path, by step."""
        found = [(match, path) for path in (self.path / "evaluations").glob("*.parquet") if (match := _EVALUATION.fullmatch(path.stem))]
        return sorted((int(match[1]), match[2] or "", path) for match, path in found)

    def policy_dir(self, which: str) -> Path:
        """policy/sft, policy/best or policy/last: a Hugging Face model directory; write it inside `written_aside`."""
        return self._folder("policy") / which

    # Lines

    def append_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """One line of metrics.jsonl: the step, the wall clock in seconds since 1970, and the numbers (null when not finite)."""
        self._append("metrics.jsonl", {"step": step, "time": time.time(), **metrics})
        for told in self.on_metrics:
            told(step, metrics)

    def append_event(self, kind: str, **fields: Any) -> None:
        """One line of events.jsonl: something that happened once, such as a stage that began or an actor that came back."""
        self._append("events.jsonl", {"kind": kind, "time": time.time(), **fields})
        for told in self.on_events:
            told(kind, fields)

    def rewind(self, step: int) -> bool:
        """Note in metrics.jsonl that the run goes on from `step`: the lines of later steps written so far no longer hold.

        Returns:
            Whether there were any.
        """
        later = any(row["step"] > step and not row.get("replaced") for row in self.read_metrics())
        if later:
            self.append_metrics(step, {REWOUND: 1})
        return later

    def read_metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl as written; those of steps that a rewind threw away carry `"replaced": True`."""
        rows = read_lines(self.path / "metrics.jsonl")
        holds_to = math.inf  # looking back: only steps up to the earliest that a later line rewound to
        for row in reversed(rows):
            if row["step"] > holds_to:
                row["replaced"] = True
            if row.get(REWOUND):
                holds_to = min(holds_to, row["step"])
        return rows

    def read_events(self) -> list[dict[str, Any]]:
        return read_lines(self.path / "events.jsonl")

    # Whole files

    def write_json_atomic(self, name: str, obj: Any) -> Path:
        """Write RUN/name as JSON, whole or not at all; dataclasses and numpy numbers become plain, numbers not finite null."""
        target = self.path / name
        with no_room_is_one_clear_error(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomic(target, json.dumps(plain(obj), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        return target

    def read_json(self, name: str) -> Any | None:
        """What RUN/name holds, or None when it was never written."""
        path = self.path / name
        return json.loads(path.read_text("utf-8")) if path.is_file() else None

    # Checkpoints

    @property
    def checkpoints_dir(self) -> Path:
        return self.path / "checkpoints"

    def checkpoint_dir(self, step: int) -> Path:
        return self.checkpoints_dir / step_name(step)

    def checkpoint(self, step: int, state: MutableMapping[str, Any]) -> contextlib.AbstractContextManager[Path]:
        """A directory to write a checkpoint into, see `envs.checkpoints.new_checkpoint`."""
        return checkpoints.new_checkpoint(self.checkpoints_dir, step, state)

    def checkpoints(self) -> list[Path]:
        """The whole checkpoints, oldest first; damaged ones are left out and logged."""
        return checkpoints.list_checkpoints(self.checkpoints_dir)

    def latest_checkpoint(self) -> Path | None:
        """The newest whole checkpoint by the sizes of its files; to go on from one, ask `newest_intact_checkpoint`."""
        return next(reversed(self.checkpoints()), None)

    def newest_intact_checkpoint(self) -> tuple[Path | None, list[str]]:
        """The newest checkpoint that is as it was written, byte for byte, and what is wrong with each newer one."""
        return checkpoints.newest_intact(self.checkpoints_dir)

    def read_manifest(self, checkpoint: Path) -> dict[str, Any]:
        """A checkpoint's manifest, see `envs.checkpoints.read_manifest`."""
        return checkpoints.read_manifest(checkpoint)

    def prune_checkpoints(self, keep: int = 2, best: int | None = None) -> None:
        """Delete all but the newest `keep` whole checkpoints and that of step `best`, and what was left half-written before them."""
        checkpoints.prune(self.checkpoints_dir, keep, best)

    # Helpers

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        with no_room_is_one_clear_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _append(self, name: str, record: Mapping[str, Any]) -> None:
        line = json.dumps(plain(record), ensure_ascii=False, allow_nan=False) + "\n"
        path = self.path / name
        with no_room_is_one_clear_error(path):
            torn = _ends_in_mid_line(path)  # a crash cut the last line: what follows must not be glued to it
            with path.open("a", encoding="utf-8") as file:
                file.write(("\n" if torn else "") + line)


def list_runs(root: Path | str) -> list[Path]:
    """The run directories under root, the one written to last first; other folders are left out."""
    runs = [run for run in Path(root).glob("*") if run.is_dir() and _written_at(run) > 0]
    return sorted(runs, key=lambda run: (-_written_at(run), run.name))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a .jsonl file; a line cut short by a crash (or being written just now) is left out."""
    if not path.is_file():
        return []
    records = []
    *lines, being_written = path.read_text("utf-8", errors="replace").split("\n")  # splitlines would split inside texts
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            log.warning("%s line %d was cut short, probably by a crash: left out", path, number)
    with contextlib.suppress(json.JSONDecodeError):
        records.append(json.loads(being_written))
    return records


def _written_at(run: Path) -> float:
    """When a run's directory was last written to, in seconds since 1970; 0 for a directory of something else."""
    marks = ("metrics.jsonl", "events.jsonl", "result.json", "config.toml")
    return max((path.stat().st_mtime for mark in marks if (path := run / mark).is_file()), default=0.0)


def _ends_in_mid_line(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
