"""Names that need no quotes, whatever the wording."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.importing.names import is_usable, says_the_same, snake_case, usable_names


@pytest.mark.parametrize(
    ("wording", "name"),
    [
        ("Customer Name", "customer_name"),
        ("CustomerID", "customer_id"),
        ("Größe (cm)", "groesse_cm"),
        ("Order #", "order_number"),
        ("Margin %", "margin_percent"),
        ("Total ($)", "total_usd"),
        ("Owner's e-mail", "owners_e_mail"),
        ("Café\nname", "cafe_name"),
        ("Цена", "цена"),
        ("***", ""),
    ],
)
def test_a_wording_becomes_snake_case(wording: str, name: str) -> None:
    assert snake_case(wording) == name


def test_keywords_digits_blanks_and_repeats_become_usable_and_unique() -> None:
    assert usable_names(["Order", "2024", "", "Name", "name", "NAME", 'a"b;drop--', "rowid"], "column") == [
        "order_column", "c_2024", "column_3", "name", "name_2", "name_3", "a_b_drop", "rowid_column",
    ]  # fmt: skip


def test_names_usable_as_they_are_may_stay_and_others_make_way_for_them() -> None:
    assert usable_names(["order details", "OrderDetails", "order_details", "Group"], "table", keep_usable=True) == [
        "order_details_2", "OrderDetails", "order_details", "group_table",
    ]  # fmt: skip
    assert not is_usable("sqlite_x")


def test_a_wording_is_kept_only_where_the_name_does_not_tell_it() -> None:
    assert says_the_same("Customer Name", "customer_name")
    assert says_the_same("OrderID", "OrderID")
    assert not says_the_same("Größe", "groesse")
    assert not says_the_same("Order", "order_column")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=12))
def test_any_wordings_give_names_that_sqlite_takes_without_quotes(wordings: list[str]) -> None:
    names = usable_names(wordings, "column")
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE t ({', '.join(names)})")
    for name in names:
        connection.execute(f"SELECT {name} FROM t WHERE {name} = 1 GROUP BY {name} ORDER BY {name}")
    connection.close()
