"""The budgets of one query: rows fetched in steps are cut where counting them one by one would cut them."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from envs.guard import Cell, Guard, Limits, RefusedError


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows from a few bytes to 100 kB, and one value longer than is given out."""
    path, rng = tmp_path_factory.mktemp("guard") / "wide.sqlite", random.Random(1)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a, b, c)")
    texts = ["x" * rng.choice((0, 1, 10, 1_000, 90_000)) if rng.random() < 0.2 else "y" for _ in range(1_500)]
    connection.executemany(
        "INSERT INTO t VALUES (?, ?, ?)", [(i, text, rng.randbytes(rng.choice((0, 5, 3_000)))) for i, text in enumerate(texts)]
    )
    connection.execute("CREATE TABLE too_long AS SELECT hex(zeroblob(600000)) AS x")
    connection.commit()
    connection.close()
    return path


def one_by_one(path: Path, sql: str, rows_max: int, limits: Limits) -> tuple[list[tuple[Cell, ...]], bool]:
    """The rows up to and with the one that spends the bytes, and whether another followed."""
    rows: list[tuple[Cell, ...]] = []
    room = limits.bytes_max
    cursor = sqlite3.connect(path).execute(sql)
    for row in cursor:
        if len(rows) >= min(rows_max, limits.cells_max // len(cursor.description)) or room < 0:
            return rows, True
        rows.append(row)
        room -= sum(len(cell) for cell in row if isinstance(cell, str | bytes))
    return rows, False


@pytest.mark.parametrize("seed", range(60))
def test_rows_are_cut_where_counting_them_one_by_one_would_cut_them(wide: Path, seed: int) -> None:
    rng = random.Random(seed)
    limits = Limits(bytes_max=rng.choice((10, 1_000, 70_000, 200_000, 8_000_000)), cells_max=rng.choice((1, 7, 100, 5_000_000)))
    columns = rng.choice(("a", "b", "a, b", "a, b, c"))
    sql = f"SELECT {columns} FROM t LIMIT {rng.choice((0, 1, 2, 26, 27, 40, 80, 81, 500, 1_500))}"
    rows_max = rng.choice((0, 1, 26, 80, 81, 1_000, 10_000))
    guard = Guard(f"file:{wide}?mode=ro", limits)
    _, rows, truncated, tables = guard.run(sql, rows_max, 5.0)
    guard.close()
    assert (rows, truncated) == one_by_one(wide, sql, rows_max, limits)
    assert tables == {"t"}


def test_a_stored_value_longer_than_the_limit_is_not_given_out(wide: Path) -> None:
    guard = Guard(f"file:{wide}?mode=ro", Limits())
    with pytest.raises(RefusedError, match="too big"):
        guard.run("SELECT x FROM too_long", 10, 5.0)
    guard.close()


def test_a_query_run_again_tells_the_tables_it_read_again(wide: Path) -> None:
    guard = Guard(f"file:{wide}?mode=ro", Limits())
    assert [guard.run("SELECT count(*) FROM t", 10, 5.0)[3] for _ in range(3)] == [{"t"}] * 3
    assert guard.run("SELECT 1", 10, 5.0)[3] == frozenset()
    guard.close()
