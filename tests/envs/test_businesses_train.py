"""The training businesses are as many, as well worded and as far from the held-out ones as training needs."""

from __future__ import annotations

import pytest

from envs import businesses
from envs.businesses.spec import Parent

# Domains of the databases kept for validation and test, and of the public ones results are compared on.
HELD_OUT_WORDS = (
    "pet",
    "dog",
    "kennel",
    "vet",
    "veterinary",
    "hotel",
    "bicycle",
    "bike",
    "dental",
    "dentist",
    "bakery",
    "cinema",
    "film",
    "marina",
    "boat",
    "berth",
    "department store",
)


def test_there_are_twenty_eight_training_businesses_with_four_to_ten_tables() -> None:
    assert len(businesses.TRAIN) == 28
    assert all(4 <= len(businesses.business(name).tables) <= 10 for name in businesses.TRAIN)


@pytest.mark.parametrize("name", businesses.TRAIN)
def test_no_training_business_is_in_a_held_out_domain(name: str) -> None:
    spec = businesses.business(name)
    said = f"{name.replace('_', ' ')} {spec.description} {' '.join(word for table in spec.tables for word in table.said)}".lower()
    words = set(said.replace(",", " ").replace(".", " ").split())
    assert not [held_out for held_out in HELD_OUT_WORDS if held_out in words or f"{held_out}s" in words]


@pytest.mark.parametrize("name", businesses.TRAIN)
def test_every_table_has_a_singular_and_a_plural_that_no_other_table_has(name: str) -> None:
    said = [words for table in businesses.business(name).tables for words in table.said]
    assert all(len(table.said) >= 2 for table in businesses.business(name).tables)
    assert len(said) == len(set(said))


@pytest.mark.parametrize("name", businesses.TRAIN)
def test_every_column_can_be_said_and_no_two_of_a_table_alike(name: str) -> None:
    for table in businesses.business(name).tables:
        assert all(column.said for column in table.columns), table.name
        said = [phrase for column in table.columns for phrase in column.said]
        assert len(said) == len(set(said)), table.name


@pytest.mark.parametrize("name", businesses.TRAIN)
def test_every_parent_column_says_what_it_references(name: str) -> None:
    columns = [column for table in businesses.business(name).tables for column in table.columns]
    assert [c.name for c in columns if isinstance(c.values, Parent)] == [c.name for c in columns if c.references]
