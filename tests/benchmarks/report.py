"""What every benchmark gives back: figures with their units and bounds, and how they were measured.

A benchmark is a file in this folder with a docstring, `add_options(parser)` and `measure(options) -> Report`;
`analyst-buddy bench NAME` runs it and prints the report, as a table or with --json as

    {"name", "met", "ratio", "figures": {name: {"value", "unit", "at_most" or "at_least", "met"}}, "how": {...}, "notes": [...]}

`ratio` is the one figure to quote, or null; where it compares two sides, "target", "ours", "reference", "unit" and "repeats"
stand beside it. Exit code 0 when every bound is met, 1 when one is not.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One number; with a bound it is met or not."""

    value: float
    unit: str  # "us", "ms", "s", "MB", "count", "share", "times" (a ratio)
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool:
        return (self.at_most is None or self.value <= self.at_most) and (self.at_least is None or self.value >= self.at_least)

    def as_dict(self) -> dict[str, Any]:
        bounds = {name: bound for name, bound in (("at_most", self.at_most), ("at_least", self.at_least)) if bound is not None}
        return {"value": rounded(self.value), "unit": self.unit, **bounds, **({"met": self.met} if bounds else {})}


@dataclass(frozen=True)
class Comparison:
    """The two sides of a report's ratio."""

    target: float
    ours: float
    reference: float
    unit: str
    repeats: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "ours": rounded(self.ours),
            "reference": rounded(self.reference),
            "unit": self.unit,
            "repeats": self.repeats,
        }


@dataclass(frozen=True)
class Report:
    """What one benchmark measured."""

    name: str
    figures: Mapping[str, Figure]
    how: Mapping[str, Any]  # repeats, interleaved, which statistic, seeds, sizes: what one must know to believe the figures
    ratio: float | None = None
    notes: Sequence[str] = field(default=())
    comparison: Comparison | None = None

    @property
    def met(self) -> bool:
        return all(figure.met for figure in self.figures.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "met": self.met,
            "ratio": None if self.ratio is None else rounded(self.ratio),
            **(self.comparison.as_dict() if self.comparison else {}),
            "figures": {name: figure.as_dict() for name, figure in self.figures.items()},
            "how": dict(self.how),
            "notes": list(self.notes),
        }


def rounded(value: float) -> float:
    """To four digits that count; whole numbers stay whole."""
    return value if isinstance(value, int) else float(f"{value:.4g}")


def medians(times: Sequence[Sequence[float]]) -> list[float]:
    """`times` [item, repeat] to one median an item: what interrupts a repeat now and then does not count."""
    return [statistics.median(of_item) for of_item in times]
