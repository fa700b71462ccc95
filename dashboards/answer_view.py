"""One answer on the owner's page, in this order: the sentence, the chart or the number, the table, how it came about, the SQL.

Whatever comes from the model or a cell is escaped: nothing of it is read as Markdown or HTML, and no picture or link in it is loaded.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from dashboards.asking import Desk
from dashboards.charts import KINDS, ORDERS, TOP_MAX, Choice, as_image, chart_by_hand, few_ticks, first_choice, number_columns
from dashboards.client import ServingError
from dashboards.history import Conversation, Turn
from dashboards.tables import arrow_table, headers, label_text
from dashboards.words import MEND, OUTCOMES, StepWords, big_number, step_words, steps_summary, sureness

FORBIDDEN = {"url", "href"}  # keys of a specification that would load or lead somewhere
WHOLE_ROWS = 15  # tables up to so long are shown without scrolling
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show_turn(turn: Turn, conversation: Conversation, desk: Desk) -> None:
    """What came of a question that is not under way any more."""
    if turn.state == "stopped":
        st.info("Stopped. Ask again whenever you like.", icon=":material/stop_circle:")
        _steps(turn, "What it had done so far")
        return
    if turn.answer is None:
        st.error(label_text(turn.error or "It broke off. Ask again."), icon=":material/cloud_off:")
        _steps(turn, "What it had done so far")
        return
    if turn.edited is not None:
        st.caption("This is the result of your own SQL.")
        if st.button("Back to the first answer", key=f"back {turn.id}", type="tertiary", icon=":material/undo:"):
            turn.edited = None
            desk.history.save(conversation)
            st.rerun()
    answer = turn.edited or turn.answer
    _words(answer)
    if answer["outcome"] == "unsure":
        _candidates(answer)
    elif answer["columns"]:
        _figures(answer, turn.id, desk)
    _steps(turn, f"{'What I tried' if answer['outcome'] == 'failed' else 'How I got this'} ({steps_summary(turn.steps)})")
    _sql(answer, turn, conversation, desk)
    if turn.edited is None and turn.answer["outcome"] != "failed":
        _verdict(turn, conversation, desk)


def show_steps(steps: Sequence[dict[str, Any]]) -> None:
    """Steps, one under the other, each with what was asked and what the database said."""
    for step in steps:
        words = step_words(step)
        icon = ":material/error:" if words.failed else ":material/check_circle:"
        st.markdown((":orange[" + icon + "]" if words.failed else ":green[" + icon + "]") + " " + label_text(words.title))
        _said(words)


def text(said: str, *, large: bool = False) -> None:
    """A text as it is."""
    size = "1.25rem" if large else "1rem"
    st.html(f'<p style="font-size:{size};line-height:1.5;margin:0;overflow-wrap:anywhere">{html.escape(said)}</p>')


def is_safe(spec: Any) -> bool:
    """Whether a chart's specification names nothing outside itself."""
    if isinstance(spec, dict):
        return not FORBIDDEN & spec.keys() and all(is_safe(value) for value in spec.values())
    return all(is_safe(value) for value in spec) if isinstance(spec, list) else True


def _words(answer: dict[str, Any]) -> None:
    if answer.get("understood"):
        st.caption(label_text(answer["understood"]))
    words = OUTCOMES.get(answer["outcome"])
    if words is None:
        text(answer["sentence"], large=True)
        return
    reason = label_text(str(answer.get("reason") or ""))
    mend = MEND if answer["outcome"] == "failed" and answer["sql"] else ""
    body = "  \n".join(filter(None, [f"**{words.title}.** {reason}", words.advice, mend]))
    if answer["outcome"] == "unsure":
        st.warning(body, icon=":material/help:")
    elif answer["outcome"] == "not_in_data":
        st.info(body, icon=":material/search_off:")
    else:
        st.error(body, icon=":material/build:")


def _candidates(answer: dict[str, Any]) -> None:
    """What the samples came to, the most frequent first."""
    for candidate in answer.get("candidates") or []:
        with st.container(border=True):
            st.caption(f"came up {candidate['votes']} time{'s' if candidate['votes'] != 1 else ''}")
            text(candidate["sentence"])
            if candidate["rows"] and (len(candidate["rows"]) > 1 or len(candidate["columns"]) > 1):
                st.dataframe(arrow_table(headers(candidate), candidate["rows"]), hide_index=True, height="auto")
            st.code(candidate["sql"], language="sql", wrap_lines=True)


def _figures(answer: dict[str, Any], key: str, desk: Desk) -> None:
    """The chart or the number, then the table with its downloads."""
    number = big_number(answer)
    if number is not None:
        st.metric(label_text(number[0]), number[1])
    elif len(answer["rows"]) > 1:
        _chart(answer, f"{key} {answer['id']}")
    table = arrow_table(headers(answer), answer["rows"])
    if number is None:
        height: Literal["content", "auto"] = "content" if len(answer["rows"]) <= WHOLE_ROWS else "auto"
        st.dataframe(table, height=height, hide_index=True, key=f"table {key} {answer['id']}", alt="The rows of the answer")
    told = f"{answer['row_count']:,} row{'s' if answer['row_count'] != 1 else ''}"
    if answer["row_count"] > len(answer["rows"]):
        told = f"the first {len(answer['rows']):,} of {told}; the downloads have all"
    if not answer.get("rows_complete", True):
        told += " that were read: the database has more"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(told[:1].upper() + told[1:] + ".", width="stretch")
        if answer.get("download"):
            for label, kind, mime in (("CSV", "csv", "text/csv"), ("Excel", "xlsx", XLSX)):
                st.download_button(
                    label, _downloaded(desk, answer["download"], kind), f"answer.{kind}", mime, key=f"{kind} {key} {answer['id']}",
                    on_click="ignore", icon=":material/download:", type="tertiary",
                )  # fmt: skip


def _downloaded(desk: Desk, path: str, kind: str) -> Callable[[], bytes]:
    """Fetched when the button is clicked."""
    return lambda: desk.client.download(path, kind)


@st.fragment
def _chart(answer: dict[str, Any], key: str) -> None:
    """The chart by rule, or as the owner wants it."""
    first = first_choice(answer)
    columns, rows = headers(answer), answer["rows"]
    numbers = number_columns(columns, rows)
    if not numbers:
        return
    place = st.container()
    with st.container(horizontal=True):
        with st.popover("Change chart", icon=":material/tune:", type="tertiary", key=f"change {key}"):
            choice = _choose(first, columns, numbers, key)
        own = answer.get("chart") if choice == first and is_safe(answer.get("chart")) else None
        spec = own or chart_by_hand(columns, rows, choice, answer["row_count"])
        if spec is not None:
            for kind, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
                st.download_button(
                    kind.upper(), _pictured(spec, kind), f"chart.{kind}", mime, key=f"{kind} {key}", on_click="ignore",
                    icon=":material/image:", type="tertiary",
                )  # fmt: skip
    with place:
        if spec is not None:
            st.vega_lite_chart(
                few_ticks(spec), alt=str(spec["title"]["text"]) if isinstance(spec.get("title"), dict) else "Chart of the answer"
            )
        elif choice.kind != "none":
            st.caption("These columns make no such chart: choose others.")


def _pictured(spec: dict[str, Any], kind: str) -> Callable[[], bytes]:
    return lambda: as_image(spec, kind)


def _choose(first: Choice, columns: list[str], numbers: list[int], key: str) -> Choice:
    places = list(range(len(columns)))
    kind = st.segmented_control("Kind", list(KINDS), default=first.kind, required=True, format_func=KINDS.__getitem__, key=f"kind {key}")
    y_start = numbers.index(first.y) if first.y in numbers else 0
    x = st.selectbox("Names or across", places, index=first.x, format_func=columns.__getitem__, key=f"x {key}")
    y = st.selectbox("Figure", numbers, index=y_start, format_func=columns.__getitem__, key=f"y {key}")
    order, top = first.order, first.top
    if kind == "bar":
        order = str(st.selectbox("Order", list(ORDERS), format_func=ORDERS.__getitem__, key=f"order {key}"))
        top = int(st.number_input("Bars at most", 2, TOP_MAX, first.top, key=f"top {key}"))
    return Choice(str(kind), int(x), int(y), order, top)


def _steps(turn: Turn, label: str) -> None:
    if turn.steps:
        with st.expander(label, icon=":material/footprint:", key=f"steps {turn.id}"):
            show_steps(turn.steps)


def _said(words: StepWords) -> None:
    if words.sql:
        st.code(words.sql, language="sql", wrap_lines=True)
    if words.said:
        st.code(words.said, language=None, wrap_lines=words.failed, height=180 if words.said.count("\n") > 7 else "content")


def _sql(answer: dict[str, Any], turn: Turn, conversation: Conversation, desk: Desk) -> None:
    """The SQL with its explanation, to change and run again."""
    if not answer["sql"]:
        return
    with st.expander("The SQL, in words and to change", icon=":material/code:", key=f"words {turn.id}"):
        if answer["explanation"]:
            text(answer["explanation"])
        if answer["tables_read"]:
            st.caption("Tables read: " + label_text(", ".join(answer["tables_read"])))
        if turn.edited is None:
            st.caption(sureness(answer.get("confidence")))
        sql = st.text_area("SQL", answer["sql"], key=f"sql {turn.id} {answer['id']}", height=130)
        if st.button("Run", key=f"run {turn.id}", icon=":material/play_arrow:", help="Reads only: nothing in your data can be changed."):
            try:
                with st.spinner("Running"):
                    turn.edited = desk.client.sql(turn.database, sql or "")
                turn.edited["sql"] = turn.edited["sql"] or sql
            except ServingError as error:
                st.error(label_text(str(error)))
                return
            desk.history.save(conversation)
            st.rerun()


def _verdict(turn: Turn, conversation: Conversation, desk: Desk) -> None:
    """Right or wrong, with a reason."""
    assert turn.answer is not None
    if turn.verdict:
        st.caption(f"You said: {turn.verdict}. Thank you, it is kept to learn from.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Is this right?", width="content")
        said = st.feedback("thumbs", key=f"verdict {turn.id}")
    if said is None:
        return
    reason, sql = "", ""
    if said == 0:
        with st.form(f"wrong {turn.id}", border=True):
            reason = st.text_input("What is wrong with it? (You may leave this empty.)", max_chars=500) or ""
            with_sql = bool(turn.edited) and st.checkbox("Send the SQL I ran as the right one")
            if not st.form_submit_button("Send"):
                return
            sql = str((turn.edited or {}).get("sql", "")) if with_sql else ""
    try:
        desk.client.feedback(turn.answer["id"], right=said == 1, reason=reason, sql=sql)
    except ServingError as error:
        st.error(label_text(str(error)))
        return
    turn.verdict = "right" if said == 1 else "wrong"
    desk.history.save(conversation)
    st.rerun()
