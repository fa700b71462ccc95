"""The memorisation alarm: when it rings, and the three things that look like memorising and are not."""

from __future__ import annotations

import pytest

from cluster.memorisation import Watched, memorising
from envs.proportions import Tally


def course(*points: tuple[int, int], questions: int = 200) -> list[Watched]:
    """Validations every 10 steps, of (right on training, right on validation)."""
    return [Watched(10 * i, Tally(t, questions), Tally(v, questions)) for i, (t, v) in enumerate(points)]


def test_training_that_rises_while_validation_falls_beyond_noise_rings() -> None:
    alarm = memorising(course((60, 50), (90, 80), (120, 75), (160, 50)))
    assert alarm is not None
    assert (alarm.since.step, alarm.now.step) == (10, 30)
    assert "since step 10 training accuracy rose from 45.0 % to 80.0 % while validation fell from 40.0 % to 25.0 %" in str(alarm)


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(100, 80)],
        [(60, 50), (90, 80), (160, 74)],  # a fall that chance makes
        [(60, 50), (120, 80), (100, 40)],  # both fall: the learning rate, say
        [(60, 50), (90, 80), (160, 90)],  # both rise
        [(60, 80), (120, 50), (160, 79)],  # it fell and came back
    ],
)
def test_nothing_else_rings(points: list[tuple[int, int]]) -> None:
    assert memorising(course(*points)) is None


def test_the_same_fall_rings_on_many_questions_and_not_on_few() -> None:
    few = [Watched(0, Tally(10, 20), Tally(9, 20)), Watched(1, Tally(15, 20), Tally(6, 20))]
    many = [Watched(0, Tally(500, 1000), Tally(450, 1000)), Watched(1, Tally(750, 1000), Tally(300, 1000))]
    assert memorising(few) is None
    assert memorising(many) is not None


def test_no_right_answer_among_a_handful_is_no_certain_zero() -> None:
    assert memorising([Watched(0, Tally(1, 4), Tally(1, 4)), Watched(1, Tally(4, 4), Tally(0, 4))]) is None
