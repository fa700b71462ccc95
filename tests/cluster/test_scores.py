"""cluster/scores.py: accuracy, its interval, and where it comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.scores import score, wilson_interval
from envs.records import Action, Failure, Group, Outcome, Question, Step, Stop, Trajectory, Verb


def played(db_id: str, tables: tuple[str, ...], failure: Failure | None, verbs: tuple[Verb, ...] = (Verb.QUERY, Verb.ANSWER)) -> Group:
    question = Question(f"{db_id}/1", db_id, "How many?", "SELECT 1", tables)
    steps = tuple(Step(Action(verb, "x"), "x", "", verb is not Verb.MALFORMED) for verb in verbs)
    outcome = Outcome(failure is None, failure, "", "")
    return Group(question, (Trajectory(question.id, db_id, 0, (), (), (), (), steps, Stop.ANSWERED, outcome, 0.0, 0.0),))


def test_wilson_interval_agrees_with_a_value_worked_by_hand() -> None:
    # 5 of 10: centre (0.5 + 3.8415 / 20) / 1.38415 = 0.5, half-width 1.96 / 1.38415 * sqrt(0.025 + 3.8415 / 400) = 0.2634
    assert wilson_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_proportion_and_stays_within_0_and_1(counts: tuple[int, int]) -> None:
    low, high = wilson_interval(*counts)
    assert 0.0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1.0


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
