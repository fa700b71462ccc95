"""The papers' rules as their evaluators have them, weaknesses included."""

from __future__ import annotations

from envs.other_rules import bird_match, spider_match


def test_spiders_rule_counts_rows_and_knows_order() -> None:
    assert spider_match([(1,), (2,)], [(2,), (1,)], "SELECT a FROM t")
    assert not spider_match([(1,), (2,)], [(2,), (1,)], "SELECT a FROM t ORDER BY a")
    assert not spider_match([(1,), (1,)], [(1,)], "SELECT a FROM t")
    assert not spider_match([(0.1 + 0.2,)], [(0.3,)], "SELECT a FROM t")


def test_birds_rule_forgets_how_often_a_row_came() -> None:
    assert bird_match([(1,), (1,)], [(1,)])
    assert not bird_match([(1, 2)], [(2, 1)])


def test_results_without_rows_match_by_both_rules() -> None:
    assert spider_match([], [], "SELECT a, b FROM t")
    assert bird_match([], [])
    assert not spider_match([], [(1,)], "SELECT a FROM t")
    assert not spider_match([(1,)], [], "SELECT a FROM t")


def test_spiders_rule_loses_its_way_between_10_and_its_real_twin() -> None:
    assert spider_match([(10.0,)], [(10,)], "SELECT a FROM t")
    assert not spider_match([(9.0, "9.")], [(9, "9.")], "SELECT a, b FROM t")  # sorted as "9.", 9.0 and as 9, "9."
