"""The page that compares two policies on the same questions: wins and losses, by database, and the disagreements to read."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards.comparing import VERDICTS, Pairs, Read, part_rows, read_evaluation, read_pairs, read_predictions, verdict_words
from dashboards.settings import Settings
from dashboards.tables import arrow_table, label_text
from envs.comparison import Comparison, compare
from envs.proportions import Tally
from envs.run_store import RunStore, list_runs

SOURCES = {"runs": "Evaluations of runs", "files": "Prediction files"}
LISTED_MAX = 1_000
FEW = 5  # questions that are listed without scrolling


def show(settings: Settings) -> None:
    """The page."""
    st.title("Compare")
    st.caption("Two policies on the same questions.")
    source = st.segmented_control(
        "From", list(SOURCES), default="runs", required=True, format_func=SOURCES.__getitem__, key="from", bind="query-params"
    )
    left, right = st.columns(2)
    try:
        if source == "files":
            first, second = (_uploaded(column, label) for column, label in ((left, "First"), (right, "Second")))
        else:
            first, second = (_evaluation(column, label, settings) for column, label in ((left, "First"), (right, "Second")))
        if first is None or second is None:
            return
        found = read_pairs(first[1], second[1])
    except (ValueError, OSError, KeyError) as error:
        st.error(f"These cannot be compared: {error}")
        return
    names = (first[0], second[0]) if first[0] != second[0] else ("the first", "the second")
    comparison = compare(found.pairs)
    _overview(comparison, found, names)
    _parts(comparison, names)
    _disagreements(found, names)


def _uploaded(column: DeltaGenerator, label: str) -> tuple[str, Sequence[Read]] | None:
    file = column.file_uploader(f"{label} file", type=["jsonl", "json"], help="As `analyst-buddy evaluate --predictions` writes it.")
    return None if file is None else (file.name, read_predictions(file.getvalue().decode("utf-8", "replace"), file.name))


def _evaluation(column: DeltaGenerator, label: str, settings: Settings) -> tuple[str, Sequence[Read]] | None:
    key = label.lower()
    there = {path.name: RunStore(path) for path in list_runs(settings.runs)}
    with_scores = [name for name, store in there.items() if store.evaluation_files()]
    if not with_scores:
        column.info(
            "No run has been evaluated yet: the first score comes a few minutes into a run. Prediction files can be compared meanwhile."
        )
        return None
    run = column.selectbox(f"{label} run", with_scores, key=f"{key}_run", bind="query-params")
    files = {f"{name.replace('_', ' ')}, step {step}": path for step, name, path in reversed(there[run].evaluation_files())}
    labels = list(files)
    start = min(len(labels) - 1, 0 if label == "Second" else 2)  # of one run: the newest beside the same set before it
    chosen = column.selectbox(f"{label} evaluation", labels, index=start, key=f"{key}_evaluation", bind="query-params")
    return f"{run}: {chosen}", read_evaluation(files[chosen])


def _overview(comparison: Comparison, found: Pairs, names: tuple[str, str]) -> None:
    total = comparison.total
    first, second = (Tally(total.both + only, total.questions) for only in (total.only_a, total.only_b))
    figures = (
        ("First", f"{100 * first.accuracy:.1f} %", str(first)),
        ("Second", f"{100 * second.accuracy:.1f} %", str(second)),
        ("Only the second right", f"{total.only_b}", "Wins of the second."),
        ("Only the first right", f"{total.only_a}", "Losses of the second."),
        ("Both right", f"{total.both}", "Questions that tell nothing of a difference."),
        ("Both wrong", f"{total.neither}", "Questions that tell nothing of a difference."),
    )
    with st.container(horizontal=True, gap="medium"):
        for label, value, more in figures:
            st.metric(label, value, help=more, width="content")
    st.html(f"<p>{html.escape(verdict_words(total, names))}</p>")
    st.caption("p is of the exact McNemar test: how often chance alone would part two equal policies so far.")
    if found.alone:
        st.caption(f"{found.alone} questions are in only one of the two and left out.")


def _parts(comparison: Comparison, names: tuple[str, str]) -> None:
    for title, parts in (("database", comparison.databases), ("tables", comparison.tables)):
        if rows := part_rows(parts):
            st.markdown("**By database**" if title == "database" else "**By number of tables**")
            formats = {name: st.column_config.NumberColumn(format="%.1f") for name in ("first %", "second %")}
            formats["p"] = st.column_config.NumberColumn(format="%.2g")
            table = arrow_table([title, "asked", "first %", "second %", "wins", "losses", "p"], rows)
            st.dataframe(table, hide_index=True, column_config=formats)
    st.caption(f"First: {label_text(names[0])}. Second: {label_text(names[1])}. Wins and losses are the second's.")


def _disagreements(found: Pairs, names: tuple[str, str]) -> None:
    st.subheader("Questions")
    verdict = st.segmented_control(
        "Show", list(VERDICTS), default="b", required=True, format_func=VERDICTS.__getitem__, key="verdict", bind="query-params"
    )
    pairs = found.of(str(verdict))
    if not pairs:
        st.info("There are none.")
        return
    if len(pairs) > LISTED_MAX:
        st.caption(f"The first {LISTED_MAX:,} of {len(pairs):,}.")
    table = arrow_table(["database", "question"], [(a.db_id, a.question) for a, _ in pairs[:LISTED_MAX]])
    widths = {"question": st.column_config.TextColumn(width="large")}
    height: Literal["content"] | int = 220 if len(pairs) > FEW else "content"
    picked = st.dataframe(
        table, hide_index=True, height=height, on_select="rerun", selection_mode="single-row", column_config=widths, key=f"pairs {verdict}"
    )
    _pair(pairs[picked.selection.rows[0] if picked.selection.rows and picked.selection.rows[0] < len(pairs) else 0], names)


def _pair(pair: tuple[Read, Read], names: tuple[str, str]) -> None:
    gold = pair[0].gold_sql or pair[1].gold_sql
    st.html(f'<h4 style="margin:0">{html.escape(pair[0].question)}</h4>')
    if gold:
        st.caption("Gold SQL")
        st.code(gold, language="sql", wrap_lines=True)
    for column, answered, name in zip(st.columns(2), pair, names, strict=True):
        with column, st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.html(f"<strong>{html.escape(name)}</strong>", width="content")
                st.badge("right" if answered.correct else "wrong", color="green" if answered.correct else "orange")
            st.code("\n".join(answered.actions) or answered.sql or "(nothing)", language="sql", wrap_lines=True)
