"""A whole run under SIGKILL: does it end with every step done, and every question drawn trained on or passed over exactly once?

`analyst-buddy train` with all its real processes, on a tiny random model: rollout actors, generator actors, vLLM engines, learner and
the driver die at random moments, the driver followed by the same command. Actors die once a command has written its first line of
metrics: one that dies while a run starts ends the command. Only processes of this run are killed, by their ids. `chaos-scripted` strikes
far oftener, at actors whose engines answer from a script.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil

from cluster.config import RunConfig, load_preset
from cluster.dataset_cache import data_of
from cluster.schedule import endless_order
from cluster.state import DONE, TrainerState
from envs.group_files import read_groups, read_training
from envs.records import Question
from envs.run_store import RunStore
from tests.benchmarks import whole_run
from tests.benchmarks.report import Figure, Report

VICTIMS = {  # what a process of each kind is called
    "rollout actor": "ray::RolloutActor",
    "generator actor": "ray::GeneratorActor",
    "engine": "VLLM::EngineCore",
    "learner": "ray::LearnerActor",
    "driver": "",
}
DELAY_S = 6.0  # at most, from when a kill is due by the steps done to the kill
GONE_S = 60.0  # in which what a killed driver leaves has to be gone


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=int, default=20, help="learner steps of the run: a third SFT, the rest GRPO (default 20)")
    parser.add_argument("--kills", type=int, default=20, help="processes killed, spread over the steps (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="of who dies, and when (default 0)")
    parser.add_argument("--keep", type=Path, help="keep the run in this folder, which must not exist")


def measure(options: argparse.Namespace) -> Report:
    """Train and kill.

    Raises:
        ValueError: too few steps for three stages.
    """
    if options.steps < 3 or options.kills < 0:
        raise ValueError("--steps wants 3 or more, one for each stage, and --kills 0 or more")
    with tempfile.TemporaryDirectory(prefix="chaos-") as scratch:
        folder = Path(scratch)
        sft = options.steps // 3
        phase1 = (options.steps - sft) // 2
        steps = {"sft": sft, "phase1": phase1, "phase2": options.steps - sft - phase1}
        settings = whole_run.settings_of(folder, (f"{stage}.steps={count}" for stage, count in steps.items()))
        run_dir = options.keep or folder / "run"
        began = time.monotonic()
        attack = Attack(run_dir, settings, options)
        attack.run()
        return _report(RunStore(run_dir), load_preset(whole_run.PRESET, settings), attack, options, time.monotonic() - began)


class Attack:
    """One run, begun again as often as its driver is killed."""

    def __init__(self, run_dir: Path, settings: list[str], options: argparse.Namespace) -> None:
        self._run_dir, self._options = run_dir, options
        self._command = whole_run.command(run_dir, settings)
        self._rng = random.Random(options.seed)
        self._kinds = self._shuffled_for_ever()
        self.kills: Counter[str] = Counter()
        self.left_behind: list[str] = []  # what outlived a killed driver
        self.exit_code: int | None = None
        self.told = ""  # by the last command

    def run(self) -> None:
        """Train to the end, or until the command fails by itself."""
        while self.exit_code is None:
            with tempfile.TemporaryFile("w+") as output:
                driver = subprocess.Popen(self._command, stdout=output, stderr=subprocess.STDOUT, env=whole_run.environment())
                try:
                    self._strike_until_it_ends(driver)
                finally:
                    if driver.poll() is None:
                        driver.kill()
                        driver.wait()
                output.seek(0)
                self.told = output.read()

    def _strike_until_it_ends(self, driver: subprocess.Popen[bytes]) -> None:
        """Returns once the driver was killed, or sets the exit code once it ended."""
        lines = len(self._metrics())
        for kind in self._kinds:
            while not (self._due() and (kind == "driver" or len(self._metrics()) > lines)):
                if self._ended(driver, 0.5):
                    return
            if self._ended(driver, self._rng.uniform(0.0, DELAY_S)):
                return
            while not self._killed(driver, kind):
                if self._ended(driver, 0.2):
                    return
            self.kills[kind] += 1
            if kind == "driver":
                return

    def _metrics(self) -> list[dict[str, float]]:
        return RunStore(self._run_dir).read_metrics()

    def _due(self) -> bool:
        """Whether the next kill is due, by the furthest step the run has ever reached."""
        struck, wanted = sum(self.kills.values()), self._options.kills
        reached = max((row["step"] for row in self._metrics()), default=0)
        return struck < wanted and reached >= struck * self._options.steps // wanted

    def _ended(self, driver: subprocess.Popen[bytes], within_s: float) -> bool:
        try:
            self.exit_code = driver.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _killed(self, driver: subprocess.Popen[bytes], kind: str) -> bool:
        """Whether there was such a process and it is dead now."""
        try:
            theirs = psutil.Process(driver.pid).children(recursive=True)
            if kind != "driver":
                found = [process for process in theirs if _called(process, VICTIMS[kind])]
                if found:
                    self._rng.choice(found).kill()
                return bool(found)
        except psutil.NoSuchProcess:
            return False
        driver.kill()
        driver.wait()
        _, alive = psutil.wait_procs(theirs, GONE_S)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                self.left_behind.append(f"{process.status()}: {' '.join(process.cmdline())[:100] or process.name()}")
                process.kill()
        return True

    def _shuffled_for_ever(self) -> Iterator[str]:
        while True:
            yield from self._rng.sample(list(VICTIMS), len(VICTIMS))


def _called(process: psutil.Process, name: str) -> bool:
    try:
        return " ".join(process.cmdline()).startswith(name)
    except psutil.Error:
        return False


def questions_amiss(store: RunStore, config: RunConfig, train: tuple[Question, ...], state: TrainerState) -> int:
    """How many questions of GRPO's order were not played exactly once on the way to the final weights."""
    amiss, step = 0, state.stages["sft"].steps
    for stage in ("phase1", "phase2"):
        record, phase = state.stages[stage], getattr(config, stage)
        pool = [question for question in train if len(question.tables) <= phase.tables_max]
        drawn = Counter(question.id for question in islice(endless_order(pool, config.run.seed), record.drawn))
        steps = range(step + 1, step + 1 + record.steps)
        played = Counter(group.question.id for at in steps for group in read_groups(store.groups_path(at)))
        amiss += sum(((drawn - played) + (played - drawn)).values())
        step += record.steps
    return amiss


def _report(store: RunStore, config: RunConfig, attack: Attack, options: argparse.Namespace, seconds: float) -> Report:
    checkpoint, _ = store.newest_intact_checkpoint()
    state = TrainerState.from_dict(store.read_manifest(checkpoint)["state"]) if checkpoint else TrainerState()
    ended = state.stage == DONE and attack.exit_code == 0
    restarts = [event for event in store.read_events() if event["kind"] == "restart"]
    back = {kind: [event["seconds"] for event in restarts if event["who"].startswith(kind)] for kind in ("generator", "learner")}
    rows = Counter(row["step"] for row in store.read_metrics() if not row.get("replaced") and ("sft/loss" in row or "reward/mean" in row))
    files = store.groups_files()
    other = sum(
        {span.version for trajectory in group.trajectories for span in trajectory.spans} != {step - 1}
        for step, path in files.items()
        for group in read_groups(path)
    )
    amiss = questions_amiss(store, config, data_of(config, lambda *_: None).train, state) if ended else -1
    kills = attack.kills
    trained = sum(len(training.trained) for path in files.values() if (training := read_training(path)))
    mended = kills["engine"] + kills["generator actor"] + kills["learner"]
    return Report(
        name="chaos",
        figures={
            "steps_done": Figure(state.step if ended else 0, "count", at_least=options.steps),
            "kills": Figure(sum(kills.values()), "count", at_least=options.kills),
            "restarts_recorded": Figure(len(restarts), "count", at_least=min(1, mended)),
            "questions_not_played_once": Figure(amiss, "count", at_least=0, at_most=0),
            "groups_of_other_weights": Figure(other, "count", at_most=0),
            "steps_without_one_line_of_metrics": Figure(
                sum(rows[step] != 1 for step in range(1, options.steps + 1)), "count", at_most=0
            ),
            "processes_left_by_a_killed_driver": Figure(len(attack.left_behind), "count", at_most=0),
            "groups_trained_on": Figure(trained, "count"),
            "generator_back_median": Figure(statistics.median(back["generator"] or [0.0]), "s"),
            "generator_back_longest": Figure(max(back["generator"], default=0.0), "s"),
            "learner_back_median": Figure(statistics.median(back["learner"] or [0.0]), "s"),
            "run": Figure(seconds, "s"),
        },
        how={
            "seed": options.seed, "kills_by_kind": dict(kills), "left": attack.left_behind,
            "cores": len(os.sched_getaffinity(0)), "load": round(os.getloadavg()[0], 1),
        },
        notes=[] if ended else [f"the command ended with {attack.exit_code}: {attack.told[-1500:]}"],
    )  # fmt: skip
