"""The rows of gold queries, and the sort key of each row where the gold sorts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from envs.matching import Row, Rows, VerifierError
from envs.records import Question
from envs.sandbox import Database, QueryError, QueryResult
from envs.sql_reading import parse

GRADE_ROWS_MAX = 200_000  # far above what the policy's own query may return
GRADE_TIMEOUT_S = 20.0  # a query that ran within the policy's limit must not fail here because the machine is busy


@dataclass(frozen=True, slots=True)
class Gold:
    """The rows of a gold query."""

    columns: int
    rows: tuple[Row, ...]
    keys: tuple[Row, ...] | None  # sort key of each row; None when order does not count


def gold_rows(database: Database, question: Question) -> Gold:
    """The gold's rows and sort keys, run once per database and gold query.

    Raises:
        VerifierError: the gold fails or returns more than GRADE_ROWS_MAX rows.
    """
    return database.remember(("gold", question.gold_sql), lambda: _run_gold(database, question))


def _run_gold(database: Database, question: Question) -> Gold:
    sql = question.gold_sql
    try:
        result = run_gold_sql(database, sql)
    except QueryError as error:
        raise VerifierError(f"the gold query of {question.id} fails on {database.name}: {error}. SQL: {sql!r}") from error
    if result.truncated:
        raise VerifierError(f"the gold query of {question.id} returns more than {GRADE_ROWS_MAX} rows or too many bytes: {sql!r}")
    keys = sort_keys(database, sql, result) if len(result.rows) > 1 else None
    return Gold(len(result.columns), result.rows, keys)


def run_gold_sql(database: Database, sql: str) -> QueryResult:
    return database.query(sql, GRADE_ROWS_MAX, timeout_s=GRADE_TIMEOUT_S, double_quoted_text=True)


def sort_keys(database: Database, sql: str, result: QueryResult) -> tuple[Row, ...] | None:
    """The sort key of each row, None when the outermost query has no ORDER BY; the whole row where keys cannot be had.

    A key that is no output column is fetched by running the gold with the key as one more column.
    """
    try:
        query = parse(sql)
    except ValueError:
        return _numbered(result.rows) if re.search(r"\border\s+by\b[^()]*$", sql, re.IGNORECASE) else None
    order = query.args.get("order")
    if order is None:
        return None
    names = [name.lower() for name in result.columns]
    places: list[int] = []
    added: list[exp.Expression] = []
    for term in order.expressions:
        key = term.this if isinstance(term, exp.Ordered) else term
        if key.is_int and isinstance(key, exp.Literal):
            places.append(int(key.this) - 1)
        elif isinstance(key, exp.Column) and not key.table and key.name.lower() in names:
            places.append(names.index(key.name.lower()))
        else:
            places.append(len(names) + len(added))
            added.append(exp.Lower(this=key.this.copy()) if _ignores_case(key) else key.copy())
    rows = result.rows
    if added:
        if not isinstance(query, exp.Select) or query.args.get("distinct"):
            return _numbered(rows)
        try:
            rows = run_gold_sql(database, query.select(*added).sql(dialect="sqlite")).rows
        except QueryError:
            return _numbered(result.rows)
        if tuple(row[: len(names)] for row in rows) != result.rows:
            return _numbered(result.rows)
    return tuple(tuple(row[place] for place in places) for row in rows)


def _ignores_case(key: exp.Expression) -> bool:
    return isinstance(key, exp.Collate) and str(key.expression.name).upper() == "NOCASE"


def _numbered(rows: Rows) -> tuple[Row, ...]:
    """Keys that allow no ties."""
    return tuple((place,) for place in range(len(rows)))
