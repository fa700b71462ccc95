"""The chart of an answer, and the one an owner makes of it by hand: other kind, axes, order, number of bars.

By hand as by rule nothing misleads: bars begin at zero, a name that comes twice has two bars (nothing is added up), names are shown in
full, and what is left out is counted. In the data columns are called c0, c1, because dots and brackets in a name mean something to Vega.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert

KINDS = {"bar": "Bars", "line": "Line", "scatter": "Points", "none": "No chart"}
ORDERS = {"largest": "Largest first", "smallest": "Smallest first", "name": "By name", "given": "As in the table"}
TOP_DEFAULT, TOP_MAX = 20, 100
POINTS_MAX = 5_000
LABEL_CHARS = 60
TICKS = 8

Spec = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """What the owner chose."""

    kind: str  # one of KINDS
    x: int  # a column's place: what is named, or goes across
    y: int  # the figure
    order: str = "largest"  # of bars
    top: int = TOP_DEFAULT  # bars shown


def first_choice(answer: dict[str, Any]) -> Choice:
    """The choice that the answer's own chart stands for; without one, what would be a sensible start."""
    numbers = number_columns(answer["columns"], answer["rows"])
    spec = answer.get("chart") or {}
    meta = spec.get("usermeta") or {}
    fields = meta.get("fields") or {}
    kind = str(meta.get("kind"))
    width = len(answer["columns"])
    y = fields.get("c1", numbers[-1] if numbers else 0)
    x = fields.get("c0", next((place for place in range(width) if place != y), 0))
    return Choice(kind if kind in KINDS else "none", x if x < width else 0, y if y < width else 0)


def number_columns(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """The places of columns that hold numbers and nothing else but missing values."""
    found = []
    for place in range(len(columns)):
        values = [row[place] for row in rows if row[place] is not None]
        if values and all(isinstance(value, (int, float)) for value in values):
            found.append(place)
    return found


def chart_by_hand(columns: Sequence[str], rows: Sequence[Sequence[Any]], choice: Choice, total: int | None = None) -> Spec | None:
    """The chart of a choice, or None where it cannot be drawn.

    Args:
        rows: those at hand.
        total: rows there are in all, when more than are at hand.
    """
    if choice.kind == "none" or choice.y not in number_columns(columns, rows):
        return None
    make = {"bar": _bars, "line": _line, "scatter": _scatter}[choice.kind]
    spec = make(columns, rows, choice)
    if spec is not None and total is not None and total > len(rows):
        title = spec["title"]
        title["subtitle"] = "; ".join(filter(None, [f"of the first {len(rows):,} of {total:,} rows", title.get("subtitle", "")]))
    return spec


def few_ticks(spec: Spec) -> Spec:
    """The chart with about eight ticks on an axis of numbers, where a wide page would give it dozens that touch."""
    encoding = {
        axis: {**channel, "axis": {"tickCount": TICKS, **(channel.get("axis") or {})}} if channel.get("type") == "quantitative" else channel
        for axis, channel in (spec.get("encoding") or {}).items()
        if isinstance(channel, dict)
    }
    return {**spec, "encoding": {**(spec.get("encoding") or {}), **encoding}}


def as_image(spec: Spec, kind: str) -> bytes:
    """A chart as a picture on white; nothing is loaded from anywhere.

    Args:
        kind: "png" or "svg".
    """
    whole = {key: value for key, value in spec.items() if key != "usermeta"}
    whole |= {"width": 720, "background": "white", "config": {"mark": {"color": "#1f6f78"}, "font": "sans-serif"}}
    told = json.dumps(whole)
    if kind == "svg":
        return vl_convert.vegalite_to_svg(told, allowed_base_urls=[]).encode()
    return bytes(vl_convert.vegalite_to_png(told, scale=2, allowed_base_urls=[]))


def _bars(columns: Sequence[str], rows: Sequence[Sequence[Any]], choice: Choice) -> Spec | None:
    bars = [(_label(row[choice.x]), row[choice.y]) for row in rows if row[choice.y] is not None]
    if not bars:
        return None
    missing = len(rows) - len(bars)
    sorts = {
        "largest": lambda: sorted(bars, key=lambda bar: -bar[1]),
        "smallest": lambda: sorted(bars, key=lambda bar: bar[1]),
        "name": lambda: sorted(bars, key=lambda bar: _natural(bar[0])),
        "given": lambda: bars,
    }
    ordered = sorts[choice.order]()
    shown, others = ordered[: choice.top], len(ordered) - choice.top
    data: list[dict[str, Any]] = [{"c0": name, "c1": value} for name, (_, value) in zip(_apart([n for n, _ in shown]), shown, strict=True)]
    if others > 0:
        data.append({"c0": f"{others:,} others, not shown", "c1": None})
    notes = [f"{len(shown)} of {len(ordered):,}"] if others > 0 else []
    notes += [f"{missing:,} without a value left out"] if missing else []
    order = [bar["c0"] for bar in data]
    y = {
        "field": "c0",
        "type": "nominal",
        "title": columns[choice.x],
        "sort": order,
        "scale": {"domain": order},
        "axis": {"labelLimit": 260},
    }
    x = {"field": "c1", "type": "quantitative", "title": columns[choice.y], "scale": {"zero": True}, "stack": None}
    spec = _spec(data, f"{columns[choice.y]} by {columns[choice.x]}", notes)
    return {**spec, "mark": {"type": "bar", "tooltip": True}, "height": {"step": 22}, "encoding": {"y": y, "x": x}}


def _line(columns: Sequence[str], rows: Sequence[Sequence[Any]], choice: Choice) -> Spec | None:
    there = [(row[choice.x], row[choice.y]) for row in rows if row[choice.x] is not None and row[choice.y] is not None]
    if len(there) < 2:
        return None
    moments = [_moment(x) for x, _ in there]
    if all(moment is not None for moment in moments):
        kind, points = "temporal", sorted(zip([str(m) for m in moments], [y for _, y in there], strict=True), key=lambda p: p[0])
    elif all(isinstance(x, (int, float)) for x, _ in there):
        kind, points = "quantitative", sorted(there, key=lambda point: point[0])
    else:
        kind, points = "ordinal", [(_label(x), y) for x, y in there]
    repeated = max(Counter(x for x, _ in points).values()) > 1
    notes = [f"{len(rows) - len(there):,} without a value left out"] if len(there) < len(rows) else []
    notes += ["a value comes twice, so each row is a point"] if repeated else []
    mark = {"type": "point", "filled": True, "tooltip": True} if repeated else {"type": "line", "point": True, "tooltip": True}
    x: dict[str, Any] = {"field": "c0", "type": kind, "title": columns[choice.x], "sort": None}
    if kind == "temporal":
        x["scale"] = {"type": "utc"}
    if kind == "quantitative":
        x["scale"], x["axis"] = {"zero": False}, {"format": "d"} if all(isinstance(v, int) for v, _ in points) else {}
    y = {"field": "c1", "type": "quantitative", "title": columns[choice.y], "scale": {"zero": min(v for _, v in points) >= 0}}
    data = [{"c0": x_value, "c1": y_value} for x_value, y_value in points[:POINTS_MAX]]
    return {**_spec(data, f"{columns[choice.y]} over {columns[choice.x]}", notes), "mark": mark, "encoding": {"x": x, "y": y}}


def _scatter(columns: Sequence[str], rows: Sequence[Sequence[Any]], choice: Choice) -> Spec | None:
    if choice.x not in number_columns(columns, rows):
        return None
    points = [(row[choice.x], row[choice.y]) for row in rows if row[choice.x] is not None and row[choice.y] is not None]
    notes = [f"{len(rows) - len(points):,} without both values left out"] if len(points) < len(rows) else []
    axes = {
        axis: {"field": field, "type": "quantitative", "title": columns[place], "scale": {"zero": False}}
        for axis, field, place in (("x", "c0", choice.x), ("y", "c1", choice.y))
    }
    data = [{"c0": x, "c1": y} for x, y in points[:POINTS_MAX]]
    spec = _spec(data, f"{columns[choice.y]} against {columns[choice.x]}", notes)
    return {**spec, "mark": {"type": "point", "tooltip": True}, "encoding": axes} if points else None


def _spec(data: list[dict[str, Any]], title: str, notes: list[str]) -> Spec:
    told: dict[str, Any] = {"text": title, "anchor": "start"}
    if notes:
        told["subtitle"] = "; ".join(notes)
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "title": told, "data": {"values": data}}


def _label(value: Any) -> str:
    text = "(none)" if value is None else " ".join(str(value).split()) or "(empty)"
    return text if len(text) <= LABEL_CHARS else text[: LABEL_CHARS - 1] + "…"


def _apart(names: list[str]) -> list[str]:
    """Names without a repetition, so that each has a bar of its own."""
    seen: Counter[str] = Counter()
    taken = set(names)
    apart = []
    for name in names:
        seen[name] += 1
        made = name
        while seen[name] > 1 and made in taken:
            made = f"{name} ({seen[name]})"
            seen[name] += made in taken
        taken.add(made)
        apart.append(made)
    return apart


def _natural(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text.casefold()


def _moment(value: Any) -> str | None:
    """An ISO date, month or moment as Vega reads it; None for anything else."""
    if not isinstance(value, str) or len(value) < 7 or value[4:5] != "-":
        return None
    try:
        return dt.datetime.fromisoformat(value + "-01" if len(value) == 7 else value).isoformat()
    except ValueError:
        return None
