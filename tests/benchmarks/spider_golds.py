"""Spider's golds under the trusted limits: `python tests/benchmarks/spider_golds.py --spider DIR [--json]`.

DIR holds train_spider.json and database/<db_id>/<db_id>.sqlite. Every gold is brought into our spelling and run as a policy's query
would be, and must give the rows that SQLite gives for the gold as written. Says how many run and how many should not be scored, by
reason; exit code 1 when a gold is refused or its rows differ.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sqlite3
import sys
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from envs.gold_rows import GRADE_ROWS_MAX, GRADE_TIMEOUT_S
from envs.guard import lenient
from envs.health import Mark, by_reason, mark
from envs.question_sets import database_path
from envs.questions import canonical_sql, load_questions
from envs.records import Question
from envs.sandbox import Database, QueryError
from envs.sql_reading import parse


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spider", type=Path, required=True, help="directory with train_spider.json and database/")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    arguments = parser.parse_args()
    started = time.perf_counter()
    found = check(arguments.spider) | {"seconds": round(time.perf_counter() - started, 1)}
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(f"{key}: {value}" for key, value in found.items()))
    sys.exit(1 if found["refused"] or found["differing"] else 0)


if __name__ == "__main__":
    main()
