"""Four to six questions to begin with, made from a schema: short, of different kinds, each with a query that found something."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envs.records import Question
from envs.sandbox import Database, QueryError
from envs.synthesis import synthesize
from envs.vocabulary import Wording

STARTERS, DRAFTS, SEED = 6, 250, 11
CHARS_MAX, CHARS_BEST = 72, 45
# What an owner is shown first, kinds of synthesis in the order of preference; one of each row at most.
_KINDS: Sequence[frozenset[str]] = (
    frozenset({"group_top_1"}),
    frozenset({"group_count", "group_sum", "group_avg"}),
    frozenset({"count"}),
    frozenset({"top_1", "top_n", "group_top_n"}),
    frozenset({"avg", "sum", "share", "average_count"}),
    frozenset({"never", "with_child", "except", "count_having"}),
)
_PLAIN = re.compile(r"(How many|What|Which|Who|When|List|Show)\b[^:;()\"]*[?.]")
_STIFF = re.compile(
    r"\b(numbered|please|at least|for the meeting|counting|upwards|exactly|up to|no (fewer|more|less|higher|lower) than|as a percentage"
    r"|first|last|by the way|any idea|whose|split by|for every|IDs?|out of (curiosity|interest)|code|codes"
    r"|number of different|sort|sorted|order of|mean|minimum of|maximum|missing)\b",
    re.IGNORECASE,
)


def starters(database: Database, wording: Wording | None = None) -> list[str]:
    """Up to six starter questions; the same database gives the same ones, and one whose schema allows no questions gives none.

    Takes about a second of processor time for the first call; later calls on the same Database are free.

    Args:
        wording: what the owner calls tables and columns.
    """
    return [question.text for question in starter_questions(database, wording)]


def starter_questions(database: Database, wording: Wording | None = None) -> list[Question]:
    """The starter questions with the SQL that answers each."""
    return database.remember(("starters", repr(wording)), lambda: _chosen(_drafts(database, wording)))


def _drafts(database: Database, wording: Wording | None) -> list[Question]:
    try:
        return synthesize(database, DRAFTS, SEED, "train", wording, table_shares=(0.5, 0.4, 0.1))
    except QueryError:
        return []  # a table too large or too damaged to be looked through: the owner types a question instead


def _chosen(drafts: Sequence[Question]) -> list[Question]:
    """The best draft of each kind, then others, from as many tables as possible."""
    fit = sorted((q for q in drafts if _reads_easily(q)), key=_stiffness)
    chosen: list[Question] = []
    tables: dict[str, int] = {}
    for kinds in _KINDS:
        of_kind = [q for q in fit if q.constructs[0] in kinds and q not in chosen]
        if of_kind:
            _take(min(of_kind, key=lambda q: (tables.get(q.tables[0], 0), fit.index(q))), chosen, tables)
    for question in fit:
        if len(chosen) >= 4:
            break
        if question not in chosen:
            _take(question, chosen, tables)
    for question in sorted(drafts, key=lambda q: len(q.text)):  # an unusual schema: better a stiff question than none
        if len(chosen) >= 4:
            break
        if question not in chosen:
            _take(question, chosen, tables)
    return chosen[:STARTERS]


def _take(question: Question, chosen: list[Question], tables: dict[str, int]) -> None:
    chosen.append(question)
    for table in question.tables:
        tables[table] = tables.get(table, 0) + 1


def _reads_easily(question: Question) -> bool:
    text = question.text
    return len(text) <= CHARS_MAX and bool(_PLAIN.fullmatch(text)) and not _STIFF.search(text)


def _stiffness(question: Question) -> tuple[int, int]:
    """Fewer conditions and joins first, then a length that says something without being long."""
    sql = question.gold_sql
    conditions = sql.count(" WHERE ") + sql.count(" AND ") + 2 * sql.count(" HAVING ") + max(0, sql.count(" JOIN ") - 1)
    return conditions, abs(len(question.text) - CHARS_BEST)
