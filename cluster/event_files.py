"""The numbers of metrics.jsonl once more as TensorBoard event files, in RUN/tensorboard: `tensorboard --logdir runs` draws all runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

FOLDER = "tensorboard"
FLUSH_S = 10


class EventFiles:
    """Writes while a run goes on; `close` it at the end. What is not a finite number is left out."""

    def __init__(self, run: Path, going_on_from: int | None = None) -> None:
        """
        Args:
            run: the run directory.
            going_on_from: the step of the checkpoint a run goes on from; TensorBoard then hides later steps written before.
        """
        from tensorboardX import SummaryWriter

        purge = None if going_on_from is None else going_on_from + 1
        self._writer = SummaryWriter(logdir=str(run / FOLDER), purge_step=purge, flush_secs=FLUSH_S)

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """The numbers of one line of metrics.jsonl, each under its own name."""
        for name, value in metrics.items():
            if isinstance(value, int | float) and math.isfinite(value):
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()
