"""The rows of gold queries, and the sort key of each row where the gold sorts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from envs.matching import Row, VerifierError
from envs.records import Question
from envs.sandbox import Database, QueryError, QueryResult
from envs.sql_reading import parse

GRADE_ROWS_MAX = 200_000  # far above what the policy's own query may return
GRADE_TIMEOUT_S = 20.0  # a query that ran within the policy's limit must not fail here because the machine is busy


class NoKeysError(ValueError):
    """It cannot be told by what each row was sorted."""


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


def run_gold_sql(database: Database, sql: str) -> QueryResult:
    """A gold as its data set wrote it, text in double quotes included.

    Raises:
        QueryError: it fails.
    """
    return database.query(sql, GRADE_ROWS_MAX, timeout_s=GRADE_TIMEOUT_S, double_quoted_text=True)


def sort_keys(database: Database, sql: str, result: QueryResult) -> tuple[Row, ...] | None:
    """The sort key of each row, None when the outermost query has no ORDER BY.

    A key that is no output column is fetched by running the gold with the key as one more column.

    Raises:
        NoKeysError: the keys cannot be had.
    """
    try:
        query = parse(sql)
    except ValueError as error:
        if re.search(r"\border\s+by\b[^()]*$", sql, re.IGNORECASE):
            raise NoKeysError(str(error)) from error
        return None
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
        if not isinstance(query, exp.Select):
            raise NoKeysError("rows of several SELECTs are sorted by an expression")
        try:
            rows = run_gold_sql(database, query.select(*added).sql(dialect="sqlite")).rows
        except QueryError as error:
            raise NoKeysError(str(error)) from error
        if tuple(row[: len(names)] for row in rows) != result.rows:
            raise NoKeysError("with its sort key beside it the query has other rows")  # a DISTINCT that the key splits
    return tuple(tuple(row[place] for place in places) for row in rows)


def _run_gold(database: Database, question: Question) -> Gold:
    sql = question.gold_sql
    try:
        result = run_gold_sql(database, sql)
    except QueryError as error:
        raise VerifierError(f"the gold query of {question.id} fails on {database.name}: {error}. SQL: {sql!r}") from error
    if result.truncated:
        raise VerifierError(f"the gold query of {question.id} returns more than {GRADE_ROWS_MAX} rows or too many bytes: {sql!r}")
    try:
        keys = sort_keys(database, sql, result) if len(result.rows) > 1 else None
    except NoKeysError:
        keys = tuple((place,) for place in range(len(result.rows)))  # no two alike: the rows may come in this order only
    return Gold(len(result.columns), result.rows, keys)


def _ignores_case(key: exp.Expression) -> bool:
    return isinstance(key, exp.Collate) and str(key.expression.name).upper() == "NOCASE"
