"""Is the answer right? The reward of training and the metric of every evaluation.

Graded are the rows of the last successful query, run again here, against the rows of the gold query: as a bag, columns in any
order their contents allow, row order only where the gold sorts, reals within a tolerance. A failure of ours raises; it is never
a wrong answer.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlglot import exp

from envs.records import Question
from envs.sandbox import Database, QueryError, QueryResult
from envs.schema import Cell
from envs.sql_reading import parse

Row = tuple[Cell, ...]
Rows = Sequence[Row]

GRADE_ROWS_MAX = 200_000  # far above what the policy's own query may return
GRADE_TIMEOUT_S = 20.0  # a query that ran within the policy's limit must not fail here because the machine is busy
ARRANGEMENTS_MAX = 2_000  # column arrangements tried
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.(\d+))?(?:[eE][-+]?\d+)?")


class VerifierError(RuntimeError):
    """We could not grade: the gold failed, or a limit of ours was reached. The group is dropped, never scored 0."""


@dataclass(frozen=True, slots=True)
class Gold:
    """The rows of a gold query."""

    columns: int
    rows: tuple[Row, ...]
    keys: tuple[Row, ...] | None  # sort key of each row; None when order does not count


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


def gold_rows(database: Database, question: Question) -> Gold:
    """The gold's rows and sort keys, run once per database and gold query.

    Raises:
        VerifierError: the gold fails or returns more than GRADE_ROWS_MAX rows.
    """
    return database.remember(("gold", question.gold_sql), lambda: _run_gold(database, question))


def rows_match(got: Rows, gold: Rows, *, ordered: bool = False, keys: Sequence[Row] | None = None) -> bool:
    """Whether two results hold the same rows.

    Args:
        got, gold: rows of cells.
        ordered: the order of rows counts.
        keys: the sort key of each gold row, adjacent rows of equal key in any order; implies ordered.

    Raises:
        VerifierError: so many columns hold the same values that their arrangements cannot all be tried.
    """
    if len(got) != len(gold):
        return False
    if not gold:
        return True
    if len(got[0]) != len(gold[0]):
        return False
    got, gold = [_canonical(row) for row in got], [_canonical(row) for row in gold]
    blocks = [len(gold)]  # sizes of runs of gold rows that may come in any order among themselves
    if keys is not None:
        blocks = [len(list(run)) for _, run in groupby(keys)]
    elif ordered:
        blocks = [1] * len(gold)

    def same(columns: Sequence[int]) -> bool:
        start = 0
        for size in blocks:
            part = [tuple(row[c] for c in columns) for row in got[start : start + size]]
            if not _same_bag(part, gold[start : start + size]):
                return False
            start += size
        return True

    return any(same(columns) for columns in _arrangements(got, gold, _same_bag))


def spider_match(got: Rows, gold: Rows, gold_sql: str) -> bool:
    """Spider's test-suite rule: exact cells, any arrangement of columns, row order if the gold says ORDER BY anywhere."""
    if len(got) != len(gold) or (gold and len(got[0]) != len(gold[0])):
        return False
    if not gold:
        return True
    in_order = "order by" in gold_sql.lower()
    arranged = ([tuple(row[c] for c in columns) for row in got] for columns in _arrangements(got, gold, _equal_bag))
    return any(list(gold) == rows if in_order else _equal_bag(rows, gold) for rows in arranged)


def bird_match(got: Rows, gold: Rows) -> bool:
    """BIRD's rule: the same set of rows, columns in the gold's order."""
    return set(got) == set(gold)


def _run_gold(database: Database, question: Question) -> Gold:
    sql = question.gold_sql
    try:
        result = _query_gold(database, sql)
    except QueryError as error:
        raise VerifierError(f"the gold query of {question.id} fails on {database.name}: {error}. SQL: {sql!r}") from error
    if result.truncated:
        raise VerifierError(f"the gold query of {question.id} returns more than {GRADE_ROWS_MAX} rows or too many bytes: {sql!r}")
    keys = _sort_keys(database, sql, result) if len(result.rows) > 1 else None
    return Gold(len(result.columns), result.rows, keys)


def _query_gold(database: Database, sql: str) -> QueryResult:
    return database.query(sql, GRADE_ROWS_MAX, timeout_s=GRADE_TIMEOUT_S, double_quoted_text=True)


def _sort_keys(database: Database, sql: str, result: QueryResult) -> tuple[Row, ...] | None:
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
            rows = _query_gold(database, query.select(*added).sql(dialect="sqlite")).rows
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


def _canonical(row: Row) -> Row:
    return tuple(_canonical_cell(cell) for cell in row)


def _canonical_cell(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        if math.isnan(cell):
            return None
        if cell.is_integer() and abs(cell) < 2**53:
            return int(cell)
    return cell


def _arrangements(got: Rows, gold: Rows, same_bag: Callable[[Rows, Rows], bool]) -> Iterator[list[int]]:
    """Which column of got stands for each of gold's: as they are first, then others between columns of equal content.

    An arrangement grows column by column and is given up once the rows so far differ as bags; of columns of got that are
    alike cell by cell one is tried.
    """
    width = len(gold[0])
    straight = list(range(width))
    yield straight
    if width == 1:
        return
    gold_columns = [[(row[c],) for row in gold] for c in straight]
    got_columns = [[(row[c],) for row in got] for c in straight]
    fits: list[list[int]] = []
    for column in gold_columns:
        fits.append([c for c in straight if same_bag(got_columns[c], column)])
        if not fits[-1]:
            return
    twins = {c: next(d for d in straight if got_columns[d] == got_columns[c]) for c in straight}
    tried = 0

    def grow(chosen: list[int]) -> Iterator[list[int]]:
        nonlocal tried
        if len(chosen) == width:
            if chosen != straight:
                yield chosen
            return
        seen = set()
        for c in fits[len(chosen)]:
            if c in chosen or twins[c] in seen:
                continue
            seen.add(twins[c])
            longer = [*chosen, c]
            tried += 1
            if tried > ARRANGEMENTS_MAX:
                raise VerifierError(f"more than {ARRANGEMENTS_MAX} arrangements of {width} columns that hold the same values")
            if same_bag([tuple(row[k] for k in longer) for row in got], [row[: len(longer)] for row in gold]):
                yield from grow(longer)

    yield from grow([])


def _equal_bag(got: Rows, gold: Rows) -> bool:
    return Counter(got) == Counter(gold)


def _same_bag(got: Rows, gold: Rows) -> bool:
    """Equal as bags of canonical rows, reals within tolerance."""
    left, right = Counter(got), Counter(gold)
    if left == right:
        return True
    got, gold = list((left - right).elements()), list((right - left).elements())
    kinds: dict[Row, tuple[list[list[float]], list[list[float]]]] = {}
    for side, rows in enumerate((got, gold)):
        for row in rows:
            kind = tuple("#" if isinstance(cell, int | float) else ("text", cell) for cell in row)
            numbers = [cell for cell in row if isinstance(cell, int | float)]
            kinds.setdefault(kind, ([], []))[side].append(numbers)  # type: ignore[arg-type]
    return all(_pair_up(a, b) for a, b in kinds.values())


def _pair_up(got: list[list[float]], gold: list[list[float]]) -> bool:
    """Whether rows of numbers can be paired within tolerance: in sorted order, or by augmenting paths (Kuhn)."""
    if len(got) != len(gold):
        return False
    got, gold = sorted(got), sorted(gold)
    if all(_close_rows(a, b) for a, b in zip(got, gold, strict=True)):
        return True
    if len(gold[0]) < 2:
        return False
    firsts = [row[0] for row in gold]
    partner: dict[int, int] = {}

    def place(i: int, seen: set[int]) -> bool:
        reach = 2 * _tolerance(got[i][0])  # a little wide: the tolerance is the gold's
        for j in range(bisect_left(firsts, got[i][0] - reach), bisect_right(firsts, got[i][0] + reach)):
            if j not in seen and _close_rows(got[i], gold[j]):
                seen.add(j)
                if j not in partner or place(partner[j], seen):
                    partner[j] = i
                    return True
        return False

    try:
        return all(place(i, set()) for i in range(len(got)))
    except RecursionError as error:
        raise VerifierError(f"{len(got)} rows of nearly equal numbers cannot be paired") from error


def _close_rows(got: list[float], gold: list[float]) -> bool:
    return all(_close(a, b) for a, b in zip(got, gold, strict=True))


def _close(a: float, b: float) -> bool:
    """Two integers exactly; else within a millionth of the gold, never more than half a cent."""
    if a == b:
        return True
    if isinstance(a, int) and isinstance(b, int):
        return False
    return abs(a - b) <= _tolerance(b)


def _tolerance(gold: float) -> float:
    return min(1e-6 * max(abs(gold), 1e-3), 0.005)
