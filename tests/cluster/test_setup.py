"""cluster/setup.sh on machines that lack something: one clear line each, nothing half-made that a later call would take for whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TOOLS = (
    "bash",
    "env",
    "dirname",
    "uname",
    "cat",
    "sha256sum",
    "cut",
    "df",
    "awk",
    "grep",
    "head",
    "tail",
    "sleep",
    "touch",
    "mkdir",
    "rm",
    "sed",
    "nproc",
    "tac",
    "xargs",
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What setup.sh reads, in a folder of its own."""
    folder = tmp_path / "clone"
    (folder / "cluster").mkdir(parents=True)
    for name in ("cluster/setup.sh", "cluster/requirements-cpu.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder for the PATH that holds the shell's tools, Python 3.11 and a compiler, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    base = Path(sys.base_prefix) / "bin" / "python3.11"
    for name, target in [*((tool, shutil.which(tool)) for tool in TOOLS), ("python3.11", str(base)), ("c++", shutil.which("c++"))]:
        assert target, f"{name} is needed for this test"
        (folder / name).symlink_to(target)
    return folder


def set_up(clone: Path, bare: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(bare), "HOME": os.environ.get("HOME", "/"), **variables}
    return subprocess.run(["bash", "cluster/setup.sh"], cwd=clone, env=environment, capture_output=True, text=True, timeout=120)


def replace_tool(bare: Path, name: str, script: str) -> None:
    (bare / name).unlink()
    (bare / name).write_text(f"#!/bin/bash\n{script}\n")
    (bare / name).chmod(0o755)


def test_a_missing_compiler_is_named(clone: Path, bare: Path) -> None:
    (bare / "c++").unlink()
    done = set_up(clone, bare)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["setup: no C++ compiler (DeepSpeed builds an operator); install g++ or build-essential"]


def test_another_python_is_named_with_what_to_install(clone: Path, bare: Path) -> None:
    (bare / "python3.11").unlink()
    (bare / "python3").write_text('#!/bin/bash\n[ "$1" = --version ] && echo Python 3.9.2 || exit 1\n')
    (bare / "python3").chmod(0o755)
    done = set_up(clone, bare)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "Python 3.11 is needed and not on the PATH (found: Python 3.9.2); install python3.11" in done.stderr


def test_a_full_disk_is_noticed_before_anything_is_installed(clone: Path, bare: Path) -> None:
    replace_tool(bare, "df", 'echo head; echo "disk 100 99 1048576 99% /"')
    done = set_up(clone, bare)
    assert done.returncode == 1
    assert "only 1 GB free" in done.stderr
    assert not (clone / ".venv").exists()


def test_an_unreachable_index_is_one_line_and_is_tried_again_next_time(clone: Path, bare: Path) -> None:
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1"}
    done = set_up(clone, bare, **offline)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "the package index cannot be reached" in done.stderr
    assert not list((clone / ".venv").glob(".installed-*"))
