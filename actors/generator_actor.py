"""One generator: a vLLM engine in a Ray actor, which samples turns and takes new weights while turns are in flight.

The class is plain; whoever starts it says what it may use: `ray.remote(GeneratorActor).options(...).remote(model_dir, config)`.
The learner's broadcaster drives pause, start_weight_update, update_weights, finish_weight_update, set_version, resume, in that order.
One that Ray has restarted holds the base model again: it is stale and refuses every turn until it is admitted, after a push.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.policy import Sampling, Turn

TRANSPORTS = ("shm", "ipc", "nccl")


@dataclass(frozen=True)
class GeneratorConfig:
    """How a generator runs vLLM: the [generator] table of a run's TOML file."""

    count: int = 1  # generators; one a GPU, or one for all CPU cores
    dtype: str = "bfloat16"
    transport: str = "shm"  # how weights arrive: "shm" on a CPU, "ipc" on the learner's own GPU, "nccl" on other GPUs
    max_model_len: int = 2048  # tokens of prompt, turns and observations together
    max_num_seqs: int = 64  # turns sampled at once
    max_num_batched_tokens: int = 2048  # tokens a forward pass takes, prefill included
    kv_cache_gb: float = 1.0  # on a CPU; a GPU takes what gpu_memory_utilization leaves
    gpu_memory_utilization: float = 0.35  # of the whole card, weights and KV cache; the rest is the learner's
    num_gpus: float = 0.0  # 0 runs on the CPU; below 1 shares the card with the learner
    enforce_eager: bool = True  # False compiles: faster turns, a far slower start
    threads: int | None = None  # CPU cores to compute on; None takes all
    steered: bool = False  # load steered sampling (actors/vllm_steering.py): turns that bring names need it; on with evaluation.steered

    def __post_init__(self) -> None:
        if self.transport not in TRANSPORTS:
            raise ValueError(f"generator.transport is {self.transport!r}: wanted one of {', '.join(TRANSPORTS)}")
        if self.transport == "shm" and self.num_gpus > 0:
            raise ValueError("generator.transport is 'shm' with generator.num_gpus > 0: take 'ipc' (shared card) or 'nccl'")
        if self.transport != "shm" and self.num_gpus == 0:
            raise ValueError(f"generator.transport is {self.transport!r} without a GPU: take 'shm', or set generator.num_gpus")
        if self.count < 1:
            raise ValueError(f"generator.count is {self.count}: at least one generator is needed")


class GeneratorDiedError(RuntimeError):
    """A generator cannot sample any more: nothing is known about the turns it had, and its weights are gone."""


class GeneratorActor:
    """A VllmPolicy behind Ray. Every method is a coroutine, so turns overlap; give it a high max_concurrency."""

    def __init__(self, model_dir: str | Path, config: GeneratorConfig) -> None:
        from actors.vllm_policy import VllmPolicy  # takes seconds to import, and only this process needs it

        self._policy = VllmPolicy(model_dir, config)
        self._stale = was_restarted()

    async def ready(self) -> int:
        """The weight version it samples with (0: the model directory's own), once the engine answers."""
        await self._policy.check()
        return self._policy.version

    async def is_stale(self) -> bool:
        """Whether it was restarted and not admitted since."""
        return self._stale

    async def admit(self, version: int) -> bool:
        """Sample from now on, if the weights in place are those of `version`, pushed and checked; whether it had been restarted before.

        Raises:
            GeneratorDiedError: the engine is gone, or the weights are others: it was restarted after they were pushed.
        """
        await self._policy.check()
        if self._policy.version != version:
            raise GeneratorDiedError(f"this generator holds weights v{self._policy.version} instead of v{version}: push them again")
        stale, self._stale = self._stale, False
        return stale

    async def generate(self, ids: Sequence[int], sampling: Sampling) -> Turn:
        """One turn after ids; ValueError when no room is left, GeneratorDiedError when the engine is gone or its weights are stale."""
        if self._stale:
            raise GeneratorDiedError("this generator was restarted and holds the base model: push weights to it, check them and admit it")
        return await self._policy.generate(ids, sampling)

    async def logprobs(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """The canary: for each sequence the log-probability of every token after those before it; 0.0 for the first."""
        return await self._policy.logprobs(sequences)

    async def stats(self) -> dict[str, float]:
        """Counts since the start; the keys of `VllmPolicy.stats`."""
        return self._policy.stats()

    async def pause(self) -> None:
        await self._policy.pause()

    async def resume(self) -> None:
        await self._policy.resume()

    async def set_version(self, version: int) -> None:
        await self._policy.set_version(version)

    async def init_weight_transfer_engine(self, init_info: dict[str, Any]) -> None:
        await self._policy.init_weight_transfer_engine(init_info)

    async def start_weight_update(self) -> None:
        await self._policy.start_weight_update()

    async def update_weights(self, update_info: dict[str, Any] | list[dict[str, Any]]) -> None:
        await self._policy.update_weights(update_info)

    async def finish_weight_update(self) -> None:
        await self._policy.finish_weight_update()

    async def shutdown(self) -> None:
        """Stop the engine's processes; the actor is of no use afterwards."""
        self._policy.close()


def was_restarted() -> bool:
    """Whether Ray has started this actor anew; False outside of an actor."""
    import ray

    if not ray.is_initialized():
        return False
    context = ray.get_runtime_context()
    return context.get_actor_id() is not None and bool(context.was_current_actor_reconstructed)
