"""How fast whole grouped rollouts generate, beside the same engine replaying the same turns with nothing around it.

Ours is the path of training: a rollout actor plays groups against SQLite and sends every turn to a vLLM generator in another process. The
reference runs inside that generator's process: the recorded prompts and lengths turn after turn, as many episodes at once, every episode
waiting for its last turn as ours does, with the same sampling parameters, but no dialogue, SQL, Ray or other process. The engine's cache of
prefixes is emptied before each side. The sides take turns. Time on the clock: another process at work on the machine is measured too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actors.generator_actor import GeneratorActor
from cluster.base_model import resolve
from cluster.config import RunConfig, load_preset
from cluster.dataset_cache import data_of
from cluster.play import play_groups
from cluster.schedule import spread
from envs.records import Group, Trajectory, turns_of
from tests.benchmarks.report import Comparison, Figure, Report

SHARE_OF_RAW = 0.85

Turns = tuple[tuple[tuple[int, ...], int], ...]  # of one episode: each turn's prompt and how many tokens were sampled after it


class ReplayingGenerator(GeneratorActor):
    """A generator that can also replay recorded turns on its own engine."""

    async def forget(self) -> None:
        """Empty the cache of prefixes."""
        await self._policy.pause()
        await self._policy.resume()

    async def replay(self, groups: Sequence[Sequence[Turns]], groups_at_once: int) -> float:
        """Seconds to sample all turns again, the members of a group side by side."""
        room = asyncio.Semaphore(groups_at_once)
        numbers = iter(range(10**9))

        async def episode(turns: Turns) -> None:
            for prompt, length in turns:
                await self._sample(prompt, length, f"replay-{next(numbers)}")

        async def group(members: Sequence[Turns]) -> None:
            async with room:
                await asyncio.gather(*(episode(turns) for turns in members))

        began = time.perf_counter()
        await asyncio.gather(*(group(members) for members in groups))
        return time.perf_counter() - began

    async def _sample(self, prompt: Sequence[int], length: int, name: str) -> None:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        params = SamplingParams(
            temperature=1.0,
            seed=1,
            max_tokens=length,
            min_tokens=length,
            ignore_eos=True,
            logprobs=0,
            detokenize=False,
            skip_clone=True,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        async for _ in self._policy._engine.generate({"type": "token", "prompt_token_ids": list(prompt)}, params, name):
            pass


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", type=Path, help="a policy's directory (default: the base model, whose episodes are short)")
    parser.add_argument("--groups", type=int, default=20, help="groups of a repeat (default 20)")
    parser.add_argument("--repeats", type=int, default=5, help="repeats, after one to warm up (default 5)")


def measure(options: argparse.Namespace) -> Report:
    import ray

    from actors.rollout_actor import RolloutActor
    from cluster.ray_setup import ray_session

    config = load_preset("quickstart", ["evaluation.steered=false"])
    data = data_of(config)
    model_dir = options.policy or resolve(config.run.base_model)
    with tempfile.TemporaryDirectory() as logs, ray_session(Path(logs)):
        generator = ray.remote(ReplayingGenerator).options(num_cpus=0.5, max_concurrency=1000).remote(str(model_dir), config.generator)
        rollouts = ray.remote(RolloutActor).options(num_cpus=0.25, max_concurrency=1000)
        rollout = rollouts.remote(str(data.databases_dir), str(model_dir), [generator], config.episode, config.rollout)
        ray.get([generator.ready.remote(), rollout.ready.remote()])
        questions = spread([q for q in data.train if len(q.tables) <= config.phase1.tables_max], options.groups)
        sides = asyncio.run(_sides(generator, rollout, questions, config, options.repeats))
        ray.get(generator.shutdown.remote())
    ours, raw = (statistics.median(side) for side in zip(*sides, strict=True))
    share = statistics.median(ours / raw for ours, raw in sides)
    figures = {
        "share_of_raw": Figure(share, "share", at_least=SHARE_OF_RAW),
        "ours_tokens_per_s": Figure(ours, "tokens/s"),
        "raw_tokens_per_s": Figure(raw, "tokens/s"),
    }
    how = {
        "groups": f"{options.groups} of {config.rollout.group_size}",
        "episodes_at_once": config.evaluation.concurrency,
        "repeats": options.repeats,
        "interleaved": True,
        "statistic": "median",
        "clock": "wall",
        "load": round(os.getloadavg()[0], 1),
    }
    return Report("rollout", figures, how, ratio=share, comparison=Comparison(SHARE_OF_RAW, ours, raw, "tokens/s", options.repeats))


async def _sides(generator: Any, rollout: Any, questions: Sequence[Any], config: RunConfig, repeats: int) -> list[tuple[float, float]]:
    """Generated tokens a second of the whole and of the engine alone, each [repeat]; the replay is of the play before it."""
    members, at_once = config.rollout.group_size, config.evaluation.concurrency
    found = []
    for repeat in range(repeats + 1):
        await generator.forget.remote()
        began = time.perf_counter()
        play = play_groups([rollout], questions, members=members, seed=repeat, temperature=1.0, concurrency=at_once)
        groups: list[Group] = [group async for group in play]
        ours_s = time.perf_counter() - began
        recorded = [[_turns(trajectory) for trajectory in group.trajectories] for group in groups]
        await generator.forget.remote()
        raw_s = await generator.replay.remote(recorded, max(1, at_once // members))
        tokens = sum(length for group in recorded for turns in group for _, length in turns)
        if repeat:
            found.append((tokens / ours_s, tokens / raw_s))
    return found


def _turns(trajectory: Trajectory) -> Turns:
    return tuple((trajectory.ids[:start], end - start) for start, end in turns_of(trajectory.mask))
