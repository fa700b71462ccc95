"""cluster/schedule.py: the order of questions and the learning rate."""

from __future__ import annotations

import itertools

import pytest

from cluster.schedule import (
    batches_of_like_length,
    endless_order,
    groups_to_ask_for,
    learning_rate,
    minutes_left_for_sft,
    progress,
    spread,
    token_batch,
)
from envs.records import TrainingSequence


def test_every_item_comes_once_an_epoch_and_epochs_differ() -> None:
    drawn = list(itertools.islice(endless_order(range(20), seed=1), 40))
    assert sorted(drawn[:20]) == sorted(drawn[20:]) == list(range(20))
    assert drawn[:20] != drawn[20:]


@pytest.mark.parametrize("start", [0, 7, 20, 33])
def test_an_order_taken_up_in_the_middle_goes_on_as_it_would_have(start: int) -> None:
    straight = list(itertools.islice(endless_order(range(20), seed=3), start + 15))
    assert list(itertools.islice(endless_order(range(20), seed=3, start=start), 15)) == straight[start:]


def test_nothing_to_draw_from_is_an_error_not_an_endless_loop() -> None:
    with pytest.raises(ValueError, match="nothing to draw from"):
        next(endless_order([], seed=1))


def test_spread_takes_from_everywhere_and_all_when_there_are_no_more() -> None:
    assert spread(range(100), 5) == [0, 20, 40, 60, 80]
    assert len(set(spread(range(293), 120))) == 120
    assert spread(range(3), 0) == spread(range(3), 3) == spread(range(3), 9) == range(3)


def test_sft_gets_less_where_scoring_takes_longer_but_always_something() -> None:
    quick = minutes_left_for_sft(26, spent_s=120, scoring_s=60, stages=3, phases_minutes=3)
    slow = minutes_left_for_sft(26, spent_s=120, scoring_s=160, stages=3, phases_minutes=3)
    assert quick - slow == pytest.approx(5.0)
    assert quick + (120 + 3 * 60) / 60 + 3 < 26, "all of it fits, with something to spare"
    assert minutes_left_for_sft(5, spent_s=120, scoring_s=160, stages=3, phases_minutes=3) == 1.0


def test_progress_is_the_further_of_steps_and_minutes() -> None:
    assert progress(5, 10, 1, 10) == 0.5
    assert progress(1, 10, 9, 10) == 0.9
    assert progress(1, 10, 20, 10) == 1.0
    assert progress(50, 0, 5, 10) == progress(5, 10, 50, 0) == 0.5


def test_the_learning_rate_warms_up_then_falls_to_a_tenth() -> None:
    assert learning_rate(1.0, 0, 3, 0.0) == pytest.approx(0.25)
    assert learning_rate(1.0, 3, 3, 0.0) == pytest.approx(1.0)
    assert learning_rate(1.0, 50, 3, 1.0) == pytest.approx(0.1)


def test_a_token_batch_stops_at_the_sequence_that_fills_it() -> None:
    order = iter([TrainingSequence((1,) * n, (0.0,) * n) for n in (40, 40, 40, 40)])
    assert len(token_batch(order, 100)) == 3
    assert len(list(order)) == 1


def padding(batches: list[list[TrainingSequence]]) -> float:
    """Padded tokens over real ones."""
    padded = sum(len(batch) * max(len(s.ids) for s in batch) for batch in batches)
    return padded / sum(len(s.ids) for batch in batches for s in batch)


def test_batches_of_a_window_hold_each_sequence_once_and_like_lengths_together() -> None:
    lengths = [100 + 10 * (7 * i % 40) for i in range(40)]
    sequences = [TrainingSequence((i,) * n, (0.0,) * n) for i, n in enumerate(lengths)]
    order = [*sequences, *sequences]
    window = list(itertools.islice(batches_of_like_length(iter(order), sum(lengths) // 8, 8, seed=2), 8))
    assert sorted(s.ids[0] for batch in window for s in batch) == list(range(40))
    assert all(0.7 < 8 * sum(len(s.ids) for s in batch) / sum(lengths) < 1.3 for batch in window)
    as_they_come = list(itertools.islice(batches_of_like_length(iter(order), sum(lengths) // 8, 1, seed=2), 8))
    assert padding(window) < 1.15 < 1.4 < padding(as_they_come)


def test_the_same_seed_hands_out_the_same_batches_so_a_resumed_run_can_skip_what_is_done() -> None:
    sequences = [TrainingSequence((i,) * n, (0.0,) * n) for i, n in enumerate([9, 3, 7, 5, 8, 4, 6, 2] * 5)]
    made = [list(itertools.islice(batches_of_like_length(endless_order(sequences, 1), 20, 3, seed=5), 12)) for _ in range(2)]
    assert made[0] == made[1]


def test_more_groups_are_asked_for_the_fewer_have_variance() -> None:
    assert groups_to_ask_for(4, 0, 0, 8) == 8  # half are expected to train nothing before any is played
    assert groups_to_ask_for(4, 98, 9, 8) == 5
    assert groups_to_ask_for(4, 98, 89, 8) == 8  # never more than there is room for
    assert groups_to_ask_for(1, 10, 0, 8) == 2
