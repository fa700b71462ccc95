"""Mutants against the verifier: `python tests/benchmarks/verifier_mutants.py [--spider DIR] [--of-a-kind 6] [--seed 17]`.

Changed queries over every training business, and over every database under DIR/database when a directory in Spider's layout is given.
The right verdict is known from how each was made (tests/mutants.py). Prints one JSON object: how many mutants, how many wrong verdicts
by our rule, and by Spider's and BIRD's where the answer was the query's result; exit code 1 when ours is wrong once.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from envs.businesses import TRAIN, build_database
from envs.guard import lenient
from envs.records import Question
from envs.sandbox import Database
from envs.verifier import judge
from tests.mutants import mutants


def databases(folder: Path, spider: Path | None) -> Iterator[Path]:
    for name in TRAIN:
        build_database(name, folder / f"{name}.sqlite", 0)
        yield folder / f"{name}.sqlite"
    if spider is not None:
        yield from sorted((spider / "database").glob("*/*.sqlite"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spider", type=Path, help="directory with database/<db_id>/<db_id>.sqlite")
    parser.add_argument("--of-a-kind", type=int, default=6, help="mutants of one kind on one database, at most")
    parser.add_argument("--seed", type=int, default=17)
    arguments = parser.parse_args()
    started, rng = time.perf_counter(), random.Random(arguments.seed)
    made: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    shown: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for path in databases(Path(folder), arguments.spider):
            with closing(Database.open(path)) as database, closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as plain:
                plain.text_factory = lenient
                made["databases"] += 1
                for mutant in mutants(plain, database.schema, rng, arguments.of_a_kind):
                    verdict = judge(database, Question(path.stem, path.stem, "?", mutant.gold), mutant.sql, mutant.answer)
                    made["right" if mutant.right else "wrong"] += 1
                    kinds[mutant.kind] += 1
                    if verdict.correct is not mutant.right:
                        wrong["ours"] += 1
                        shown.append(f"{path.stem}: {mutant}")
                    if mutant.answer == "RESULT":
                        wrong["spider"] += verdict.spider is not mutant.right
                        wrong["bird"] += verdict.bird is not mutant.right
    print(json.dumps({
        "databases": made["databases"], "mutants": made["right"] + made["wrong"], "harmless": made["right"], "wrong": made["wrong"],
        "kinds": len(kinds), "wrong_verdicts": {rule: wrong[rule] for rule in ("ours", "spider", "bird")}, "shown": shown[:20],
        "seconds": round(time.perf_counter() - started, 1),
    }, indent=2))  # fmt: skip
    sys.exit(1 if shown else 0)


if __name__ == "__main__":
    main()
