"""pass@k against drawing every set of k answers, and the bounds of what may be asked."""

from __future__ import annotations

from itertools import combinations

import pytest

from envs.pass_at import mean_pass_at, pass_at, powers_up_to


@pytest.mark.parametrize("correct", range(7))
@pytest.mark.parametrize("k", range(1, 7))
def test_the_estimate_is_the_share_of_all_draws_of_k_answers_that_hold_a_right_one(k: int, correct: int) -> None:
    answers = [True] * correct + [False] * (6 - correct)
    draws = list(combinations(answers, k))
    assert pass_at(k, 6, correct) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_the_mean_is_over_questions_and_pass_at_1_is_the_accuracy_of_one_sample() -> None:
    assert mean_pass_at(1, [(4, 4), (4, 0), (4, 1), (4, 1)]) == pytest.approx(6 / 16)
    assert mean_pass_at(4, [(4, 4), (4, 0), (4, 1), (4, 1)]) == pytest.approx(3 / 4)
    assert mean_pass_at(3, []) == 0.0


@pytest.mark.parametrize(("k", "samples", "correct"), [(0, 4, 1), (5, 4, 1), (1, 4, 5), (1, 4, -1), (1, 0, 0)])
def test_what_cannot_be_drawn_is_refused(k: int, samples: int, correct: int) -> None:
    with pytest.raises(ValueError, match="wanted k from 1 to"):
        pass_at(k, samples, correct)


def test_the_k_reported_are_powers_of_two_and_all_answers() -> None:
    assert [powers_up_to(n) for n in (1, 2, 5, 8)] == [[1], [1, 2], [1, 2, 4, 5], [1, 2, 4, 8]]
