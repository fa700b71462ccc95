"""Is the answer right? The reward of training and the metric of every evaluation.

Graded are the rows of the last successful query, run again here, against the rows of the gold query: as a bag, columns in any
order their contents allow, row order only where the gold sorts, reals within a tolerance. A failure of ours raises; it is never
a wrong answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from envs.gold_rows import GRADE_ROWS_MAX, GRADE_TIMEOUT_S, Gold, gold_rows
from envs.health import Mark, mark
from envs.matching import VerifierError, rows_match
from envs.other_rules import bird_match, spider_match
from envs.records import Question
from envs.sandbox import Database, QueryError, QueryResult

__all__ = ["Verdict", "VerifierError", "gold_rows", "grade", "is_robust", "is_unknown", "judge", "says"]

_NUMBER = re.compile(r"[-+]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was made of an answer, by our rule and by those of two papers' evaluators (they see rows only)."""

    correct: bool
    spider: bool
    bird: bool
    robust: bool | None = None  # right on perturbed copies too; None when it is wrong, or no copy says anything


def grade(database: Database, question: Question, sql: str, answer: str) -> bool:
    """Whether a finished episode's last query and answer are right by our rule.

    Args:
        sql: the last query that succeeded, "" if none did.
        answer: the argument of ANSWER, "" if there was none.

    Raises:
        VerifierError: the gold fails or is too large, or the query cannot be run again for want of time or memory.
    """
    if not question.answerable:
        return is_unknown(answer)
    gold, got = gold_rows(database, question), _run_again(database, sql)
    return got is not None and _is_right(got, gold, answer)


def judge(database: Database, question: Question, sql: str, answer: str, copies: Sequence[Database] = ()) -> Verdict:
    """The verdict of grade, and beside it the papers' rules on the query alone.

    Args:
        copies: perturbed copies of the database (envs/perturb.py), to tell a query that is right by luck.

    Raises:
        VerifierError: as grade.
    """
    if not question.answerable:
        return Verdict(is_unknown(answer), False, False)
    gold, got = gold_rows(database, question), _run_again(database, sql)
    if got is None:
        return Verdict(False, False, False)
    spider, bird = spider_match(got.rows, gold.rows, question.gold_sql), bird_match(got.rows, gold.rows)
    correct = _is_right(got, gold, answer)
    return Verdict(correct, spider, bird, is_robust(copies, question, sql) if correct else None)


def is_robust(copies: Sequence[Database], question: Question, sql: str) -> bool | None:
    """Whether a query gives the gold's rows on every perturbed copy; None when no copy says anything.

    A copy says nothing where the question should not be scored on it: its gold is empty there, say, or tied at its LIMIT.

    Raises:
        VerifierError: as grade.
    """
    telling = [copy for copy in copies if _mark_once(copy, question) is None]
    for copy in telling:
        gold, got = gold_rows(copy, question), _run_again(copy, sql)
        if got is None or len(got.columns) != gold.columns or not rows_match(got.rows, gold.rows, keys=gold.keys):
            return False
    return True if telling else None


def _mark_once(database: Database, question: Question) -> Mark | None:
    return database.remember(("mark", question.gold_sql), lambda: mark(database, question))


def is_unknown(answer: str) -> bool:
    """Whether ANSWER's argument is UNKNOWN, with or without a reason."""
    return answer.split(None, 1)[:1] == ["UNKNOWN"]


def _run_again(database: Database, sql: str) -> QueryResult | None:
    """The whole result of a policy's query; None when there is none, it cannot run, or it is larger than any gold."""
    if not sql:
        return None
    try:
        got = database.query(sql, GRADE_ROWS_MAX, timeout_s=GRADE_TIMEOUT_S)
    except QueryError as error:
        if error.transient:
            raise VerifierError(f"{database.name}: a query cannot be graded ({error}): {sql!r}") from error
        return None
    return None if got.truncated else got


def _is_right(got: QueryResult, gold: Gold, answer: str) -> bool:
    if is_unknown(answer) or not answer or not got.tables_read or len(got.columns) != gold.columns:
        return False
    return says(answer, got) and rows_match(got.rows, gold.rows, keys=gold.keys)


def says(answer: str, got: QueryResult) -> bool:
    """RESULT, or exactly the one value the query returned: numbers as rounded to the digits said."""
    if answer == "RESULT":
        return True
    if len(got.rows) != 1 or len(got.columns) != 1:
        return False
    value, said = got.rows[0][0], answer.strip()
    if value is None:
        return said == "NULL"
    if isinstance(value, bytes):
        return False
    if isinstance(value, str):
        return " ".join(value.split()) == " ".join(said.split())
    said = said.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(said) or not math.isfinite(value):
        return False
    number = Decimal(said.replace(",", ""))
    if isinstance(value, int):
        return number == value
    digits = min(int(number.as_tuple().exponent), 0)  # 1e3 says no less than 1000
    return abs(number - Decimal(value)) <= Decimal(5).scaleb(digits - 1) + Decimal(math.ulp(value))
