"""The page about runs: held-out accuracy beside training reward, by database and tables, and every metric, live while a run goes on."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from dashboards.run_charts import PANELS, RunView, accuracy_chart, panel_chart, shares_chart
from dashboards.run_list import runs_or_advice
from dashboards.run_reading import Evaluation, Life, MetricsLog, best_step, evaluations, life_of, result_rows, stages
from dashboards.settings import Settings
from dashboards.tables import arrow_table
from envs.run_store import RunStore

REFRESH_S = 3.0
RUNS_MAX = 5
LIVE: frozenset[Life] = frozenset({"live", "elsewhere"})
LIFE_WORDS: Mapping[Life, str] = {
    "live": f"Going on: refreshed every {REFRESH_S:g} seconds.",
    "elsewhere": f"Taken up on another machine, so whether it goes on cannot be told from here; refreshed every {REFRESH_S:g} seconds.",
    "killed": "Its process is gone without a word: the same `analyst-buddy train` goes on from the last checkpoint.",
    "ended": "",
}


def show(settings: Settings) -> None:
    """The page."""
    st.title("Runs")
    there = runs_or_advice(settings)
    if not there:
        return
    names = [path.name for path in there]
    picked = st.multiselect(
        "Runs", names, default=names[:1], max_selections=RUNS_MAX, key="runs", bind="query-params", help="Pick several to compare them."
    )
    if not picked:
        st.info("Pick a run above.")
        return
    paths = [path for path in there if path.name in picked]
    lives = _lives(paths)
    st.fragment(_body, run_every=REFRESH_S if LIVE & set(lives) else None)(paths, lives)


def _body(paths: Sequence[Path], lives: Sequence[Life]) -> None:
    if _lives(paths) != lives:
        st.rerun()  # one began or ended: refresh, or do not any more
    views = [_view(path) for path in paths]
    _head(views, lives)
    if not any(view.metrics.series or view.scores for view in views):
        st.info("Nothing is measured yet: the first figures come with the first steps.")
        return
    st.subheader("Held-out accuracy and training reward")
    known = list(dict.fromkeys(stage.name for view in views for stage in view.stages))
    stage = None
    if len(known) > 1:
        stage = st.segmented_control("Steps of", known, key="stage", bind="query-params", help="None chosen: all steps.")
    st.vega_lite_chart(
        accuracy_chart(views, stage=stage), key="accuracy", alt="Accuracy on validation and test databases over learner steps"
    )
    st.caption("Bars through the points are 95 % Wilson intervals. Validation chooses the best policy; the test is only reported.")
    _breakdowns(views)
    st.subheader("Training")
    charts = [(panel, chart) for panel in PANELS if (chart := panel_chart(panel, views)) is not None]
    columns = st.columns(3)
    for place, (panel, chart) in enumerate(charts):
        with columns[place % 3]:
            st.markdown(f"**{panel.title}**" + (f" :gray[{panel.unit}]" if panel.unit else ""))
            st.vega_lite_chart(chart, key=f"panel {panel.title}", alt=f"{panel.title} over learner steps")
    for view, path in zip(views, paths, strict=True):
        if rows := result_rows(RunStore(path)):
            st.subheader(f"Results of {view.name}")
            st.dataframe(arrow_table(list(rows[0]), [list(row.values()) for row in rows]), hide_index=True)


def _head(views: Sequence[RunView], lives: Sequence[Life]) -> None:
    """Where a run stands, in figures."""
    for view, life in zip(views, lives, strict=True):
        last = view.stages[-1] if view.stages else None
        latest = {kind: _latest(view.scores, kind) for kind in ("validation", "test")}
        best = next((s for s in view.scores if s.step == view.best and s.kind == "validation"), None)
        with st.container(horizontal=True, gap="medium"):
            if len(views) > 1:
                st.metric("Run", view.name, width="content")
            st.metric("Step", f"{view.metrics.last_step:,}", width="content")
            st.metric("Stage", last.name if last else "starting", width="content")
            for kind, score in latest.items():
                if score:
                    low, high = score.total.interval
                    help_text = f"{score.total.correct} of {score.total.questions}, 95 % interval {100 * low:.1f} to {100 * high:.1f} %"
                    st.metric(f"Latest {kind}", f"{100 * score.total.accuracy:.1f} %", help=help_text, width="content")
            if best:
                st.metric("Best validation", f"{100 * best.total.accuracy:.1f} %", help=f"at step {best.step}", width="content")
        if words := LIFE_WORDS[life]:
            st.caption(words)


def _breakdowns(views: Sequence[RunView]) -> None:
    """By number of tables and by database, of the newest evaluation of each run and kind."""
    kinds = [kind for kind in ("validation", "test") if any(_latest(view.scores, kind) for view in views)]
    if not kinds:
        return
    kind = st.segmented_control("Set", kinds, default=kinds[0], required=True, key="set", bind="query-params")
    newest = {view.name: score for view in views if (score := _latest(view.scores, kind))}
    left, right = st.columns(2)
    with left:
        st.markdown("**By number of tables**")
        tables = shares_chart({name: score.tables for name, score in newest.items()}, f"{kind}, share right")
        st.vega_lite_chart(tables, key="by tables", alt="Accuracy by number of tables")
    with right:
        st.markdown("**By database**")
        databases = shares_chart({name: score.databases for name, score in newest.items()}, f"{kind}, share right")
        st.vega_lite_chart(databases, key="by database", alt="Accuracy by database")
    told = [f"{name}: {score.stage}, step {score.step}, {score.total}" for name, score in newest.items()]
    st.caption(" · ".join(told))


def _latest(scores: Sequence[Evaluation], kind: str) -> Evaluation | None:
    return next((score for score in reversed(scores) if score.kind == kind), None)


def _view(path: Path) -> RunView:
    store = RunStore(path)
    log, lock = _metrics_log(path)
    with lock:
        log.refresh()
    events = store.read_events()
    scores = evaluations(store)
    return RunView(path.name, log, scores, stages(events, log.last_step), best_step(store, scores), events)


@st.cache_resource(max_entries=20, show_spinner=False)
def _metrics_log(path: Path) -> tuple[MetricsLog, threading.Lock]:
    """One log for all sessions."""
    return MetricsLog(path / "metrics.jsonl"), threading.Lock()


def _lives(paths: Sequence[Path]) -> list[Life]:
    return [life_of(path) for path in paths]
