"""Several answers to one question, compared by their result rows: which ones say the same, and how many say it.

Rows are compared as the verifier compares an answer with the gold: as bags, columns in any order, reals within a tolerance. SQL
written in two ways that returns the same is the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from envs.matching import Rows, VerifierError, rows_match


class Said(StrEnum):
    """What one episode ended with."""

    ROWS = "rows"
    UNKNOWN = "unknown"  # ANSWER UNKNOWN: the data does not have it
    NOTHING = "nothing"  # no answer: out of turns, no query that ran


@dataclass(frozen=True, slots=True)
class Given:
    """One answer, as far as comparing goes; `rows` counts for Said.ROWS alone."""

    said: Said
    rows: Rows = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Answers that say the same, by their places among those compared."""

    camps: tuple[tuple[int, ...], ...]  # most votes first, among equals the one with the earliest answer; no NOTHING among them
    answers: int  # all of them, those that came to nothing included

    @property
    def majority(self) -> int | None:
        """The first answer of the largest camp; None when nobody answered."""
        return self.camps[0][0] if self.camps else None

    @property
    def votes(self) -> int:
        """How many said what the majority says."""
        return len(self.camps[0]) if self.camps else 0

    @property
    def share(self) -> float:
        """Votes for the majority's answer over all answers; 0 when nobody answered."""
        return self.votes / self.answers if self.answers else 0.0

    @property
    def margin(self) -> float:
        """The share of the majority less that of the next camp."""
        second = len(self.camps[1]) if len(self.camps) > 1 else 0
        return (self.votes - second) / self.answers if self.answers else 0.0


def agreement(given: Sequence[Given]) -> Agreement:
    """Sort answers into camps that say the same.

    An answer joins the first camp whose earliest answer it equals: a tolerance is not transitive, so one must be the measure.
    """
    camps: list[list[int]] = []
    for place, answer in enumerate(given):
        if answer.said is Said.NOTHING:
            continue
        camp = next((camp for camp in camps if same(given[camp[0]], answer)), None)
        if camp is None:
            camps.append([place])
        else:
            camp.append(place)
    camps.sort(key=lambda camp: -len(camp))  # stable: among equals the earliest stays first
    return Agreement(tuple(map(tuple, camps)), len(given))


def same(one: Given, other: Given) -> bool:
    """Whether two answers say the same. What cannot be compared (too many alike columns) is taken to differ."""
    if one.said is not other.said:
        return False
    if one.said is not Said.ROWS:
        return True
    try:
        return rows_match(one.rows, other.rows)
    except VerifierError:
        return False
