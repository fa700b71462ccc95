"""No naming habit can be learned by heart: the businesses differ in how they write, count and key what they name."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from envs import businesses
from envs.businesses.spec import Business
from envs.vocabulary import singular, split_name

ALL = (*businesses.TRAIN, *businesses.VALIDATION)


def case(name: str) -> str:
    """ "order_lines" is snake, "OrderLines" Camel, "orderLines" camel, "ORDER_LINES" UPPER, "orderlines" lower, "Order_Lines" Title."""
    if name.isupper():
        return "UPPER"
    if name.islower():
        return "snake" if "_" in name else "lower"
    if "_" in name:
        return "Title" if name[0].isupper() else "mixed"
    return "Camel" if name[0].isupper() else "camel"


def most(values: list[str]) -> str:
    return Counter(values).most_common(1)[0][0]


def multiword(names: list[str]) -> str:
    """The case most names are in; a lone lower-case word does not tell "snake" from "lower"."""
    cases = [case(name) for name in names]
    telling = [found for found in cases if found != "lower"]
    return most(telling) if len(telling) > len(cases) / 3 else most(cases)


def table_case(spec: Business) -> str:
    return multiword([table.name for table in spec.tables])


def column_case(spec: Business) -> str:
    return multiword([column.name for table in spec.tables for column in table.columns])


def number(spec: Business) -> str:
    plurals = [singular(last) != last for last in (split_name(table.name)[-1] for table in spec.tables)]
    return "plural" if sum(plurals) > len(plurals) / 2 else "singular"


def key(spec: Business) -> str:
    """How most tables are keyed: by a column called id, by a numbered one of another name, or by a text that means something."""
    kinds = []
    for table in spec.tables:
        keys = [column for column in table.columns if column.primary_key]
        if len(keys) == 1:
            kinds.append("id" if keys[0].name.lower() == "id" else "number" if keys[0].type.upper() == "INTEGER" else "natural")
    return most(kinds)


def habit(spec: Business) -> tuple[str, ...]:
    return (table_case(spec), column_case(spec), number(spec), key(spec))


def prefix(spec: Business) -> str:
    """What two thirds of the tables begin with ("tbl_", "T_"), or what the columns begin with, table by table; "" when neither."""
    found = [re.match(r"[A-Za-z]+_|tbl(?=[A-Z])", table.name) for table in spec.tables]
    starts = Counter(start.group() if start else "" for start in found)
    start, count = starts.most_common(1)[0]
    if start and count > 2 * len(spec.tables) / 3:
        return start
    shared = [len({column.name.partition("_")[:2] for column in table.columns}) == 1 for table in spec.tables]
    return "columns" if sum(shared) > len(shared) / 2 else ""


def test_table_names_are_written_in_six_ways_and_no_way_is_most_of_the_businesses() -> None:
    ways = Counter(table_case(businesses.business(name)) for name in businesses.TRAIN)
    assert len(ways) >= 6, ways
    assert max(ways.values()) <= len(businesses.TRAIN) / 2, ways


def test_column_names_are_written_in_five_ways() -> None:
    ways = Counter(column_case(businesses.business(name)) for name in businesses.TRAIN)
    assert len(ways) >= 5, ways
    assert max(ways.values()) <= 0.6 * len(businesses.TRAIN), ways


def test_tables_are_singular_here_and_plural_there() -> None:
    counts = Counter(number(businesses.business(name)) for name in businesses.TRAIN)
    assert min(counts["singular"], counts["plural"]) >= len(businesses.TRAIN) / 4, counts


def test_keys_are_called_id_or_numbered_or_natural() -> None:
    kinds = Counter(key(businesses.business(name)) for name in businesses.TRAIN)
    assert set(kinds) == {"id", "number", "natural"}, kinds
    assert min(kinds.values()) >= 2, kinds


def test_some_businesses_put_a_prefix_before_their_tables_or_columns() -> None:
    prefixes = {prefix(businesses.business(name)) for name in businesses.TRAIN} - {""}
    assert len(prefixes) >= 4, prefixes


def test_a_habit_is_shared_by_a_sixth_of_the_training_businesses_at_the_most() -> None:
    habits = Counter(habit(businesses.business(name)) for name in businesses.TRAIN)
    assert max(habits.values()) <= len(businesses.TRAIN) / 6, habits


def test_the_marina_begins_its_columns_with_their_type_as_no_training_business_does() -> None:
    def typed(spec: Business) -> float:
        names = [column.name for table in spec.tables for column in table.columns]
        return sum(bool(re.match(r"(lng|str|dat|cur|sng|int|bln)[A-Z]", name)) for name in names) / len(names)

    assert typed(businesses.business("anchor_marina")) == 1
    assert all(typed(businesses.business(name)) < 0.1 for name in businesses.TRAIN)


@pytest.mark.parametrize("name", ALL)
def test_foreign_keys_join_three_tables_or_more(name: str) -> None:
    spec = businesses.business(name)
    parents = {t.name: {c.references.partition(".")[0] for c in t.columns if c.references} - {t.name} for t in spec.tables}

    def reached(table: str) -> set[str]:
        return {table}.union(*(reached(parent) for parent in parents[table]))

    assert max(len(reached(table)) for table in parents) >= 3
