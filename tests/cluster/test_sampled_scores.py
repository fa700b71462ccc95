"""Several answers to a question: who is in the majority, by result rows, and what pass@k and the majority's accuracy come to."""

from __future__ import annotations

import pytest

from cluster.sampled_scores import majority_curve, sampled_score, sampled_table
from envs.records import Group, Outcome, Question, Stop, Trajectory
from envs.sandbox import Database
from envs.verifier import grade

COUNT = Question("shop/1", "shop", "How many pets are there?", "SELECT count(*) FROM pets", ("pets",))
WEATHER = Question("shop/2", "shop", "What is the weather?", "", (), answerable=False)
RIGHT, SAME, WRONG = "SELECT count(*) FROM pets", "SELECT sum(1) FROM pets", "SELECT count(*) FROM owners"


def group(database: Database, question: Question, *answers: tuple[str, str]) -> Group:
    def played(member: int, sql: str, answer: str) -> Trajectory:
        outcome = Outcome(grade(database, question, sql, answer), None, sql, answer)
        return Trajectory(question.id, "shop", member, (), (), (), (), (), Stop.ANSWERED, outcome, float(outcome.correct), 0.0)

    return Group(question, tuple(played(member, *answer) for member, answer in enumerate(answers)))


def test_answers_agree_by_their_rows_whatever_the_sql(shop: Database) -> None:
    asked = group(shop, COUNT, (WRONG, "RESULT"), (RIGHT, "RESULT"), (SAME, "RESULT"), ("", ""), ("", "UNKNOWN no idea"))
    assert majority_curve(asked, shop) == [False, False, True, True, True]  # of equals the earliest counts


def test_nobody_answering_is_wrong_and_unknown_can_be_the_majority(shop: Database) -> None:
    assert majority_curve(group(shop, COUNT, ("", ""), (RIGHT, "")), shop) == [False, False]
    assert majority_curve(group(shop, WEATHER, (RIGHT, "RESULT"), ("", "UNKNOWN a"), ("", "UNKNOWN b")), shop) == [False, False, True]


def test_the_score_counts_every_question_once_for_each_k(shop: Database) -> None:
    groups = [
        group(shop, COUNT, (WRONG, "RESULT"), (RIGHT, "RESULT"), (SAME, "RESULT")),
        group(shop, WEATHER, ("", "UNKNOWN a"), ("", ""), ("", "")),
    ]
    found = sampled_score(groups, {"shop": shop}, 0.7)
    assert [tally.correct for tally in found.majority.values()] == [1, 1, 2]
    assert found.pass_at == pytest.approx({1: 0.5, 2: (1 + 2 / 3) / 2, 3: 1.0})
    assert found.pass_at_by_tables == {"1": found.pass_at}
    assert found.as_dict()["majority"]["3"]["accuracy"] == 1.0
    assert sampled_table(found).row_count == 3


def test_groups_of_different_sizes_are_refused(shop: Database) -> None:
    with pytest.raises(ValueError, match="got sizes"):
        sampled_score([group(shop, COUNT, (RIGHT, "RESULT")), group(shop, COUNT)], {"shop": shop}, 1.0)
