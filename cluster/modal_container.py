"""What happens inside a Modal container: the command-line program runs as a child, and the volume is committed after each checkpoint.

Nothing here needs Modal, so the same entry runs anywhere. A run that is cut (pre-emption, time-out, a lost machine) is started again
by Modal and goes on from its last checkpoint, which lies on the volume.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cluster.base_model import BUNDLED
from cluster.config import load_preset
from envs.checkpoints import LATEST

HUB = {"Qwen3-1.7B": "Qwen/Qwen3-1.7B"}  # the last part of a preset's base_model to the hub's name of it
GRACE_S = 25.0  # Modal gives 30 s between its SIGINT and the end
ROLLOUT_ACTORS_PER_GPU = 4


@dataclass(frozen=True)
class Folders:
    """Where the three volumes are mounted."""

    models: Path = Path("/vol/models")
    data: Path = Path("/vol/data")  # also the cache of built databases: ANALYST_BUDDY_CACHE
    runs: Path = Path("/vol/runs")


class ChildFailedError(RuntimeError):
    """The program ended with another exit code than 0; Modal's retry starts it again."""


def train(preset: str, gpus: int, sets: Sequence[str], spider: str, folders: Folders, commit: Callable[[], None]) -> str:
    """Train a preset into the runs volume, from its last checkpoint on; returns result.json as text.

    Args:
        spider: a folder of the data volume in Spider's layout, or "" for none.
        commit: makes what was written to the volumes lasting.

    Raises:
        ChildFailedError: the run failed or was interrupted.
    """
    run_dir = folders.runs / Path(preset).stem
    base = model_override(load_preset(preset, sets).run.base_model, folders.models, commit)
    command = train_command(preset, run_dir, [*gpu_settings(gpus), *base, *sets], folders.data / spider if spider else None)
    run_committing(command, run_dir / "checkpoints" / LATEST, commit)
    result = run_dir / "result.json"
    return result.read_text("utf-8") if result.is_file() else "{}"


def evaluate(policy: str, questions: str, databases: str, preset: str, folders: Folders, commit: Callable[[], None]) -> str:
    """Score a policy of the runs volume (RUN/policy/best) on a question file of the data volume; returns the score as JSON text.

    Raises:
        ChildFailedError: it could not be scored.
    """
    command = [
        *_program("evaluate"), "--policy", str(folders.runs / policy), "--questions", str(folders.data / questions),
        "--databases", str(folders.data / databases), "--preset", preset, "--json",
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    commit()
    if done.returncode:
        raise ChildFailedError(f"{' '.join(command)} ended with exit code {done.returncode}")
    return json.dumps(json.loads(done.stdout))


def train_command(preset: str, run_dir: Path, sets: Sequence[str], spider: Path | None = None) -> list[str]:
    """`analyst-buddy train` with these settings."""
    options = [part for setting in sets for part in ("--set", setting)]
    return [
        *_program("train"), "--preset", preset, "--run-dir", str(run_dir), *options, *(["--spider", str(spider)] if spider else []),
    ]  # fmt: skip


def gpu_settings(gpus: int) -> list[str]:
    """The --set options for so many cards: one shared as the preset says, or one learner and all others generators.

    Raises:
        ValueError: less than one.
    """
    if gpus < 1:
        raise ValueError(f"--gpus is {gpus}: wanted 1 (learner and generator share it) or more (one learner, the others generators)")
    if gpus == 1:
        return []
    return [
        f"generator.count={gpus - 1}",
        "generator.num_gpus=1",
        'generator.transport="nccl"',
        "generator.gpu_memory_utilization=0.85",
        "run.learner_gpus=1",
        f"run.rollout_actors={ROLLOUT_ACTORS_PER_GPU * gpus}",
    ]


def model_override(base_model: str, models: Path, commit: Callable[[], None]) -> list[str]:
    """The --set option that names the base model on the models volume, fetched from the hub when it is not there yet.

    Raises:
        ValueError: a preset's model that is neither the bundled one nor known on the hub.
    """
    if base_model == BUNDLED or (Path(base_model).is_absolute() and (Path(base_model) / "config.json").is_file()):
        return []
    name = Path(base_model).name
    target = models / name
    if not (target / "config.json").is_file():
        if name not in HUB:
            raise ValueError(f"run.base_model is {base_model!r}: put it on the volume as {target}, or take one of {', '.join(HUB)}")
        from huggingface_hub import snapshot_download

        snapshot_download(HUB[name], local_dir=target)
        commit()
    return [f"run.base_model={json.dumps(str(target))}"]


def run_committing(command: Sequence[str], mark: Path, commit: Callable[[], None], every_s: float = 2.0) -> None:
    """Run a command to its end; commit whenever `mark` was written anew, and at the end, however it comes.

    When we are interrupted the child is told to stop, writes its checkpoint and is waited for.

    Raises:
        ChildFailedError: its exit code is not 0.
    """
    child = subprocess.Popen(command)
    seen = _written(mark)
    try:
        while child.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                child.wait(every_s)
            if (now := _written(mark)) != seen:
                seen = now
                commit()
    finally:
        _end(child)
        commit()
    if child.returncode:
        raise ChildFailedError(
            f"{' '.join(command)} ended with exit code {child.returncode}: the same call goes on from the last checkpoint"
        )


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGTERM)
    began = time.monotonic()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(max(1.0, GRACE_S - (time.monotonic() - began)))


def _written(mark: Path) -> int:
    return mark.stat().st_mtime_ns if mark.is_file() else 0


def _program(command: str) -> list[str]:
    return [sys.executable, "-m", "cluster.cli", command]
