"""The page about trajectories: the groups of a step or a held-out evaluation, and one group with its episodes side by side.

Everything chosen stands in the address, so a link shares the view.
"""

from __future__ import annotations

import functools
import html
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import streamlit as st

from dashboards.episode_reading import FILTERS, GroupLine, advantages, chosen, files, list_groups, turn_tokens, whole_group
from dashboards.run_list import runs_or_advice
from dashboards.settings import Settings
from dashboards.tables import arrow_table, label_text
from dashboards.token_text import decoder, tokenizer_of, tokens_html
from envs.records import Group, Question, Trajectory
from envs.run_store import RunStore
from envs.sandbox import Database, QueryError, Trust

SIDE_BY_SIDE = 3
ROWS_SHOWN = 50
LIST_PAGE = 200  # groups listed at once
WIDTHS = {"id": 140, "database": 110, "question": 320, "tables": 55, "right": 60}  # pixels


def show(settings: Settings) -> None:
    """The page."""
    st.title("Trajectories")
    there = runs_or_advice(settings)
    if not there:
        return
    left, right = st.columns(2)
    name = left.selectbox("Run", [path.name for path in there], key="run", bind="query-params")
    store = RunStore(next(path for path in there if path.name == name))
    found = files(store)
    if not found:
        right.empty()
        st.info("Nothing was played in this run yet: the first file comes with the first evaluation.")
        return
    file = right.selectbox("Played at", list(found), key="played", bind="query-params")
    try:
        lines = list_groups(found[file])
    except (ValueError, OSError) as error:
        st.error(f"This file cannot be read: {error}")
        return
    line = _pick(lines)
    if line is not None:
        try:
            group = whole_group(found[file], line, lines)
        except (ValueError, OSError) as error:
            st.error(f"This group cannot be read: {error}")
            return
        _group(group, line, store, settings)


def _pick(lines: tuple[GroupLine, ...]) -> GroupLine | None:
    """Filters and the list; the group that is chosen."""
    marks = st.pills("Show only", list(FILTERS), selection_mode="multi", format_func=FILTERS.__getitem__, key="only", bind="query-params")
    search = st.text_input("Search", key="search", bind="query-params", placeholder="a word of the question, an id or a database") or ""
    passing = chosen(lines, marks, search)
    if not passing:
        st.info("No group passes these filters: take one away.")
        return None
    episodes = sum(len(line.rewards) for line in passing)
    page = 1
    if len(passing) > LIST_PAGE:
        page = st.pagination(-(-len(passing) // LIST_PAGE), key="page", bind="query-params")
    shown = passing[(page - 1) * LIST_PAGE : page * LIST_PAGE]
    st.caption(f"{len(passing):,} of {len(lines):,} groups, {episodes:,} trajectories. Choose one to read it.")
    rows = [(g.question_id, g.db_id, g.text, g.tables, f"{g.right} of {len(g.rewards)}", _failures(g)) for g in shown]
    table = arrow_table(["id", "database", "question", "tables", "right", "went wrong"], rows)
    widths = {name: st.column_config.TextColumn(width=width) for name, width in WIDTHS.items()}
    picked = st.dataframe(
        table, hide_index=True, height=260, on_select="rerun", selection_mode="single-row", column_config=widths, key="groups"
    )
    if picked.selection.rows:
        st.query_params["group"] = str(shown[picked.selection.rows[0]].place)
    place = st.query_params.get("group", "")
    return next((line for line in passing if str(line.place) == place), shown[0])


def _failures(line: GroupLine) -> str:
    return ", ".join(sorted({failure.replace("_", " ") for failure in line.failures if failure}))


def _group(group: Group, line: GroupLine, store: RunStore, settings: Settings) -> None:
    """One group: its question, then its episodes."""
    question = group.question
    st.divider()
    st.html(f'<h3 style="margin:0">{html.escape(question.text)}</h3>')
    tables = "1 table" if line.tables == "1" else f"{line.tables} tables"
    st.caption(f"{label_text(line.question_id)} · {tables} · {line.right} of {len(line.rewards)} right")
    database = _database_path(store, settings.data, question.db_id)
    left, right = st.columns(2)
    with left:
        st.caption("Gold SQL")
        st.code(question.gold_sql or "-- the data does not say: the right answer is UNKNOWN", language="sql", wrap_lines=True)
    with right:
        st.caption("Its result")
        _result(question.gold_sql, database)
    colour = st.segmented_control(
        "Colour tokens by", ["logprob", "version"], default="logprob", required=True, key="colour", bind="query-params",
        help="logprob: the stronger the red, the less likely the token was. version: which weights sampled it.",
    )  # fmt: skip
    word = decoder(tokenizer_of(store.path))
    played = list(zip(group.trajectories, advantages(group.rewards), strict=True))
    for start in range(0, len(played), SIDE_BY_SIDE):
        columns = st.columns(min(SIDE_BY_SIDE, len(played)))
        for column, (trajectory, advantage) in zip(columns, played[start : start + SIDE_BY_SIDE], strict=False):
            with column, st.container(border=True):
                _episode(trajectory, advantage, word, str(colour), database, question)


def _episode(
    played: Trajectory, advantage: float, word: Callable[[int], str], colour: str, database: Path | None, question: Question
) -> None:
    verdict = "right" if played.outcome.correct else (played.outcome.failure or "wrong").replace("_", " ")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Episode {played.member + 1}**", width="content")
        st.badge(verdict, color="green" if played.outcome.correct else "orange")
    st.caption(
        f"reward {played.reward:g} · advantage {advantage:+.2f} · {sum(played.mask)} tokens · {played.seconds:.1f} s · "
        f"ended: {played.stop.value.replace('_', ' ')}"
    )
    for number, (step, tokens) in enumerate(zip(played.steps, turn_tokens(played), strict=True), 1):
        mark = "" if step.ok else " :orange[failed]"
        st.caption(f"{number}. {step.action.verb.value.lower()}{mark}")
        if tokens:
            st.html(tokens_html(tokens, word, colour))
        else:
            st.code(step.text, language=None, wrap_lines=True)
        if step.observation:
            st.code(step.observation, language=None, wrap_lines=False, height=150 if step.observation.count("\n") > 5 else "content")
    if played.outcome.sql and played.outcome.sql != question.gold_sql:
        with st.expander("Result of its last query"):
            _result(played.outcome.sql, database)


def _result(sql: str, database: Path | None) -> None:
    if not sql:
        st.caption("No rows.")
    elif database is None:
        st.caption("The database is not at hand: `analyst-buddy data build` makes those of a preset.")
    else:
        table, note = _rows(database, database.stat().st_mtime_ns, sql)
        if table is not None:
            st.dataframe(table, hide_index=True, height="content" if table.num_rows < 6 else 220)
        if note:
            st.caption(label_text(note))


@st.cache_data(max_entries=500, show_spinner=False)
def _rows(database: Path, written_ns: int, sql: str) -> tuple[pa.Table | None, str]:  # noqa: ARG001 - part of the cache's key
    """What a query comes to, and a note when not all is shown or it failed."""
    try:
        opened = Database.open(database, trust=Trust.UNTRUSTED)
        try:
            result = opened.query(sql, ROWS_SHOWN, double_quoted_text=True)
        finally:
            opened.close()
    except (QueryError, ValueError, OSError) as error:
        return None, str(error)
    return arrow_table(result.columns, result.rows), f"The first {ROWS_SHOWN} rows." if result.truncated else ""


def _database_path(store: RunStore, data: Path | None, db_id: str) -> Path | None:
    """The database the run played on: of the built data whose fingerprint the run noted."""
    fingerprint = next((str(e.get("fingerprint")) for e in reversed(store.read_events()) if e.get("kind") == "data"), "")
    folder = _data_folder(data, fingerprint) if data and fingerprint else None
    path = folder / "databases" / db_id / f"{db_id}.sqlite" if folder else None
    return path if path and path.is_file() and path.parent.parent == folder / "databases" else None  # type: ignore[operator]


@functools.lru_cache(maxsize=16)
def _data_folder(data: Path, fingerprint: str) -> Path | None:
    for manifest in data.glob("data-*/manifest.json"):
        if json.loads(manifest.read_text("utf-8")).get("fingerprint") == fingerprint:
            return manifest.parent
    return None
