"""The rules of the house that a machine can check; import directions are import-linter's (`make lint`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "vllm", "deepspeed", "ray", "streamlit", "transformers")
PACKAGES = ("actors", "cluster", "dashboards", "envs", "learner", "serving")


LIGHT = (
    *(f"envs.{path.stem}" for path in sorted((ROOT / "envs").glob("*.py")) if path.stem != "__init__"),
    "cluster.config",
    "learner.config",
    "actors.rollout",
    "cluster.cli",
)


def test_a_light_module_loads_no_model_library() -> None:
    """One interpreter loads them one after the other: the first after which a model library is there has loaded it."""
    script = f"""
import importlib, sys
for module in {LIGHT!r}:
    importlib.import_module(module)
    print(module, *[heavy for heavy in {HEAVY!r} if heavy in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == list(LIGHT)


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
