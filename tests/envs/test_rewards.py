from __future__ import annotations

from collections.abc import Sequence

import pytest

from envs.dialogue import parse_action
from envs.records import Group, Outcome, Question, Step, Stop, Trajectory
from envs.rewards import PENALTY_MAX, RewardConfig, shaped

QUESTION = Question("q", "d", "?", "")
SOLVED = ["DESCRIBE pets", "QUERY SELECT 1", "ANSWER RESULT"]


def member(turns: Sequence[str], *, right: bool, place: int = 0) -> Trajectory:
    steps = tuple(Step(parse_action(text), text, "", True) for text in turns)
    return Trajectory("q", "d", place, (1,), (1,), (0.0,), (), steps, Stop.ANSWERED, Outcome(right, None, "", ""), float(right), 0.0)


def rewards(config: RewardConfig, *members: Trajectory) -> list[float]:
    return list(shaped(Group(QUESTION, members), config).rewards)


def test_by_default_a_reward_is_the_verifiers_word_and_the_group_the_same_object() -> None:
    group = Group(QUESTION, (member(["no", "no"], right=False), member(SOLVED, right=True)))
    assert shaped(group, RewardConfig()) is group


def test_each_penalty_is_taken_for_what_it_is_named_after() -> None:
    clean = member(SOLVED, right=True)
    twice = member(["DESCRIBE pets", "DESCRIBE pets", "DESCRIBE pets", *SOLVED[1:]], right=True)
    astray = member(["let me see", "hm", "ANSWER RESULT"], right=False)
    talking = member([*SOLVED[:2], "ANSWER RESULT\nDESCRIBE owners"], right=True)
    all_of_them = (clean, twice, astray, talking)
    assert rewards(RewardConfig(repeated=0.1), *all_of_them) == pytest.approx([1, 0.8, 0, 1])
    assert rewards(RewardConfig(malformed=0.1), *all_of_them) == pytest.approx([1, 1, -0.2, 1])
    assert rewards(RewardConfig(after_end=0.1), *all_of_them) == pytest.approx([1, 1, 0, 0.9])


def test_a_line_break_that_only_ends_the_answer_costs_nothing() -> None:
    assert rewards(RewardConfig(after_end=0.1), member(["ANSWER RESULT\n"], right=True)) == [1.0]


def test_the_step_cost_is_for_right_answers_to_questions_solved_reliably() -> None:
    short, long, wrong = (
        member(SOLVED, right=True),
        member(["DESCRIBE pets", "SAMPLE pets", *SOLVED[1:]], right=True, place=1),
        member(SOLVED, right=False, place=2),
    )
    config = RewardConfig(step_cost=0.01, reliable_share=0.66)
    assert rewards(config, short, long) == pytest.approx([0.97, 0.96])
    assert rewards(config, short, long, wrong) == pytest.approx([0.97, 0.96, 0])
    assert rewards(config, short, wrong, wrong) == [1, 0, 0]
    assert shaped(Group(QUESTION, (short, long)), config).has_variance, "all right, and still something to learn"


def test_no_pile_of_penalties_makes_a_right_answer_worth_less_than_a_wrong_one() -> None:
    config = RewardConfig(repeated=0.4, malformed=0.4, after_end=0.4, step_cost=0.4, reliable_share=0.1)
    messy = member(["x", "y", "DESCRIBE pets", "DESCRIBE pets", "ANSWER RESULT\nmore"], right=True)
    right, wrong = rewards(config, messy, member(["ANSWER RESULT"], right=False))
    assert right == pytest.approx(1 - PENALTY_MAX)
    assert wrong == 0


def test_what_was_right_stays_right_whatever_is_taken() -> None:
    group = shaped(Group(QUESTION, (member(["x", *SOLVED], right=True),)), RewardConfig(malformed=0.2))
    assert group.trajectories[0].outcome.correct


@pytest.mark.parametrize("wrong", [{"repeated": -0.1}, {"malformed": 0.5}, {"reliable_share": 0.0}, {"reliable_share": 1.1}])
def test_penalties_out_of_range_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"reward.{next(iter(wrong))}"):
        RewardConfig(**wrong)
