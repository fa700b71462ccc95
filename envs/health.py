"""Which questions should not be scored, and why: a coin flip or an empty answer says nothing about who answers it.

A policy gets them right without understanding, or wrong without fault. Data checks count them and training leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from envs.gold_rows import NoKeysError, run_gold_sql, sort_keys
from envs.matching import Rows
from envs.records import Question
from envs.sandbox import Database, QueryError
from envs.sql_reading import parse


class Reason(StrEnum):
    """Why a question should not be scored; a question has the first of these that holds."""

    FAILING = "failing"  # the gold does not run
    TOO_LARGE = "too_large"  # the gold returns more than is graded
    UNGROUNDED = "ungrounded"  # the gold reads no table
    EMPTY = "empty"  # no rows: LIMIT 0 would be right
    LONE_NULL = "lone_null"  # one row of nothing but NULL
    LONE_ZERO = "lone_zero"  # one row of nothing but 0, or 0 and NULL
    TIED_LIMIT = "tied_limit"  # rows equal in the sort key, some of them cut off by LIMIT: which ones stay is a coin flip


@dataclass(frozen=True, slots=True)
class Mark:
    """A question that should not be scored."""

    reason: Reason
    detail: str  # for a person: the error, or where the tie is


def mark(database: Database, question: Question) -> Mark | None:
    """Why this question should not be scored, None when it may be; unanswerable questions may.

    Args:
        database: the question's own, open at either level.
    """
    if not question.answerable:
        return None
    sql = question.gold_sql
    try:
        result = run_gold_sql(database, sql)
    except QueryError as error:
        return Mark(Reason.FAILING, str(error))
    if result.truncated:
        return Mark(Reason.TOO_LARGE, f"{len(result.rows)} rows and more")
    if not result.tables_read:
        return Mark(Reason.UNGROUNDED, "it reads no table")
    if not result.rows:
        return Mark(Reason.EMPTY, "no rows")
    if len(result.rows) == 1 and all(cell is None for cell in result.rows[0]):
        return Mark(Reason.LONE_NULL, "nothing but NULL")
    if len(result.rows) == 1 and all(cell in (None, 0) for cell in result.rows[0]):
        return Mark(Reason.LONE_ZERO, "nothing but 0")
    tie = _tie(database, sql)
    return Mark(Reason.TIED_LIMIT, tie) if tie else None


def marks(databases: Mapping[str, Database], questions: Iterable[Question]) -> dict[str, Mark]:
    """The questions that should not be scored, by question id.

    Args:
        databases: by db_id.

    Raises:
        KeyError: a question's database is not among them.
    """
    found = ((question.id, mark(databases[question.db_id], question)) for question in questions)
    return {identity: made for identity, made in found if made is not None}


def by_reason(found: Mapping[str, Mark]) -> dict[str, int]:
    """How many questions have each reason, every reason named."""
    return {reason.value: sum(made.reason is reason for made in found.values()) for reason in Reason}


def _tie(database: Database, sql: str) -> str:
    """Where a LIMIT cuts among equals, "" where none does: the outermost one, or one of a query inside that runs by itself."""
    if "limit" not in sql.lower():
        return ""
    try:
        tree = parse(sql)
    except ValueError:
        return ""
    if tree.args.get("limit") is not None and _cut_among_equals(database, tree):
        return "at the final LIMIT"
    for inner in tree.find_all(exp.Select, exp.SetOperation):
        alone = inner is not tree and inner.args.get("limit") is not None and not inner.find_ancestor(exp.CTE)
        if alone and _cut_among_equals(database, inner):
            return f"at the LIMIT of {inner.sql(dialect='sqlite')}"
    return ""


def _cut_among_equals(database: Database, query: exp.Query) -> bool:
    """Whether the rows a LIMIT keeps are not settled by the sort key; False for a query that fails by itself."""
    kept, skipped = _count(query, "limit"), _count(query, "offset") or 0
    if not kept or kept < 0:
        return False
    whole = query.copy()
    whole.set("limit", None)
    whole.set("offset", None)
    text = whole.sql(dialect="sqlite")
    try:
        result = run_gold_sql(database, text)
    except QueryError:
        return False
    cuts = [cut for cut in (skipped, skipped + kept) if 0 < cut < len(result.rows)]
    try:
        keys = sort_keys(database, text, result) or [()] * len(result.rows)
    except NoKeysError:
        return bool(cuts and whole.args.get("distinct"))  # a row stands for several, of different keys
    return any(_parts_equals(result.rows, keys, cut) for cut in cuts)


def _parts_equals(rows: Rows, keys: Rows, cut: int) -> bool:
    """Whether different rows of one key lie on both sides of the cut."""
    if keys[cut - 1] != keys[cut]:
        return False
    start, end = cut - 1, cut
    while start > 0 and keys[start - 1] == keys[cut]:
        start -= 1
    while end < len(rows) and keys[end] == keys[cut]:
        end += 1
    return len(set(rows[start:end])) > 1


def _count(query: exp.Query, part: str) -> int | None:
    """The number LIMIT or OFFSET gives; None where there is none or it is computed."""
    node = query.args.get(part)
    number = node.expression if node is not None else None
    return int(number.this) if isinstance(number, exp.Literal) and number.is_int else None
