from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.guard import Cell
from envs.sandbox import Database
from serving.tables import Kind, as_moment, as_number, column_title, column_titles, distinct, kind_of, typed_columns


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("n", [1, 2.5, None], Kind.NUMBER),
        ("n", [None, None], Kind.EMPTY),
        ("n", [], Kind.EMPTY),
        ("n", [1, "one"], Kind.MIXED),
        ("n", ["a", b"\x00"], Kind.DATA),
        ("year", [2023, 2024], Kind.YEAR),
        ("total", [2023, 2024], Kind.NUMBER),
        ("x", ["2023", "2024"], Kind.YEAR),
        ("x", ["2024-01", "2024-12"], Kind.MONTH),
        ("x", ["2024-01", "2024-13"], Kind.TEXT),
        ("x", ["2024-02-29"], Kind.DATE),
        ("x", ["2023-02-29"], Kind.TEXT),
        ("x", ["2024-02-29 10:00:00", "2024-03-01T08:30"], Kind.MOMENT),
        ("x", ["20240229"], Kind.TEXT),
        ("order_id", [1, 7], Kind.NAME),
        ("COUNT(order_id)", [1, 7], Kind.NUMBER),
        ("weekday", ["0", "6"], Kind.PART),
        ("month_count", [1, 2], Kind.NUMBER),
    ],
)
def test_the_kind_of_a_column_is_told_by_its_values_and_its_name(name: str, values: list[Cell], kind: Kind) -> None:
    assert kind_of(name, values) is kind


def test_columns_of_the_same_name_get_titles_of_their_own() -> None:
    assert [c.title for c in typed_columns(["n", "n", "n (2)"], [(1, 2, 3)])] == ["n", "n (3)", "n (2)"]


@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "b", ""]), max_size=9))
def test_distinct_names_are_as_many_and_all_different(names: list[str]) -> None:
    made = distinct(names)
    assert len(set(made)) == len(made) == len(names)
    assert all(own.startswith(name) for own, name in zip(made, names, strict=True))


def test_what_a_row_lacks_is_missing() -> None:
    assert typed_columns(["a", "b"], [(1,), (2, 3)])[1].values == (None, 3)


def test_a_computed_column_is_called_by_what_it_computes() -> None:
    assert column_title("SUM(unit_price)") == "total unit price"
    assert column_title("order_total") == "order total"
    assert column_title("Größe (cm)") == "Größe (cm)"
    assert column_title("") == "(no name)"


def test_titles_follow_the_query_and_its_schema(shop: Database) -> None:
    sql = "SELECT o.city, COUNT(*), COUNT(*) AS n FROM sales s JOIN owners o ON s.owner_id = o.owner_id GROUP BY o.city"
    assert column_titles(sql, ["city", "COUNT(*)", "n"], schema=shop.schema) == ["owner city", "number of sales", "number of sales (2)"]
    assert column_titles("SELECT * FROM sales", ["sale_id", "note"]) == ["sale ID", "note"]
    assert column_titles("no sql", ["a", "a"]) == ["a", "a (2)"]


def test_numbers_that_no_chart_can_place_are_none() -> None:
    assert [as_number(value) for value in (float("inf"), float("nan"), "1", None, 2**2000, 3)] == [None, None, None, None, None, 3.0]


def test_moments_are_in_one_form_whatever_the_text() -> None:
    assert as_moment("2024", Kind.YEAR) == "2024-01-01T00:00:00Z"
    assert as_moment("2024-03", Kind.MONTH) == "2024-03-01T00:00:00Z"
    assert as_moment("2024-03-05 10:30", Kind.MOMENT) == "2024-03-05T10:30:00Z"
    assert as_moment(None, Kind.DATE) is None
