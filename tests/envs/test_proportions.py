"""envs/proportions.py: the interval of a proportion, against values worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.proportions import wilson_interval


def test_wilson_interval_agrees_with_a_value_worked_by_hand() -> None:
    # 5 of 10: centre (0.5 + 3.8415 / 20) / 1.38415 = 0.5, half-width 1.96 / 1.38415 * sqrt(0.025 + 3.8415 / 400) = 0.2634
    assert wilson_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_proportion_and_stays_within_0_and_1(counts: tuple[int, int]) -> None:
    low, high = wilson_interval(*counts)
    assert 0.0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1.0
