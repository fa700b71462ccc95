"""Accuracy with its count and interval, as it is reported: of the command, the report and the app."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

Z95 = 1.959963984540054  # the normal distribution's 97.5 % point


@dataclass(frozen=True)
class Tally:
    """Right answers of a number of questions."""

    correct: int
    questions: int

    @property
    def accuracy(self) -> float:
        return self.correct / self.questions if self.questions else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.correct, self.questions)

    def as_dict(self) -> dict[str, Any]:
        return {
            "correct": self.correct,
            "questions": self.questions,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
        }

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.accuracy:.1f} % ({self.correct} of {self.questions}; {100 * low:.1f} to {100 * high:.1f})"


def wilson_interval(correct: int, questions: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a proportion; (0, 1) for no questions.

    Source: Wilson (1927), in the form of Brown, Cai and DasGupta (2001), doi:10.1214/ss/1009213286.
    """
    if questions == 0:
        return 0.0, 1.0
    p, z2 = correct / questions, Z95 * Z95
    centre = (p + z2 / (2 * questions)) / (1 + z2 / questions)
    half = Z95 / (1 + z2 / questions) * math.sqrt(p * (1 - p) / questions + z2 / (4 * questions * questions))
    return max(0.0, centre - half), min(1.0, centre + half)
