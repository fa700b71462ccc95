"""How often k sampled answers hold a right one: pass@k, estimated without bias from n answers to each question.

Greedy accuracy says what a policy does, pass@k what it can do. Training that raises the one and lowers the other narrows the policy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def pass_at(k: int, samples: int, correct: int) -> float:
    """The chance that k of a question's answers, drawn without putting back, hold a right one.

    Args:
        k: answers drawn, 1 to samples.
        samples: answers there are.
        correct: how many of them are right.

    Raises:
        ValueError: k or correct is out of range.

    Source: Chen et al. (2021), arXiv:2107.03374, section 2.1.
    """
    if not 1 <= k <= samples or not 0 <= correct <= samples:
        raise ValueError(f"pass@{k} of {correct} right among {samples} answers: wanted k from 1 to {samples}, and no more right than that")
    return 1.0 - math.comb(samples - correct, k) / math.comb(samples, k)


def mean_pass_at(k: int, questions: Sequence[tuple[int, int]]) -> float:
    """pass@k over questions of (samples, correct); 0 for none."""
    return sum(pass_at(k, samples, correct) for samples, correct in questions) / len(questions) if questions else 0.0


def powers_up_to(samples: int) -> list[int]:
    """The k that are reported for so many answers: 1, 2, 4, ... and samples itself."""
    powers = [2**i for i in range(samples.bit_length()) if 2**i < samples]
    return [*powers, samples]
