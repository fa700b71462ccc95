from __future__ import annotations

import json
from typing import Any

import altair
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.guard import Cell
from serving.charts import BARS_MAX, POINTS_MAX, chart


def kind(columns: list[str], rows: list[tuple[Cell, ...]]) -> str | None:
    made = valid(chart(columns, rows))
    return made["usermeta"]["kind"] if made else None


def valid(made: dict[str, Any] | None) -> dict[str, Any] | None:
    """The specification, once Vega-Lite's own schema has passed it and strict JSON can carry it."""
    if made is not None:
        json.dumps(made, allow_nan=False)
        altair.Chart.from_dict({**made, "data": {"values": made["data"]["values"][:50]}}, validate=True)
        assert all(set(point) <= {"c0", "c1", "c2"} for point in made["data"]["values"])
    return made


def of(columns: list[str], rows: list[tuple[Cell, ...]]) -> dict[str, Any]:
    made = valid(chart(columns, rows))
    assert made is not None
    return made


def test_one_number_and_one_row_have_no_chart() -> None:
    assert kind(["COUNT(*)"], [(5,)]) is None
    assert kind(["name", "price"], [("Bowl", 8.0)]) is None
    assert kind(["name", "price"], []) is None


def test_names_and_numbers_are_bars_from_zero_longest_first() -> None:
    made = of(["city", "COUNT(*)"], [("Oslo", 2), ("Bergen", 7), ("Hamar", 5)])
    assert made["usermeta"]["kind"] == "bar"
    assert [(p["c0"], p["c1"]) for p in made["data"]["values"]] == [("Bergen", 7), ("Hamar", 5), ("Oslo", 2)]
    assert made["encoding"]["y"]["sort"] == ["Bergen", "Hamar", "Oslo"]
    assert made["encoding"]["x"]["scale"] == {"zero": True}


@pytest.mark.parametrize(
    "days",
    [["2024-03-02", "2024-03-01", "2024-03-05"], ["2024-03", "2024-01", "2024-02"], ["2023", "2021", "2022"]],
)
def test_iso_days_months_and_years_are_a_line_in_order_of_time(days: list[str]) -> None:
    made = of(["d", "total"], [(day, place) for place, day in enumerate(days)])
    assert made["usermeta"]["kind"] == "line"
    times = [p["c0"] for p in made["data"]["values"]]
    assert times == sorted(times) and all(time.endswith("T00:00:00Z") for time in times)


def test_days_that_do_not_exist_are_text() -> None:
    assert kind(["d", "total"], [("2024-02-31", 1), ("2024-03-01", 2)]) == "bar"


def test_years_as_whole_numbers_are_time_only_under_a_name_that_says_so() -> None:
    assert kind(["birth_year", "n"], [(1990, 3), (1991, 4), (1992, 2)]) == "line"
    assert kind(["price", "n"], [(1990, 3), (1991, 4), (1992, 2)]) == "scatter"


def test_a_short_text_column_beside_dates_makes_one_line_each() -> None:
    rows: list[tuple[Cell, ...]] = [(f"2024-0{m}", shop, m) for m in range(1, 5) for shop in ("North", "South")]
    made = of(["month", "shop", "total"], rows)
    assert {p["c2"] for p in made["data"]["values"]} == {"North", "South"}
    assert made["mark"]["type"] == "line"


def test_moments_that_come_twice_are_points_and_never_added_up() -> None:
    made = of(["day", "total"], [("2024-03-01", 1), ("2024-03-01", 5), ("2024-03-02", 2)])
    assert made["mark"]["type"] == "point" and len(made["data"]["values"]) == 3
    assert "each row is a point" in made["title"]["subtitle"]


def test_names_that_come_twice_have_two_bars() -> None:
    made = of(["name", "weight"], [("Rex", 20), ("Rex", 30), ("Rex (2)", 1), ("Tom", 4)])
    assert [p["c0"] for p in made["data"]["values"]] == ["Rex (3)", "Rex", "Tom", "Rex (2)"]
    assert made["encoding"]["x"]["stack"] is None


def test_the_same_few_names_again_and_again_are_no_bars() -> None:
    assert kind(["type", "floor"], [(("Double", "Single")[n % 2], n) for n in range(30)]) is None


def test_of_many_names_the_largest_are_shown_and_the_others_are_counted_not_summed() -> None:
    made = of(["name", "n"], [(f"name {n}", n) for n in range(50)])
    points = made["data"]["values"]
    assert len(points) == BARS_MAX + 1
    assert points[0] == {"c0": "name 49", "c1": 49.0}
    assert points[-1] == {"c0": "30 others, not shown", "c1": None}
    assert made["title"]["subtitle"] == f"the {BARS_MAX} largest of 50"


def test_two_numbers_are_a_scatter_of_at_most_so_many_points_and_say_so() -> None:
    made = of(["price", "stock"], [(n, n * n) for n in range(10_000)])
    assert made["usermeta"]["kind"] == "scatter" and len(made["data"]["values"]) == POINTS_MAX
    assert made["title"]["subtitle"] == "the first 2,000 of 10,000"


def test_ids_are_names_not_quantities() -> None:
    assert kind(["customer_id", "SUM(total)"], [(17, 3.5), (4, 9.0), (9, 1.0)]) == "bar"


def test_months_by_number_stay_in_their_order() -> None:
    made = of(["month", "n"], [("03", 1), ("01", 9), ("02", 5)])
    assert made["encoding"]["y"]["sort"] == ["01", "02", "03"]
    titled = valid(chart(["month", "n"], [("03", 1), ("01", 9), ("02", 5)], ["month of the year of date sold", "number of sales"]))
    assert titled and titled["encoding"]["y"]["sort"] == ["January", "February", "March"]


def test_a_missing_name_has_a_bar_of_its_own_and_missing_numbers_are_said_to_be_left_out() -> None:
    made = of(["city", "n"], [(None, 4), ("Oslo", 2), ("Hamar", None)])
    assert [p["c0"] for p in made["data"]["values"]] == ["(none)", "Oslo"]
    assert made["title"]["subtitle"] == "1 without a value left out"


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["a", "b"], [("x", "y"), ("z", "w")]),  # no number
        (["a", "b"], [("x", 1), ("y", "two")]),  # a number among texts
        (["a", "b"], [("x", b"\x00"), ("y", b"\x01")]),
        (["a", "b"], [("x", None), ("y", None)]),
        (["a", "b"], [("x", float("nan")), ("y", float("inf"))]),
        ([f"c{n}" for n in range(60)], [tuple(range(60)), tuple(range(60))]),
    ],
)
def test_what_no_chart_says_better_has_none(columns: list[str], rows: list[tuple[Cell, ...]]) -> None:
    assert kind(columns, rows) is None


def test_names_with_dots_brackets_and_markup_reach_vega_only_as_text() -> None:
    made = of(["a.b[0]", "<img src=x>"], [("<script>alert(1)</script>\n", 1), ("![x](http://e/)", 2)])
    assert {made["encoding"][axis]["field"] for axis in "xy"} == {"c0", "c1"}
    assert [p["c0"] for p in made["data"]["values"]] == ["![x](http://e/)", "<script>alert(1)</script>"]


def test_columns_of_the_same_name_are_told_apart() -> None:
    made = of(["n", "n", "name"], [(1, 2, "a"), (3, 4, "b")])
    assert made["usermeta"]["fields"] == {"c0": 2, "c1": 0}


def test_titles_say_a_computed_column_in_words() -> None:
    made = of(["city", "SUM(order_total)"], [("Oslo", 2), ("Hamar", 3)])
    assert made["title"]["text"] == "total order total by city" or made["title"]["text"] == "sum of order totals by city"
    assert of(["city", "COUNT(*)"], [("Oslo", 2), ("Hamar", 3)])["encoding"]["x"]["title"] == "number of rows"


cells = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=12), st.binary(max_size=4),
    st.dates().map(str), st.sampled_from(["2024-01", "2024", "<b>", "a", "a", "a"]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_result_has_a_valid_chart_or_none(data: st.DataObject) -> None:
    width = data.draw(st.integers(0, 5))
    columns = data.draw(
        st.lists(st.sampled_from(["n", "n", "id", "year", "month", "COUNT(*)", "", "a.b", "日本"]), min_size=width, max_size=width)
    )
    one = data.draw(
        st.lists(st.sampled_from([cells, st.integers(0, 9), st.dates().map(str), st.text(max_size=3)]), min_size=width, max_size=width)
    )
    rows = data.draw(st.lists(st.tuples(*one), max_size=12))
    made = valid(chart(columns, rows))
    if made is not None:
        assert len(made["data"]["values"]) <= len(rows)
