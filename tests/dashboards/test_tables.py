"""dashboards/tables.py: whatever a database holds becomes a table, and nothing in it is run."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dashboards.tables import arrow_table, label_text, unique_names


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, -5], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([1, "a", 2.5, b"\x00\xff", None], pa.string()),
        ([None, None], pa.string()),
        ([], pa.string()),
        ([2**70], pa.float64()),
        (["\ud800", "é"], pa.string()),
    ],
)
def test_a_column_has_one_type_by_all_its_values(values: list[object], kind: pa.DataType) -> None:
    table = arrow_table(["x"], [[value] for value in values])
    assert table.schema.field("x").type == kind
    assert table.num_rows == len(values)
    assert table.column("x").null_count == sum(value is None for value in values)


def test_names_that_repeat_or_are_empty_are_told_apart() -> None:
    assert unique_names(["a", "a", "", "a (2)", " ", "a"]) == ["a", "a (2)", "column 3", "a (2) (2)", "column 5", "a (3)"]
    assert arrow_table(["a", "a"], [(1, b"\x01")]).to_pylist() == [{"a": 1, "a (2)": "x'01'"}]
    assert arrow_table(["a", "b"], [(1,)]).to_pylist() == [{"a": 1, "b": None}]


def test_a_label_stands_as_written_where_markdown_is_read() -> None:
    assert label_text("![x](http://evil/a.png)\n:smile:") == "\\!\\[x\\]\\(http\\://\u2060evil/a\\.png\\) \\:smile\\:"
    assert label_text("www.evil.example or a@b.example") == "www\u2060\\.evil\\.example or a@\u2060b\\.example"
