"""The rules of two papers' evaluators, reported beside ours so that figures can be compared; they see rows only."""

from __future__ import annotations

from envs.matching import Row, Rows, arrangements, equal_bag


def spider_match(got: Rows, gold: Rows, gold_sql: str) -> bool:
    """Spider's test-suite rule on one database, DISTINCT kept: exact cells, any arrangement of columns, rows as a bag.

    Row order counts if the gold says ORDER BY anywhere. Two results without rows match, whatever their columns.

    Source: result_eq of github.com/taoyds/test-suite-sql-eval, its quick rejection included: it sorts the cells of a row by their
    spelling, so that 10 and 10.0 may end up in different places.
    """
    if not got and not gold:
        return True
    if len(got) != len(gold) or len(got[0]) != len(gold[0]):
        return False
    in_order = "order by" in gold_sql.lower()
    ours, theirs = [_by_spelling(row) for row in got], [_by_spelling(row) for row in gold]
    if (ours != theirs) if in_order else (set(ours) != set(theirs)):
        return False
    arranged = ([tuple(row[c] for c in columns) for row in got] for columns in arrangements(got, gold, equal_bag))
    return any(list(gold) == rows if in_order else equal_bag(rows, gold) for rows in arranged)


def bird_match(got: Rows, gold: Rows) -> bool:
    """BIRD's rule: the same set of rows, columns in the gold's order."""
    return set(got) == set(gold)


def _by_spelling(row: Row) -> Row:
    return tuple(sorted(row, key=lambda cell: str(cell) + str(type(cell))))
