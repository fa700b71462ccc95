from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from serving.agreement import Given, Said, agreement, same

ROWS = Given(Said.ROWS, ((1, "a"), (2, "b")))
UNKNOWN, NOTHING = Given(Said.UNKNOWN), Given(Said.NOTHING)


def test_rows_agree_whatever_their_order_and_the_order_of_columns() -> None:
    assert same(ROWS, Given(Said.ROWS, (("b", 2), ("a", 1))))


def test_rows_returned_twice_disagree_with_rows_returned_once() -> None:
    assert not same(ROWS, Given(Said.ROWS, (*ROWS.rows, *ROWS.rows)))


def test_reals_within_a_millionth_agree() -> None:
    assert same(Given(Said.ROWS, ((1 / 3,),)), Given(Said.ROWS, ((0.33333334,),)))


def test_the_largest_camp_wins_and_its_first_answer_stands_for_it() -> None:
    found = agreement([UNKNOWN, ROWS, NOTHING, ROWS, Given(Said.ROWS, ((9,),))])
    assert found.camps == ((1, 3), (0,), (4,))
    assert (found.majority, found.votes, found.share) == (1, 2, 0.4)
    assert found.margin == 0.2


def test_of_equally_large_camps_the_earliest_answer_wins() -> None:
    assert agreement([NOTHING, UNKNOWN, ROWS]).majority == 1


def test_answers_that_came_to_nothing_never_win() -> None:
    found = agreement([NOTHING, NOTHING, NOTHING])
    assert (found.majority, found.votes, found.share, found.margin) == (None, 0, 0.0, 0.0)


def test_no_answers_at_all_are_no_agreement() -> None:
    assert agreement([]).share == 0.0


answers = st.sampled_from(
    [ROWS, UNKNOWN, NOTHING, Given(Said.ROWS, ()), Given(Said.ROWS, ((None,),)), Given(Said.ROWS, ((2, "b"), (1, "a")))]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(answers, max_size=9))
def test_every_answer_is_in_one_camp_or_came_to_nothing(listed: list[Given]) -> None:
    found = agreement(listed)
    placed = sorted(place for camp in found.camps for place in camp)
    assert placed == [place for place, answer in enumerate(listed) if answer.said is not Said.NOTHING]
    assert [len(camp) for camp in found.camps] == sorted((len(camp) for camp in found.camps), reverse=True)
    assert 0 <= found.margin <= found.share <= 1
