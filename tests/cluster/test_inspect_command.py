"""`analyst-buddy inspect` on a run directory made by hand: lists, episodes turn by turn, held-out evaluations, wrong ones alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cluster.cli import app
from cluster.errors import UserError
from cluster.inspect_command import Wanted, episodes, listing, turn_versions
from envs.group_files import training_of, write_groups
from envs.records import Action, Failure, Group, Outcome, Question, Step, Stop, Trajectory, Verb, WeightSpan
from envs.run_store import RunStore

HOW_MANY = Question("shop/1", "shop", "How many pets?", "SELECT count(*) FROM pets", ("pets",))
WHY = Question("shop/2", "shop", "Why?", "", answerable=False)
LOOK = Step(Action(Verb.DESCRIBE, "pets"), "DESCRIBE pets", "pets: 7 rows\npet_id INTEGER", True)
SLIP = Step(Action(Verb.QUERY, "SELECT nmae FROM pets"), "QUERY SELECT nmae FROM pets", "error: no such column: nmae", False)
NOISE = Step(Action(Verb.MALFORMED, "no such action"), "Well,\n\x1b[2Jlet me see", "error: no such action", False)
DONE = Step(Action(Verb.ANSWER, "RESULT"), "ANSWER RESULT", "", True)


def played(question: Question, member: int, steps: tuple[Step, ...], *, correct: bool) -> Trajectory:
    """Two prompt tokens, then two sampled tokens a turn with one observed token between."""
    mask = [0, 0]
    for _ in steps:
        mask += [1, 1, 0]
    mask.pop()
    spans = (WeightSpan(2, 4, 6), WeightSpan(5, len(mask), 7)) if len(steps) > 1 else (WeightSpan(2, 4, 7),)
    return Trajectory(
        question.id, "shop", member, tuple(range(len(mask))), tuple(mask), tuple(-0.5 * m for m in mask), spans, steps,
        Stop.ANSWERED, Outcome(correct, None if correct else Failure.WRONG_ROWS, "SELECT 1", "RESULT"), float(correct), 1.5,
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> RunStore:
    """Two steps of one group each and two validations."""
    store = RunStore(tmp_path / "runs" / "small")
    store.append_event("start")
    mixed = Group(HOW_MANY, (played(HOW_MANY, 0, (LOOK, SLIP, DONE), correct=False), played(HOW_MANY, 1, (DONE,), correct=True)))
    flat = Group(WHY, (played(WHY, 0, (NOISE, DONE), correct=False), played(WHY, 1, (DONE,), correct=False)))
    for step, groups in ((7, [mixed, flat]), (8, [flat])):
        write_groups(store.groups_path(step), groups, training_of(step, "phase1", groups, groups[:-1], 1e-5, 0))
    for step, right in ((6, False), (9, True)):
        path = store.evaluation_path(step)
        group = Group(HOW_MANY, (played(HOW_MANY, 0, (DONE,), correct=right),))
        write_groups(path.with_name(f"{path.stem}_sft_validation.parquet"), [group, Group(WHY, (played(WHY, 0, (NOISE,), correct=False),))])
    return store


def told(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["inspect", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_without_a_choice_steps_and_evaluations_are_listed_with_counts_and_mean_reward(run: RunStore) -> None:
    assert told(run.path).splitlines() == [
        "--step 7: 2 groups, 1 with variance, 1 of 4 right, mean reward 0.250, 1.5 s an episode",
        "--step 8: 1 groups, 0 with variance, 0 of 2 right, mean reward 0.000, 1.5 s an episode",
        "--evaluation sft_validation, step 6: 0 of 2 right, mean reward 0.000, 1.5 s an episode",
        "--evaluation sft_validation, step 9: 1 of 2 right, mean reward 0.500, 1.5 s an episode",
    ]
    first = json.loads(told(run.path, "--json").splitlines()[0])
    assert first == {
        "step": 7, "groups": 2, "groups_with_variance": 1, "episodes": 4, "correct": 1, "reward_mean": 0.25, "seconds_mean": 1.5,
    }  # fmt: skip


def test_a_group_is_shown_turn_by_turn_one_episode_after_the_other(run: RunStore) -> None:
    assert told(run.path, "--step", 7, "--question", "shop/1").splitlines() == [
        "shop/1 (shop, step 7): How many pets?",
        "gold: SELECT count(*) FROM pets",
        "",
        "  member 0: wrong (wrong_rows), reward 0, ended by answered, 1.5 s, 6 of 10 tokens sampled, weights v6, v7",
        "    1. DESCRIBE pets  [v6]",
        "       | pets: 7 rows",
        "       | pet_id INTEGER",
        "    2. QUERY SELECT nmae FROM pets  [failed, v7]",
        "       | error: no such column: nmae",
        "    3. ANSWER RESULT  [v7]",
        "",
        "  member 1: right, reward 1, ended by answered, 1.5 s, 2 of 4 tokens sampled, weights v7",
        "    1. ANSWER RESULT",
    ]


def test_a_malformed_turn_is_shown_in_the_policys_own_words_without_what_steers_a_terminal(run: RunStore) -> None:
    shown = told(run.path, "--step", 8)
    assert "gold: UNKNOWN" in shown
    assert "    1. Well,  [malformed, failed, v6]\n       \ufffd[2Jlet me see\n       | error: no such action\n" in shown


def test_wrong_shows_only_what_was_not_right_and_a_question_alone_all_its_steps(run: RunStore) -> None:
    wrong = [json.loads(line) for line in told(run.path, "--wrong", "--json").splitlines()]
    assert [(row["step"], row["question_id"], row["member"]) for row in wrong] == [
        (7, "shop/1", 0), (7, "shop/2", 0), (7, "shop/2", 1), (8, "shop/2", 0), (8, "shop/2", 1),
    ]  # fmt: skip
    assert {row["step"] for row in episodes(run, Wanted(question="shop/2"))} == {7, 8}


def test_an_evaluation_is_the_newest_of_its_name_unless_a_step_is_named(run: RunStore) -> None:
    newest = [json.loads(line) for line in told(run.path, "--evaluation", "sft_validation", "--json").splitlines()]
    assert [(row["step"], row["correct"]) for row in newest] == [(9, True), (9, False)]
    earlier = list(episodes(run, Wanted(step=6, evaluation="sft_validation", wrong=True)))
    assert [row["question_id"] for row in earlier] == ["shop/1", "shop/2"]
    assert "evaluation sft_validation, step 9" in told(run.path, "--evaluation", "sft_validation")


def test_json_holds_every_part_of_an_episode(run: RunStore) -> None:
    row = json.loads(told(run.path, "--step", 7, "--json").splitlines()[0])
    assert (row["gold_sql"], row["sql"], row["answer"], row["failure"]) == (HOW_MANY.gold_sql, "SELECT 1", "RESULT", "wrong_rows")
    assert (row["weight_versions"], row["tokens_sampled"], row["tokens"], row["seconds"]) == ([6, 7], 6, 10, 1.5)
    assert row["turns"][1] == {
        "verb": "QUERY", "argument": "SELECT nmae FROM pets", "text": "QUERY SELECT nmae FROM pets",
        "observation": "error: no such column: nmae", "ok": False, "weight_versions": [7],
    }  # fmt: skip


def test_what_is_not_there_is_named_with_what_is(run: RunStore, tmp_path: Path) -> None:
    for wanted, message in (
        (Wanted(step=9), "no groups of step 9 .*: there are 2 steps, 7 to 8"),
        (Wanted(question="shop/5"), "no question 'shop/5' was played there: there are 2, such as shop/1, shop/2"),
        (Wanted(evaluation="base_test"), r"no evaluation 'base_test' .*: there are sft_validation \(step 6\), sft_validation \(step 9\)"),
        (Wanted(step=7, evaluation="sft_validation"), "no evaluation 'sft_validation' of step 7"),
    ):
        with pytest.raises(UserError, match=message):
            list(episodes(run, wanted))
    empty = RunStore(tmp_path / "empty")
    with pytest.raises(UserError, match="no groups in"):
        list(episodes(empty, Wanted(wrong=True)))
    with pytest.raises(UserError, match="nothing was played in"):
        list(listing(empty))


def test_turns_that_cannot_be_told_apart_by_the_mask_get_no_version() -> None:
    odd = played(HOW_MANY, 0, (LOOK, DONE), correct=True)
    assert turn_versions(odd) == [[6], [7]]
    one_run = Trajectory(**{**{f: getattr(odd, f) for f in Trajectory.__dataclass_fields__}, "mask": (0, 0, 1, 1, 1, 1, 1)})
    assert turn_versions(one_run) == [[], []]
