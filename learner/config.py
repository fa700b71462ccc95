"""The learner's sections of a run's TOML file: [learner] the engine, [sft] the warm-up, [grpo] the policy gradient."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LearnerConfig:
    """How the weights are trained, whatever the loss: the [learner] table."""

    precision: Literal["bf16", "fp32"] = "bf16"  # bf16 keeps fp32 master weights; fp32 is for tiny models
    zero_stage: int = 1  # DeepSpeed ZeRO: 1 shards optimizer states over ranks, 2 gradients too; 0 adds up gradients in bf16
    packing: Literal["tree", "rows"] = "rows"  # "tree" computes what sequences share at their beginning once (learner/prefix_tree.py)
    attention: str = "grouped"  # of rows: "grouped" (learner/attention.py, fastest on CPU), or any of transformers': "sdpa", "eager", ...
    compile: bool = True  # torch.compile each layer: a sixth faster on a CPU, takes 10 to 50 s while the engines start
    micro_batch_tokens: int = 2048  # computed tokens in one forward and backward; more fall out of a CPU's caches
    width_multiple: int = 32  # widths of rows are rounded up to this: few shapes keep the caches of a CPU's kernels small
    threads: int = 0  # CPU threads of the learner; 0 leaves it to torch
    frozen_layers: int = 0  # the embedding and so many of the lowest layers stay as they are: no backward pass, no optimizer for them
    gradient_clip: float = 1.0  # largest global gradient norm; 0 switches clipping off
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.95)
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(self.betas))  # TOML hands over a list
        if self.precision not in ("bf16", "fp32"):
            raise ValueError(f"learner.precision is {self.precision!r}: choose 'bf16' or 'fp32'")
        if self.packing not in ("tree", "rows"):
            raise ValueError(f"learner.packing is {self.packing!r}: choose 'tree' or 'rows'")
        if self.zero_stage not in (0, 1, 2):
            raise ValueError(f"learner.zero_stage is {self.zero_stage}: choose 0, 1 or 2 (3 would need sharded weight transfer)")
        if self.precision == "fp32" and self.zero_stage == 2:
            raise ValueError("learner.zero_stage 2 with precision 'fp32' steps on gradients nobody has checked: choose stage 0 or 1")
        if self.width_multiple < 1:
            raise ValueError(f"learner.width_multiple is {self.width_multiple}: 1 switches the rounding off, 32 is usual")
        if self.micro_batch_tokens < 1:
            raise ValueError(f"learner.micro_batch_tokens is {self.micro_batch_tokens}: it must be positive, 1024 to 16384 is usual")
        if self.threads < 0:
            raise ValueError(f"learner.threads is {self.threads}: give a number of CPU threads, or 0 to leave it to torch")
        if self.frozen_layers < 0:
            raise ValueError(f"learner.frozen_layers is {self.frozen_layers}: 0 trains all layers, up to half of them is usual")
        if self.gradient_clip < 0 or self.weight_decay < 0:
            raise ValueError("learner.gradient_clip and learner.weight_decay may not be negative (0 switches them off)")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"learner.betas is {self.betas}: AdamW takes two numbers in [0, 1), such as [0.9, 0.95]")

    def environment(self) -> dict[str, str]:
        """Variables of the learner's process, read when torch is imported there.

        All cores (Ray would give an actor with half a CPU one thread); small caches for kernels of shapes that come and go: with the
        defaults of 1,024 the learner's memory grew by 70 MB a step; and memory that is kept, in huge pages: on a CPU a step otherwise
        takes 200,000 page faults, a tenth of its time.
        """
        return {
            "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592",
            "OMP_NUM_THREADS": str(self.threads or os.cpu_count() or 1),
            "LRU_CACHE_CAPACITY": "64",
            "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64",
        }


@dataclass(frozen=True)
class SftConfig:
    """The warm-up on demonstrations: the [sft] table. The loop that reads it is the trainer's."""

    steps: int = 0  # optimizer steps; 0 means as many as fit in the time, or without a limit in minutes one pass over the demonstrations
    minutes: float = 0.0  # stop after this long, with the learning rate's decay fitted to it; 0 means no limit (see run.minutes)
    batch_tokens: int = 8192  # tokens of one optimizer step
    length_window: int = 10  # batches drawn at a time and sorted by length, so that little is padded; 1 leaves them as they come
    learning_rate: float = 4e-4  # the peak
    warmup_share: float = 0.05  # share of the run over which the learning rate rises from 0
    final_share: float = 0.1  # the learning rate at the end, as a share of the peak
    validate_every: int = 1000  # steps between validations; the last one comes at the end in any case
    patience: int = 3  # validations in a row without a new best before the warm-up ends

    def __post_init__(self) -> None:
        if self.validate_every < 1 or self.patience < 1:
            raise ValueError("sft.validate_every and sft.patience must be 1 or more")
        if self.steps < 0 or self.minutes < 0:
            raise ValueError("sft.steps and sft.minutes may not be negative (0 means no limit of that kind)")
        if self.batch_tokens < 1:
            raise ValueError(f"sft.batch_tokens is {self.batch_tokens}: it must be positive, 8192 is usual")
        if self.length_window < 1:
            raise ValueError(f"sft.length_window is {self.length_window}: 1 leaves the batches as they come, 10 is usual")
        if self.learning_rate <= 0:
            raise ValueError(f"sft.learning_rate is {self.learning_rate}: it must be positive, 4e-4 is usual at 135M parameters")
        if not 0 <= self.warmup_share < 1 or not 0 <= self.final_share <= 1:
            raise ValueError("sft.warmup_share must lie in [0, 1) and sft.final_share in [0, 1]")

    def learning_rate_at(self, share: float) -> float:
        """The learning rate when `share` in [0, 1] of the run is done: a straight rise, then half a cosine down to final_share.

        Never 0 unless final_share is, so that the first step moves too.
        """
        if share < self.warmup_share:
            return self.learning_rate * max(share / self.warmup_share, 0.02)
        done = min(1.0, (share - self.warmup_share) / (1 - self.warmup_share))
        return self.learning_rate * (self.final_share + (1 - self.final_share) * (1 + math.cos(math.pi * done)) / 2)


@dataclass(frozen=True)
class GrpoConfig:
    """The policy gradient within groups: the [grpo] table.

    Sources: GRPO, arXiv:2402.03300; no division by the standard deviation, arXiv:2503.20783; a higher upper clip and one
    normalisation over all tokens of the batch, DAPO, arXiv:2503.14476.
    """

    old_logprobs: Literal["generator", "learner"] = "generator"  # whose logprobs the ratio is taken against
    importance_cap: float = 0.0  # with old_logprobs "learner": tokens weigh learner / generator, at most this (2 is usual); 0: all weigh 1
    updates_per_batch: int = 1  # passes over one batch of groups
    minibatches: int = 1  # optimizer steps a pass
    clip_low: float = 0.2  # the ratio counts down to 1 - clip_low
    clip_high: float = 0.28  # and up to 1 + clip_high
    advantage_std: bool = False  # divide advantages by the group's standard deviation
    kl_coefficient: float = 0.0  # weight of the KL to the SFT weights in the loss
    kl_report_share: float = 0.1  # share of trajectories on which that KL is measured when its coefficient is 0

    def __post_init__(self) -> None:
        if self.old_logprobs not in ("generator", "learner"):
            raise ValueError(f"grpo.old_logprobs is {self.old_logprobs!r}: choose 'generator' or 'learner'")
        if self.importance_cap < 0 or (self.importance_cap > 0 and self.old_logprobs == "generator"):
            raise ValueError(
                f"grpo.importance_cap is {self.importance_cap} with grpo.old_logprobs {self.old_logprobs!r}: the correction is for "
                "old_logprobs = 'learner' (the ratio to the generator's is a correction already), and 0 switches it off"
            )
        if self.updates_per_batch < 1 or self.minibatches < 1:
            raise ValueError("grpo.updates_per_batch and grpo.minibatches must be 1 or more")
        if not 0 < self.clip_low < 1 or self.clip_high <= 0:
            raise ValueError(f"grpo.clip_low ({self.clip_low}) must lie in (0, 1) and grpo.clip_high ({self.clip_high}) above 0")
        if self.kl_coefficient < 0:
            raise ValueError(f"grpo.kl_coefficient is {self.kl_coefficient}: 0 switches the KL off, 0.01 to 0.1 is usual")
        if not 0 <= self.kl_report_share <= 1:
            raise ValueError(f"grpo.kl_report_share is {self.kl_report_share}: it is a share, from 0 to 1")
