"""Is the answer right? The reward of training and the metric of every evaluation.

Graded are the rows of the last successful query, run again here, against the rows of the gold query: as a bag, columns in any
order their contents allow, row order only where the gold sorts, reals within a tolerance. A failure of ours raises; it is never
a wrong answer.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from envs.gold_rows import GRADE_ROWS_MAX, GRADE_TIMEOUT_S, gold_rows
from envs.matching import VerifierError, rows_match
from envs.other_rules import bird_match, spider_match
from envs.records import Question
from envs.sandbox import Database, QueryError, QueryResult

__all__ = ["Verdict", "VerifierError", "gold_rows", "grade", "is_unknown", "judge"]

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.(\d+))?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was made of an answer, by our rule and by those of two papers' evaluators (they see rows only)."""

    correct: bool
    spider: bool
    bird: bool


def grade(database: Database, question: Question, sql: str, answer: str) -> bool:
    """Whether this last query and this answer are right by our rule; see judge."""
    return judge(database, question, sql, answer).correct


def judge(database: Database, question: Question, sql: str, answer: str) -> Verdict:
    """Grade a finished episode.

    Args:
        sql: the last query that succeeded, "" if none did.
        answer: the argument of ANSWER, "" if there was none.

    Raises:
        VerifierError: the gold fails or is too large, or the query is too slow to be run again.
    """
    unknown = is_unknown(answer)
    if not question.answerable:
        return Verdict(unknown, False, False)
    gold = gold_rows(database, question)
    if not sql:
        return Verdict(False, False, False)
    try:
        got = database.query(sql, GRADE_ROWS_MAX, timeout_s=GRADE_TIMEOUT_S)
    except QueryError as error:
        if error.code == "timeout":
            raise VerifierError(f"{database.name}: a query ran in its episode and not when graded: {sql!r}") from error
        return Verdict(False, False, False)
    if got.truncated or len(got.columns) != gold.columns:
        return Verdict(False, False, False)
    spider, bird = spider_match(got.rows, gold.rows, question.gold_sql), bird_match(got.rows, gold.rows)
    if unknown or not answer or not got.tables_read or not _says(answer, got):
        return Verdict(False, spider, bird)
    return Verdict(rows_match(got.rows, gold.rows, keys=gold.keys), spider, bird)


def is_unknown(answer: str) -> bool:
    """Whether ANSWER's argument is UNKNOWN, with or without a reason."""
    return answer.split(None, 1)[:1] == ["UNKNOWN"]


def _says(answer: str, got: QueryResult) -> bool:
    """RESULT, or exactly the one value the query returned."""
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
    number = _NUMBER.fullmatch(said)
    if not number or not any(c.isdigit() for c in said):
        return False
    plain = said.replace(",", "")
    if "e" in plain.lower():
        return math.isclose(float(plain), value, rel_tol=1e-3)
    decimals = len(number[1] or "")
    if isinstance(value, int) and not decimals:
        return int(plain) == value
    return abs(float(plain) - value) <= 0.5 * 10.0**-decimals + 1e-9 * abs(value)
