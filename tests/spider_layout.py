"""A small directory in Spider's layout: real SQLite databases that have nothing in common, and questions about each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

NOUNS = ("comet", "violin", "glacier", "saddle", "lantern", "anchor", "marble", "orchid")


def make_spider(directory: Path, nouns: Sequence[str] = NOUNS, more: Iterable[Mapping[str, str]] = ()) -> Path:
    """Six questions about each of these databases, and more rows as given."""
    rows: list[Mapping[str, str]] = []
    for noun in nouns:
        make_database(directory, noun)
        rows += [
            {
                "db_id": noun,
                "question": f"How many {noun}s  have a size above {size} ?",
                "query": f"select count(*) from {noun.upper()} where {noun}_Size > {size}",
            }
            for size in range(1, 5)
        ]
        rows += [
            {
                "db_id": noun,
                "question": f"Which {noun}s did somebody visit on the first of May?",
                "query": f"SELECT T1.{noun}_label FROM {noun} AS T1 JOIN {noun}_visit AS T2 ON T1.{noun}_id = T2.{noun}_id "
                f'WHERE T2.{noun}_day = "2024-05-01"',
            },
            {"db_id": noun, "question": f"List every {noun} label from A to Z.", "query": f"SELECT {noun}_label FROM {noun} ORDER BY 1"},
        ]
    write_rows(directory / "train_spider.json", [*rows, *more])
    return directory


def make_database(directory: Path, noun: str, db_id: str = "") -> None:
    """Two tables named after the noun, in the database of that name or another."""
    db_id = db_id or noun
    path = directory / "database" / db_id / f"{db_id}.sqlite"
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.executescript(f"""
        PRAGMA synchronous=OFF;
        CREATE TABLE {noun} ({noun}_id INTEGER PRIMARY KEY, {noun}_label TEXT, {noun}_size INTEGER, {noun}_note TEXT);
        CREATE TABLE {noun}_visit (
            {noun}_visit_id INTEGER PRIMARY KEY, {noun}_id INTEGER REFERENCES {noun}({noun}_id), {noun}_day TEXT
        );
    """)
    rows = [
        (n, f"{word} {noun}", size, None) for n, (word, size) in enumerate(zip(("Big", "Old", "New", "Red"), (5, 6, 7, 6), strict=True))
    ]
    connection.executemany(f"INSERT INTO {noun} VALUES (?, ?, ?, ?)", rows)
    connection.executemany(f"INSERT INTO {noun}_visit VALUES (?, ?, ?)", [(1, 1, "2024-05-01"), (2, 2, "2024-05-02"), (3, 2, "2024-05-01")])
    connection.commit()
    connection.close()


def write_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows))
