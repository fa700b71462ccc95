"""The rules of two papers' evaluators, reported beside ours so that figures can be compared; they see rows only."""

from __future__ import annotations

from envs.matching import Rows, arrangements, equal_bag


def spider_match(got: Rows, gold: Rows, gold_sql: str) -> bool:
    """Spider's test-suite rule: exact cells, any arrangement of columns, row order if the gold says ORDER BY anywhere."""
    if len(got) != len(gold) or (gold and len(got[0]) != len(gold[0])):
        return False
    if not gold:
        return True
    in_order = "order by" in gold_sql.lower()
    arranged = ([tuple(row[c] for c in columns) for row in got] for columns in arrangements(got, gold, equal_bag))
    return any(list(gold) == rows if in_order else equal_bag(rows, gold) for rows in arranged)


def bird_match(got: Rows, gold: Rows) -> bool:
    """BIRD's rule: the same set of rows, columns in the gold's order."""
    return set(got) == set(gold)
