"""Mutated SQL and damaged files against the jail.

Whatever is thrown, only QueryError (or ValueError when a file is opened) may come back, the file must stay as it was, and the next query
on a sound file must be right. What else happens ends the benchmark where it happens; how long a query may take is a bound of its figures.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from envs.sandbox import Database, Limits, QueryError, Trust
from envs.schema import describe, sample
from tests.benchmarks.report import Figure, Report
from tests.conftest import make_shop
from tests.hostile import SQL

LIMITS = Limits(timeout_s=0.2)
QUERIES = 40  # in a round
LONGEST_S = 8.0  # of one query, the start of a child and a killed one included, on a busy machine
_GOOD = (
    "SELECT count(*) FROM pets", "SELECT name, weight_kg FROM pets WHERE species = 'dog' ORDER BY weight_kg DESC LIMIT 2",
    "SELECT o.full_name, sum(s.quantity * p.price) FROM sales s JOIN Products p USING (product_id), owners o GROUP BY 1",
    "WITH spent AS (SELECT owner_id, sum(quantity) AS n FROM sales GROUP BY 1) SELECT max(n), count(*) FROM spent",
    "SELECT strftime('%Y-%m', sold_on), count(*), rank() OVER (ORDER BY count(*)) FROM sales GROUP BY 1 HAVING count(*) > 1",
    "SELECT full_name FROM owners WHERE owner_id NOT IN (SELECT owner_id FROM pets WHERE owner_id IS NOT NULL) UNION SELECT name FROM pets",
)  # fmt: skip
_PIECES = (
    "(", ")", ",", ";", "'", '"', "`", "[", "]", "--", "/*", "*/", "\0", "\n", "\ud800", "é", "%", "*", "||", "->", "x'00'", "1e999", "-1",
    "9223372036854775807", "NULL", "SELECT", "FROM", "WITH a AS (SELECT 1)", "WITH RECURSIVE", "UNION ALL", "JOIN", "LEFT JOIN", "ON",
    "USING", "WHERE", "GROUP BY", "ORDER BY", "LIMIT -1", "OVER ()", "WINDOW w AS ()", "pets", "owners", "sales", "dbstat",
    "printf('%.*c', 999999999, 'x')", "json_each('[1,2]')", "instr(", "replace(", "zeroblob(1000000000)", "MATERIALIZED", "IN", "CASE",
)  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=17)


def measure(options: argparse.Namespace) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        counts = fuzz(rounds_for(options.seconds), options.seed, Path(folder))
    longest = Figure(counts.pop("longest_s"), "s", at_most=LONGEST_S)
    figures = {name: Figure(count, "count") for name, count in counts.items()}
    how = {"seconds": options.seconds, "seed": options.seed, "timeout_s": LIMITS.timeout_s}
    return Report("fuzz", {"longest": longest, **figures}, how)


def rounds_for(seconds: float) -> Iterator[int]:
    """Numbers of rounds, as many as begin within the time."""
    until = time.monotonic() + seconds
    return itertools.takewhile(lambda _: time.monotonic() < until, itertools.count())


def fuzz(rounds: Iterable[int], seed: int, folder: Path) -> dict[str, int | float]:
    """Counts of what came of so many rounds, each of QUERIES queries and one damaged file, and the seconds of the longest query.

    Raises:
        AssertionError: a file changed or an answer was wrong.
    """
    rng, counts = random.Random(seed), Counter[str]()
    shop = folder / "shop" / "shop.sqlite"
    shop.parent.mkdir()
    make_shop(shop)
    seeds = [*_GOOD, *_GOOD, *(case.sql[:5_000] for case in SQL.values())]
    good, longest = hashlib.sha256(shop.read_bytes()).hexdigest(), 0.0
    database = Database.open(shop, LIMITS, Trust.UNTRUSTED)
    try:
        for _ in rounds:
            for _ in range(QUERIES):
                longest = max(longest, _one_query(database, mutated(rng, seeds), counts))
            longest = max(longest, _one_file(shop.read_bytes(), folder / "damaged", rng, counts))
            sound = database.query("SELECT count(*), (SELECT max(name) FROM pets) FROM sales", timeout_s=30.0)
            assert sound.rows == ((9, "Tweety"),)
            assert hashlib.sha256(shop.read_bytes()).hexdigest() == good
            assert [p.name for p in shop.parent.iterdir()] == [shop.name]
    finally:
        database.close()
    return {**dict(sorted(counts.items())), "longest_s": round(longest, 2)}


def mutated(rng: random.Random, seeds: list[str]) -> str:
    """A query with a few pieces put in, taken out, doubled or joined to another's."""
    text = rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        words = text.split(" ")
        at = rng.randrange(len(words) + 1)
        match rng.randrange(6):
            case 0:
                words.insert(at, rng.choice(_PIECES))
            case 1:
                del words[at : at + rng.randrange(1, 4)]
            case 2:
                words[at:at] = words[at : at + 6] * rng.choice((1, 2, 30))
            case 3:
                words[at:] = rng.choice(seeds).split(" ")[-6:]
            case 4:
                words[at : at + 1] = [rng.choice(words)]
            case _:
                place = rng.randrange(len(text) + 1)
                words = [text[:place] + rng.choice(_PIECES) + text[place + rng.randrange(3) :]]
        text = " ".join(words)[:25_000]
    return text if rng.random() < 0.9 or text.startswith("SELECT") else f"SELECT * FROM ({text})"


def damaged(good: bytes, rng: random.Random) -> bytes:
    """A database file with bits flipped, bytes written over, pages swapped or its end cut off; the first 16 bytes stay."""
    data = bytearray(good)
    for _ in range(rng.choice((1, 5, 50, 200))):
        data[rng.randrange(16, len(data))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.3:
        start = rng.randrange(16, len(data))
        data[start : start + 40] = rng.randbytes(40)
    if rng.random() < 0.3:
        one, two = (4096 * rng.randrange(1, len(data) // 4096) for _ in range(2))
        data[one : one + 4096], data[two : two + 4096] = data[two : two + 4096], data[one : one + 4096]
    return bytes(data[: rng.randrange(100, len(data))] if rng.random() < 0.2 else data)


def _one_query(database: Database, sql: str, counts: Counter[str]) -> float:
    started = time.monotonic()
    try:
        database.query(sql)
        counts["query ok"] += 1
    except QueryError as error:
        counts[f"query {error.code}"] += 1
    return time.monotonic() - started


def _one_file(good: bytes, folder: Path, rng: random.Random, counts: Counter[str]) -> float:
    folder.mkdir(exist_ok=True)
    path = folder / "d.sqlite"
    path.write_bytes(damaged(good, rng))
    before, started = path.read_bytes(), time.monotonic()
    try:
        database = Database.open(path, LIMITS, Trust.UNTRUSTED)
    except ValueError:
        counts["file refused"] += 1
    else:
        counts["file opened"] += 1
        for table in database.schema.names[:5]:
            for act in (describe, sample):
                try:
                    act(database, table)
                    counts["look ok"] += 1
                except QueryError as error:
                    counts[f"look {error.code}"] += 1
        for sql in _GOOD:
            _one_query(database, sql, counts)
        database.close()
    assert path.read_bytes() == before
    assert [p.name for p in folder.iterdir()] == [path.name]
    return (time.monotonic() - started) / 8
