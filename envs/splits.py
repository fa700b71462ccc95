"""Which databases are held out: whole families of near-copied schemas on one side, drawn by seed.

Several data sets hold one schema, or half of it, in many databases; a model that has trained on one of them knows the others.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from envs.contamination import columns_of, is_near_copy
from envs.schema import Schema

FAMILY_MAX = 1 / 5  # of the databases of a held-out side: a larger family is trained on, or one schema would decide the score
_TRIES = 200  # drawings, before a directory is taken to be too small


@dataclass(frozen=True)
class Split:
    """Names of databases by side, each in alphabetical order."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    unused: tuple[str, ...]  # like a schema that is held out elsewhere


def split_databases(
    schemas: Mapping[str, Schema],
    questions: Mapping[str, int],
    *,
    validation: int,
    test: int,
    questions_min: int,
    seed: int,
    trained_on: Iterable[Schema] = (),
    held_out: Iterable[Schema] = (),
) -> Split:
    """Draw so many databases for validation and for test; the rest is for training.

    Args:
        questions: how many each database has.
        questions_min: wanted in validation, and in test.
        trained_on: schemas of other sources that training sees: what is like them is not held out.
        held_out: schemas of other sources that are held out: what is like them is not used at all.

    Raises:
        ValueError: there are too few databases or questions.
    """
    columns = {name: columns_of(schema) for name, schema in sorted(schemas.items())}
    outside, inside = [columns_of(s) for s in held_out], [columns_of(s) for s in trained_on]
    unused = {name for name, own in columns.items() if any(is_near_copy(own, other) for other in outside)}
    families = [family for whole in _families(columns) if (family := [name for name in whole if name not in unused])]
    free = [f for f in families if not any(is_near_copy(columns[name], other) for name in f for other in inside)]
    used = {name for family in families for name in family}
    for attempt in range(_TRIES):
        order = random.Random(f"{seed}/{attempt}").sample(free, len(free))
        chosen, order = _take(order, validation)
        tested, order = _take(order, test)
        kept = used - {*chosen, *tested}
        enough = all(sum(questions[name] for name in side) >= questions_min for side in (chosen, tested) if side)
        if enough and kept and len(chosen) == validation and len(tested) == test:
            return Split(tuple(sorted(kept)), tuple(sorted(chosen)), tuple(sorted(tested)), tuple(sorted(unused)))
    raise ValueError(
        f"{sum(map(len, free))} databases with {sum(questions[name] for family in free for name in family)} questions can be held out: too "
        f"few for {validation} validation and {test} test databases of {questions_min} questions each with some left to train on; ask for "
        "fewer (data.spider_validation_databases, data.spider_test_databases, data.spider_questions_min)"
    )


def _take(families: Sequence[list[str]], wanted: int) -> tuple[list[str], list[list[str]]]:
    """Families in their order as long as they fit in, and those that are left."""
    taken: list[str] = []
    left: list[list[str]] = []
    for family in families:
        if len(taken) + len(family) <= wanted and len(family) <= max(1, FAMILY_MAX * wanted):
            taken += family
        else:
            left.append(family)
    return taken, left


def _families(columns: Mapping[str, frozenset[tuple[str, str]]]) -> list[list[str]]:
    """Databases that are near copies of one another, directly or by way of others."""
    families: list[list[str]] = []
    for name, own in columns.items():
        like = [family for family in families if any(is_near_copy(own, columns[other]) for other in family)]
        families = [family for family in families if family not in like] + [sorted([name, *(n for family in like for n in family)])]
    return families
