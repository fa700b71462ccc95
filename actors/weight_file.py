"""All weights of a model directory as one safetensors file, which is what a running engine is given."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def one_file(model_dir: Path) -> Iterator[Path]:
    """The directory's own file where it has one; else one joined from its parts, in memory, for as long as the block lasts.

    Raises:
        FileNotFoundError: it has none.
    """
    files = sorted(model_dir.glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"no weights in {model_dir}: wanted model.safetensors, or its parts")
    if len(files) == 1:
        yield files[0]
        return
    from safetensors.torch import load_file, save_file

    shared = Path("/dev/shm")  # noqa: S108  it is memory that the engine's process can read
    joined = (shared if shared.is_dir() else model_dir) / f"analyst-buddy-joined-{os.getpid()}.safetensors"
    try:
        save_file({name: weight for file in files for name, weight in load_file(file).items()}, joined)
        yield joined
    finally:
        joined.unlink(missing_ok=True)
