"""dashboards/charts.py: the chart an owner makes by hand misleads no more than the one made by rule."""

from __future__ import annotations

import pytest

from dashboards.answer_view import is_safe
from dashboards.charts import Choice, as_image, chart_by_hand, few_ticks, first_choice, number_columns

ROWS = [["b", 2, "2024-01"], ["a", -1, "2024-03"], ["a", 5, "2024-02"], [None, None, None]]
COLUMNS = ["name.x", "n[0]", "month"]


def test_bars_begin_at_zero_and_a_name_that_comes_twice_has_two_bars() -> None:
    spec = chart_by_hand(COLUMNS, ROWS, Choice("bar", 0, 1))
    assert spec is not None
    assert [(row["c0"], row["c1"]) for row in spec["data"]["values"]] == [("a", 5), ("b", 2), ("a (2)", -1)]
    assert spec["encoding"]["x"]["scale"] == {"zero": True}
    assert spec["title"]["subtitle"] == "1 without a value left out"


@pytest.mark.parametrize(
    ("order", "names"), [("smallest", ["a", "b", "a (2)"]), ("name", ["a", "a (2)", "b"]), ("given", ["b", "a", "a (2)"])]
)
def test_bars_stand_in_the_order_that_was_chosen(order: str, names: list[str]) -> None:
    spec = chart_by_hand(COLUMNS, ROWS, Choice("bar", 0, 1, order))
    assert spec is not None
    assert spec["encoding"]["y"]["sort"] == [row["c0"] for row in spec["data"]["values"]] == names


def test_what_is_beyond_the_top_is_counted_and_not_summed() -> None:
    rows = [[f"row {place}", place] for place in range(50)]
    spec = chart_by_hand(["name", "n"], rows, Choice("bar", 0, 1, top=3), total=900)
    assert spec is not None
    assert spec["data"]["values"][-1] == {"c0": "47 others, not shown", "c1": None}
    assert spec["title"]["subtitle"] == "of the first 50 of 900 rows; 3 of 50"


def test_a_line_goes_by_date_and_becomes_points_where_one_comes_twice() -> None:
    spec = chart_by_hand(COLUMNS, ROWS, Choice("line", 2, 1))
    assert spec is not None
    assert [row["c0"][:7] for row in spec["data"]["values"]] == ["2024-01", "2024-02", "2024-03"]
    assert spec["encoding"]["x"]["type"] == "temporal"
    twice = chart_by_hand(COLUMNS, [*ROWS, ["c", 9, "2024-01"]], Choice("line", 2, 1))
    assert twice is not None
    assert twice["mark"]["type"] == "point"


def test_what_makes_no_chart_is_none() -> None:
    assert chart_by_hand(COLUMNS, ROWS, Choice("scatter", 0, 1)) is None
    assert chart_by_hand(COLUMNS, ROWS, Choice("bar", 0, 2)) is None
    assert chart_by_hand(COLUMNS, [], Choice("bar", 0, 1)) is None
    assert number_columns(COLUMNS, ROWS) == [1]


def test_the_first_choice_is_the_answers_own_chart() -> None:
    chart = {"usermeta": {"kind": "line", "fields": {"c0": 2, "c1": 1}}}
    assert first_choice({"columns": COLUMNS, "rows": ROWS, "chart": chart}) == Choice("line", 2, 1)
    assert first_choice({"columns": COLUMNS, "rows": ROWS, "chart": None}) == Choice("none", 0, 1)
    assert first_choice({"columns": COLUMNS, "rows": ROWS, "chart": {"usermeta": {"kind": "pie", "fields": {"c0": 9}}}}).kind == "none"


def test_a_chart_is_downloaded_as_a_picture_and_one_that_would_load_something_is_not_shown() -> None:
    spec = chart_by_hand(COLUMNS, ROWS, Choice("bar", 0, 1))
    assert spec is not None
    assert as_image(spec, "svg").startswith(b"<svg")
    assert as_image(spec, "png").startswith(b"\x89PNG")
    assert is_safe(spec)
    assert not is_safe({"layer": [{"data": {"url": "http://evil.example/x.csv"}}]})


def test_an_axis_of_numbers_has_few_ticks_unless_its_chart_says_how_many() -> None:
    spec = chart_by_hand(COLUMNS, ROWS, Choice("bar", 0, 1))
    assert spec is not None
    shown = few_ticks(spec)
    assert shown["encoding"]["x"]["axis"] == {"tickCount": 8}
    assert shown["encoding"]["y"] == spec["encoding"]["y"]
    told = {"encoding": {"x": {"type": "quantitative", "axis": {"tickCount": 3}}, "tooltip": [{"field": "c0"}]}}
    assert few_ticks(told) == told
