"""Which chart shows a result, as a Vega-Lite specification, by fixed rules over its columns and rows; never the model's choice.

    one row, or no number            none: the sentence or the table says it
    date, month or year + number     a line (one a group where a short text column splits it)
    name or category + number        horizontal bars from zero, longest first; weekdays and the like in their order
    number + number                  a scatter
    anything else                    none

Nothing is added up: a label that comes twice has two bars, dates that come twice are points, and what is left out is said.
Columns are called c0, c1 in the data, because dots and brackets in a name mean something to Vega.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envs.guard import Cell
from envs.plain_text import plain
from serving.plain_values import MISSING, said
from serving.tables import Column, Kind, as_moment, as_number, distinct, typed_columns

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
BARS_MAX = 20
LINES_MAX = 8
POINTS_MAX = 2_000
COLUMNS_MAX = 6  # a wider result is a record, not a figure
LABEL_CHARS = 40
ROW_HEIGHT = 22  # pixels a bar

Spec = dict[str, Any]
Rows = Sequence[Sequence[Cell]]


def chart(columns: Sequence[str], rows: Rows, titles: Sequence[str] | None = None) -> Spec | None:
    """The chart for a result, or None where the table (or the one number) says it better.

    Args:
        columns: names as the query gave them, repeated ones included.
        rows: cells as SQLite gave them.
        titles: what the columns are called in the chart (tables.column_titles); by default their names in words.

    Returns:
        A Vega-Lite specification with its data inside. `usermeta` says its `kind` (bar, line, scatter) and which column of the result
        each field came from.
    """
    if len(rows) < 2 or not 2 <= len(columns) <= COLUMNS_MAX:
        return None
    typed = typed_columns(columns, rows, titles)
    numbers = [place for place, column in enumerate(typed) if column.kind is Kind.NUMBER and _varies(column)]
    if not numbers:
        return None
    times = [place for place, column in enumerate(typed) if column.is_time]
    texts = [place for place, column in enumerate(typed) if column.kind is Kind.TEXT]
    if times:
        return _line(typed, times[0], numbers[0], texts)
    labels = texts or [place for place, column in enumerate(typed) if column.kind in (Kind.NAME, Kind.PART)][:1]
    if labels:
        return _bars(typed, labels, numbers[0])
    if len(numbers) >= 2 and len(typed) <= 3 and len(rows) >= 3:
        return _scatter(typed, numbers[0], numbers[1])
    return None


def _bars(typed: list[Column], labels: list[int], number: int) -> Spec | None:
    """Horizontal bars, longest first; a part of time (month 1 to 12) in its own order."""
    count = len(typed[number].values)
    ordered = len(labels) == 1 and typed[labels[0]].kind is Kind.PART
    labelled = [_label([typed[place] for place in labels], row) for row in range(count)]
    if len(set(labelled)) * 2 < count:
        return None  # rows that share a few names, not one figure for each
    names = distinct(labelled)
    bars = [(name, value, row) for row, name in enumerate(names) if (value := as_number(typed[number].values[row])) is not None]
    if len(bars) < 2:
        return None
    key = typed[labels[0]].values
    if ordered:
        bars.sort(key=lambda bar: (key[bar[2]] is None, int(str(key[bar[2]] or 0).partition(".")[0])))
    else:
        bars.sort(key=lambda bar: -bar[1])
    notes = [f"{count - len(bars)} without a value left out"] if len(bars) < count else []
    shown, others = (bars, 0) if ordered or len(bars) <= BARS_MAX + 1 else (bars[:BARS_MAX], len(bars) - BARS_MAX)
    data: list[dict[str, Cell]] = [{"c0": name, "c1": value} for name, value, _ in shown]
    if others:
        data.append({"c0": f"{others:,} others, not shown", "c1": None})
        notes.insert(0, f"the {BARS_MAX} largest of {len(bars):,}")
    order = [str(bar["c0"]) for bar in data]
    label, figure = " and ".join(typed[place].title for place in labels), typed[number].title
    spec = _spec("bar", data, f"{figure} by {label}", notes, {"c0": labels[0], "c1": number})
    spec["mark"] = {"type": "bar", "tooltip": True}
    spec["height"] = {"step": ROW_HEIGHT}
    spec["encoding"] = {
        "y": {
            "field": "c0",
            "type": "nominal",
            "title": label,
            "sort": order,
            "scale": {"domain": order},
            "axis": {"labelLimit": 240},
        },
        "x": {"field": "c1", "type": "quantitative", "title": figure, "scale": {"zero": True}, "stack": None},
    }
    return spec


def _line(typed: list[Column], time: int, number: int, texts: list[int]) -> Spec | None:
    """A line over time, one for each value of a short text column; points where a moment comes twice."""
    when, what = typed[time], typed[number]
    split = texts[0] if len(texts) == 1 and len(set(typed[texts[0]].values)) <= LINES_MAX else None
    if texts and split is None:
        return None  # rows are things with a date, not figures over time
    points = []
    for row in range(len(what.values)):
        at, value = as_moment(when.values[row], when.kind), as_number(what.values[row])
        if at is not None and value is not None:
            points.append((at, value, _label([typed[split]], row) if split is not None else ""))
    if len({at for at, _, _ in points}) < 2:
        return None
    notes = [f"{len(what.values) - len(points)} without a date or value left out"] if len(points) < len(what.values) else []
    repeated = len({(at, name) for at, _, name in points}) < len(points)
    if split is not None and len(points) < 2 * len({name for _, _, name in points}):
        return None
    points.sort(key=lambda point: point[0])
    if len(points) > POINTS_MAX:
        notes.append(f"the last {POINTS_MAX:,} of {len(points):,}")
        points = points[-POINTS_MAX:]
    if repeated:
        notes.append("each row is a point")
    data: list[dict[str, Cell]] = [{"c0": at, "c1": value, **({"c2": name} if split is not None else {})} for at, value, name in points]
    fields = {"c0": time, "c1": number, **({"c2": split} if split is not None else {})}
    spec = _spec("line", data, f"{what.title} over {when.title}", notes, fields)
    spec["mark"] = {"type": "point", "filled": True, "tooltip": True} if repeated else {"type": "line", "point": True, "tooltip": True}
    forms = {Kind.YEAR: "%Y", Kind.MONTH: "%b %Y", Kind.DATE: "%-d %b %Y", Kind.MOMENT: "%-d %b %Y %H:%M"}
    axis: dict[str, Any] = {"labelOverlap": True, "format": forms[when.kind]}
    if when.kind in (Kind.YEAR, Kind.MONTH):
        axis["tickCount"] = {"interval": "year" if when.kind is Kind.YEAR else "month", "step": 1}
    spec["encoding"] = {
        "x": {"field": "c0", "type": "temporal", "title": when.title, "scale": {"type": "utc"}, "axis": axis},
        "y": {"field": "c1", "type": "quantitative", "title": what.title, "scale": {"zero": min(v for _, v, _ in points) >= 0}},
    }
    if split is not None:
        spec["encoding"]["color"] = {"field": "c2", "type": "nominal", "title": typed[split].title}
    return spec


def _scatter(typed: list[Column], across: int, up: int) -> Spec | None:
    pairs = [(as_number(x), as_number(y)) for x, y in zip(typed[across].values, typed[up].values, strict=True)]
    points = [(x, y) for x, y in pairs if x is not None and y is not None]
    if len(points) < 3:
        return None
    notes = [f"{len(pairs) - len(points)} without both values left out"] if len(points) < len(pairs) else []
    if len(points) > POINTS_MAX:
        notes.append(f"the first {POINTS_MAX:,} of {len(points):,}")
    data: list[dict[str, Cell]] = [{"c0": x, "c1": y} for x, y in points[:POINTS_MAX]]
    spec = _spec("scatter", data, f"{typed[up].title} against {typed[across].title}", notes, {"c0": across, "c1": up})
    spec["mark"] = {"type": "point", "tooltip": True}
    spec["encoding"] = {
        axis: {"field": field, "type": "quantitative", "title": typed[place].title, "scale": {"zero": False}}
        for axis, field, place in (("x", "c0", across), ("y", "c1", up))
    }
    return spec


def _spec(kind: str, data: list[dict[str, Cell]], title: str, notes: list[str], fields: dict[str, int]) -> Spec:
    spec: Spec = {
        "$schema": SCHEMA,
        "usermeta": {"kind": kind, "fields": fields},
        "title": {"text": title, "anchor": "start"},
        "width": "container",
        "data": {"values": data},
    }
    if notes:
        spec["title"]["subtitle"] = "; ".join(notes)
    return spec


def _label(columns: list[Column], row: int) -> str:
    """What one bar or line is called: its texts, or the number that is its name."""
    parts = [plain(said(column.values[row], column.title if column.kind is Kind.PART else "ID"), LABEL_CHARS) for column in columns]
    return ", ".join(parts) if parts else MISSING


def _varies(column: Column) -> bool:
    """Whether there is anything to see: at least one finite number."""
    return any(as_number(value) is not None for value in column.values)
