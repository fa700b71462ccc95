"""An alarm for memorisation: the policy gets better on questions it is trained on while it gets worse on databases it never sees.

A pure function over what was measured at each validation. It speaks only of falls that chance would seldom make, and a fall alone is not
memorisation: a learning rate that is too high makes both fall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from envs.proportions import Z95, Tally


@dataclass(frozen=True, slots=True)
class Watched:
    """One validation: the weights of which learner step, and how they did on training and on validation questions."""

    step: int
    training: Tally
    validation: Tally

    def as_dict(self) -> dict[str, int]:
        """As plain counts, for a checkpoint and result.json."""
        return {
            "step": self.step,
            "training_correct": self.training.correct,
            "training_questions": self.training.questions,
            "validation_correct": self.validation.correct,
            "validation_questions": self.validation.questions,
        }

    @classmethod
    def from_dict(cls, counts: dict[str, int]) -> Watched:
        return cls(
            counts["step"],
            Tally(counts["training_correct"], counts["training_questions"]),
            Tally(counts["validation_correct"], counts["validation_questions"]),
        )


@dataclass(frozen=True, slots=True)
class Alarm:
    """Training rose and validation fell from one validation to a later one."""

    since: Watched  # where validation was at its best
    now: Watched

    def __str__(self) -> str:
        return (
            f"Memorisation: since step {self.since.step} training accuracy rose from {_percent(self.since.training)} to "
            f"{_percent(self.now.training)} while validation fell from {_percent(self.since.validation)} to "
            f"{_percent(self.now.validation)}, more than chance would do: stop earlier, or train on more questions"
        )


def memorising(watched: Sequence[Watched]) -> Alarm | None:
    """Whether the latest validation, held against the best one before it, shows memorising.

    The fall counts when the two accuracies differ by more than 1.96 standard errors of independent samples. Both are of the same
    questions, which makes the true error smaller, so the alarm is slow rather than hasty.

    Args:
        watched: the validations so far, in their order.
    """
    if len(watched) < 2:
        return None
    *earlier, now = watched
    best = max(earlier, key=lambda one: one.validation.accuracy)  # the first of equals
    fall = best.validation.accuracy - now.validation.accuracy
    noise = Z95 * math.hypot(_standard_error(best.validation), _standard_error(now.validation))
    if fall <= noise or now.training.accuracy <= best.training.accuracy:
        return None
    return Alarm(best, now)


def _standard_error(tally: Tally) -> float:
    """Of an accuracy; with two right and two wrong answers added, so that 0 and 100 % are not taken for certain (Agresti and Coull)."""
    n = tally.questions + 4
    p = (tally.correct + 2) / n
    return math.sqrt(p * (1 - p) / n)


def _percent(tally: Tally) -> str:
    return f"{100 * tally.accuracy:.1f} %"
