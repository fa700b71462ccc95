"""`analyst-buddy sql`: runs SELECTs on a database file behind the guards, one JSON line out for each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from cluster.json_lines import read_json_lines
from envs.guard import Cell
from envs.sandbox import Database, QueryError

EXACT_MAX = 2**53  # integers beyond are not exact where JSON numbers are floats


def run_sql(database: Database, queries: Iterator[str], out: IO[str]) -> None:
    """Answer each query with one ASCII line on `out`: {columns, rows, truncated, tables_read, ms} or {error: {code, message}}."""
    for sql in queries:
        out.write(json.dumps(answer(database, sql), allow_nan=False) + "\n")
        out.flush()


def answer(database: Database, sql: str) -> dict[str, Any]:
    """What one query comes to, ready for JSON."""
    try:
        result = database.query(sql)
    except QueryError as error:
        return {"error": {"code": error.code, "message": str(error)}}
    return {
        "columns": list(result.columns),
        "rows": [[json_cell(cell) for cell in row] for row in result.rows],
        "truncated": result.truncated,
        "tables_read": sorted(result.tables_read),
        "ms": round(result.seconds * 1_000, 3),
    }


def json_cell(cell: Cell) -> str | int | float | None:
    """A cell that every JSON reader reads alike: large integers, infinities and blobs (x'00ff') as text."""
    if isinstance(cell, bytes):
        return f"x'{cell.hex()}'"
    if isinstance(cell, int):
        return cell if -EXACT_MAX <= cell <= EXACT_MAX else str(cell)
    if isinstance(cell, float) and cell in (float("inf"), float("-inf")):
        return "Infinity" if cell > 0 else "-Infinity"
    return cell


def read_queries(file: Path) -> list[str]:
    """The queries of a JSON-lines file, one {"sql": "..."} a line; empty lines are passed over.

    Raises:
        UserError: a line is something else.
    """
    return read_json_lines(file, '{"sql": "SELECT ..."}', lambda row, _number: _sql_of(row))


def _sql_of(row: object) -> str:
    if not isinstance(row, dict) or not isinstance(row.get("sql"), str):
        raise ValueError("no sql in it")
    return str(row["sql"])
