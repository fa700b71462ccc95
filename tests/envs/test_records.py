"""What the records say of themselves."""

from __future__ import annotations

import pytest

from envs.records import turns_of


@pytest.mark.parametrize(
    ("mask", "turns"),
    [
        ((), []),
        ((0, 0), []),
        ((0, 1, 1, 0, 0, 1), [(1, 3), (5, 6)]),
        ((0, 1, 0, 1, 0), [(1, 2), (3, 4)]),
        ((1, 1), [(0, 2)]),
    ],
)
def test_turns_are_the_runs_of_what_was_sampled(mask: tuple[int, ...], turns: list[tuple[int, int]]) -> None:
    assert turns_of(mask) == turns
