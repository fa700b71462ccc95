"""Holding databases out: by whole families, by seed, and never beside a near copy."""

from __future__ import annotations

import pytest

from envs.schema import ColumnInfo, Schema, TableInfo
from envs.splits import Split, split_databases


def schema(*tables: str) -> Schema:
    """Of tables with five columns of their own each."""
    return Schema(tuple(TableInfo(name, tuple(ColumnInfo(f"{name}_{n}", "text", False) for n in range(5)), (), 3) for name in tables))


SCHEMAS = {f"db{n:02d}": schema(f"alpha{n}", f"beta{n}") for n in range(30)}


def split(schemas: dict[str, Schema], seed: int = 0, **more: object) -> Split:
    settings: dict[str, object] = {"validation": 5, "test": 5, "questions_min": 50, **more}
    return split_databases(schemas, dict.fromkeys(schemas, 10), seed=seed, **settings)  # type: ignore[arg-type]


def test_sides_are_apart_of_the_size_asked_for_and_drawn_by_seed() -> None:
    made = split(SCHEMAS)
    assert (len(made.train), len(made.validation), len(made.test), made.unused) == (20, 5, 5, ())
    assert sorted([*made.train, *made.validation, *made.test]) == sorted(SCHEMAS)
    assert split(dict(reversed(SCHEMAS.items()))) == made
    assert len({split(SCHEMAS, seed).validation for seed in range(5)}) == 5


@pytest.mark.parametrize("seed", range(20))
def test_near_copies_stay_on_one_side_even_by_way_of_another(seed: int) -> None:
    chain = {"one": schema("alpha0", "x"), "two": schema("x", "y"), "three": schema("y", "z")}
    made = split({**SCHEMAS, **chain}, seed, validation=15, test=5)
    family = {"db00", *chain}
    assert sum(bool(family & set(side)) for side in (made.train, made.validation, made.test)) == 1
    assert not family & set(made.test)  # four of five databases would be one schema


@pytest.mark.parametrize("seed", range(10))
def test_schemas_of_other_sources_are_kept_apart_too(seed: int) -> None:
    made = split(SCHEMAS, seed, trained_on=[schema("alpha1")], held_out=[schema("alpha2")])
    assert "db01" in made.train
    assert made.unused == ("db02",)
    assert "db02" not in (*made.train, *made.validation, *made.test)


def test_too_few_databases_or_questions_are_refused_with_what_to_change() -> None:
    for more in ({"validation": 28}, {"questions_min": 51}, {"validation": 15, "test": 15}):
        with pytest.raises(ValueError, match=r"30 databases with 300 questions can be held out.*spider_validation_databases"):
            split(SCHEMAS, **more)
