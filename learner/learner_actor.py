"""The learner as the trainer drives it: a plain class, one per rank, that the trainer wraps with `ray.remote`.

torch is imported in the constructor, after the environment it reads has been set.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.records import Metrics, TrainingSequence
from learner.config import GrpoConfig, LearnerConfig

if TYPE_CHECKING:
    import pyarrow as pa


class LearnerActor:
    """Owns the weights. Its methods are the trainer's whole vocabulary; ids and logprobs are plain lists."""

    def __init__(self, config: LearnerConfig, model_dir: str, grpo: GrpoConfig | None = None, transport: str = "shm") -> None:
        """
        Args:
            config: the [learner] table.
            model_dir: Hugging Face directory to start from.
            grpo: the [grpo] table.
            transport: how weights reach the generators, see `learner.broadcast.Broadcaster`.
        """
        if config.threads:
            os.environ["OMP_NUM_THREADS"] = str(config.threads)
        from learner.broadcast import Broadcaster
        from learner.engine import Engine

        self._grpo = grpo or GrpoConfig()
        self._engine = Engine(config, model_dir)
        self._broadcaster = Broadcaster(transport, rank=self._engine.rank)
        self._reference: Any | None = None

    def ready(self) -> bool:
        """True once steps run at their full speed: what is compiled is compiled here, while the generators start."""
        self._engine.warm_up()
        return True

    def sft_step(self, sequences: Sequence[TrainingSequence], learning_rate: float) -> Metrics:
        """One optimizer step on demonstrations, see `learner.sft.sft_step`."""
        from learner.sft import sft_step

        return sft_step(self._engine, sequences, learning_rate)

    def grpo_step(self, table: pa.Table, learning_rate: float, seed: int | None = None) -> Metrics:
        """Train on one batch of groups (an Arrow table of `envs.groups`), see `learner.grpo.grpo_step`.

        Args:
            seed: of the cut into minibatches; left out, it follows from the steps taken so far.
        """
        from envs.groups import table_to_groups
        from learner.grpo import grpo_step

        groups = table_to_groups(table)
        if seed is None:
            seed = self._engine.config.seed * 1_000_003 + self._engine.steps
        return grpo_step(self._engine, self._reference, groups, self._grpo, learning_rate, seed)

    def set_reference(self) -> None:
        """Keep a frozen copy of the weights as they are now: what GRPO's KL is taken to."""
        self._reference = self._engine.frozen_copy()

    def begin_grpo(self) -> None:
        """Begin GRPO from the weights as they are: they become the reference, and the optimizer forgets the SFT.

        Else the first updates would go mostly where the SFT's momentum points, and not only these weights but the optimizer's
        state too (1.6 GB at 135M) would be needed to repeat them.
        """
        self._engine.restart_optimizer()
        self.set_reference()

    def logprobs(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Natural log of the probability of each token given the ones before it, at temperature 1.

        Returns:
            For each sequence as many numbers as it has ids; the first is 0.0, because nothing predicts the first token.
        """
        from learner.batch import Example, pack_by, spread

        examples = [Example(tuple(ids), tuple(float(i > 0) for i in range(len(ids)))) for ids in sequences]
        # Logits of every token are wide, so the budget is a quarter of that of training.
        packed = pack_by(self._engine.config, examples, share=4)
        known = spread(self._engine.logprobs(packed), packed, examples)
        return [list(example.old_logprobs) or [0.0] * len(example.ids) for example in known]

    def push(self, generators: Sequence[Any], version: int) -> Metrics:
        """Make the generators sample with the weights as they are now, see `learner.broadcast.Broadcaster.push`."""
        return self._broadcaster.push(self._engine.named_parameters(), generators, version)

    def push_directory(self, directory: str, generators: Sequence[Any], version: int) -> Metrics:
        """Make the generators sample with the weights of an exported model directory; the learner's own stay as they are."""
        from learner.checkpoint import exported_weights

        return self._broadcaster.push(exported_weights(self._engine, Path(directory)), generators, version)

    def forget_generators(self) -> None:
        """Make the next push meet the generators anew: one of them was restarted, and a process group with it cannot be used again."""
        self._broadcaster.close()

    def save_checkpoint(self, directory: str) -> None:
        """Write everything needed to go on from here."""
        from learner.checkpoint import save_checkpoint

        save_checkpoint(self._engine, self._reference, directory)

    def load_checkpoint(self, directory: str) -> None:
        """Go on from a saved state; the reference is the saved one, or none."""
        from learner.checkpoint import load_checkpoint

        self._reference = load_checkpoint(self._engine, directory)

    def export(self, directory: str, *, exact: bool = False) -> None:
        """Write the weights as a Hugging Face model directory, see `learner.checkpoint.export`."""
        from learner.checkpoint import export

        export(self._engine, Path(directory), exact=exact)

    def memory_bytes(self) -> int:
        """Memory the learner's process holds: of the GPU when there is one, else resident memory."""
        import torch

        if torch.cuda.is_available():
            return int(torch.cuda.memory_allocated())
        import psutil

        return int(psutil.Process().memory_info().rss)
