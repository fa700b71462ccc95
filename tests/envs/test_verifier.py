"""The verifier accepts what is the same table and nothing else; a failure of ours raises."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.records import Question
from envs.sandbox import Database
from envs.verifier import Row, VerifierError, bird_match, grade, judge, rows_match, spider_match


def ask(gold: str, *, answerable: bool = True) -> Question:
    return Question("shop/0", "shop", "?", gold, answerable=answerable)


cells = st.one_of(
    st.none(), st.integers(-5, 5), st.sampled_from([0.5, 1.25, -3.75, 1e6 + 0.5]), st.sampled_from(["", "a", "b", "A"]),
    st.sampled_from([b"", b"a"]),
)  # fmt: skip
tables = st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[cells] * width), min_size=1, max_size=8))


@given(tables, st.randoms())
def test_rows_in_another_order_match_unless_order_counts(rows: list[Row], random: object) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rows_match(shuffled, rows)
    assert rows_match(rows, rows, ordered=True)


@given(tables, st.data())
def test_columns_in_another_order_match(rows: list[Row], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(rows[0]))))
    swapped = [tuple(row[c] for c in order) for row in rows]
    assert rows_match(swapped, rows)
    assert rows_match(swapped, rows, ordered=True)


@given(tables, st.data())
def test_a_changed_cell_does_not_match(rows: list[Row], data: st.DataObject) -> None:
    r, c = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, len(rows[0]) - 1))
    changed = [list(row) for row in rows]
    changed[r][c] = "no cell holds this"
    assert not rows_match([tuple(row) for row in changed], rows)
    assert not rows_match(rows, [tuple(row) for row in changed])


@given(tables, st.data())
def test_a_dropped_or_doubled_row_does_not_match(rows: list[Row], data: st.DataObject) -> None:
    r = data.draw(st.integers(0, len(rows) - 1))
    assert not rows_match(rows[:r] + rows[r + 1 :], rows)
    assert not rows_match([*rows, rows[r]], rows)
    if rows[r] != rows[0]:
        assert not rows_match([*rows[:r], rows[0], *rows[r + 1 :]], rows)


@given(tables, st.data())
def test_noise_of_floating_point_matches(rows: list[Row], data: st.DataObject) -> None:
    noise = data.draw(st.sampled_from([1e-9, -1e-9, 4e-9, -4e-9]))
    noisy = [tuple(cell * (1 + noise) if isinstance(cell, float) else cell for cell in row) for row in rows]
    assert rows_match(noisy[::-1], rows)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ab")), min_size=2, max_size=8), st.randoms())
def test_ties_in_the_sort_key_come_in_any_order_and_nothing_else_does(rows: list[Row], random: object) -> None:
    rows.sort(key=lambda row: row[0])  # type: ignore[arg-type, return-value]
    keys = [(row[0],) for row in rows]
    shuffled = rows.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rows_match(shuffled, rows, keys=keys) == ([row[0] for row in shuffled] == [row[0] for row in rows])


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([1 / 3, 2 / 3]), st.integers(0, 40)), min_size=2, max_size=30), st.randoms())
def test_rows_are_paired_when_noise_turns_their_sorted_order_round(rows: list[Row], random: object) -> None:
    noisy = [(a + random.choice([-1e-9, 1e-9]), b) for a, b in rows]  # type: ignore[attr-defined, operator]
    assert rows_match(noisy, rows)
    assert not rows_match([(noisy[0][0], 41), *noisy[1:]], rows)


@pytest.mark.parametrize(
    ("got", "gold", "same"),
    [
        (None, None, True), (None, "", False), (None, 0, False), ("", 0, False), (float("nan"), None, True),
        (3.0, 3, True), (3, 3.0, True), (3, 4, False), (10**15, 10**15 + 1, False), (2.5, 2.5000001, True), (2.5, 2.51, False),
        (1_000_000.5, 1_000_000.504, True), (1_000_000.5, 1_000_000.51, False), (0.0, 1e-10, True), (0.0, 1e-6, False),
        (" a ", "a", True), ("A", "a", False), ("1", 1, False), ("1.0", "1", False), (b"a", "a", False), (b"a", b"a", True),
        (float("inf"), float("inf"), True), (float("inf"), 1e300, False), (0.1 + 0.2, 0.3, True),
    ],
)  # fmt: skip
def test_cells_compare_by_value_and_kind(got: object, gold: object, same: bool) -> None:
    assert rows_match([(got,)], [(gold,)]) is same  # type: ignore[list-item]
    assert rows_match([(got, "x")], [(gold, "x")]) is same  # type: ignore[list-item]


def test_columns_of_equal_contents_but_other_pairs_of_values_do_not_match() -> None:
    assert not rows_match([(1, 2), (2, 3), (3, 1)], [(1, 1), (2, 2), (3, 3)])
    assert rows_match([(1, 2), (2, 3), (3, 1)], [(2, 1), (3, 2), (1, 3)])


def test_many_equal_columns_are_matched_without_trying_every_arrangement() -> None:
    started = time.perf_counter()
    rows: list[Row] = [tuple([i] * 12) for i in range(50)]
    other: list[Row] = [(*row[:-1], 49 - i) for i, row in enumerate(rows)]  # type: ignore[operator]
    assert not rows_match(rows, other)
    assert rows_match(rows[::-1], rows)
    assert time.perf_counter() - started < 1.0


def test_large_results_are_compared_quickly() -> None:
    gold: list[Row] = [(i, i / 7, f"name {i % 100}") for i in range(20_000)]
    started = time.perf_counter()
    assert rows_match([(c, a, b * (1 + 1e-9)) for a, b, c in gold[::-1]], gold)  # type: ignore[operator]
    assert not rows_match([(a, b + 1, c) for a, b, c in gold], gold)  # type: ignore[operator]
    assert time.perf_counter() - started < 4.0


COUNT = "SELECT count(*) FROM pets"
NAMES = "SELECT name FROM pets WHERE species = 'cat'"


@pytest.mark.parametrize(
    ("gold", "sql", "answer", "right"),
    [
        (COUNT, "SELECT count(pet_id) FROM pets", "RESULT", True),
        (COUNT, COUNT, "7", True),
        (COUNT, COUNT, "7.0", True),
        (COUNT, COUNT, "8", False),
        (COUNT, COUNT, "seven", False),
        (COUNT, COUNT, "7 pets", False),
        (COUNT, COUNT, "result", False),
        (COUNT, COUNT, "", False),
        (COUNT, COUNT, "UNKNOWN", False),
        (COUNT, "SELECT 7", "RESULT", False),  # ungrounded: no table read
        (COUNT, "SELECT 7", "7", False),
        (COUNT, "WITH pets AS (SELECT 7 AS n) SELECT n FROM pets", "RESULT", False),
        (COUNT, "", "7", False),
        (COUNT, "SELECT count(*) FROM owners", "7", False),  # the value said is the gold's, the query's is not
        (COUNT, "SELECT nope FROM pets", "RESULT", False),
        (NAMES, "SELECT name FROM pets WHERE species LIKE 'CAT' ORDER BY 1", "RESULT", True),
        (NAMES, NAMES, "Tom", False),  # three rows are no one value
        (NAMES, "SELECT name, species FROM pets WHERE species = 'cat'", "RESULT", False),
        (NAMES, "SELECT * FROM pets WHERE species = 'cat'", "RESULT", False),
        (NAMES, NAMES + " UNION ALL SELECT 'Tom'", "RESULT", False),
        (NAMES, NAMES + " LIMIT 0", "RESULT", False),
        ("SELECT name FROM pets", "SELECT DISTINCT name FROM pets", "RESULT", False),
        ("SELECT avg(weight_kg) FROM pets", "SELECT sum(weight_kg) / count(weight_kg) FROM pets", "10.65", True),
        ("SELECT avg(weight_kg) FROM pets", "SELECT avg(weight_kg) FROM pets", "10.5", False),
        ("SELECT avg(weight_kg) FROM pets", "SELECT avg(weight_kg) FROM pets", "11", True),
        ("SELECT sum(quantity) * 1000 FROM sales", "SELECT 1000 * sum(quantity) FROM sales", "25,000", True),
        ("SELECT sum(quantity) * 1000 FROM sales", "SELECT 1000 * sum(quantity) FROM sales", "2,5000", False),
        ("SELECT 100.0 * sum(species = 'dog') / count(*) FROM pets", "SELECT 300.0 / count(*) FROM pets", "42.86%", True),
        ("SELECT full_name FROM owners WHERE owner_id = 3", "SELECT full_name FROM owners WHERE owner_id = 3", "Cy O'Hara", True),
        ("SELECT full_name FROM owners WHERE owner_id = 3", "SELECT full_name FROM owners WHERE owner_id = 3", "cy o'hara", False),
        ("SELECT city FROM owners WHERE owner_id = 4", "SELECT city FROM owners WHERE owner_id = 4", "NULL", True),
        ("SELECT count(*) FROM pets WHERE species = \"dog\"", "SELECT count(*) FROM pets WHERE species = 'dog'", "RESULT", True),
    ],
)  # fmt: skip
def test_an_answer_is_right_only_with_the_golds_rows_and_value(shop: Database, gold: str, sql: str, answer: str, right: bool) -> None:
    assert grade(shop, ask(gold), sql, answer) is right


@pytest.mark.parametrize(
    ("gold", "sql", "right"),
    [
        ("SELECT name FROM pets ORDER BY pet_id", "SELECT name FROM pets", True),
        ("SELECT name FROM pets ORDER BY pet_id", "SELECT name FROM pets ORDER BY pet_id DESC", False),
        ("SELECT name FROM pets", "SELECT name FROM pets ORDER BY pet_id DESC", True),
        ("SELECT name, species FROM pets ORDER BY species", "SELECT name, species FROM pets ORDER BY species, name DESC", True),
        ("SELECT name FROM pets ORDER BY species", "SELECT name FROM pets ORDER BY species, pet_id DESC", True),
        ("SELECT name FROM pets ORDER BY species", "SELECT name FROM pets ORDER BY species DESC", False),
        ("SELECT name AS n FROM pets ORDER BY 1", "SELECT name FROM pets ORDER BY pet_id", False),
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*) DESC", "SELECT DISTINCT species FROM pets ORDER BY 1", False),
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*)", "SELECT column1 FROM (VALUES ('bird'), ('cat'), ('dog')), "
         "pets WHERE pet_id = 1", True),
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*)", "SELECT column1 FROM (VALUES ('bird'), ('dog'), ('cat')), "
         "pets WHERE pet_id = 1", True),
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*)", "SELECT column1 FROM (VALUES ('dog'), ('bird'), ('cat')), "
         "pets WHERE pet_id = 1", False),
        ("SELECT brand_name FROM products ORDER BY brand_name COLLATE NOCASE", "SELECT brand_name FROM products "
         "ORDER BY lower(brand_name), product_id DESC", True),
        ("SELECT name FROM pets UNION SELECT city FROM owners ORDER BY name", "SELECT name FROM pets UNION SELECT city FROM owners "
         "ORDER BY 1 DESC", False),
        ("SELECT name FROM (SELECT name FROM pets ORDER BY name)", "SELECT name FROM pets ORDER BY name DESC", True),
        ("SELECT DISTINCT city FROM owners ORDER BY joined_on", "SELECT DISTINCT city FROM owners ORDER BY joined_on", True),
        ("SELECT name FROM pets ORDER BY weight_kg DESC LIMIT 1", "SELECT name FROM pets WHERE weight_kg = 30", True),
    ],
)  # fmt: skip
def test_row_order_counts_only_where_the_gold_sorts_and_not_among_ties(shop: Database, gold: str, sql: str, right: bool) -> None:
    assert grade(shop, ask(gold), sql, "RESULT") is right


@pytest.mark.parametrize(("answer", "right"), [("UNKNOWN", True), ("UNKNOWN no sizes are kept", True), ("RESULT", False),
                                              ("7", False), ("UNKNOWNS", False), ("", False)])  # fmt: skip
def test_unknown_is_right_only_when_the_database_cannot_tell(shop: Database, answer: str, right: bool) -> None:
    assert grade(shop, ask("", answerable=False), COUNT, answer) is right


@pytest.mark.parametrize("gold", ["SELECT nope FROM pets", "", "DROP TABLE pets", "SELECT printf('x')"])
def test_a_gold_that_fails_raises_whatever_the_answer(shop: Database, gold: str) -> None:
    for sql, answer in ((COUNT, "RESULT"), ("", ""), (COUNT, "UNKNOWN")):
        with pytest.raises(VerifierError, match="shop/0"):
            grade(shop, ask(gold), sql, answer)


def test_results_larger_than_the_policy_sees_are_graded_whole(shop: Database) -> None:
    digits = " + ".join(f"{10**place} * {name}.sale_id" for place, name in enumerate("abcde"))
    many = f"SELECT {digits} FROM sales a, sales b, sales c, sales d, sales e"
    assert shop.query(many).truncated
    assert grade(shop, ask(many), many, "RESULT")
    assert not grade(shop, ask(many), many + " LIMIT 10000", "RESULT")


def test_papers_rules_are_reported_beside_ours(shop: Database) -> None:
    verdict = judge(shop, ask("SELECT name FROM pets"), "SELECT DISTINCT name FROM pets", "RESULT")
    assert (verdict.correct, verdict.spider, verdict.bird) == (False, False, True)
    verdict = judge(shop, ask("SELECT name, species FROM pets"), "SELECT species, name FROM pets", "RESULT")
    assert (verdict.correct, verdict.spider, verdict.bird) == (True, True, False)


def test_spiders_rule_counts_rows_and_knows_order() -> None:
    assert spider_match([(1,), (2,)], [(2,), (1,)], "SELECT a FROM t")
    assert not spider_match([(1,), (2,)], [(2,), (1,)], "SELECT a FROM t ORDER BY a")
    assert not spider_match([(1,), (1,)], [(1,)], "SELECT a FROM t")
    assert not spider_match([(0.1 + 0.2,)], [(0.3,)], "SELECT a FROM t")


def test_birds_rule_forgets_how_often_a_row_came() -> None:
    assert bird_match([(1,), (1,)], [(1,)])
    assert not bird_match([(1, 2)], [(2, 1)])
