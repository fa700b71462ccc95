"""The owner's and the engineer's journeys in a real Chromium, against the real serving application with a script for a model."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from cluster.app_command import app_command, app_environment
from cluster.listening import free_port
from dashboards.history import Conversation, History, Turn, new_id
from dashboards.settings import ENV_HISTORY
from envs.run_claim import claimed
from envs.run_store import RunStore
from tests.conftest import make_shop
from tests.dashboards.server import Served, serving
from tests.dashboards.test_ask_page import IMAGE, answer

PATIENCE_MS = 60_000  # for anything to show on a slow machine; a test that passes waits for far less
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("serving")) as served:
        yield served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def address(served: Served, folder: Path) -> Iterator[str]:
    """The app as the launcher starts it."""
    port = free_port()
    environment = app_environment({**os.environ, ENV_HISTORY: str(folder / "conversations")}, served.url, folder / "runs")
    process = subprocess.Popen(app_command("127.0.0.1", port), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/_stcore/health", trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                assert process.poll() is None and time.monotonic() < ends, "the app did not start"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page whose every request must go to the app itself."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    elsewhere: list[str] = []

    def seen(request: Request) -> None:
        if not request.url.startswith((address, address.replace("http", "ws"), "data:", "blob:")):
            elsewhere.append(request.url)

    page.on("request", seen)
    yield page
    context.close()
    assert elsewhere == [], "a request left the machine"


def ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    expect(box).to_be_enabled()
    box.fill(question)
    box.press("Enter")


def test_ask_change_the_chart_run_other_sql_download_follow_up_and_say_wrong(page: Page, address: str) -> None:
    page.goto(address)
    ask(page, "Pets by species?")
    expect(page.get_by_text("4 steps, 1 error met and recovered from")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(1)
    page.get_by_text("Change chart").click()
    page.get_by_role("radio", name="No chart").click()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(0)
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").filter(has_text="CSV").get_by_role("button").click()
    assert download.value.path().read_text("utf-8-sig").splitlines()[1] == "Dog,49"
    page.get_by_text("The SQL, in words and to change").click()
    page.get_by_label("SQL", exact=True).fill("SELECT count(*) AS shops FROM stores")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_test_id("stMetricValue")).to_have_text("6")
    ask(page, "And how many dogs?")
    expect(page.get_by_test_id("stMetricValue").last).to_have_text("8")
    page.get_by_role("radio", name="Thumbs down").last.click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("You said: wrong")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You said: wrong")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue")).to_have_count(2)


def test_an_answer_is_stopped_and_one_whose_server_restarts_says_so(page: Page, address: str, served: Served) -> None:
    page.goto(address)
    ask(page, "Take long")
    expect(page.get_by_text("Looked up what")).to_be_visible()  # while the next step is under way
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped. Ask again whenever you like.")).to_be_visible()
    ask(page, "Take long")
    expect(page.get_by_text("Looked up what").last).to_be_visible()
    served.stop()
    expect(page.get_by_text("broke off").or_(page.get_by_text("stopping")).last).to_be_visible()
    page.reload()
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    served.start()
    ask(page, "How many pets do we have?")  # the page has found the server by itself
    expect(page.get_by_test_id("stMetricValue")).to_have_text("165")


def test_markup_in_questions_answers_and_cells_is_text(page: Page, address: str, folder: Path) -> None:
    rows = [[IMAGE, 1], ["<script>document.title='run'</script>", 2]]
    hostile = answer([IMAGE, "n"], rows, sentence=IMAGE, explanation=IMAGE, tables_read=[IMAGE], understood=IMAGE)
    step = {"index": 0, "verb": "QUERY", "argument": IMAGE, "observation": IMAGE, "ok": False, "seconds": 0.1}
    kept = Conversation(new_id(), [Turn(IMAGE, "retail_smb", "answered", answer=hostile, steps=[step])], "retail_smb")
    History(folder / "conversations").save(kept)
    page.on("dialog", lambda _: pytest.fail("markup was run"))
    page.goto(f"{address}/?c={kept.id}")
    page.get_by_text("How I got this").click()
    page.get_by_text("The SQL, in words and to change").click()
    expect(page.get_by_text("Tables read:")).to_be_visible()
    assert page.locator("img[src*=evil], a[href*=evil]").count() == 0
    assert page.title() != "run"


def test_a_run_is_watched_while_it_goes_on(page: Page, address: str, folder: Path) -> None:
    store = RunStore(folder / "runs" / "going")
    store.append_event("data")
    store.append_metrics(1, {"sft/loss": 3.0})
    with claimed(store.path):
        page.goto(f"{address}/runs")
        step = page.get_by_test_id("stMetric").filter(has_text="Step").get_by_test_id("stMetricValue")
        expect(step).to_have_text("1")
        store.append_metrics(2, {"sft/loss": 2.5})
        expect(step).to_have_text("2")
        expect(page.get_by_text("Going on")).to_be_visible()
    expect(page.get_by_text("Going on")).to_have_count(0)  # it has ended


def test_a_csv_and_a_database_are_brought_and_asked(page: Page, address: str, tmp_path: Path) -> None:
    sales = tmp_path / "sales.csv"
    sales.write_text("day,amount\n2024-01-01,5\n2024-01-02,7\n")
    shop = tmp_path / "corner.sqlite"
    make_shop(shop)
    for file in (sales, shop):
        page.goto(address)
        page.get_by_role("button", name="Bring your own").click()
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("combobox", name="Data")).to_have_value(re.compile(file.stem, re.IGNORECASE))
    ask(page, "How many rows of sales?")
    expect(page.get_by_test_id("stMetricValue")).to_have_text("9")
