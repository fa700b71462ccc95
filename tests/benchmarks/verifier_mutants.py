"""Mutants against the verifier: verdicts that should be known, and are not.

Changed queries over every training business, and over every database under DIR/database when a directory in Spider's layout is given.
The right verdict is known from how each was made (tests/mutants.py). How many mutants, how many wrong verdicts by our rule, which may
have none, and by Spider's and BIRD's where the answer was the query's result.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from envs.businesses import TRAIN, build_database
from envs.guard import lenient
from envs.records import Question
from envs.sandbox import Database
from envs.verifier import judge
from tests.benchmarks.report import Figure, Report
from tests.mutants import mutants


def databases(folder: Path, spider: Path | None) -> Iterator[Path]:
    for name in TRAIN:
        build_database(name, folder / f"{name}.sqlite", 0)
        yield folder / f"{name}.sqlite"
    if spider is not None:
        yield from sorted((spider / "database").glob("*/*.sqlite"))


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--spider", type=Path, help="directory with database/<db_id>/<db_id>.sqlite")
    parser.add_argument("--of-a-kind", type=int, default=6, help="mutants of one kind on one database, at most")
    parser.add_argument("--seed", type=int, default=17)


def measure(options: argparse.Namespace) -> Report:
    started, rng = time.perf_counter(), random.Random(options.seed)
    made: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    shown: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for path in databases(Path(folder), options.spider):
            with closing(Database.open(path)) as database, closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as plain:
                plain.text_factory = lenient
                made["databases"] += 1
                for mutant in mutants(plain, database.schema, rng, options.of_a_kind):
                    verdict = judge(database, Question(path.stem, path.stem, "?", mutant.gold), mutant.sql, mutant.answer)
                    made["right" if mutant.right else "wrong"] += 1
                    kinds[mutant.kind] += 1
                    if verdict.correct is not mutant.right:
                        wrong["ours"] += 1
                        shown.append(f"{path.stem}: {mutant}")
                    if mutant.answer == "RESULT":
                        wrong["spider"] += verdict.spider is not mutant.right
                        wrong["bird"] += verdict.bird is not mutant.right
    figures = {
        "wrong_verdicts/ours": Figure(wrong["ours"], "count", at_most=0),
        "wrong_verdicts/spider": Figure(wrong["spider"], "count"),
        "wrong_verdicts/bird": Figure(wrong["bird"], "count"),
        "mutants": Figure(made["right"] + made["wrong"], "count"),
        "harmless": Figure(made["right"], "count"),
        "wrong": Figure(made["wrong"], "count"),
        "kinds": Figure(len(kinds), "count"),
        "databases": Figure(made["databases"], "count"),
        "took": Figure(time.perf_counter() - started, "s"),
    }
    return Report("verifier-mutants", figures, {"seed": options.seed, "of_a_kind": options.of_a_kind}, notes=shown[:20])
