"""Which weights answer: finds, names, checks and keeps the directories that policies are loaded from.

A policy is written as it is given to `serve --policy`: a directory, or `scripted:FILE`. What answers is kept in the state's folder, by hard
links where that goes, so that a run that trains on, or is deleted, changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import safe_open

from envs.whole_files import file_written_aside, write_text_atomic, written_aside
from serving.calibration import FILE_NAME as CALIBRATION

SCRIPTED = "scripted:"
KEPT_MAX = 4  # directories of promoted weights; the oldest that history does not need go first


class PolicyRefusedError(ValueError):
    """A policy that cannot take the place of the one that answers; the message says why."""


@dataclass(frozen=True)
class Promoted:
    """One policy that has answered, or answers."""

    policy: str  # as given to --policy
    name: str  # what people call it: a run's name, a folder's
    weights: str  # first 12 hex digits of the SHA-256 of the weights' files
    version: int = 0  # counts up with every change; it is on every token that is sampled
    tested: dict[str, Any] | None = None  # {"correct", "questions"} on the test set, where it is known


@dataclass(frozen=True)
class History:
    """What was promoted, the last of them in force; version numbers are never given twice."""

    started_with: str  # --policy of the server that began it
    started_weights: str  # and the weights that were there then
    entries: tuple[Promoted, ...]
    versions: int  # given so far

    @property
    def current(self) -> Promoted:
        return self.entries[-1]

    def with_next(self, promoted: Promoted) -> History:
        """The policy in force from now on, under the next version number."""
        return replace(self, entries=(*self.entries[-9:], replace(promoted, version=self.versions)), versions=self.versions + 1)

    def rolled_back(self) -> History:
        """The policy before in force again, under the next version number.

        Raises:
            PolicyRefusedError: there is none before.
        """
        if len(self.entries) < 2:
            raise PolicyRefusedError("there is nothing to roll back to: no other policy was in force before this one")
        *before, last, _ = self.entries
        return replace(self, entries=(*before, replace(last, version=self.versions)), versions=self.versions + 1)


def read_history(file: Path, policy: str, weights: str) -> History | None:
    """What a server that was started with this policy and these weights has promoted; None when it was started with others."""
    if not file.is_file():
        return None
    told = json.loads(file.read_text("utf-8"))
    if (told["started_with"], told.get("started_weights")) != (policy, weights):
        return None
    entries = tuple(Promoted(**entry) for entry in told["entries"])
    return History(policy, weights, entries, told["versions"]) if is_there(entries[-1].policy) else None


def write_history(file: Path, history: History) -> None:
    write_text_atomic(file, json.dumps(asdict(history), indent=2) + "\n")


def is_there(policy: str) -> bool:
    return Path(policy.removeprefix(SCRIPTED)).is_file() if policy.startswith(SCRIPTED) else (Path(policy) / "config.json").is_file()


def weights_files(policy: str) -> list[Path]:
    """The files that hold what a policy says.

    Raises:
        PolicyRefusedError: there are none.
    """
    files = [Path(policy.removeprefix(SCRIPTED))] if policy.startswith(SCRIPTED) else sorted(Path(policy).glob("*.safetensors"))
    if not files or not all(file.is_file() for file in files):
        raise PolicyRefusedError("no weights there: wanted a directory with config.json, model.safetensors and tokenizer.json")
    return files


def fingerprint(policy: str) -> str:
    """The first 12 hex digits of the SHA-256 of the weights' files."""
    digest = hashlib.sha256()
    for file in weights_files(policy):
        with file.open("rb") as stream:
            while part := stream.read(1 << 20):
                digest.update(part)
    return digest.hexdigest()[:12]


def check_fits(candidate: str, running: str) -> None:
    """Whether a policy can take the place of another in a running engine.

    Raises:
        PolicyRefusedError: it is of another kind, has another tokenizer, or weights of another name or shape.
    """
    if candidate.startswith(SCRIPTED) != running.startswith(SCRIPTED):
        raise PolicyRefusedError("a script and a model cannot take each other's place: start the server with the other one")
    weights_files(candidate)
    if candidate.startswith(SCRIPTED):
        return
    new, old = Path(candidate), Path(running)
    if (new / "tokenizer.json").read_bytes() != (old / "tokenizer.json").read_bytes():
        raise PolicyRefusedError("its tokenizer is another than that of the policy in force: start the server with it instead")
    shapes, wanted = _shapes(candidate), _shapes(running)
    if shapes != wanted:
        differing = sorted(name for name in shapes.keys() | wanted.keys() if shapes.get(name) != wanted.get(name))
        raise PolicyRefusedError(
            f"{len(differing)} of its weights do not fit the model in force, {differing[0]} for one ({shapes.get(differing[0])}, wanted "
            f"{wanted.get(differing[0])}): start the server with it instead"
        )


def keep(candidate: str, folder: Path, weights: str) -> str:
    """The policy under the state's folder, where nobody changes it; a script stays where it is."""
    target = folder / weights
    if candidate.startswith(SCRIPTED):
        target.mkdir(parents=True, exist_ok=True)
        file = target / "script.json"
        write_text_atomic(file, Path(candidate.removeprefix(SCRIPTED)).read_text("utf-8"))
        return f"{SCRIPTED}{file}"
    if not (target / "config.json").is_file():
        with written_aside(target) as aside:
            for file in Path(candidate).iterdir():
                if file.is_file():
                    _link(file, aside / file.name)
    elif (calibration := Path(candidate) / CALIBRATION).is_file() and calibration.parent.resolve() != target.resolve():
        with file_written_aside(target / CALIBRATION) as written:  # it may have been made after the weights were kept
            shutil.copyfile(calibration, written)
    return str(target)


def forget_old(folder: Path, history: History, in_use: str) -> None:
    """Remove the oldest directories of promoted weights that neither history names nor the engine was started from."""
    needed = {Path(policy.removeprefix(SCRIPTED)) for policy in (in_use, *(entry.policy for entry in history.entries))}
    kept = sorted((path for path in folder.glob("*") if path.is_dir()), key=lambda path: path.stat().st_mtime)
    free = [path for path in kept if path not in needed and path / "script.json" not in needed]
    for path in free[: max(0, len(kept) - KEPT_MAX)]:
        shutil.rmtree(path, ignore_errors=True)


def _shapes(policy: str) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for path in weights_files(policy):
        with safe_open(path, framework="np") as file:
            shapes |= {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  not a dict
    return shapes


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)
