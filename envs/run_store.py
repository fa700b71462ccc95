"""The run directory: everything a run leaves behind, and all that a dashboard or a resumed run needs.

    RUN/ config.toml  result.json  metrics.jsonl  events.jsonl  logs/  evaluations/step_000120_sft_validation.parquet
         groups/step_000012.parquet  checkpoints/step_000120/  policy/{sft,best,last}/

One process writes; any number read meanwhile. Lines are appended whole and flushed; files and directories are written aside and
renamed, so that a reader, or a run that comes back after a crash, finds a thing whole or not at all.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import logging
import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_STEP = re.compile(r"step_(\d{6,})")
_EVALUATION = re.compile(r"step_(\d{6,})(?:_(.+))?")
_ASIDE = ".writing-"  # a directory being written; one that is left over was cut short
_REPLACED = ".replaced-"  # the directory that a finished one takes the place of, for the instant of the swap


class DiskFullError(OSError):
    """No room is left for something a run has to keep."""


class RunStore:
    """One run's directory, open for writing and reading.

    Args:
        path: RUN/, made when it is missing.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
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
        found = [(match, path) for path in (self.path / "groups").glob("*.parquet") if (match := _STEP.fullmatch(path.stem))]
        return dict(sorted((int(match[1]), path) for match, path in found))

    def evaluation_files(self) -> list[tuple[int, str, Path]]:
        """The files of held-out evaluations there are: step, name (e.g. "sft_validation", "" for one without) and path, by step."""
        found = [(match, path) for path in (self.path / "evaluations").glob("*.parquet") if (match := _EVALUATION.fullmatch(path.stem))]
        return sorted((int(match[1]), match[2] or "", path) for match, path in found)

    def policy_dir(self, which: str) -> Path:
        """policy/sft, policy/best or policy/last: a Hugging Face model directory; write it inside `written_aside`."""
        return self._folder("policy") / which

    def checkpoint_dir(self, step: int) -> Path:
        return self.path / "checkpoints" / step_name(step)

    # Lines

    def append_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """One line of metrics.jsonl: the step, the wall clock in seconds since 1970, and the numbers (null when not finite)."""
        self._append("metrics.jsonl", {"step": step, "time": time.time(), **metrics})

    def append_event(self, kind: str, **fields: Any) -> None:
        """One line of events.jsonl: something that happened once, such as a stage that began or an actor that came back."""
        self._append("events.jsonl", {"kind": kind, "time": time.time(), **fields})

    def read_metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl as written; a resumed run may have written a step twice, and the later line holds."""
        return read_lines(self.path / "metrics.jsonl")

    def read_events(self) -> list[dict[str, Any]]:
        return read_lines(self.path / "events.jsonl")

    # Whole files

    def write_json_atomic(self, name: str, obj: Any) -> Path:
        """Write RUN/name as JSON, whole or not at all; dataclasses and numpy numbers become plain, numbers not finite null."""
        target = self.path / name
        with no_room_is_one_clear_error(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomic(target, json.dumps(_plain(obj), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        return target

    def read_json(self, name: str) -> Any | None:
        """What RUN/name holds, or None when it was never written."""
        path = self.path / name
        return json.loads(path.read_text("utf-8")) if path.is_file() else None

    # Checkpoints

    @contextlib.contextmanager
    def checkpoint(self, step: int, state: MutableMapping[str, Any]) -> Iterator[Path]:
        """A directory to write a checkpoint into: it becomes checkpoints/step_N when the block ends well, else it vanishes.

        `state` is read when the block ends and kept in manifest.json beside the name and size of every file.
        """
        with written_aside(self.checkpoint_dir(step)) as folder:
            yield folder
            files = {str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file()}
            manifest = {"step": step, "time": time.time(), "state": _plain(dict(state)), "files": files}
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), "utf-8")

    def checkpoints(self) -> list[Path]:
        """The whole checkpoints, oldest first; damaged ones are left out and logged."""
        found = [p for p in (self.path / "checkpoints").glob("step_*") if _STEP.fullmatch(p.name)]
        return [path for path in sorted(found, key=lambda p: _step_of(p)) if _is_whole(path)]

    def latest_checkpoint(self) -> Path | None:
        """The newest whole checkpoint, or None when there is nothing to go on from."""
        return next(reversed(self.checkpoints()), None)

    def read_manifest(self, checkpoint: Path) -> dict[str, Any]:
        """A checkpoint's manifest: step, time, state (as given to `checkpoint`), files."""
        manifest: dict[str, Any] = json.loads((checkpoint / MANIFEST).read_text("utf-8"))
        return manifest

    def prune_checkpoints(self, keep: int = 2) -> None:
        """Delete all but the newest `keep` whole checkpoints, and whatever was left half-written before them."""
        if keep < 1:
            raise ValueError(f"keep is {keep}: at least 1 checkpoint must stay, or the run cannot be resumed")
        kept = self.checkpoints()[-keep:]
        for path in (self.path / "checkpoints").glob("*"):
            newer = kept and _STEP.fullmatch(path.name) and _step_of(path) > _step_of(kept[-1])
            if path not in kept and not newer:
                shutil.rmtree(path, ignore_errors=True)

    # Helpers

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        with no_room_is_one_clear_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _append(self, name: str, record: Mapping[str, Any]) -> None:
        line = json.dumps(_plain(record), ensure_ascii=False, allow_nan=False) + "\n"
        path = self.path / name
        with no_room_is_one_clear_error(path):
            torn = _ends_in_mid_line(path)  # a crash cut the last line: what follows must not be glued to it
            with path.open("a", encoding="utf-8") as file:
                file.write(("\n" if torn else "") + line)


def step_name(step: int) -> str:
    """step_000120: names sort as the steps do."""
    return f"step_{step:06d}"


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


@contextlib.contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A new directory beside `target` that takes its place when the block ends well, flushed to the disk first.

    When the block raises, the new directory is deleted and `target` stays as it was.

    Raises:
        DiskFullError: there was no room, here or in the block.
    """
    replaced = target.with_name(_REPLACED + target.name)
    with no_room_is_one_clear_error(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if replaced.exists() and not target.exists():
            replaced.rename(target)  # an earlier swap was cut in the middle
        aside = Path(tempfile.mkdtemp(prefix=f"{_ASIDE}{target.name}-", dir=target.parent))
        try:
            aside.chmod(0o755)
            yield aside
            for path in [*aside.rglob("*"), aside]:
                _flush(path)
            if target.exists():
                shutil.rmtree(replaced, ignore_errors=True)
                target.rename(replaced)
            aside.rename(target)
            _flush(target.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


def write_text_atomic(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with file_written_aside(target) as aside:
        aside.write_text(text, "utf-8")


@contextlib.contextmanager
def file_written_aside(target: Path) -> Iterator[Path]:
    """A file beside `target` to write to: it takes target's place, flushed to the disk, when the block ends well, else it vanishes.

    Raises:
        DiskFullError: there was no room.
    """
    with no_room_is_one_clear_error(target):
        handle, name = tempfile.mkstemp(prefix=f"{_ASIDE}{target.name}-", dir=target.parent)
        os.close(handle)
        aside = Path(name)
        try:
            yield aside
            aside.chmod(0o644)
            _flush(aside)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)


@contextlib.contextmanager
def no_room_is_one_clear_error(path: Path) -> Iterator[None]:
    """Turns "no space left" (or a quota) from anywhere in the block into one DiskFullError that says what to do.

    Raises:
        DiskFullError: as said.
    """
    try:
        yield
    except DiskFullError:
        raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFullError(
            error.errno, f"no room left on the disk of {path}: free some space, then give the same command again to go on"
        ) from error


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


def _step_of(path: Path) -> int:
    return int(path.name.removeprefix("step_"))


def _is_whole(checkpoint: Path) -> bool:
    """Whether every file that the manifest names is there with its size."""
    try:
        files: dict[str, int] = json.loads((checkpoint / MANIFEST).read_text("utf-8"))["files"]
        wrong = [name for name, size in files.items() if (checkpoint / name).stat().st_size != size]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("checkpoint %s is left out: %s", checkpoint, error)
        return False
    if wrong:
        log.warning("checkpoint %s is left out: %s has not the size it was written with", checkpoint, wrong[0])
    return not wrong


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(value: Any) -> Any:
    """The same value from what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, str) or value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "item"):  # a number of numpy's or torch's
        return _plain(value.item())
    return str(value)
