"""The owner's page under AppTest against the real serving application with a script for a model."""

from __future__ import annotations

import http.server
import io
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboards.client import Client
from dashboards.history import Conversation, History, Turn, new_id
from dashboards.settings import Settings
from dashboards.words import as_markdown
from tests.dashboards.pages import checked, opened
from tests.dashboards.server import Served, serving

IMAGE = "![x](http://evil.example/x.png) <img src=http://evil.example/y.png onerror=alert(1)>"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("serving")) as served:
        yield served


@pytest.fixture
def settings(served: Served, tmp_path: Path) -> Iterator[Settings]:
    yield Settings(url=served.url, history=tmp_path / "conversations", runs=tmp_path)
    st.cache_resource.clear()


def ask(page: AppTest, question: str) -> AppTest:
    """Ask, wait for the end of the thread that answers, and look again."""
    page.chat_input[0].set_value(question).run()
    return settled(page)


def settled(page: AppTest) -> AppTest:
    ends = time.monotonic() + 120
    while any(button.key == "stop" for button in checked(page).button):
        assert time.monotonic() < ends, "the answer did not come"
        time.sleep(0.05)
        page.run()
    return page


def address(page: AppTest) -> dict[str, str]:
    """What names the page's conversation."""
    told = page.query_params["c"]
    return {"c": told[0] if isinstance(told, list) else told}


def texts(page: AppTest, kinds: tuple[str, ...] = ("markdown", "caption", "warning", "info", "error", "html")) -> str:
    """Everything the page says, as it goes to the browser."""
    bodies = [getattr(element, "value", None) or element.proto.body for kind in kinds for element in page.get(kind)]
    return "\n".join([*bodies, *(f"{metric.label}: {metric.value}" for metric in page.metric)])


def kept(settings: Settings, turn: Turn) -> dict[str, str]:
    """The address of a conversation with one turn."""
    conversation = Conversation(new_id(), [turn], "retail_smb")
    History(settings.history).save(conversation)
    return {"c": conversation.id}


def answer(columns: list[str], rows: list[list[Any]], **more: Any) -> dict[str, Any]:
    base = {
        "id": "ans_1", "outcome": "answered", "reason": None, "sentence": "Here it is.", "columns": columns, "rows": rows,
        "row_count": len(rows), "rows_complete": True, "download": "/v1/downloads/ans_1", "chart": None, "sql": "SELECT 1",
        "explanation": "It takes one.", "tables_read": ["pets"], "steps": [], "confidence": None, "candidates": [], "understood": None,
        "database": "retail_smb", "question": "?", "model": None, "seconds": 0.1,
    }  # fmt: skip
    return {**base, **more}


def test_a_question_is_answered_with_steps_number_and_sql_and_a_follow_up_follows(settings: Settings) -> None:
    page = ask(opened("ask_page", settings), "How many pets do we have?")
    assert [(metric.label, metric.value) for metric in page.metric] == [("number of pets", "165")]
    assert "165" in texts(page)
    assert any("How I got this (3 steps)" in expander.label for expander in page.expander)
    ask(page, "And how many dogs?")
    assert "Read as a follow" in texts(page)
    assert len(page.chat_message) == 4


def test_an_error_on_the_way_is_shown_as_met_and_recovered_from_and_the_chart_can_be_changed(settings: Settings) -> None:
    page = ask(opened("ask_page", settings), "Pets by species?")
    assert any("4 steps, 1 error met and recovered from" in expander.label for expander in page.expander)
    assert any("Asked the database, which failed" in markdown.value for markdown in page.markdown)
    assert len(page.get("vega_lite_chart")) == 1
    for chosen in ("line", "scatter", "none", "bar"):
        next(control for control in page.segmented_control if control.label == "Kind").set_value(chosen).run()
        checked(page)
    order = next(box for box in page.selectbox if box.label == "Order")
    order.set_value("name").run()
    spec = checked(page).get("vega_lite_chart")[0].proto.spec
    assert '"Bird"' in spec


def test_edited_sql_runs_in_place_and_goes_back(settings: Settings) -> None:
    page = ask(opened("ask_page", settings), "How many pets do we have?")
    page.text_area[0].set_value("SELECT count(*) AS shops FROM stores")
    next(button for button in page.button if button.label == "Run").click().run()
    assert [metric.value for metric in checked(page).metric] == ["6"]
    assert "your own SQL" in texts(page)
    page.text_area[0].set_value("DELETE FROM stores")
    next(button for button in page.button if button.label == "Run").click().run()
    assert "My query failed" in texts(checked(page))
    next(button for button in page.button if button.label == "Back to the first answer").click().run()
    assert [metric.value for metric in checked(page).metric] == ["165"]


def test_unsure_not_in_the_data_and_failed_look_different_and_say_what_to_do(settings: Settings) -> None:
    page = ask(opened("ask_page", settings), "What is the weather?")
    assert "Your data does not hold this" in page.info[0].value
    assert "ask with that name" in page.info[0].value
    ask(page, "Lose the thread")
    assert "My query failed" in page.error[0].value
    unsure = answer([], [], outcome="unsure", reason="Asked 5 times, it came to the same 2 times.", candidates=[
        {"votes": 2, "sql": "SELECT 1", "sentence": "There are 165.", "columns": ["n"], "rows": [[165]], "row_count": 1},
        {"votes": 1, "sql": "SELECT 2", "sentence": "Names.", "columns": ["a", "a"], "rows": [["x", 1], ["y", 2]], "row_count": 2},
    ])  # fmt: skip
    shown = opened("ask_page", settings, kept(settings, Turn("?", "retail_smb", "answered", answer=unsure)))
    assert "I am not sure" in shown.warning[0].value
    assert "There are 165." in texts(shown)


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["a", "a", "", "a"], [[1, 2, 3, 4], [5, 6, 7, None]]),
        (["mixed", "n"], [[1, 1], ["two", 2], [3.5, 3], [None, 4]]),
        (["blob"], [["x'00ff'"], ["x'01'"]]),
        ([IMAGE, "n"], [[IMAGE, 1], ["<script>alert(1)</script>", 2]]),
        (["name", "n"], [[f"row {place}", place] for place in range(10_000)]),
        (["a", "b"], [[None, None], [None, None]]),
        (["a", "b"], [[None, None]]),
        (["only"], [[IMAGE]]),
        ([f"c{place}" for place in range(60)], [list(range(60)), list(range(60))]),
        (["none at all"], []),
        (["big", "inf"], [["9007199254740993", "Infinity"], ["1", "NaN"]]),
        (["when", "n"], [["2024-01-01", 1], ["not a date", 2], ["2024-02", None]]),
    ],
    ids=["names", "mixed", "blobs", "markup", "long", "nulls", "one row", "one cell", "wide", "empty", "large", "dates"],
)
def test_hostile_results_are_shown_as_they_are(settings: Settings, columns: list[str], rows: list[list[Any]]) -> None:
    hostile = answer(columns, rows, sentence=IMAGE, explanation=IMAGE, tables_read=[IMAGE], reason=IMAGE, understood=IMAGE)
    step = {"index": 0, "verb": "QUERY", "argument": IMAGE, "observation": IMAGE, "ok": False, "seconds": 0.1}
    turn = Turn(IMAGE, "retail_smb", "answered", answer=hostile, steps=[step])
    page = opened("ask_page", settings, kept(settings, turn))
    assert "![x](" not in texts(page, ("markdown", "caption", "warning", "info", "error"))
    assert "<img" not in "\n".join(element.proto.body for element in page.get("html"))
    if rows and not (len(rows) == 1 and len(columns) == 1 and isinstance(rows[0][0], int)):
        assert len(page.dataframe[0].value) == len(rows)
    for kind in ("bar", "line", "scatter"):
        for control in [control for control in page.segmented_control if control.label == "Kind"]:
            control.set_value(kind).run()
            checked(page)


def test_history_survives_a_refresh_is_cleared_and_what_was_cut_off_says_so(settings: Settings) -> None:
    page = ask(opened("ask_page", settings), "How many pets do we have?")
    link = address(page)
    again = opened("ask_page", settings, link)
    assert len(again.chat_message) == 2
    next(button for button in again.button if button.label == "Clear").click().run()
    assert len(checked(again).chat_message) == 0
    assert len(opened("ask_page", settings, link).chat_message) == 0
    cut = opened("ask_page", settings, kept(settings, Turn("?", "retail_smb", "running")))
    assert "restarted meanwhile" in cut.error[0].value
    assert len(opened("ask_page", settings, {"c": "../../etc/passwd"}).chat_message) == 0


def test_an_answer_is_stopped_at_any_moment_and_keeps_its_steps(settings: Settings) -> None:
    page = opened("ask_page", settings)
    page.chat_input[0].set_value("Take long").run()
    next(button for button in checked(page).button if button.key == "stop").click().run()
    assert "Stopped" in settled(page).info[0].value
    ask(page, "How many pets do we have?")
    assert "165" in texts(page)


def test_starters_begin_and_feedback_is_taken_once_with_a_reason(settings: Settings, served: Served) -> None:
    page = opened("ask_page", settings)
    assert len(page.pills[0].options) >= 4
    page.pills[0].set_value(page.pills[0].options[0]).run()
    assert len(settled(page).chat_message) == 2
    ask(page, "How many pets do we have?")
    page.feedback[-1].set_value(0).run()
    page.text_input[-1].set_value("birds are missing")
    next(button for button in checked(page).button if button.label == "Send").click().run()
    assert "You said: wrong" in texts(checked(page))


def test_a_csv_and_a_database_are_brought_and_asked_and_a_bad_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    page = opened("ask_page", settings)
    book = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(book)
    connection.execute("CREATE TABLE <x> (a)".replace("<x>", '"odd <b>name</b>"'))
    connection.execute("""INSERT INTO "odd <b>name</b>" VALUES ('=1+1')""")
    connection.commit()
    connection.close()
    for name, data in (("sales.csv", b"day,amount\n2024-01-01,5\n2024-01-02,7\n"), ("shop.sqlite", book.read_bytes())):
        page.file_uploader[0].set_value((name, data, "application/octet-stream")).run()
        next(button for button in checked(page).button if button.label == "Add").click().run()
        checked(page)
        assert page.selectbox(key="database").value.startswith(name.split(".")[0])
        next(button for button in page.button if button.label == "Delete").click().run()
        checked(page)
    page.file_uploader[0].set_value(("notes.csv", b"\x00\x01\x02\x03" * 50, "text/csv")).run()
    next(button for button in checked(page).button if button.label == "Add").click().run()
    assert checked(page).error


def test_without_a_server_the_page_says_so_and_keeps_what_was_answered(settings: Settings, tmp_path: Path) -> None:
    gone = Settings(url="http://127.0.0.1:9", history=settings.history)
    turn = Turn("How many?", "retail_smb", "answered", answer=answer(["n"], [[7]]))
    page = opened("ask_page", gone, kept(settings, turn))
    assert "cannot be reached" in page.warning[0].value.replace("\\", "")
    assert [metric.value for metric in page.metric] == ["7"]


def test_a_server_that_is_only_starting_is_not_said_to_be_broken(settings: Settings) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as other:  # answers 501 in HTML to everything
        threading.Thread(target=other.serve_forever, daemon=True).start()
        page = opened("ask_page", replace(settings, url=f"http://127.0.0.1:{other.server_port}"))
        other.shutdown()
    assert "it is still starting" in page.warning[0].value
    assert any("looks again every 3 seconds" in caption.value for caption in page.caption)


def test_the_downloads_of_an_answer_and_of_the_conversation_hold_what_they_should(settings: Settings, served: Served) -> None:
    page = ask(opened("ask_page", settings), "Pets by species?")
    conversation = History(settings.history).load(address(page)["c"])
    told = conversation.turns[0].answer
    assert told is not None
    client = Client(served.url)
    assert client.download(told["download"], "csv").decode("utf-8-sig").splitlines()[1].startswith("Dog,49")
    book = openpyxl.load_workbook(io.BytesIO(client.download(told["download"], "xlsx")))
    assert book.active is not None
    assert [cell.value for cell in book.active[2]] == ["Dog", 49]
    markdown = as_markdown(conversation)
    assert "| Dog | 49 |" in markdown
    assert "SELECT species" in markdown
