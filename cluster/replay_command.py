"""`analyst-buddy replay`: GRPO trained over again from a run's own files, without a generator, and held against what was recorded.

What a step's update depends on is all in the run directory: the weights GRPO began with (policy/sft), which groups trained and in
which order, the learning rate and the seed (groups/step_*.parquet). The optimizer starts empty there, so no more is needed. A
whole checkpoint nearer to the first step asked for is a start too.

The loss alone would say little: on fresh groups the ratio is 1 and the loss follows from the advantages whatever the weights are. So
the mean surprise of the sampled tokens (policy/entropy) is compared with it, which any other weights change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from actors.output_file import output_to
from cluster.base_model import resolve
from cluster.config import RunConfig, read_config
from cluster.errors import UserError
from envs.group_files import Training, read_groups, read_training
from envs.groups import groups_to_table
from envs.run_store import RunStore
from learner.learner_actor import LearnerActor

COMPARED = ("grpo/loss", "policy/entropy")  # both in nats a token
SHOWN = (*COMPARED, "learner/gradient_norm", "policy/logprob_difference", "policy/kl_to_sft")
LEARNER = "learner"  # the learner's folder in a checkpoint
TOLERANCES = {"fp32": 1e-5, "bf16": 2e-3}  # on the machine of the run, with as many threads


class ReplayError(UserError):
    """The run directory does not hold what the steps asked for need."""


@dataclass(frozen=True)
class Plan:
    """Where to start and what to train."""

    config: RunConfig
    model_dir: Path  # policy/sft, or where a checkpoint's weights are loaded over
    checkpoint: Path | None  # None: from model_dir's own weights
    start: int  # the step whose weights that is; 0 for policy/sft
    updates: tuple[tuple[Training, Path, Mapping[str, float]], ...]  # what trained, its file, what was recorded of it
    first: int  # steps before are trained on the way and not reported


@dataclass(frozen=True)
class Compared:
    """One step, as recorded and as replayed."""

    step: int
    stage: str
    recorded: dict[str, float]
    replayed: dict[str, float]

    @property
    def difference(self) -> float:
        """The largest of the compared figures, in nats a token."""
        return max(abs(self.replayed[name] - self.recorded[name]) for name in COMPARED)

    def as_dict(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "stage": self.stage,
            "difference": self.difference,
            "recorded": self.recorded,
            "replayed": self.replayed,
        }


def replay_run(store: RunStore, steps: str | None, tolerance: float | None, *, as_json: bool) -> int:
    """Replay and print a line for each step, then what it comes to; the exit code: 1 when a step lies beyond the tolerance."""
    planned = plan(store, *parse_steps(steps))
    bound = TOLERANCES[planned.config.learner.precision] if tolerance is None else tolerance
    done = []
    for compared in _replay_quietly(planned, store.logs_dir / "replay.log"):
        typer.echo(json.dumps(compared.as_dict()) if as_json else comparison_line(compared))
        done.append(compared)
    typer.echo(verdict_line(planned, done, bound), err=as_json)
    return int(not all(compared.difference <= bound for compared in done))  # a figure that is no number is beyond too


def plan(store: RunStore, first: int | None = None, last: int | None = None) -> Plan:
    """What replaying the steps from `first` to `last` (None: all GRPO steps) takes.

    Raises:
        ReplayError: nothing trained there, or the run keeps no weights to start from.
        ValueError: a file cannot be read.
    """
    if not store.config_path.is_file():
        raise ReplayError(f"{store.path} has no config.toml: without a run's settings its steps cannot be repeated")
    config = read_config(store.config_path)
    recorded = recorded_updates(store.read_metrics())
    asked = [step for step in recorded if (first is None or step >= first) and (last is None or step <= last)]
    if not asked:
        there = f"those that did are {', '.join(map(str, recorded))}" if recorded else "none has yet"
        raise ReplayError(f"no step asked for was an update of GRPO in {store.path}: {there}")
    model_dir, checkpoint, start = _start(store, config, asked[0])
    files = store.groups_files()
    steps = [step for step in recorded if start < step <= asked[-1]]
    missing = [step for step in steps if step not in files]
    if missing:
        raise ReplayError(
            f"groups of steps {', '.join(map(str, missing))} are missing in {store.path}: they trained, so nothing after can be"
        )
    updates = tuple((read_training(files[step]), files[step], recorded[step]) for step in steps)
    for training, path, _ in updates:
        if not training.trained:
            raise ReplayError(f"{path} says that nothing trained, metrics.jsonl that something did: they are of different runs")
    return Plan(config, model_dir, checkpoint, start, updates, asked[0])


def recorded_updates(lines: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, float]]:
    """The metrics of each step that updated the policy by GRPO, by step.

    A run that came back from an earlier checkpoint did steps again: the later line holds, and what it had recorded beyond is void.
    """
    done: dict[int, dict[str, float]] = {}
    for line in lines:
        if "reward/mean" in line or "sft/loss" in line:  # the line of a step, not of a push or a validation
            done = {step: kept for step, kept in done.items() if step < line["step"]}
            done[int(line["step"])] = dict(line)
    return {step: line for step, line in done.items() if line.get("grpo/updates")}


def start_learner(plan: Plan) -> LearnerActor:
    """The run's learner in this process. Call it before anything imports torch, which reads the environment."""
    os.environ.update(plan.config.learner.environment())
    learner = LearnerActor(plan.config.learner, str(plan.model_dir), grpo=plan.config.grpo)
    learner.ready()
    return learner


def replay(plan: Plan, learner: LearnerActor) -> Iterator[Compared]:
    """Train the plan's steps one after the other; one comparison for each that was asked for."""
    if plan.checkpoint is None:
        learner.begin_grpo()
    else:
        learner.load_checkpoint(str(plan.checkpoint / LEARNER))
    for training, path, recorded in plan.updates:
        groups = read_groups(path)
        chosen = [groups[place] for place in training.trained]
        made = learner.grpo_step(groups_to_table(chosen), training.learning_rate, training.seed)
        if made.get("grpo/trained_tokens") != recorded["grpo/trained_tokens"]:
            told, then = made.get("grpo/trained_tokens", 0.0), recorded["grpo/trained_tokens"]
            raise ReplayError(f"{path} trains {told:.0f} tokens, the run trained {then:.0f}: the file was changed, or is of another run")
        if training.step >= plan.first:
            names = [name for name in SHOWN if name in made and name in recorded]
            yield Compared(training.step, training.stage, {n: recorded[n] for n in names}, {n: made[n] for n in names})


def comparison_line(compared: Compared) -> str:
    """One step for a person."""
    figures = ", ".join(
        f"{name.split('/')[1].replace('_', ' ')} {value:.6g} ({compared.recorded[name]:.6g})" for name, value in compared.replayed.items()
    )
    return f"step {compared.step}, {compared.stage}: {figures}; {compared.difference:.2g} nats apart"


def verdict_line(plan: Plan, compared: Sequence[Compared], tolerance: float) -> str:
    """What the replay comes to."""
    worst = max(c.difference for c in compared)
    start = "policy/sft" if plan.checkpoint is None else plan.checkpoint.name
    told = f"{len(compared)} updates replayed from {start} (recorded figures in brackets): at most {worst:.2g} nats a token apart"
    if all(c.difference <= tolerance for c in compared):
        return f"{told}, within {tolerance:g}"
    return (
        f"{told}, beyond {tolerance:g}: another machine, number of threads or version of torch than the run's does this in bf16 (see "
        "--tolerance); else the files are not of this run"
    )


def parse_steps(text: str | None) -> tuple[int | None, int | None]:
    """`A-B`, `A-`, `-B` or `A` as first and last step.

    Raises:
        UserError: it is none of these.
    """
    if text is None:
        return None, None
    first, dash, last = text.strip().partition("-")
    try:
        bounds = (int(first) if first else None, int(last) if last else None if dash else int(first))
    except ValueError:
        bounds = (None, None)
    if bounds == (None, None) or (None not in bounds and bounds[0] > bounds[1]):  # type: ignore[operator]
        raise UserError(f"--steps {text!r}: wanted A-B with A up to B, such as 255-258, or A-, -B, A")
    return bounds


def _replay_quietly(plan: Plan, log_path: Path) -> Iterator[Compared]:
    """Start a learner here and replay; what DeepSpeed and torch print goes to log_path."""
    with output_to(log_path):
        learner = start_learner(plan)
    comparisons = replay(plan, learner)
    while True:
        with output_to(log_path):
            compared = next(comparisons, None)
        if compared is None:
            return
        yield compared


def _start(store: RunStore, config: RunConfig, step: int) -> tuple[Path, Path | None, int]:
    """The kept weights nearest before a step: a model directory, a checkpoint to load over it, and the step they are of."""
    policy = store.path / "policy" / "sft"
    kept = (policy / "config.json").is_file()
    for checkpoint in reversed(store.checkpoints()):
        manifest = store.read_manifest(checkpoint)
        begun = manifest["state"]["stage"] != "sft"  # before, the optimizer is still the SFT's
        if begun and manifest["step"] < step and (checkpoint / LEARNER).is_dir():
            return policy if kept else resolve(config.run.base_model), checkpoint, int(manifest["step"])
    if not kept:
        raise ReplayError(
            f"{store.path} keeps no weights from before step {step}: wanted policy/sft, which a run writes when its SFT is over, "
            "or a checkpoint after that"
        )
    return policy, None, 0
