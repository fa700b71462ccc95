"""Hints name what exists, nearest first, and stay short."""

from __future__ import annotations

import pytest

from envs.sandbox import Database
from envs.schema import ColumnInfo, Schema, TableInfo
from envs.teaching import function_hint, names_hint, nearest, tables_hint


def test_the_nearest_name_comes_first() -> None:
    assert nearest("nmae", ["pet_id", "name", "species"])[0] == "name"
    assert nearest("name", ["owner_id", "product_name", "amount"])[0] == "product_name"
    assert tables_hint("OWNSERS", ["pets", "Owners", "sales"]).startswith("Owners, ")


def test_hints_of_a_huge_schema_stay_short() -> None:
    columns = tuple(ColumnInfo(f"column_number_{i}", "text", False) for i in range(300))
    schema = Schema(tuple(TableInfo(f"table_number_{i}", columns, (), 0) for i in range(300)))
    sql = "SELECT colum FROM " + ", ".join(schema.names[:40])
    assert len(tables_hint("table", schema.names)) <= 160
    assert len(names_hint("no such column: colum", sql, schema)) < 300
    assert len(names_hint("no such column: " + "x" * 5_000, sql, schema)) < 400


@pytest.mark.parametrize("sql", ["SELECT prise FROM products WHERE (", "SELECT " + "(" * 3_000 + "prise FROM Products"])
def test_a_query_that_does_not_parse_still_gets_a_hint(shop: Database, sql: str) -> None:
    assert names_hint("no such column: prise", sql, shop.schema).startswith("no such column: prise; Products has price, ")


def test_a_column_of_an_aliased_table_is_looked_up_under_the_alias(shop: Database) -> None:
    said = names_hint("no such column: b.citty", "SELECT b.citty FROM pets a JOIN owners AS b", shop.schema)
    assert said == "no such column: b.citty; owners has city, owner_id, joined_on, full_name"


def test_a_table_joined_to_itself_without_aliases_is_said_to_be(shop: Database) -> None:
    said = names_hint("ambiguous column name: pets.name", "SELECT pets.name FROM pets JOIN pets ON pets.pet_id = pets.pet_id", shop.schema)
    assert said == "ambiguous column name: pets.name; pets stands in FROM more than once: name it once, or give each an alias"
    two = names_hint("ambiguous column name: owner_id", "SELECT owner_id FROM pets JOIN owners USING (owner_id)", shop.schema)
    assert two == "ambiguous column name: owner_id; write pets.owner_id or owners.owner_id"


def test_a_missing_function_gets_what_sqlite_has_instead() -> None:
    assert function_hint("no such function: NOW") == "no such function: NOW; write date('now')"
    assert function_hint("no such function: frob") == "no such function: frob"
