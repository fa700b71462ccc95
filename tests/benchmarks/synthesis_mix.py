"""How many different questions the training businesses give, how fast, and of what kinds.

A skeleton shows what a query is built like, not what it is about: with every name and value masked, `SELECT _ FROM _ WHERE _ = ?` is one,
whatever the tables. Whether golds are fit to score is found by the check that other people's data sets go through.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from envs.businesses import TRAIN, VALIDATION, build_database, wording
from envs.contamination import masked_skeleton
from envs.health import mark
from envs.records import Question
from envs.sandbox import Database
from envs.synthesis import synthesize
from tests.benchmarks.report import Figure, Report

SECONDS_MAX, SKELETONS_MIN, MANY_TABLES_MIN = 120.0, 2_000, 0.25
FULL = 20_000  # questions that the bounds are for


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--questions", type=int, default=FULL)
    parser.add_argument("--phrasing", choices=("train", "validation"), default="train", help="the sentences, and whose businesses")
    parser.add_argument("--seed", type=int, default=0)


def measure(options: argparse.Namespace) -> Report:
    names = VALIDATION if options.phrasing == "validation" else TRAIN
    questions: list[Question] = []
    seconds, unfit = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        for place, name in enumerate(names):
            path = Path(folder) / f"{name}.sqlite"
            build_database(name, path, 0)
            wanted = options.questions * (place + 1) // len(names) - options.questions * place // len(names)
            with closing(Database.open(path)) as database:
                started = time.process_time()
                made = synthesize(database, wanted, options.seed, options.phrasing, wording(name))
                seconds += time.process_time() - started
                unfit += sum(mark(database, question) is not None for question in made)
            questions += made

    def share(number: int) -> float:
        return number / len(questions)

    bounded = options.questions >= FULL and options.phrasing == "train"
    buckets = Counter(q.tables_bucket for q in questions)
    kinds = Counter(q.constructs[0] for q in questions)
    parts = Counter(part for q in questions for part in set(q.constructs[1:]))
    skeletons = len({masked_skeleton(q.gold_sql) for q in questions})
    figures = {
        "questions": Figure(len(questions), "count", at_least=0.99 * options.questions if bounded else None),
        "processor time on one core": Figure(seconds, "s", at_most=SECONDS_MAX if bounded else None),
        "skeletons, names and values masked": Figure(skeletons, "count", at_least=SKELETONS_MIN if bounded else None),
        "golds unfit to score": Figure(unfit, "count", at_most=0),
        "over three tables or more": Figure(share(buckets["3+"]), "share", at_least=MANY_TABLES_MIN if bounded else None),
        "over one table": Figure(share(buckets["1"]), "share"),
        "over two": Figure(share(buckets["2"]), "share"),
        "over four": Figure(share(sum(len(q.tables) >= 4 for q in questions)), "share"),
        "words in a question": Figure(share(sum(len(q.text.split()) for q in questions)), "count"),
        **{f"kind {kind}": Figure(share(number), "share") for kind, number in kinds.most_common()},
        **{f"with {part}": Figure(share(number), "share") for part, number in parts.most_common()},
    }
    how = {
        "businesses": len(names),
        "phrasing": options.phrasing,
        "seed": options.seed,
        "time": "of the process, without building databases",
    }
    return Report("synthesis-mix", figures, how)
