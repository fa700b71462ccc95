"""Saves and restores a learner, and exports its weights as a model directory that plain transformers and plain vLLM load.

A checkpoint is DeepSpeed's own (weights, fp32 master weights, optimizer) with the random states beside it, and the reference
weights when there are any. It restores exactly, on the same number of ranks.
"""

from __future__ import annotations

import contextlib
import errno
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from learner.engine import Engine

TAG = "learner"  # DeepSpeed's folder inside the directory
REFERENCE = "reference.safetensors"


def save_checkpoint(engine: Engine, reference: Any | None, directory: Path | str) -> None:
    """Write the whole state of the learner into a directory; every rank calls it.

    Raises:
        OSError: there was no room for it (errno ENOSPC), or it could not be written.
    """
    path = Path(directory)
    path.mkdir(parents=True, exist_ok=True)
    states = {"python": random.getstate(), "numpy": np.random.get_state(), "torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state(engine.device)
    with _no_room_is_an_os_error(path):
        engine.deepspeed.save_checkpoint(str(path), tag=TAG, client_state={"random_states": states}, save_latest=False)
        if reference is not None and engine.rank == 0:
            save_file({name: p.detach().cpu().contiguous() for name, p in reference.named_parameters()}, path / REFERENCE)
    dist.barrier()


def load_checkpoint(engine: Engine, directory: Path | str) -> Any | None:
    """Restore weights, optimizer and random states; the reference model, or None when the checkpoint has none.

    Raises:
        FileNotFoundError: the directory holds no checkpoint of a learner.
    """
    path = Path(directory)
    if not (path / TAG).is_dir():
        raise FileNotFoundError(f"{path} holds no learner checkpoint (no folder {TAG!r}): name one of runs/NAME/checkpoints/step_*")
    _, client_state = engine.deepspeed.load_checkpoint(str(path), tag=TAG)
    states = client_state["random_states"]
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    torch.set_rng_state(states["torch"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"], engine.device)
    if not (path / REFERENCE).is_file():
        return None
    reference = engine.frozen_copy()
    weights = load_file(path / REFERENCE)
    with torch.no_grad():
        for name, parameter in reference.named_parameters():
            parameter.copy_(weights[name])
    return reference


def export(engine: Engine, directory: Path | str, *, exact: bool = False) -> None:
    """Write a Hugging Face model directory: config.json, model.safetensors (tied weights once) and the base's tokenizer.

    Args:
        exact: keep the precision the learner trains in, rather than bf16 always.
    """
    path = Path(directory)
    dtype = engine.causal.dtype if exact else torch.bfloat16
    if engine.rank == 0:
        path.mkdir(parents=True, exist_ok=True)
        for file in engine.model_dir.iterdir():
            if file.is_file() and file.suffix in (".json", ".jinja", ".txt", ".model") and not file.name.endswith(".index.json"):
                shutil.copyfile(file, path / file.name)
        config = type(engine.causal.config).from_pretrained(engine.model_dir)
        config.dtype = dtype
        config.save_pretrained(path)
        weights = {name: p.to(dtype).cpu().contiguous().clone() for name, p in engine.named_parameters()}
        with _no_room_is_an_os_error(path):
            save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    dist.barrier()


def exported_weights(engine: Engine, directory: Path) -> list[tuple[str, torch.Tensor]]:
    """The weights of an exported model directory, on the engine's device; the engine's own stay as they are.

    Raises:
        FileNotFoundError: the directory holds no model.safetensors.
    """
    path = directory / "model.safetensors"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: name a directory that `export` wrote")
    return [(name, tensor.to(engine.device)) for name, tensor in load_file(path).items()]


@contextlib.contextmanager
def _no_room_is_an_os_error(path: Path) -> Iterator[None]:
    """torch and safetensors report a write that failed as errors of their own, without the system's number: tell it as what it is.

    Raises:
        OSError: with errno ENOSPC; a write of tensors to a place that could be opened fails for want of room (disk, quota, size limit).
    """
    try:
        yield
    except (RuntimeError, SafetensorError) as error:
        text = str(error).lower()
        if not any(sign in text for sign in ("file write failed", "unexpected pos", "no space left", "os error 28", "os error 27")):
            raise
        raise OSError(errno.ENOSPC, f"the checkpoint could not be written for want of room in {path}") from error
