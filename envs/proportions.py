"""The interval of a proportion, as accuracies are reported: of the command, the report and the app."""

from __future__ import annotations

import math

Z95 = 1.959963984540054  # the normal distribution's 97.5 % point


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
