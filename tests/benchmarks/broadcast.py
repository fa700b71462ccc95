"""What a push of weights costs: beside writing and reading the same bytes through shared memory, and how long sampling stands still.

A real generator (vLLM behind Ray, the quickstart's settings) samples turns of one token, one after another in a few rows, while the
broadcaster pushes the base model's weights to it. The gap is the longest time between two tokens around a push, so it holds the cache that
has to be filled again. The reference writes every tensor to a file in shared memory and reads it back into memory that is there already.
The sides take turns. Time on the clock: another process at work on the machine is measured too.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from cluster.base_model import resolve
from cluster.config import load_preset
from tests.benchmarks.report import Comparison, Figure, Report

OVER_BYTES, GAP_S = 3.0, 0.6


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeats", type=int, default=7, help="pushes, after one to warm up (default 7)")
    parser.add_argument("--rows", type=int, default=4, help="turns sampled at once meanwhile (default 4)")


def measure(options: argparse.Namespace) -> Report:
    import ray

    from cluster.ray_setup import ray_session

    config = load_preset("quickstart")
    model_dir = resolve(config.run.base_model)
    with tempfile.TemporaryDirectory() as logs, ray_session(Path(logs)):
        from actors.generator_actor import GeneratorActor

        handle = ray.remote(GeneratorActor).options(num_cpus=0.5, max_concurrency=100).remote(str(model_dir), config.generator)
        ray.get(handle.ready.remote())
        weights = _weights(model_dir)
        found = asyncio.run(_pushes(handle, weights, options.repeats, options.rows))
        ray.get(handle.shutdown.remote())
    bytes_s, push_s, still_s, gap_s = (statistics.median(of_repeats) for of_repeats in found)
    figures = {
        "push_over_bytes": Figure(push_s / bytes_s, "times", at_most=OVER_BYTES),
        "gap_between_tokens_s": Figure(gap_s, "s", at_most=GAP_S),
        "push_s": Figure(push_s, "s"),
        "paused_s": Figure(still_s, "s"),
        "bytes_s": Figure(bytes_s, "s"),
        "size": Figure(sum(w.numel() * w.element_size() for w in weights.values()) / 1e6, "MB"),
    }
    how = {
        "repeats": options.repeats,
        "interleaved": True,
        "statistic": "median",
        "clock": "wall",
        "load": round(os.getloadavg()[0], 1),
        "sampling": f"{options.rows} rows of one-token turns",
    }
    return Report(
        "broadcast", figures, how, ratio=push_s / bytes_s, comparison=Comparison(OVER_BYTES, push_s, bytes_s, "s", options.repeats)
    )


async def _pushes(handle: Any, weights: dict[str, Any], repeats: int, rows: int) -> list[list[float]]:
    """Seconds of the bytes, of the push, of its pause, and between the tokens around it, each [repeat]."""
    from actors.policy import Sampling
    from learner.broadcast import Broadcaster

    broadcaster = Broadcaster("shm")
    tokens: list[float] = []  # when each arrived
    over = asyncio.Event()

    async def sample(row: int) -> None:
        ids = list(range(1000 + row, 1200 + row))
        while not over.is_set():
            await handle.generate.remote(ids, Sampling(1, ()))
            tokens.append(time.perf_counter())

    sampling = [asyncio.create_task(sample(row)) for row in range(rows)]
    bytes_s, push_s, still_s, gap_s = [], [], [], []
    for repeat in range(repeats + 1):
        for side in ("bytes", "push") if repeat % 2 else ("push", "bytes"):
            await asyncio.sleep(1.0)
            began = time.perf_counter()
            if side == "bytes":
                taken = await asyncio.to_thread(_write_and_read, weights)
            else:
                told = await asyncio.to_thread(broadcaster.push, weights.items(), [handle], repeat + 1)
                await asyncio.sleep(1.0)
                around = [t for t in tokens if t > began - 1.0]
            if repeat and side == "bytes":
                bytes_s.append(taken)
            elif repeat:
                push_s.append(told["broadcast/push_s"])
                still_s.append(told["broadcast/gap_s"])
                gap_s.append(max(after - before for before, after in itertools.pairwise(around)))
    over.set()
    await asyncio.gather(*sampling)
    return [bytes_s, push_s, still_s, gap_s]


def _weights(model_dir: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: tensor for path in sorted(model_dir.glob("*.safetensors")) for name, tensor in load_file(path).items()}


def _write_and_read(weights: dict[str, Any]) -> float:
    """Seconds to write all bytes to shared memory and read them back."""
    import torch

    into = {name: torch.empty_like(tensor) for name, tensor in weights.items()}
    for tensor in into.values():
        tensor.zero_()  # its pages are there
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.NamedTemporaryFile(dir=folder, buffering=0) as file:
        began = time.perf_counter()
        for tensor in weights.values():
            file.write(memoryview(tensor.view(torch.uint8).numpy()).cast("B"))
        file.seek(0)
        for tensor in into.values():
            file.readinto(memoryview(tensor.view(torch.uint8).numpy()).cast("B"))  # type: ignore[arg-type]
        return time.perf_counter() - began
