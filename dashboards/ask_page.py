"""The owner's page: choose or bring data, ask, watch the steps, read the answer, ask on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.answer_view import show_steps, show_turn, text
from dashboards.asking import Asking, Desk
from dashboards.client import Client, ServingError
from dashboards.history import Conversation, History, new_id
from dashboards.settings import Settings
from dashboards.tables import arrow_table, label_text
from dashboards.words import as_markdown, report_words, steps_summary, table_words

POLL_S = 0.4
RETRY_S = 3.0  # between looks for a server that is not there
SAMPLES = 5  # answers compared when the owner wants to know how sure it is
FRESH_S = 30.0  # how long a database's tables and starters are remembered
TYPES = ["sqlite", "sqlite3", "db", "csv", "tsv", "txt", "xlsx", "xls", "xlsm", "ods"]


def show(settings: Settings) -> None:
    """The page."""
    desk = _desk(settings)
    conversation = _conversation(desk)
    st.title("Ask your data")
    try:
        databases = desk.client.databases()
    except ServingError as error:
        st.fragment(_no_server, run_every=RETRY_S)(desk, [error])
        databases = []
    if databases:
        _choose_data(databases, conversation, desk, settings)
    asking = desk.under_way(conversation.id)
    for turn in conversation.turns:
        with st.chat_message("user", avatar=":material/person:"):
            text(turn.question)
        with st.chat_message("assistant", avatar=":material/query_stats:"):
            if asking is not None and turn is asking.turn:
                st.fragment(_watch, run_every=POLL_S)(asking)
            else:
                show_turn(turn, conversation, desk)
    if databases:
        _begin(conversation, desk, settings, busy=asking is not None)
    if conversation.turns:
        _keep(conversation, desk, busy=asking is not None)


def _no_server(desk: Desk, first: list[ServingError]) -> None:
    """What is wrong, and the whole page again as soon as the server answers; the error that was just met is told as it is."""
    try:
        if first:
            raise first.pop()
        desk.client.databases()
    except ServingError as error:
        st.warning(label_text(str(error)), icon=":material/hourglass_empty:")
        st.caption(f"A server that has just been started loads its model first. This page looks again every {RETRY_S:g} seconds.")
        return
    st.rerun()


@st.cache_resource(show_spinner=False)
def _desk(settings: Settings) -> Desk:
    """One for all sessions: an answer goes on when its page is left."""
    return Desk(Client(settings.url, settings.api_key), History(settings.history))


def _conversation(desk: Desk) -> Conversation:
    """The conversation of the address, which gets a new one when it has none."""
    chosen = st.query_params.get("c", "") or st.session_state.get("conversation", "")
    conversation = desk.open(chosen) if chosen else Conversation(new_id())
    st.session_state["conversation"] = conversation.id  # pages have addresses of their own; coming back finds it again
    if st.query_params.get("c") != conversation.id:
        st.query_params["c"] = conversation.id
    return conversation


def _choose_data(databases: list[dict[str, Any]], conversation: Conversation, desk: Desk, settings: Settings) -> None:
    """Which data to ask, what is in it, and how to bring one's own."""
    by_name = {entry["name"]: entry for entry in databases}
    wanted = st.session_state.pop("wanted database", None) or st.session_state.get("database") or conversation.database
    st.session_state["database"] = wanted if wanted in by_name else next(iter(by_name))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        conversation.database = str(
            st.selectbox("Data", list(by_name), format_func=lambda name: _called(by_name[name]), key="database", width=420)
        )
        with st.popover("Bring your own", icon=":material/upload_file:", key="bring"):  # keyed, or it closes when more of the page comes
            _bring(desk)
        chosen = by_name[conversation.database]
        if not chosen["sample"] and st.button(
            "Delete", icon=":material/delete:", type="tertiary", help="Delete this upload from the server."
        ):
            _delete(chosen["name"], desk)
    for note in st.session_state.pop("import notes", []):
        st.info(label_text(note), icon=":material/info:")
    with st.expander("What is in this data", icon=":material/table:", key="tables"):
        _tables(settings, conversation.database, desk)


def _delete(database: str, desk: Desk) -> None:
    try:
        desk.client.delete(database)
    except ServingError as error:
        st.error(label_text(str(error)))
        return
    st.session_state["wanted database"] = ""
    st.rerun()


def _called(entry: dict[str, Any]) -> str:
    return f"{entry['title']} ({entry['tables']} table{'s' if entry['tables'] != 1 else ''}, {entry['rows']:,} rows)"


def _bring(desk: Desk) -> None:
    st.caption(
        "A SQLite file, a CSV or an Excel workbook. It stays on the server you run; a clean copy is made, your file is never changed."
    )
    file = st.file_uploader("File", type=TYPES, label_visibility="collapsed", key=f"upload {st.session_state.get('uploads', 0)}")
    if file is None or not st.button("Add", type="primary", icon=":material/add:"):
        return
    try:
        with st.spinner("Reading the file"):
            entry = desk.client.upload(file.name, file.getvalue())
    except ServingError as error:
        st.error(label_text(str(error)))
        return
    st.session_state["wanted database"] = entry["name"]
    st.session_state["import notes"] = report_words(entry.get("report") or {})
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1  # a fresh uploader
    st.rerun()


def _tables(settings: Settings, database: str, desk: Desk) -> None:
    try:
        tables = _schema(settings.url, database, desk)
    except ServingError as error:
        st.error(label_text(str(error)))
        return
    for table in tables:
        st.markdown(f"**{label_text(table['name'])}** :gray[{label_text(table_words(table))}]")
    names = [table["name"] for table in tables]
    shown = st.selectbox("Show some rows of", names, index=None, key=f"rows of {database}", placeholder="Choose a table")
    if shown is not None:
        table = tables[names.index(shown)]
        st.dataframe(arrow_table([column["name"] for column in table["columns"]], table["sample_rows"]), hide_index=True)


def _begin(conversation: Conversation, desk: Desk, settings: Settings, *, busy: bool) -> None:
    """Where the next question is typed, with starters before the first."""
    if not conversation.turns:
        try:
            starters = _starters(settings.url, conversation.database, desk)
        except ServingError:
            starters = []
        if starters:
            labels = {label_text(question): question for question in starters}
            picked = st.pills("Questions to begin with", list(labels), key=f"starter {conversation.database}")
            if picked is not None:
                desk.ask(conversation, labels[picked], _samples())
                st.rerun()
    prompt = "Ask a question, or a follow-up such as “and last month?”" if conversation.turns else "Ask a question in your own words"
    question = st.chat_input(prompt, key="question", max_chars=2_000, disabled=busy)
    if question and question.strip():
        desk.ask(conversation, question.strip(), _samples())
        st.rerun()


def _samples() -> int | None:
    return SAMPLES if st.session_state.get("careful") else None


def _watch(asking: Asking) -> None:
    """The steps as they happen; the whole page again when it is over."""
    if asking.over:
        st.rerun()
    steps = list(asking.turn.steps)
    box = st.status(f"Working it out: {steps_summary(steps)}" if steps else "Working it out", expanded=True)
    with box:
        if not steps:
            st.caption("Reading the question.")
        show_steps(steps)
    box.update(state="running")  # leaving the block has said that it is complete
    if st.button("Stop", key="stop", icon=":material/stop_circle:"):
        asking.stop()
        st.rerun()


def _keep(conversation: Conversation, desk: Desk, *, busy: bool) -> None:
    """What can be done with the whole conversation."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Double-check", key="careful", persist_state="session",
            help=f"Answers {SAMPLES} times and compares: slower, and it says when it is not sure.",
        )  # fmt: skip
        st.download_button(
            "Export", lambda: as_markdown(conversation), "questions-and-answers.md", "text/markdown", on_click="ignore", type="tertiary",
            icon=":material/download:", help="All questions and answers as a Markdown file.",
        )  # fmt: skip
        if st.button(
            "Clear", icon=":material/delete_sweep:", type="tertiary", disabled=busy, help="Forget this conversation and begin anew."
        ):
            desk.history.clear(conversation.id)
            st.session_state.pop("conversation", None)
            del st.query_params["c"]
            st.rerun()


@st.cache_data(ttl=FRESH_S, max_entries=100, show_spinner=False)
def _schema(url: str, database: str, _desk_: Desk) -> list[dict[str, Any]]:  # noqa: ARG001 - part of the cache's key
    return _desk_.client.schema(database)


@st.cache_data(ttl=FRESH_S, max_entries=100, show_spinner=False)
def _starters(url: str, database: str, _desk_: Desk) -> list[str]:  # noqa: ARG001 - part of the cache's key
    return _desk_.client.starters(database)
