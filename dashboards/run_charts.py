"""The charts of the runs page as Vega-Lite specifications, from what run_reading found. Pure data in, plain dicts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.run_reading import Evaluation, MetricsLog, Stage, points
from envs.proportions import Tally

ALARMS = ("memorisation", "memorization", "early_stop")  # kinds of events that are marked in the chart of accuracy
WORDS = {"memorisation": "memorising", "memorization": "memorising", "early_stop": "stopped early"}
FIGURE = "format(datum.value, abs(datum.value) < 10000 ? '.4~g' : ',.0f')"  # the text of a tick
BESIDE = 0.1  # of the chart's width; names of stages that begin nearer to one another stand together
LEGEND = {"orient": "top", "title": None, "offset": 4, "labelLimit": 170, "symbolSize": 50}


@dataclass(frozen=True)
class Panel:
    """One small chart of metrics over steps."""

    title: str
    unit: str
    metrics: Mapping[str, str]  # metric to its word in the legend


PANELS = (
    Panel("Reward", "mean of a step", {"reward/mean": "reward"}),
    Panel("Loss", "nats a token", {"sft/loss": "SFT", "grpo/loss": "GRPO"}),
    Panel("KL to SFT", "nats a token", {"policy/kl_to_sft": "KL"}),
    Panel("Clipped tokens", "share", {"policy/clip_share": "clipped"}),
    Panel("Entropy", "nats a token", {"policy/entropy": "entropy"}),
    Panel("Lag", "weight versions", {"actor/lag_mean": "mean", "actor/lag_max": "largest", "staleness/lag": "lag", "policy/lag": "lag"}),
    Panel("Groups", "a step", {"actor/groups": "played", "actor/zero_variance_groups": "without variance", "staleness/dropped": "stale"}),
    Panel("Tokens", "a second", {"learner/tokens_per_s": "learner", "actor/tokens_per_s": "actors"}),
    Panel(
        "Seconds of a step",
        "",
        {
            "actor/rollout_s": "rollout",
            "learner/step_s": "update",
            "broadcast/push_s": "push",
            "broadcast/gap_s": "standstill",
        },
    ),
    Panel("Gradient norm", "", {"learner/gradient_norm": "norm"}),
    Panel("Learning rate", "", {"learner/learning_rate": "rate"}),
    Panel("Logprob gap", "nats a token", {"canary/logprob_gap": "canary", "policy/logprob_difference": "at the update"}),
)


@dataclass(frozen=True)
class RunView:
    """What a chart needs of one run."""

    name: str
    metrics: MetricsLog
    scores: Sequence[Evaluation] = ()
    stages: Sequence[Stage] = ()
    best: int | None = None
    events: Sequence[dict[str, Any]] = field(default_factory=list)

    def within(self, stage: str | None, step: float) -> bool:
        """Whether a step belongs to a stage, the one it began from included; any does to None."""
        return stage is None or any(part.first <= step <= part.last for part in self.stages if part.name == stage)

    def span(self, stage: str | None) -> tuple[int, int]:
        """The first and the last step of a stage; of the whole run for None."""
        parts = [part for part in self.stages if stage in (None, part.name)]
        return (parts[0].first if stage and parts else 0), (parts[-1].last if stage and parts else self.metrics.last_step)


def accuracy_chart(runs: Sequence[RunView], *, stage: str | None = None, height: int = 360) -> dict[str, Any]:
    """Held-out accuracy with 95 % intervals, training reward beside it; stages, the best step and alarms marked for a single run.

    Args:
        stage: show the steps of this stage alone; None for all.

    Data stands apart from the specification, so that the browser adds points to a chart that is there instead of drawing it anew.
    """
    several = len(runs) > 1
    scored = [
        {"step": score.step, "value": score.total.accuracy, "low": score.total.interval[0], "high": score.total.interval[1],
         "run": run.name, "series": score.kind, "count": f"{score.total.correct} of {score.total.questions}",
         "stage": score.stage}
        for run in runs for score in run.scores if score.stage != "best" and run.within(stage, score.step)
    ]  # fmt: skip
    rewards = [
        {"step": step, "value": value, "run": run.name, "series": "training reward"}
        for run in runs
        for step, value in points(run.metrics.series.get("reward/mean", {}))
        if run.within(stage, step)
    ]
    names = [name for name in ("validation", "test", "training reward") if any(row["series"] == name for row in [*scored, *rewards])]
    colour = _told_apart("run", [run.name for run in runs]) if several else _told_apart("series", names)
    dash = {"strokeDash": _told_apart("series", names)} if several else {}
    x = {
        "field": "step",
        "type": "quantitative",
        "title": "learner step",
        "axis": {"tickMinStep": 1, "tickCount": 10, "grid": False},
        "scale": {"zero": False},
    }
    y = {"field": "value", "type": "quantitative", "title": "share right", "axis": {"format": "%"}, "scale": {"zero": True}}
    tooltip = [
        {"field": "series", "type": "nominal"}, {"field": "step", "type": "quantitative"},
        {"field": "value", "type": "quantitative", "format": ".1%", "title": "share right"}, {"field": "count", "type": "nominal"},
        {"field": "low", "type": "quantitative", "format": ".1%"}, {"field": "high", "type": "quantitative", "format": ".1%"},
    ]  # fmt: skip
    encoding = {"x": x, "y": y, "color": colour}
    line = {**encoding, **dash}
    band = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour}
    layers: list[dict[str, Any]] = []
    if not several:
        layers.extend(_marks(runs[0], stage))
    if rewards:
        layers.append({"data": {"name": "rewards"}, "mark": {"type": "line", "strokeWidth": 1.5, "opacity": 0.75}, "encoding": line})
    if scored:
        point = {"type": "point", "filled": True, "size": 70}
        layers += [
            {"data": {"name": "scores"}, "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.5}, "encoding": band},
            {"data": {"name": "scores"}, "mark": {"type": "line", "strokeWidth": 2.5}, "encoding": line},
            {"data": {"name": "scores"}, "mark": point, "encoding": {**encoding, "tooltip": tooltip}},
        ]
    named = {"rewards": rewards, "scores": scored}
    return {"height": height, "datasets": {name: rows for name, rows in named.items() if rows}, "layer": layers}


def panel_chart(panel: Panel, runs: Sequence[RunView], height: int = 190) -> dict[str, Any] | None:
    """One panel, or None when no run has any of its metrics."""
    several = len(runs) > 1
    rows = [
        {"step": step, "value": value, "run": run.name, "series": word}
        for run in runs
        for metric, word in panel.metrics.items()
        for step, value in points(run.metrics.series.get(metric, {}))
    ]
    if not rows:
        return None
    names = list(dict.fromkeys(str(row["series"]) for row in rows))
    colour = _told_apart("run", [run.name for run in runs]) if several else _told_apart("series", names)
    dash = {"strokeDash": _told_apart("series", names, orient="bottom")} if several and len(names) > 1 else {}
    point = len(rows) < 60
    return {
        "height": height,
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 1.5, "point": {"size": 14} if point else False, "tooltip": True},
        "encoding": {
            "x": {
                "field": "step",
                "type": "quantitative",
                "title": None,
                "axis": {"grid": False, "tickCount": 5, "tickMinStep": 1},
                "scale": {"zero": False},
            },
            "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"tickCount": 4, "labelExpr": FIGURE}},
            "color": colour,
            **dash,
        },
    }


def shares_chart(parts: Mapping[str, Mapping[str, Tally]], title: str) -> dict[str, Any]:
    """Accuracy by name (a database, a number of tables) with 95 % intervals; one colour for each key of `parts`."""
    rows = [
        {"name": name, "value": share.accuracy, "low": share.interval[0], "high": share.interval[1], "series": series,
         "count": f"{share.correct} of {share.questions}"}
        for series, found in parts.items() for name, share in found.items()
    ]  # fmt: skip
    y = {"field": "name", "type": "nominal", "title": None, "axis": {"labelLimit": 180}}
    offset = {"field": "series", "type": "nominal"}
    colour = {"field": "series", "type": "nominal", "title": None, "legend": LEGEND if len(parts) > 1 else None}
    x = {"field": "value", "type": "quantitative", "title": title, "axis": {"format": "%"}, "scale": {"zero": True}}
    tooltip = [
        {"field": "series", "type": "nominal"}, {"field": "name", "type": "nominal"}, {"field": "count", "type": "nominal"},
        {"field": "value", "type": "quantitative", "format": ".1%", "title": "right"},
    ]  # fmt: skip
    return {
        "height": {"step": 18},
        "data": {"values": rows},
        "layer": [
            {"mark": {"type": "bar", "opacity": 0.8}, "encoding": {"y": y, "yOffset": offset, "x": x, "color": colour, "tooltip": tooltip}},
            {
                "mark": {"type": "rule", "color": "#8a8f98", "strokeWidth": 1.5},
                "encoding": {"y": y, "yOffset": offset, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
        ],
    }


def _told_apart(field: str, names: Sequence[str], orient: str = "top") -> dict[str, Any]:
    """A channel that tells names apart, with a legend when there are several."""
    legend = {**LEGEND, "columns": 3, "orient": orient} if len(names) > 1 else None
    return {"field": field, "type": "nominal", "title": None, "scale": {"domain": list(names)}, "legend": legend}


def _marks(run: RunView, stage: str | None) -> list[dict[str, Any]]:
    """Where stages begin, which step is the best, and alarms."""
    grey = {"value": "#8a8f98"}
    begins = [
        {"step": part.first, "name": part.name.upper() if part.name == "sft" else part.name}
        for part in run.stages
        if run.within(stage, part.first)
    ]
    alarms = [
        {"step": int(event["step"]), "name": WORDS.get(str(event["kind"]), str(event["kind"]))}
        for event in run.events
        if any(str(event.get("kind", "")).startswith(alarm) for alarm in ALARMS)
        and isinstance(event.get("step"), int)
        and run.within(stage, event["step"])
    ]
    x = {"field": "step", "type": "quantitative", "scale": {"zero": False}}
    made: list[dict[str, Any]] = []
    for rows, dash, top in ((begins, [2, 3], 10), (alarms, [6, 3], 24)):
        if rows:
            made.append({"data": {"values": rows}, "mark": {"type": "rule", "strokeDash": dash}, "encoding": {"x": x, "color": grey}})
            for align, named in _together(rows, *run.span(stage)).items():
                text = {"type": "text", "align": align, "dx": 4 if align == "left" else -4, "y": top, "fontSize": 11}
                made.append({"data": {"values": named}, "mark": text, "encoding": {"x": x, "text": {"field": "name"}, "color": grey}})
    if run.best is not None and run.within(stage, run.best):
        row = [{"step": run.best, "name": "best"}]
        made.append({"data": {"values": row}, "mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {"x": x, "color": grey}})
        text = {"type": "text", "align": "right", "dx": -4, "y": 38, "fontSize": 11, "fontWeight": "bold"}
        made.append({"data": {"values": row}, "mark": text, "encoding": {"x": x, "text": {"field": "name"}, "color": grey}})
    return made


def _together(rows: Sequence[Mapping[str, Any]], first: int, last: int) -> dict[str, list[dict[str, Any]]]:
    """Names by how they are aligned, so that none runs over another or out of a chart of these steps: neighbours are one text."""
    found: list[dict[str, Any]] = []
    end, width = float("-inf"), last - first
    for row in rows:
        if row["step"] - end < BESIDE * width:
            found[-1]["name"] += f", {row['name']}"
        else:
            found.append(dict(row))
        end = row["step"]
    aligned = [("right" if row["step"] > last - 2 * BESIDE * width else "left", row) for row in found]
    return {align: there for align in ("left", "right") if (there := [row for side, row in aligned if side == align])}
