"""cluster/scores.py: accuracy, its interval, and where it comes from."""

from __future__ import annotations

import pytest

from cluster.scores import pass_at_shares, score
from envs.records import Action, Failure, Group, Outcome, Question, Step, Stop, Trajectory, Verb


def played(db_id: str, tables: tuple[str, ...], failure: Failure | None, verbs: tuple[Verb, ...] = (Verb.QUERY, Verb.ANSWER)) -> Group:
    question = Question(f"{db_id}/1", db_id, "How many?", "SELECT 1", tables)
    steps = tuple(Step(Action(verb, "x"), "x", "", verb is not Verb.MALFORMED) for verb in verbs)
    outcome = Outcome(failure is None, failure, "", "")
    return Group(question, (Trajectory(question.id, db_id, 0, (), (), (), (), steps, Stop.ANSWERED, outcome, 0.0, 0.0),))


def test_a_score_counts_by_database_by_tables_and_by_failure() -> None:
    result = score(
        [
            played("shop", ("a",), None),
            played("shop", ("a", "b"), Failure.WRONG_ROWS),
            played("farm", ("a", "b", "c", "d"), None),
            played("farm", ("a",), Failure.MALFORMED, (Verb.MALFORMED,) * 3),
        ]
    ).as_dict()
    assert (result["correct"], result["questions"], result["accuracy"]) == (2, 4, 0.5)
    assert {name: tally["correct"] for name, tally in result["databases"].items()} == {"farm": 1, "shop": 1}
    assert {bucket: (t["correct"], t["questions"]) for bucket, t in result["tables"].items()} == {"1": (1, 2), "2": (0, 1), "3+": (1, 1)}
    assert result["failures"] == {"gave_up": 0, "no_query": 0, "wrong_rows": 1, "sql_error": 0, "malformed": 1}
    assert result["actions_mean"] == pytest.approx(9 / 4)
    assert result["parse_rate"] == pytest.approx(6 / 9)


def test_pass_at_k_is_told_for_powers_of_two_and_all_answers() -> None:
    groups = [
        Group(one.question, (one.trajectories * 3 + other.trajectories)[:4])
        for one, other in [
            (played("shop", ("a",), None), played("shop", ("a",), Failure.WRONG_ROWS)),
            (played("shop", ("a",), Failure.WRONG_ROWS), played("shop", ("a",), None)),
        ]
    ]
    assert pass_at_shares(groups) == pytest.approx({"1": 0.5, "2": (1 + 0.5) / 2, "4": 1.0})
    assert pass_at_shares([]) == {}
