"""Spider's golds under the trusted limits: how many run, and how many should not be scored.

DIR holds train_spider.json and database/<db_id>/<db_id>.sqlite. Every gold is brought into our spelling and run as a policy's query
would be, and must give the rows that SQLite gives for the gold as written.
"""

from __future__ import annotations

import argparse
import dataclasses
import sqlite3
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

from envs.gold_rows import GRADE_ROWS_MAX, GRADE_TIMEOUT_S
from envs.guard import lenient
from envs.health import Mark, by_reason, mark
from envs.question_sets import database_path
from envs.questions import canonical_sql, load_questions
from envs.records import Question
from envs.sandbox import Database, QueryError
from envs.sql_reading import parse
from tests.benchmarks.report import Figure, Report


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--spider", type=Path, required=True, help="directory with train_spider.json and database/")


def measure(options: argparse.Namespace) -> Report:
    started = time.perf_counter()
    found = check(options.spider)
    refused, differing, reasons = found.pop("refused"), found.pop("differing"), found.pop("by_reason")
    figures = {
        "refused": Figure(len(refused), "count", at_most=0),
        "rows_differ": Figure(len(differing), "count", at_most=0),
        **{name: Figure(count, "count") for name, count in found.items()},
        **{f"not_to_be_scored/{reason}": Figure(count, "count") for reason, count in reasons.items()},
        "took": Figure(time.perf_counter() - started, "s"),
    }
    return Report("spider-golds", figures, {"golds": "all of train_spider.json"}, notes=[*refused[:20], *differing[:20]])


def check(spider: Path) -> dict[str, Any]:
    """What came of every gold."""
    by_database: dict[str, list[Question]] = defaultdict(list)
    for question in load_questions(spider / "train_spider.json"):
        by_database[question.db_id].append(question)
    counts: Counter[str] = Counter()
    refused: list[str] = []
    differing: list[str] = []
    marked: dict[str, Mark] = {}
    for db_id, questions in by_database.items():
        path = database_path(spider / "database", db_id)
        with closing(Database.open(path)) as database, closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
            raw.text_factory = lenient
            for question in questions:
                counts["golds"] += 1
                try:
                    sql = canonical_sql(question.gold_sql, database.schema)
                    counts["within_an_episodes_limits"] += not database.query(sql).truncated
                    rows = database.query(sql, GRADE_ROWS_MAX, timeout_s=GRADE_TIMEOUT_S).rows
                except (QueryError, ValueError) as error:
                    refused.append(f"{question.id}: {error}; {question.gold_sql}")
                    continue
                counts["run"] += 1
                if list(rows) != raw.execute(question.gold_sql).fetchall():
                    differing.append(f"{question.id}: {question.gold_sql}; ours: {sql}")
                counts["final_limit"] += parse(sql).args.get("limit") is not None
                found = mark(database, dataclasses.replace(question, gold_sql=sql))
                if found is not None:
                    marked[question.id] = found
    ties = Counter(found.detail == "at the final LIMIT" for found in marked.values() if found.reason == "tied_limit")
    return {**counts, "refused": refused, "differing": differing, "not_to_be_scored": len(marked), "by_reason": by_reason(marked),
            "tied_at_the_final_limit": ties[True], "tied_at_an_inner_limit": ties[False]}  # fmt: skip
