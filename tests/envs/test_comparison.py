"""Paired comparison: the exact test against figures worked by hand, and pairing that never compares unlike questions."""

from __future__ import annotations

import pytest

from envs.comparison import Answered, Paired, compare, mcnemar, pair


def side(*rights: bool, db_id: str = "shop", tables: int = 1) -> list[Answered]:
    return [Answered(db_id, f"question {i}", right, tables, f"SELECT {i}") for i, right in enumerate(rights)]


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),  # the two tails overlap in the middle
        (0, 1, 1.0),
        (0, 6, 2 / 64),
        (1, 7, 2 * (1 + 8) / 2**8),
        (5, 15, 2 * (1 + 20 + 190 + 1140 + 4845 + 15504) / 2**20),
        (900, 1100, 8.6e-06),  # by the normal approximation with continuity correction
    ],
)
def test_the_exact_test_counts_the_tails_of_a_fair_coin(only_a: int, only_b: int, p: float) -> None:
    assert mcnemar(only_a, only_b) == pytest.approx(p, rel=0.03)
    assert mcnemar(only_b, only_a) == mcnemar(only_a, only_b)


def test_pairs_are_counted_in_all_by_database_and_by_tables() -> None:
    a = [*side(True, True, False, False), *side(False, db_id="bank", tables=4)]
    b = [*side(True, False, True, False), *side(True, db_id="bank", tables=4)]
    found = compare(pair(a, b))
    assert found.total == Paired(both=1, only_a=1, only_b=2, neither=1)
    assert found.total.difference == pytest.approx(0.2)
    assert found.databases == {"bank": Paired(0, 0, 1, 0), "shop": Paired(1, 1, 1, 1)}
    assert found.tables == {"1": Paired(1, 1, 1, 1), "2": Paired(0, 0, 0, 0), "3+": Paired(0, 0, 1, 0)}
    assert [one.question for one, _ in found.disagreements] == ["question 1", "question 2", "question 0"]
    told = found.as_dict()
    assert (told["correct_a"], told["correct_b"], [d["right"] for d in told["disagreements"]]) == (2, 3, ["a", "b", "b"])


def test_answers_in_another_order_are_paired_by_question_and_repeated_ones_in_their_order() -> None:
    a = [*side(True, False), *side(False)]  # question 0 is asked twice
    b = [Answered("shop", "question 1 ", True), Answered("shop", "question 0", True), Answered("shop", "question 0", False)]
    assert [(x.question.strip(), x.correct, y.correct) for x, y in pair(a, b)] == [
        ("question 0", True, True), ("question 1", False, True), ("question 0", False, False),
    ]  # fmt: skip


def test_policies_asked_different_questions_are_not_compared_unless_told_to() -> None:
    with pytest.raises(ValueError, match="1 questions only in A, 0 only in B, 2 in both"):
        pair(side(True, True, True), side(True, True))
    assert len(pair(side(True, True, True), side(True, True), common=True)) == 2
    with pytest.raises(ValueError, match="nothing to compare"):
        pair(side(True), side(True, db_id="bank"), common=True)


def test_without_the_number_of_tables_nothing_is_said_by_it() -> None:
    unknown = [Answered("shop", "question 0", True)]
    assert compare(pair(unknown, unknown)).tables == {}
    assert set(compare(pair(side(True), unknown)).tables) == {"1", "2", "3+"}  # one side knows
