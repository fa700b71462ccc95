"""What a QUERY step costs: beside raw SQLite, beside SkyRL-gym's SQL tool, and in the jail.

A step is all of SqlEnv.step: the turn parsed, the query checked, run behind the guards, its rows rendered. Raw is
`execute(sql).fetchall()` on a pooled read-only connection to the same file: no bounds, no text for the policy. Every SQL text is new to its
connection on every side, so no statement cache helps. The sides take turns, question by question, in changing order (SkyRL's tool alone:
what runs after its pandas table finds the processor's caches emptied). Processor time, of all threads and of the jailed child too, so that
a machine busy with something else is waited for but not measured; --wall for the time on the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envs.database_file import database_uri
from envs.dataset import DataConfig, build_dataset
from envs.question_sets import database_path
from envs.questions import canonical_sql, load_questions
from envs.records import Question
from envs.sandbox import Database, QueryError, Trust
from envs.sql_env import EpisodeConfig, SqlEnv
from tests.benchmarks.report import Figure, Report, medians

OVER_RAW, SKYRL, JAIL_MS = 1.5, 25.0, 3.0
_EPISODE = EpisodeConfig()

Clock = Callable[[], float]
Side = Callable[[Question, str], float]  # runs this text for this question and gives the seconds it took


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--spider", type=Path, metavar="DIR", help="also Spider's golds: DIR holds train_spider.json and database/")
    parser.add_argument("--queries", type=int, default=400, help="golds of each source, evenly over its questions (default 400)")
    parser.add_argument("--wall", action="store_true", help="time on the clock instead of processor time")
    parser.add_argument("--repeats", type=int, default=15, help="times each gold is run on each side (default 15)")


def measure(options: argparse.Namespace) -> Report:
    figures: dict[str, Figure] = {}
    notes: list[str] = []
    skyrl = _skyrl()
    if skyrl is None:
        notes.append("skyrl-gym is not installed, so it was not measured: pip install skyrl-gym, or put it on PYTHONPATH")
    with tempfile.TemporaryDirectory() as folder:
        for source in [_own(Path(folder), options.queries), *([_spider(options.spider, options.queries)] if options.spider else [])]:
            clock = time.perf_counter if options.wall else time.process_time
            figures |= source.measured(options.repeats, skyrl, clock)
            notes += source.notes
    how = {
        "repeats": options.repeats,
        "interleaved": True,
        "statistic": "median over queries of the median over repeats; totals are sums of medians",
        "clock": "wall" if options.wall else "processor",
        "load": round(os.getloadavg()[0], 1),
        "texts": "each new to its connection",
        "sqlite": sqlite3.sqlite_version,
        "python": platform.python_version(),
    }
    return Report("env", figures, how, ratio=figures["own/step_over_raw"].value, notes=notes)


@dataclass
class Source:
    """Golds and the databases they are asked of."""

    name: str
    folder: Path  # <db_id>/<db_id>.sqlite
    asked: list[Question]
    notes: list[str] = field(default_factory=list)

    def measured(self, repeats: int, skyrl: _SkyRL | None, clock: Clock) -> dict[str, Figure]:
        with contextlib.ExitStack() as stack:
            paths = {q.db_id: database_path(self.folder, q.db_id) for q in self.asked}
            pool = {db_id: stack.enter_context(contextlib.closing(Database.open(path))) for db_id, path in paths.items()}
            raw = {db_id: stack.enter_context(contextlib.closing(_connect(path))) for db_id, path in paths.items()}
            raw_s, step_s = timed([_raw_side(raw, clock), _step_side(pool, clock)], self.asked, repeats)
            ratios = [step / raw for step, raw in zip(step_s, raw_s, strict=True)]
            figures = {
                "step_over_raw": Figure(statistics.median(ratios), "times", at_most=OVER_RAW),
                "raw_us": Figure(statistics.median(raw_s) * 1e6, "us"),
                "step_us": Figure(statistics.median(step_s) * 1e6, "us"),
                "step_over_raw_of_totals": Figure(sum(step_s) / sum(raw_s), "times"),
                "queries": Figure(len(self.asked), "count"),
                "databases": Figure(len(pool), "count"),
            }
            figures |= self._in_the_jail(_raw_side(raw, clock), repeats, clock)
            if skyrl is not None:
                (theirs_s,) = timed([skyrl.side(self.folder, clock)], self.asked, max(3, repeats // 4))
                figures |= {
                    "skyrl_over_step_of_totals": Figure(sum(theirs_s) / sum(step_s), "times", at_least=SKYRL),
                    "skyrl_over_raw_of_totals": Figure(sum(theirs_s) / sum(raw_s), "times"),  # what no environment can beat
                    "skyrl_us": Figure(statistics.median(theirs_s) * 1e6, "us"),
                    "skyrl_mean_us": Figure(statistics.mean(theirs_s) * 1e6, "us"),
                }
        return {f"{self.name}/{name}": figure for name, figure in figures.items()}

    def _in_the_jail(self, raw: Side, repeats: int, clock: Clock) -> dict[str, Figure]:
        """One database after the other, warm, because a child of each at once would measure the machine's memory."""
        over_s, jail_s = [], []
        by_database: dict[str, list[Question]] = {}
        for question in self.asked[:: max(1, len(self.asked) // 100)]:
            by_database.setdefault(question.db_id, []).append(question)
        for db_id, asked in by_database.items():
            with contextlib.closing(Database.open(database_path(self.folder, db_id), trust=Trust.UNTRUSTED)) as jailed:
                jailed.query("SELECT 1")
                raws, jails = timed([raw, _step_side({db_id: jailed}, clock)], asked, max(3, repeats // 2))
            over_s += [jail - plain for jail, plain in zip(jails, raws, strict=True)]
            jail_s += jails
        return {
            "jailed_step_less_raw_ms": Figure(statistics.median(over_s) * 1e3, "ms", at_most=JAIL_MS),
            "jailed_step_us": Figure(statistics.median(jail_s) * 1e6, "us"),
        }


def timed(sides: Sequence[Side], asked: Sequence[Question], repeats: int) -> list[list[float]]:
    """Seconds [side, question], medians over repeats: the sides follow one another on each question, each first as often as the others."""
    times: list[list[list[float]]] = [[[] for _ in asked] for _ in sides]
    gc.collect()
    gc.freeze()
    try:
        for repeat in range(repeats):
            for place, question in enumerate(asked):
                for turn in range(len(sides)):
                    side = (turn + repeat + place) % len(sides)
                    times[side][place].append(sides[side](question, _new_text(question.gold_sql)))
    finally:
        gc.unfreeze()
    return [medians(of_side) for of_side in times]


_NUMBER = itertools.count()


def _new_text(sql: str) -> str:
    """The query with a comment of its own, so that no connection has seen it."""
    return f"{sql}--{next(_NUMBER):x}"


def _raw_side(pool: dict[str, sqlite3.Connection], clock: Clock) -> Side:
    def run(question: Question, sql: str) -> float:
        connection = pool[question.db_id]
        started = clock()
        connection.execute(sql).fetchall()
        return clock() - started

    return run


def _step_side(pool: dict[str, Database], clock: Clock) -> Side:
    def run(question: Question, sql: str) -> float:
        database = pool[question.db_id]
        env, turn = SqlEnv(database, question, _EPISODE), f"QUERY {sql}"
        child = database.child_pid if clock is time.process_time else None
        before_s = _processor_s(child) if child else 0.0
        started = clock()
        step = env.step(turn)
        took_s = clock() - started
        if child and child == database.child_pid:
            took_s += _processor_s(child) - before_s
        if not step.ok:
            raise RuntimeError(f"{question.id}: {step.observation}")
        return took_s

    return run


def _processor_s(pid: int) -> float:
    """What a process has used of a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _connect(path: Path) -> sqlite3.Connection:
    """Read-only, as the guarded connection is opened."""
    return sqlite3.connect(database_uri(path, private=False, ours=True), uri=True, isolation_level=None)


class _SkyRL:
    """SkyRL-gym's SQL tool: a connection, a thread and a pandas table a step."""

    def __init__(self, group: Callable[..., object]) -> None:
        self._group = group

    def side(self, folder: Path, clock: Clock) -> Side:
        tool = self._group(db_file_path=str(folder))

        def run(question: Question, sql: str) -> float:
            started = clock()
            tool.sql(question.db_id, sql, 5)  # type: ignore[attr-defined] # their class has no types
            return clock() - started

        return run


def _skyrl() -> _SkyRL | None:
    try:
        from skyrl_gym.tools.sql import SQLCodeExecutorToolGroup  # type: ignore[import-not-found,unused-ignore] # installed or not
    except ImportError:
        return None
    return _SkyRL(SQLCodeExecutorToolGroup)


def _own(folder: Path, queries: int) -> Source:
    """The project's own databases: synthesised golds of all businesses, and those written by hand."""
    data = build_dataset(DataConfig(train_questions=max(600, queries), schema_styles=1), folder / "data")
    asked = [q for q in (*data.train, *data.validation, *data.test) if q.answerable]
    return Source("own", data.databases_dir, _spread(asked, queries))


def _spider(folder: Path, queries: int) -> Source:
    """Spider's golds in canonical spelling (double-quoted text in single quotes), those left out that do not run."""
    questions, out = _spread(load_questions(folder / "train_spider.json"), queries), 0
    asked, pool = [], {}
    for question in questions:
        path = database_path(folder / "database", question.db_id)
        database = pool.get(question.db_id) or pool.setdefault(question.db_id, Database.open(path))
        sql = canonical_sql(question.gold_sql, database.schema)
        try:
            database.query(sql)
        except QueryError:
            out += 1
            continue
        asked.append(Question(question.id, question.db_id, question.text, sql))
    for database in pool.values():
        database.close()
    notes = [f"spider: {out} of {len(questions)} golds do not run and were left out"] if out else []
    return Source("spider", folder / "database", asked, notes)


def _spread(questions: Sequence[Question], count: int) -> list[Question]:
    """`count` of them, evenly over the whole."""
    return [questions[place * len(questions) // count] for place in range(count)] if count < len(questions) else list(questions)
