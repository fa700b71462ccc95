"""The transfer contract on GPUs: "ipc" between two processes on one card, "nccl" between two cards, on a tiny random Qwen3.

Not run yet: there was no GPU. `pytest tests/actors/test_gpu_transfer.py` on a machine with one (two for nccl) shows both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.generator_actor import GeneratorActor, GeneratorConfig
from actors.rollout_actor import RemotePolicy
from envs.records import TrainingSequence
from tests.contracts import check_transfer, mean_difference
from tests.fakes import CONTEXT, save_tiny_model

pytestmark = [pytest.mark.ray, pytest.mark.vllm, pytest.mark.gpu]

CANARY = [list(range(5, 45)), list(range(200, 260)), [7, 7, 7, 300, 301, 302] * 5]
BOUND = 0.05  # bf16 on both sides


def cards() -> int:
    import torch

    return torch.cuda.device_count()


@pytest.fixture(params=[("ipc", 1, 0.5), ("nccl", 2, 1.0)], ids=["ipc", "nccl"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, tiny_tokenizer: str) -> Iterator[tuple[Any, Any]]:
    """A learner and a generator as a run starts them."""
    transport, needed, share = request.param
    if cards() < needed:
        pytest.skip(f"{transport!r} needs {needed} CUDA device(s); this machine has {cards()}")
    ray = pytest.importorskip("ray")
    from learner.config import LearnerConfig
    from learner.learner_actor import LearnerActor

    model_dir = save_tiny_model(tmp_path / "model", tiny_tokenizer, kind="qwen3")
    config = GeneratorConfig(
        transport=transport, num_gpus=share, max_model_len=CONTEXT, max_num_batched_tokens=CONTEXT, gpu_memory_utilization=0.2
    )
    ray.init(include_dashboard=False)
    try:
        generator = ray.remote(GeneratorActor).options(num_gpus=share, max_concurrency=64).remote(str(model_dir), config)
        learner = (
            ray.remote(LearnerActor)
            .options(num_gpus=share)
            .remote(LearnerConfig(attention="sdpa", compile=False), str(model_dir), transport=transport)
        )
        ray.get([generator.ready.remote(), learner.ready.remote()], timeout=300)
        yield learner, generator
    finally:
        ray.shutdown()


async def test_a_gpu_transport_keeps_the_transfer_contract(pair: tuple[Any, Any]) -> None:
    import ray

    learner, generator = pair
    version = 0

    def change(seed: int) -> None:
        batch = [TrainingSequence(tuple(range(seed, seed + 40)), (0.0, *[1.0] * 39))]
        ray.get([learner.sft_step.remote(batch, 3e-3) for _ in range(10)])

    def push() -> int:
        nonlocal version
        version += 1
        ray.get(learner.push.remote([generator], version))
        return version

    def gap() -> float:
        return mean_difference(*ray.get([learner.logprobs.remote(CANARY), generator.logprobs.remote(CANARY)]))

    await check_transfer(RemotePolicy(generator), change, push, gap, bound=BOUND)
