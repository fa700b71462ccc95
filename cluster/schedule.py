"""Order and pace of training: which questions or demonstrations come next, and the learning rate at each step. Pure functions."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

from envs.records import TrainingSequence

T = TypeVar("T")

PHASE_OVERRUN = 1.25  # a phase is over with the step that passes its limit
CLOSING_S = 45.0  # pushes, checkpoints and the export between SFT and the end


def endless_order(items: Sequence[T], seed: int, start: int = 0) -> Iterator[T]:
    """Every item once an epoch, each epoch shuffled anew by the seed, from the `start`-th draw on (so a resumed run goes on in it).

    Raises:
        ValueError: there is nothing to draw from.
    """
    if not items:
        raise ValueError("there is nothing to draw from: the data section made no such questions")
    first_epoch, skip = divmod(start, len(items))
    for epoch in itertools.count(first_epoch):
        order = list(range(len(items)))
        random.Random(f"{seed}/{epoch}").shuffle(order)
        yield from (items[i] for i in order[skip:])
        skip = 0


def spread(items: Sequence[T], count: int) -> Sequence[T]:
    """`count` items, evenly over the list, so that every database takes part; all of them for 0 or for more than there are."""
    if not 0 < count < len(items):
        return items
    return [items[place * len(items) // count] for place in range(count)]


def minutes_left_for_sft(run_minutes: float, spent_s: float, scoring_s: float, stages: int, phases_minutes: float) -> float:
    """How long SFT may take for the whole run to end within run_minutes; at least 1.

    Args:
        spent_s: seconds spent so far on everything but SFT.
        scoring_s: seconds that scoring one stage takes.
        stages: how many are still to be scored.
        phases_minutes: the limits of the phases to come, which end with the step that passes them.
    """
    phases_s = 60 * phases_minutes * PHASE_OVERRUN
    return max(1.0, run_minutes - (spent_s + stages * scoring_s + phases_s + CLOSING_S) / 60)


def progress(steps_done: int, steps: int, minutes_done: float, minutes: float) -> float:
    """How far a stage is, 0 to 1: by its steps or by its time, whichever is further; 0 steps or minutes means no limit of that kind."""
    return min(1.0, max(steps_done / steps if steps else 0.0, minutes_done / minutes if minutes else 0.0))


def learning_rate(peak: float, step: int, warmup_steps: int, done: float) -> float:
    """Linear warm-up over the first steps, then linear decay to a tenth of the peak as `done` goes from 0 to 1.

    Args:
        step: 0 for the first step.
    """
    warm = min(1.0, (step + 1) / (warmup_steps + 1))
    return peak * warm * (1.0 - 0.9 * done)


def groups_to_ask_for(missing: int, played: int, without_variance: int, room: int) -> int:
    """How many groups to play so that `missing` with variance come out, at most `room`.

    Args:
        played: groups played so far; of these `without_variance` trained nothing. Before the first, half are expected to.
    """
    useful = (played - without_variance + 1) / (played + 2)
    return min(room, math.ceil(missing / useful))


def token_batch(order: Iterator[TrainingSequence], tokens: int) -> list[TrainingSequence]:
    """The next sequences, until they hold at least so many tokens."""
    batch: list[TrainingSequence] = []
    held = 0
    while held < tokens:
        batch.append(next(order))
        held += len(batch[-1].ids)
    return batch


def batches_of_like_length(order: Iterator[TrainingSequence], tokens: int, window: int, seed: int) -> Iterator[list[TrainingSequence]]:
    """Batches of about so many tokens, each of sequences of like length, so that hardly any is padding.

    A window of so many batches is drawn from the order at a time, sorted by length, cut, and handed out in a random order.
    """
    shuffled = random.Random(seed)
    while True:
        drawn = sorted(token_batch(order, window * tokens), key=lambda sequence: len(sequence.ids))
        share = sum(len(sequence.ids) for sequence in drawn) / window
        batches: list[list[TrainingSequence]] = [[]]
        held = 0
        for sequence in drawn:
            if held >= share * len(batches):
                batches.append([])
            batches[-1].append(sequence)
            held += len(sequence.ids)
        shuffled.shuffle(batches)
        yield from batches
