"""The sample businesses by name, and which of them are for training, for choosing (validation) and for reporting (test).

A business belongs to one of the three, so that what is measured was never trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from envs.businesses import (
    builder,
    department_store,
    dog_kennels,
    retail_smb,
    student_assessment,
    train_a,
    train_b,
    train_c,
    train_d,
    train_e,
    train_f,
    validation,
    validation_marina,
)
from envs.businesses.spec import Business

_TRAIN: tuple[Business, ...] = (
    *train_a.BUSINESSES,
    *train_b.BUSINESSES,
    *train_c.BUSINESSES,
    *train_d.BUSINESSES,
    *train_e.BUSINESSES,
    *train_f.BUSINESSES,
)
_VALIDATION: tuple[Business, ...] = (
    *validation.BUSINESSES,
    *validation_marina.BUSINESSES,
)  # fmt: skip
_TEST: tuple[Business, ...] = (
    retail_smb.BUSINESS,
    department_store.BUSINESS,
    dog_kennels.BUSINESS,
    student_assessment.BUSINESS,
)  # fmt: skip

TRAIN: tuple[str, ...] = tuple(spec.name for spec in _TRAIN)
VALIDATION: tuple[str, ...] = tuple(spec.name for spec in _VALIDATION)
TEST: tuple[str, ...] = tuple(spec.name for spec in _TEST)

SPECS: Mapping[str, Business] = {spec.name: spec for spec in (*_TRAIN, *_VALIDATION, *_TEST)}

TEST_SEED = 0
# of each test business: written by hand; nothing is tuned on them
TEST_QUESTIONS: Mapping[str, Path] = {name: Path(__file__).parent / f"{name}_questions.json" for name in TEST}


def business(name: str) -> Business:
    """The spec of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in SPECS:
        raise ValueError(f"there is no business {name!r}: the names are {', '.join(SPECS)}")
    return SPECS[name]


def wording(name: str) -> Mapping[str, tuple[str, ...]]:
    """What an owner calls the business's tables and columns; only those that have such words.

    Returns:
        "Table" -> (singular, plural, more plurals...); "Table.column" -> singular noun phrases.

    Raises:
        ValueError: there is no such business.
    """
    words = {table.name: table.said for table in business(name).tables}
    words |= {f"{table.name}.{column.name}": column.said for table in business(name).tables for column in table.columns}
    return {key: said for key, said in words.items() if said}


def build_database(name: str, path: Path, seed: int) -> None:
    """Writes the named business's database to `path`; same name and seed, same rows.

    A test business takes TEST_SEED whatever `seed` says: its questions name values that are in those rows.
    """
    builder.build_database(business(name), path, TEST_SEED if name in TEST else seed)
