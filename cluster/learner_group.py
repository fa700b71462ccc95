"""Several learner ranks behind one handle: the trainer calls it as it calls a single LearnerActor.

Each rank is a Ray actor of its own (gloo on CPUs, nccl on GPUs). Every call goes to all of them, because each takes its share of a batch
and waits for the others; the answer is that of rank 0, once all have answered. A rank that fails fails the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import ray
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from cluster.listening import free_port
from learner.config import GrpoConfig, LearnerConfig
from learner.learner_actor import LearnerActor

OF_ALL_RANKS = (
    "ready", "sft_step", "grpo_step", "set_reference", "begin_grpo", "push", "push_directory", "forget_generators",
    "save_checkpoint", "load_checkpoint", "export",
)  # fmt: skip
OF_RANK_0 = ("logprobs", "memory_bytes")  # they need nobody else


class LearnerGroup:
    """Ranks of one learner; its methods are those of `LearnerActor`."""

    def __init__(self, ranks: list[Any], place: Any) -> None:
        self._ranks, self._place = ranks, place

    async def ranks(self) -> list[Any]:
        """Handles of the ranks, for whoever watches their processes."""
        return self._ranks

    async def end(self) -> None:
        """Kill the ranks and give back what they held."""
        for rank in self._ranks:
            ray.kill(rank)
        remove_placement_group(self._place)


def _of_all_ranks(name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def call(self: LearnerGroup, *arguments: Any, **named: Any) -> Any:
        first, *_ = await asyncio.gather(*(getattr(rank, name).remote(*arguments, **named) for rank in self._ranks))
        return first

    return call


def _of_rank_0(name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def call(self: LearnerGroup, *arguments: Any, **named: Any) -> Any:
        return await getattr(self._ranks[0], name).remote(*arguments, **named)

    return call


for _name in OF_ALL_RANKS:
    setattr(LearnerGroup, _name, _of_all_ranks(_name))
for _name in OF_RANK_0:
    setattr(LearnerGroup, _name, _of_rank_0(_name))


def start_learners(ranks: int, cpus: float, gpus: float, config: LearnerConfig, model_dir: Path, grpo: GrpoConfig, transport: str) -> Any:
    """A handle on one learner of so many ranks, each with so many CPUs and GPUs, as near to each other as the cluster allows."""
    wrapped = ray.remote(LearnerActor)
    arguments = {"transport": transport, "grpo": grpo}
    if ranks == 1:
        alone = wrapped.options(runtime_env={"env_vars": config.environment()}, num_cpus=cpus, num_gpus=gpus)
        return alone.remote(config, str(model_dir), **arguments)
    place = placement_group([{"CPU": cpus, **({"GPU": gpus} if gpus else {})}] * ranks, strategy="PACK")
    where = [PlacementGroupSchedulingStrategy(place, placement_group_bundle_index=rank) for rank in range(ranks)]
    address, port = ray.get(ray.remote(_meeting_point).options(num_cpus=cpus, scheduling_strategy=where[0]).remote())
    handles = []
    for rank in range(ranks):
        meeting = {
            "RANK": str(rank),
            "WORLD_SIZE": str(ranks),
            "LOCAL_RANK": "0",  # Ray shows each rank its own card alone
            "MASTER_ADDR": address,
            "MASTER_PORT": str(port),
        }
        options = wrapped.options(
            runtime_env={"env_vars": {**config.environment(), **meeting}}, num_cpus=cpus, num_gpus=gpus, scheduling_strategy=where[rank]
        )
        handles.append(options.remote(config, str(model_dir), **arguments))
    return ray.remote(LearnerGroup).options(num_cpus=0).remote(handles, place)


def _meeting_point() -> tuple[str, int]:
    """An address and a free port of the node that rank 0 will be on."""
    return ray.util.get_node_ip_address(), free_port("")
