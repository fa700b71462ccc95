"""The one place that knows DeepSpeed: holds the weights, computes logprobs of trained tokens, takes optimizer steps.

A step takes any number of micro-batches: gradients add up in fp32 and the optimizer runs once, because at 135M parameters on a CPU
it costs as much as a thousand tokens. Logits are made for trained tokens alone.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import math
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deepspeed
import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from transformers import AutoModelForCausalLM

from envs.records import Metrics
from learner import attention, tree_attention
from learner.batch import Example, MicroBatch, pack_by
from learner.config import LearnerConfig
from learner.tree_attention import TreeLayout

log = logging.getLogger(__name__)


class NonFiniteError(FloatingPointError):
    """A loss or gradient was not finite. The weights are as they were before the step."""


@dataclass(frozen=True, slots=True)
class Part:
    """A micro-batch's part of the batch's loss, and numbers that add up over micro-batches."""

    loss: torch.Tensor  # scalar with gradient
    sums: Metrics


LossOf = Callable[[MicroBatch, torch.Tensor], Part]  # from a micro-batch and its logprobs, [trained] float32


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one optimizer step did."""

    loss: float
    gradient_norm: float  # before clipping
    sums: dict[str, float]  # the parts' sums, added up
    tokens: int  # of the sequences, without padding
    computed: int  # tokens the model ran over: with padding, and what sequences share once if packed as trees
    parts_s: dict[str, float]  # seconds of the forward and backward passes and the optimizer; empty on a GPU, which runs behind the clock
    seconds: float

    def metrics(self, learning_rate: float) -> Metrics:
        """What the step cost and how hard it pulled, under the names of metrics.jsonl."""
        return {
            "learner/step_s": self.seconds,
            "learner/tokens": float(self.tokens),
            "learner/computed_tokens": float(self.computed),
            "learner/tokens_per_s": self.tokens / self.seconds,
            "learner/gradient_norm": self.gradient_norm,
            **{f"learner/{name}_s": seconds for name, seconds in self.parts_s.items()},
            "learner/learning_rate": learning_rate,
        }


class TokenLogprobs(nn.Module):
    """A causal language model that answers with the logprobs of chosen tokens."""

    def __init__(self, causal: Any) -> None:
        super().__init__()
        self.causal = causal

    def forward(self, ids: torch.Tensor, positions: torch.Tensor, tree: TreeLayout | None = None) -> torch.Tensor:
        """[trained] float32: natural log of the probability of ids.flatten()[positions], each given its row before it.

        In a tree, of its edges at `positions`: logits and hidden states that sequences share are computed once.
        """
        if tree is not None:
            arguments = tree.attention_arguments(self.causal.dtype)
            hidden = self.causal.model(input_ids=ids, position_ids=tree.depths, use_cache=False, **arguments).last_hidden_state
            logits = self.causal.lm_head(hidden[0, tree.sources])
            return -nn.functional.cross_entropy(logits.float(), tree.targets, reduction="none")[positions]
        hidden = self.causal.model(input_ids=ids, use_cache=False).last_hidden_state
        logits = self.causal.lm_head(hidden.flatten(0, 1)[positions - 1])
        return -nn.functional.cross_entropy(logits.float(), ids.flatten()[positions], reduction="none")


class Engine:
    """One rank of the learner: its weights and its optimizer. Every rank is given the same batches and takes its share of them."""

    def __init__(self, config: LearnerConfig, model_dir: Path | str) -> None:
        """Load the model (Hugging Face directory). The process group is started unless there is one."""
        self.config = config
        self.model_dir = Path(model_dir)
        _prepare_process(config)
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        cuda = torch.cuda.is_available()
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if cuda else torch.device("cpu")
        self.causal: Any = load_model(self.model_dir, config).to(self.device)
        freeze(self.causal, config.frozen_layers)
        module = TokenLogprobs(self.causal)
        trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(
            trained, lr=0.0, betas=config.betas, weight_decay=config.weight_decay, fused=config.precision == "bf16"
        )
        self.deepspeed: Any = deepspeed.initialize(
            model=module, optimizer=optimizer, config=deepspeed_config(config), dist_init_required=False
        )[0]
        if config.compile:
            torch._dynamo.config.recompile_limit = 24  # versions: with and without gradient, and each for a few kinds of shape
            for layer in self.causal.model.layers:  # one piece of code for all layers: compiled once
                layer.compile(dynamic=True)

    def warm_up(self) -> None:
        """Compile the layers, forward and backward, on rows that train nothing; at once when nothing is compiled."""
        if not self.config.compile:
            return
        rows = [(0, 1) * 32, (1, 0) * 32, (1, 1) * 32]
        for count, width in ((2, 64), (3, 48), (1, 64)):  # the second shows torch that shapes vary; a lone row has a version of its own
            examples = [Example(row[:width], (0.0, *[1.0] * (width - 1))) for row in rows[:count]]
            for micro in pack_by(self.config, examples):
                self.deepspeed.train()
                logprobs = self.deepspeed(*self._inputs(micro))
                self.deepspeed.backward(0.0 * logprobs.sum(), scale_wrt_gas=False)
        self._forget_gradients()

    def step(self, micro_batches: Sequence[MicroBatch], loss_of: LossOf, learning_rate: float) -> StepReport:
        """One optimizer step on the sum of the parts' losses.

        Raises:
            NonFiniteError: a loss or gradient was not finite; the weights have not changed.
        """
        if not micro_batches:
            raise ValueError("no micro-batch to train on: every sequence was empty or untrained, so skip this step")
        began = time.perf_counter()
        for group in self.deepspeed.optimizer.param_groups:
            group["lr"] = learning_rate
        self.deepspeed.train()
        sums: dict[str, float] = {"loss": 0.0}
        parts_s = dict.fromkeys(("forward", "backward", "optimizer"), 0.0)
        for micro, counts in self._share(micro_batches):
            started = time.perf_counter()
            logprobs = self.deepspeed(*self._inputs(micro))
            part = loss_of(micro, logprobs)
            parts_s["forward"] += (between := time.perf_counter()) - started
            for name, value in {**part.sums, "loss": float(part.loss.detach())}.items():
                sums[name] = sums.get(name, 0.0) + float(value) * counts
            if math.isfinite(sums["loss"]):  # a rank may not leave alone: the others would wait for it in step()
                self.deepspeed.backward(part.loss * counts * self.world, scale_wrt_gas=False)  # DeepSpeed takes the mean over ranks
            parts_s["backward"] += time.perf_counter() - between
        sums = self._over_ranks(sums)
        if not math.isfinite(sums["loss"]):
            self._forget_gradients()
            raise NonFiniteError(self._non_finite(f"the loss is {sums['loss']}", learning_rate))
        started = time.perf_counter()
        norm = self._apply(learning_rate)
        parts_s["optimizer"] = time.perf_counter() - started
        loss = sums.pop("loss")
        computed = sum(m.ids.numel() for m in micro_batches)
        tokens, told_s = sum(m.tokens for m in micro_batches), parts_s if self.device.type == "cpu" else {}
        return StepReport(loss, norm, sums, tokens, computed, told_s, time.perf_counter() - began)

    @torch.no_grad()
    def logprobs(self, micro_batches: Sequence[MicroBatch], model: Any = None) -> list[torch.Tensor]:
        """Logprobs of the trained tokens, [trained] float32 on the CPU for each micro-batch; of a reference model if one is given."""
        module = TokenLogprobs(model) if model is not None else self.deepspeed.module
        with _uncompiled():
            return [module(*self._inputs(micro)).cpu() for micro in micro_batches]

    def frozen_copy(self) -> Any:
        """The model as it is now, without gradients: the reference of GRPO."""
        model = empty_model(self.causal.config, self.config).to(self.device)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(self.causal.get_parameter(name))
        return model.requires_grad_(False).eval()

    def restart_optimizer(self) -> None:
        """Forget what the optimizer has gathered, as if training began anew from the weights as they are.

        Moments become 0 and the fp32 master weights those of the model, so that the weights alone decide what comes next.
        """
        with torch.no_grad():
            for state in self.deepspeed.basic_optimizer.state.values():
                for value in state.values():
                    value.zero_()
            if hasattr(self.deepspeed.optimizer, "refresh_fp32_params"):  # fp32 at ZeRO stage 0 has no master weights
                self.deepspeed.optimizer.refresh_fp32_params()

    @property
    def steps(self) -> int:
        """Optimizer steps taken so far, over restarts too."""
        return int(self.deepspeed.global_steps)

    def named_parameters(self) -> Iterator[tuple[str, torch.Tensor]]:
        """The weights under the names of the model directory; tied ones once."""
        return ((name, parameter.detach()) for name, parameter in self.causal.named_parameters())

    def _inputs(self, micro: MicroBatch) -> tuple[torch.Tensor, torch.Tensor, TreeLayout | None]:
        """What TokenLogprobs takes, where the weights are."""
        tree = None if micro.tree is None else micro.tree.to(self.device)
        return micro.ids.to(self.device), micro.positions.to(self.device), tree

    def _apply(self, learning_rate: float) -> float:
        """Clip and step; the gradient's norm."""
        local = 0.0
        if self.config.precision == "fp32":  # where DeepSpeed itself does not look before it steps
            gradients = [p.grad for p in self.causal.parameters() if p.grad is not None]
            local = float(nn.utils.get_total_norm(gradients))
            if not math.isfinite(self._over_ranks({"norm": local})["norm"]):
                self._forget_gradients()
                raise NonFiniteError(self._non_finite("a gradient is infinite or not a number", learning_rate))
        self.deepspeed.step()
        if not self.deepspeed.was_step_applied():
            raise NonFiniteError(self._non_finite("a gradient is infinite or not a number", learning_rate))
        return float(self.deepspeed.get_global_grad_norm() or local)

    def _forget_gradients(self) -> None:
        """Drop what has been added up since the last step, wherever the ZeRO stage keeps it."""
        self.deepspeed.zero_grad()
        optimizer = self.deepspeed.optimizer
        for name in ("clear_hp_grads", "clear_lp_grads", "zero_grad"):
            if hasattr(optimizer, name):
                getattr(optimizer, name)()
        for name in ("averaged_gradients", "all_grad_tensors"):  # stage 2
            kept = getattr(optimizer, name, {})
            kept.update(dict.fromkeys(kept))

    @staticmethod
    def _non_finite(what: str, learning_rate: float) -> str:
        return (
            f"{what} at learning rate {learning_rate:g}: the weights are unchanged. Load the last checkpoint and lower the "
            "learning rate, or look at this batch for logprobs that are infinite"
        )

    def _share(self, micro_batches: Sequence[MicroBatch]) -> list[tuple[MicroBatch, int]]:
        """This rank's micro-batches, each with 1; every rank gets as many, because each backward pass waits for all ranks.

        What is missing in the last round is made up by the last micro-batch with 0: it counts for nothing.
        """
        rounds = math.ceil(len(micro_batches) / self.world)
        places = [turn * self.world + self.rank for turn in range(rounds)]
        return [(micro_batches[place], 1) if place < len(micro_batches) else (micro_batches[-1], 0) for place in places]

    def _over_ranks(self, sums: dict[str, float]) -> dict[str, float]:
        """Sums of all ranks; a name may be missing on some, where no micro-batch had it."""
        if self.world == 1:
            return sums
        everyone: list[Any] = [None] * self.world
        dist.all_gather_object(everyone, sums)
        return {
            name: sum(theirs.get(name, 0.0) for theirs in everyone) for name in sorted({name for theirs in everyone for name in theirs})
        }


def load_model(model_dir: Path, config: LearnerConfig) -> Any:
    """The causal language model of a Hugging Face directory, in the precision it is trained in."""
    attention.register()
    tree_attention.register()
    return AutoModelForCausalLM.from_pretrained(
        model_dir, dtype=_dtype(config), attn_implementation=_attention(config), local_files_only=True
    )


def freeze(causal: Any, layers: int) -> None:
    """Keep the embedding (and with it an output layer tied to it) and so many of the lowest layers as they are; 0 freezes nothing.

    Raises:
        ValueError: no layer is left to train.
    """
    if not layers:
        return
    if layers >= len(causal.model.layers):
        raise ValueError(f"learner.frozen_layers is {layers}, but the model has {len(causal.model.layers)} layers: leave some to train")
    causal.model.embed_tokens.requires_grad_(False)
    causal.model.layers[:layers].requires_grad_(False)


def empty_model(model_config: Any, config: LearnerConfig) -> Any:
    """A model of the same shape with weights of no meaning; the random state is left as it was."""
    with torch.random.fork_rng():
        return AutoModelForCausalLM.from_config(copy.deepcopy(model_config), dtype=_dtype(config), attn_implementation=_attention(config))


def deepspeed_config(config: LearnerConfig) -> dict[str, Any]:
    """DeepSpeed's settings. The caller owns gradient accumulation: step() is the only boundary."""
    settings: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": 1,  # a name only: our micro-batches vary in size
        "gradient_accumulation_steps": 1,
        "managed_gradient_accumulation": False,
        "gradient_clipping": config.gradient_clip,
        "steps_per_print": 10**9,
        "zero_optimization": {"stage": config.zero_stage, "overlap_comm": False},
        "zero_allow_untested_optimizer": True,
    }
    if config.precision == "bf16":
        settings["bf16"] = {"enabled": True, "check_grad_overflow": True, "immediate_grad_update": config.zero_stage == 1}
        if config.zero_stage > 0:
            settings["data_types"] = {"grad_accum_dtype": "fp32"}
    return settings


def _attention(config: LearnerConfig) -> str:
    return tree_attention.NAME if config.packing == "tree" else config.attention


def _dtype(config: LearnerConfig) -> torch.dtype:
    return torch.bfloat16 if config.precision == "bf16" else torch.float32


def _prepare_process(config: LearnerConfig) -> None:
    """Threads, seeds and the process group, all before DeepSpeed looks for them."""
    if config.threads:
        torch.set_num_threads(config.threads)
    random.seed(config.seed)
    np.random.seed(config.seed)
    torch.manual_seed(config.seed)
    os.environ.setdefault("DS_ACCELERATOR", "cuda" if torch.cuda.is_available() else "cpu")
    os.environ.setdefault("LOCAL_RANK", "0")  # DeepSpeed insists on it
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    if dist.is_initialized():
        return
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if "RANK" in os.environ and "WORLD_SIZE" in os.environ:
        dist.init_process_group(backend)
    else:
        dist.init_process_group(backend, store=dist.HashStore(), rank=0, world_size=1)  # type: ignore[attr-defined]


@contextlib.contextmanager
def _uncompiled() -> Iterator[None]:
    """Forward passes without gradient run as they are: compiling a second version of the layers would cost more than it saves."""
    with torch.compiler.set_stance("force_eager"):
        yield
