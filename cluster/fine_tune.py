"""A short SFT in a process of its own, for a policy that is adapted to one business: no Ray, no checkpoints, over when its time is.

Run it with `in_learner_process`: the learner's settings of memory and threads count only when a process starts with them.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from actors.output_file import output_to
from cluster.schedule import batches_of_like_length, endless_order, progress
from envs.records import TrainingSequence
from learner.config import LearnerConfig, SftConfig

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

TOLD_EVERY_S = 0.5


@dataclass(frozen=True)
class FineTuned:
    """What a fine-tuning did."""

    steps: int
    tokens: int
    seconds: float  # of the steps alone
    loss_first: float  # mean over the first tenth of the steps, nats a trained token
    loss_last: float


@dataclass(frozen=True)
class Work:
    """What is to be trained."""

    policy_dir: Path
    out: Path  # an empty folder, where the new policy goes
    sequences: Sequence[TrainingSequence]
    learner: LearnerConfig
    sft: SftConfig
    seed: int
    ends_at: float  # time.time() after which no step begins
    log_path: Path  # where the libraries write


def in_learner_process(work: Work, told: Callable[[float, float], None]) -> FineTuned:
    """Fine-tune in a fresh process with the learner's environment.

    Args:
        told: called now and then with how far it is, 0 to 1, and the loss.

    Raises:
        whatever the training raises; BrokenProcessPool when its process dies.
    """
    spawn = multiprocessing.get_context("spawn")
    before = {name: os.environ.get(name) for name in work.learner.environment()}
    with spawn.Manager() as manager:
        news: Any = manager.Queue()
        os.environ.update(work.learner.environment())
        try:
            with ProcessPoolExecutor(1, mp_context=spawn) as pool:
                done = pool.submit(fine_tune, work, news)
                while not wait_for([done], timeout=TOLD_EVERY_S).done:
                    _pass_on(news, told)
                _pass_on(news, told)
                return done.result()
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def fine_tune(work: Work, news: Queue[tuple[float, float]]) -> FineTuned:
    """Train until the time is over or `sft.steps` are done, at least one step, and export the weights."""
    with output_to(work.log_path):
        from learner.checkpoint import export
        from learner.engine import Engine
        from learner.sft import sft_step

        settings = work.sft
        engine = Engine(work.learner, work.policy_dir)
        engine.warm_up()
        began = time.time()
        minutes = max(1e-3, work.ends_at - began) / 60
        order = endless_order(work.sequences, work.seed)
        batches = batches_of_like_length(order, settings.batch_tokens, settings.length_window, work.seed)
        losses: list[float] = []
        tokens = 0
        while (done := progress(len(losses), settings.steps, (time.time() - began) / 60, minutes)) < 1.0 or not losses:
            metrics = sft_step(engine, next(batches), settings.learning_rate_at(done))
            losses.append(metrics["sft/loss"])
            tokens += int(metrics["learner/tokens"])
            news.put((done, losses[-1]))
        seconds = time.time() - began
        export(engine, work.out)
    tenth = max(1, len(losses) // 10)
    return FineTuned(len(losses), tokens, seconds, sum(losses[:tenth]) / tenth, sum(losses[-tenth:]) / tenth)


def _pass_on(news: Any, told: Callable[[float, float], None]) -> None:
    """Tell the newest of what has come."""
    newest = None
    for _ in itertools.count():
        try:
            newest = news.get_nowait()
        except Empty:
            break
    if newest is not None:
        told(*newest)
