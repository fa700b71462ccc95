"""Two results match when they are the same table, and never else."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.matching import Row, rows_match

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


@given(tables)
def test_a_result_matches_itself_also_as_reals(rows: list[Row]) -> None:
    assert rows_match(rows, rows)
    assert rows_match(rows, rows, keys=rows)
    reals = [tuple(float(cell) if isinstance(cell, int) else cell for cell in row) for row in rows]
    assert rows_match(reals, rows)
    assert rows_match(rows, reals)


@given(tables, tables)
def test_matching_is_the_same_in_both_directions(rows: list[Row], others: list[Row]) -> None:
    assert rows_match(rows, others) == rows_match(others, rows)


@given(st.lists(st.tuples(st.integers(-2, 2), st.sampled_from("ab")), min_size=1, max_size=5), st.data())
def test_small_results_match_just_when_a_search_through_all_column_orders_says_so(rows: list[Row], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.sampled_from([*rows, *((b, a) for a, b in rows), (0, "a")]), min_size=1, max_size=5))
    found = any(Counter(tuple(row[c] for c in columns) for row in others) == Counter(rows) for columns in permutations(range(2)))
    assert rows_match(others, rows) is found


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


def test_sort_keys_that_only_rounding_sets_apart_are_tied() -> None:
    rows: list[Row] = [("a", 0.1 + 0.2), ("b", 0.3), ("c", 0.31)]
    keys = [(row[1],) for row in rows]
    assert rows_match([rows[1], rows[0], rows[2]], rows, keys=keys)
    assert not rows_match([rows[0], rows[2], rows[1]], rows, keys=keys)
    near = [("a", 59.913869), ("b", 59.913870)]  # two places a hand's breadth apart
    assert not rows_match(near[::-1], near, keys=[(row[1],) for row in near])


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


@pytest.mark.timeout(120)  # 12! arrangements would take days
def test_many_equal_columns_are_matched_without_trying_every_arrangement() -> None:
    rows: list[Row] = [tuple([i] * 12) for i in range(50)]
    other: list[Row] = [(*row[:-1], 49 - i) for i, row in enumerate(rows)]  # type: ignore[operator]
    assert not rows_match(rows, other)
    assert rows_match(rows[::-1], rows)


@pytest.mark.timeout(120)  # every row with every other would take an hour
def test_large_results_are_compared_without_trying_every_pair_of_rows() -> None:
    gold: list[Row] = [(i, i / 7, f"name {i % 100}") for i in range(20_000)]
    assert rows_match([(c, a, b * (1 + 1e-9)) for a, b, c in gold[::-1]], gold)  # type: ignore[operator]
    assert not rows_match([(a, b + 1, c) for a, b, c in gold], gold)  # type: ignore[operator]
