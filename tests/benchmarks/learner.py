"""What a GRPO update costs: groups packed as trees beside the fastest plain batching, and through DeepSpeed beside a bare loop.

Forward and backward passes over the recorded groups of a run, with its model, precision and frozen layers. Plain is length-sorted rows,
logits at trained positions alone, the better of SDPA and eager (beside it the project's own row attention); ours is the same loss on
prefix trees.
The bare loop steps a fused AdamW on fp32 master weights, as the engine does through DeepSpeed. The sides take turns. Processor time of one
thread, so that a machine busy with something else is waited for but not measured; --wall for the clock.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.output_file import output_to
from cluster.base_model import resolve
from cluster.config import load_preset
from cluster.errors import UserError
from envs.group_files import read_groups
from envs.records import Group
from tests.benchmarks.report import Comparison, Figure, Report

if TYPE_CHECKING:
    from learner.batch import Example, MicroBatch
    from learner.config import LearnerConfig
    from learner.engine import Part

OVER_PLAIN, OF_ALLOWED, OVER_BARE = 1.5, 0.9, 0.85

Side = Callable[[], None]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", type=Path, default=Path("runs/quickstart"), help="a run whose groups are trained on (runs/quickstart)")
    parser.add_argument("--model", type=Path, help="a model directory (default: the quickstart's base model)")
    parser.add_argument("--groups", type=int, default=3, help="how many of them (default 3: a step of the quickstart)")
    parser.add_argument("--repeats", type=int, default=3, help="times each side is measured, after one pass to warm up (default 3)")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (default 1)")
    parser.add_argument("--compile", action="store_true", help="compile the layers on every side, as runs do")
    parser.add_argument("--wall", action="store_true", help="time on the clock instead of processor time")


def measure(options: argparse.Namespace) -> Report:
    config = load_preset("quickstart")
    learner = replace(config.learner, threads=options.threads, compile=options.compile)
    os.environ.update(learner.environment())  # before torch is imported
    groups = recorded_groups(options.run, options.groups)
    clock = time.perf_counter if options.wall else time.process_time
    with tempfile.NamedTemporaryFile() as log, output_to(Path(log.name)):  # DeepSpeed and transformers print
        from learner.grpo import to_examples

        examples = to_examples(groups, divide_by_std=False)
        sides, packed, rows = _sides(learner, options.model or resolve(config.run.base_model), examples)
        times = {name: statistics.median(taken) for name, taken in timed(sides, options.repeats, clock).items()}
    plain_name = min(("rows sdpa", "rows eager"), key=lambda name: times[name])
    plain_s, ours_s = times[plain_name], times["tree"]
    tokens, distinct = sum(m.tokens for m in packed), sum(m.ids.numel() for m in packed)
    ratio = plain_s / ours_s
    figures = {
        "plain_over_ours": Figure(ratio, "times", at_least=OVER_PLAIN),
        "share_of_what_sharing_allows": Figure(ratio * distinct / tokens, "times", at_least=OF_ALLOWED),
        "bare_over_deepspeed": Figure(times["bare loop"] / times["deepspeed"], "times", at_least=OVER_BARE),
        "own_rows_over_ours": Figure(times["rows grouped"] / ours_s, "times"),
        "distinct_share": Figure(distinct / tokens, "share"),
        "tokens": Figure(tokens, "count"),
        "padded_tokens": Figure(sum(m.ids.numel() for m in rows), "count"),
        "trained_tokens": Figure(sum(m.trained for m in packed), "count"),
        **{f"{name.replace(' ', '_')}_s": Figure(seconds, "s") for name, seconds in times.items()},
    }
    how = {
        "repeats": options.repeats,
        "interleaved": True,
        "statistic": "median",
        "clock": "wall" if options.wall else "processor",
        "threads": options.threads,
        "compile": options.compile,
        "load": round(os.getloadavg()[0], 1),
        "groups": f"{len(groups)} of {len(groups[0].trajectories)}",
        "plain": plain_name,
        "frozen_layers": learner.frozen_layers,
    }
    comparison = Comparison(OVER_PLAIN, ours_s, plain_s, "s", options.repeats)
    return Report("learner", figures, how, ratio=ratio, comparison=comparison)


def recorded_groups(run: Path, count: int) -> list[Group]:
    """The first groups of a run that train anything.

    Raises:
        UserError: the run recorded too few.
    """
    found = []
    for path in sorted((run / "groups").glob("step_*.parquet")):
        found += [group for group in read_groups(path) if group.has_variance]
        if len(found) >= count:
            return found[:count]
    raise UserError(f"{run} holds {len(found)} groups with variance, wanted {count}: train with `make train`, or name another by --run")


def timed(sides: dict[str, Side], repeats: int, clock: Callable[[], float]) -> dict[str, list[float]]:
    """Seconds of each side, [repeat]: the sides follow one another, each first as often as the others; the first round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for repeat in range(repeats + 1):
        for place in range(len(names)):
            name = names[(place + repeat) % len(names)]
            began = clock()
            sides[name]()
            if repeat:
                times[name].append(clock() - began)
    return times


def _sides(
    learner: LearnerConfig, model_dir: Path, examples: Sequence[Example]
) -> tuple[dict[str, Side], list[MicroBatch], list[MicroBatch]]:
    from learner.batch import pack_by
    from learner.engine import Engine, Part
    from learner.losses import policy_loss

    as_tree, as_rows = replace(learner, packing="tree"), replace(learner, packing="rows")
    engine = Engine(as_tree, model_dir)
    engine.warm_up()
    packed, rows = pack_by(as_tree, examples), pack_by(as_rows, examples)
    total = sum(m.trained for m in packed)

    def loss_of(micro: MicroBatch, logprobs: Any) -> Part:
        return Part(
            policy_loss(logprobs, micro.old_logprobs, micro.advantages, clip_low=0.2, clip_high=0.28, total_tokens=total).loss,
            {},
        )

    sides = {
        f"rows {kind}": _Bare(replace(as_rows, attention=kind), model_dir, loss_of).passes(rows) for kind in ("sdpa", "eager", "grouped")
    }
    sides["tree"] = _Bare(as_tree, model_dir, loss_of).passes(packed)
    sides["bare loop"] = _Bare(as_tree, model_dir, loss_of).steps(packed)
    sides["deepspeed"] = lambda: _nothing(engine.step(pack_by(as_tree, examples), loss_of, 1e-6))
    return sides, packed, rows


def _nothing(_: object) -> None:
    return None


class _Bare:
    """A model trained by plain torch: gradients add up in its own precision, the optimizer keeps fp32 master weights."""

    def __init__(self, config: LearnerConfig, model_dir: Path, loss_of: Callable[[MicroBatch, Any], Part]) -> None:
        from learner.engine import TokenLogprobs, freeze, load_model

        causal = load_model(model_dir, config)
        freeze(causal, config.frozen_layers)
        if config.compile:
            for layer in causal.model.layers:
                layer.compile(dynamic=True)
        self._module = TokenLogprobs(causal)
        self._trained = [parameter for parameter in causal.parameters() if parameter.requires_grad]
        self._loss_of = loss_of

    def passes(self, packed: Sequence[MicroBatch]) -> Side:
        def run() -> None:
            for parameter in self._trained:
                parameter.grad = None
            for micro in packed:
                self._loss_of(micro, self._module(micro.ids, micro.positions, micro.tree)).loss.backward()  # type: ignore[no-untyped-call]

        return run

    def steps(self, packed: Sequence[MicroBatch]) -> Side:
        import torch

        passes = self.passes(packed)
        masters = [parameter.detach().float() for parameter in self._trained]
        optimizer = torch.optim.AdamW(masters, lr=1e-6, fused=True)

        def run() -> None:
            passes()
            for master, parameter in zip(masters, self._trained, strict=True):
                if parameter.grad is not None:
                    master.grad = parameter.grad.float()
            torch.nn.utils.clip_grad_norm_(masters, 1.0)
            optimizer.step()
            with torch.no_grad():
                for master, parameter in zip(masters, self._trained, strict=True):
                    parameter.copy_(master)

        return run
