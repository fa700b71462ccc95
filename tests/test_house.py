"""The rules of the house that a machine can check; import directions are import-linter's (`make lint`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "vllm", "deepspeed", "ray", "streamlit", "transformers")
PACKAGES = ("actors", "cluster", "dashboards", "envs", "learner", "serving")


def heavy_modules_after(statement: str) -> set[str]:
    """Which heavy packages a fresh interpreter holds after a statement."""
    script = f"import sys\n{statement}\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    return set(subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        *(f"envs.{path.stem}" for path in sorted((ROOT / "envs").glob("*.py")) if path.stem != "__init__"),
        "cluster.cli",
        "cluster.config",
        "learner.config",
        "actors.rollout",
    ],
)
def test_a_light_module_loads_no_model_library(module: str) -> None:
    assert heavy_modules_after(f"import {module}") == set()


def test_every_source_file_opens_by_saying_its_idea() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if not path.read_text().lstrip().startswith(('"""', 'r"""'))
    ]
    assert silent == []


def test_the_top_level_holds_only_what_was_agreed() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    top = {line.split("/")[0] for line in tracked if not line.startswith(".")}
    assert top <= {*PACKAGES, "tests", "README.md", "pyproject.toml", "Makefile", "LICENSE"}
