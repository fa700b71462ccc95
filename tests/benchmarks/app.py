"""The app in a real Chromium: its first paint, switching pages, a run of 100,000 lines of metrics, 5,000 trajectories to browse.

The app runs as `analyst-buddy app` starts it, beside the real serving application with a script for a model. Everything is time on the
clock, from the click (or the address) until what was asked for stands on the page, so it says what this machine did under its load.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright
from tokenizers import Tokenizer

from actors.rollout import play_group
from cluster.app_command import APP_START_S, app_command, app_environment, child, wait_until_up
from cluster.base_model import BUNDLED, resolve
from cluster.listening import free_port
from dashboards.run_reading import MetricsLog
from dashboards.settings import ENV_HISTORY
from envs.dialogue import Codec
from envs.group_files import write_groups
from envs.records import Group, Question, Trajectory
from envs.run_store import RunStore
from envs.sandbox import Database
from tests.benchmarks.report import Figure, Report
from tests.conftest import make_shop
from tests.dashboards.runs import EPISODE, KINDS, ROLLOUT, script
from tests.dashboards.server import serving
from tests.fakes import ScriptedPolicy

FIRST_PAINT_S, SWITCH_S = 2.0, 1.0
METRICS = "metrics.jsonl"
GROUP = 8  # trajectories of a question
STEPS_OF_SFT = 0.5  # share of the lines
SETTLED = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    return app && app.dataset.testScriptState === 'notRunning' && !document.querySelector('[data-testid="stSkeleton"]');
}"""
CHART = "[data-testid=stVegaLiteChart] .marks"  # what Vega has drawn
PAGES = {
    "ask": ("Ask", "[data-testid=stChatInputTextArea]"),
    "runs": ("Runs", CHART),
    "trajectories": ("Trajectories", "[data-testid=stDataFrame] canvas"),
    "compare": ("Compare", "[data-testid=stMetric]"),
}  # the words of its link, and what its content is known by


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--metrics", type=int, default=100_000, help="lines of metrics.jsonl of the large run (default 100000)")
    parser.add_argument("--trajectories", type=int, default=5_000, help="trajectories of its one step (default 5000)")
    parser.add_argument("--repeats", type=int, default=5, help="of each click; the median counts (default 5)")


def measure(options: argparse.Namespace) -> Report:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise OSError("no chromium on the PATH: wanted a browser to measure in (Debian: apt-get install chromium)")
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as stack:
        folder = Path(made)
        large = large_run(folder / "runs" / "large", options.metrics, options.trajectories)
        figures |= read_alone(large)
        (folder / "serving").mkdir()
        served = stack.enter_context(serving(folder / "serving"))
        port = free_port()
        environment = app_environment({**os.environ, ENV_HISTORY: str(folder / "conversations")}, served.url, folder / "runs")
        began = time.perf_counter()
        process = stack.enter_context(child(app_command("127.0.0.1", port), environment))
        address = f"http://127.0.0.1:{port}"
        wait_until_up(f"{address}/_stcore/health", APP_START_S, {"the app": process})
        figures["start_s"] = Figure(time.perf_counter() - began, "s")
        browser = stack.enter_context(chromium_at(chromium))
        visits = [visit(browser, address, "ask") for _ in range(1 + options.repeats)]
        figures["first_paint_s"] = Figure(visits[0], "s", at_most=FIRST_PAINT_S)
        figures["paint_again_s"] = Figure(statistics.median(visits[1:]), "s", at_most=FIRST_PAINT_S)
        figures |= browsed(browser, address, options.repeats)
    how = {
        "metrics_lines": options.metrics,
        "trajectories": options.trajectories,
        "repeats": options.repeats,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "clock": "wall, from the click until it stands on the page; first_paint_s is the very first visit",
        "statistic": "median",
    }
    return Report("app", figures, how)


def large_run(path: Path, lines: int, trajectories: int) -> RunStore:
    """A run with so many lines of metrics and one step with so many trajectories: played once, repeated with other logprobs."""
    store, rng = RunStore(path), np.random.default_rng(0)
    store.append_event("data", fingerprint="x")
    sft = int(lines * STEPS_OF_SFT)
    with (path / METRICS).open("w") as file:
        for step in range(1, lines + 1):
            wave = math.sin(step / 500)
            row = {"step": step, "time": float(step), "learner/step_s": 1.0 + 0.1 * wave, "learner/tokens_per_s": 400 + 50 * wave}
            row |= {"sft/loss": 1 + 1000 / (step + 500)} if step <= sft else {"reward/mean": 0.4 + 0.2 * wave, "policy/entropy": 0.5}
            file.write(json.dumps(row) + "\n")
    store.append_event("stage_done", stage="sft", steps=sft, step=sft)
    shop = path.parent.parent / "shop.sqlite"
    make_shop(shop)
    database = Database.open(shop)
    codec = Codec(Tokenizer.from_file(str(resolve(BUNDLED) / "tokenizer.json")))
    question = Question("shop/0", "shop", "How many pets are there?", "SELECT COUNT(*) FROM pets", ("pets",), ("aggregate",))
    played = [_played(codec, database, question, KINDS[member % len(KINDS)], member) for member in range(GROUP)]
    groups = []
    for place in range(-(-trajectories // GROUP)):
        asked = replace(question, id=f"shop/{place}", text=f"{question.text} ({place})")
        groups.append(Group(asked, tuple(_again(group.trajectories[0], asked, rng) for group in played)))
    write_groups(store.groups_path(lines), groups)
    write_groups(store.evaluation_path(0).with_name("step_000000_base_validation.parquet"), played[:1])
    write_groups(store.evaluation_path(sft).with_name(f"step_{sft:06d}_sft_validation.parquet"), played[:1])
    database.close()
    return store


def _played(codec: Codec, database: Database, question: Question, kind: str, member: int) -> Group:
    policy = ScriptedPolicy(codec, script(question, database.schema.names, kind), context=30_000)
    group = asyncio.run(play_group(policy, codec, database, question, 1, EPISODE, ROLLOUT, seed=0, temperature=1.0))
    return replace(group, trajectories=(replace(group.trajectories[0], member=member),))


def _again(played: Trajectory, asked: Question, rng: np.random.Generator) -> Trajectory:
    return replace(played, question_id=asked.id, logprobs=tuple((-rng.exponential(0.3, len(played.mask)) * played.mask).tolist()))


def read_alone(run: RunStore) -> dict[str, Figure]:
    """Reading the metrics without a browser: all of them, then one more line."""
    log = MetricsLog(run.path / METRICS)
    began = time.perf_counter()
    log.refresh()
    whole = time.perf_counter() - began
    run.append_metrics(log.last_step + 1, {"reward/mean": 0.5})
    began = time.perf_counter()
    log.refresh()
    return {"metrics/read_s": Figure(whole, "s"), "metrics/read_on_ms": Figure(1e3 * (time.perf_counter() - began), "ms")}


class Browsing:
    """One visitor, and how long each click took until what it asks for stands on the page."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.times: dict[str, list[float]] = {}
        self.page = browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce").new_page()
        self.page.set_default_timeout(60_000)
        self.page.goto(address)
        self.page.wait_for_selector(PAGES["ask"][1])
        self.page.wait_for_function(SETTLED)

    def switch(self, name: str, figure: str) -> None:
        """Go to another page."""
        words, known_by = PAGES[name]
        with self._timed(figure):
            self.page.get_by_test_id("stSidebarNavLink").filter(has_text=words).click()
            self.page.wait_for_selector(known_by)

    def stage(self, name: str) -> None:
        """Look at one stage of the run: its chart is drawn anew."""
        drawn = self.page.locator(CHART).first.element_handle()
        with self._timed("metrics/stage_s"):
            self.page.get_by_role("radio", name=name).click()
            self.page.wait_for_function("drawn => !drawn.isConnected", arg=drawn)

    def search(self, text: str) -> None:
        """Search the groups: the number of those that pass changes."""
        told = str(self.page.get_by_text("Choose one to read it.").text_content())
        with self._timed("trajectories/search_s"):
            box = self.page.get_by_role("textbox", name="Search")
            box.fill(text)
            box.press("Enter")
            self.page.get_by_text(told, exact=True).wait_for(state="detached")

    def turn_to(self, number: int) -> None:
        """Another page of the list: its first group is shown."""
        heading = self.page.locator("h3").first.text_content()
        with self._timed("trajectories/next_page_s"):
            self.page.get_by_label(f"Page {number}", exact=True).click()
            self.page.wait_for_function("told => document.querySelector('h3')?.textContent !== told", arg=heading)

    @contextlib.contextmanager
    def _timed(self, figure: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.times.setdefault(figure, []).append(time.perf_counter() - began)
        self.page.wait_for_function(SETTLED)


def browsed(browser: Browser, address: str, repeats: int) -> dict[str, Figure]:
    """Pages and what can be clicked on them, all of the large run."""
    here = Browsing(browser, address)
    here.switch("runs", "metrics/first_open_s")  # reads the large files
    here.switch("trajectories", "trajectories/first_open_s")
    for _ in range(repeats):
        for name in ("compare", "ask", "runs"):
            here.switch(name, f"switch/{name}_s")
        for stage in ("phase1", "sft"):
            here.stage(stage)
        here.switch("trajectories", "switch/trajectories_s")
        for text in ("(17)", ""):
            here.search(text)
        for number in (2, 1):
            here.turn_to(number)
    bounds = {name: SWITCH_S for name in here.times if not name.endswith("first_open_s")}
    return {name: Figure(statistics.median(found), "s", at_most=bounds.get(name)) for name, found in here.times.items()}


def visit(browser: Browser, address: str, name: str) -> float:
    """Seconds from asking for a page until its content stands there, as somebody who was never here."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(PAGES[name][1])
    took = time.perf_counter() - began
    context.close()
    return took


@contextlib.contextmanager
def chromium_at(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()
