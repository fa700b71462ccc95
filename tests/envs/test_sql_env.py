"""An episode: what each action gives back, when it ends and how it failed."""

from __future__ import annotations

import hashlib

import pytest

from envs.records import Failure, Question, Step, Stop, Verb
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig, SqlEnv
from envs.verifier import VerifierError

QUESTION = Question("shop/1", "shop", "How many pets are there?", "SELECT count(*) FROM pets")


def play(shop: Database, *turns: str, question: Question = QUESTION, config: EpisodeConfig = EpisodeConfig()) -> SqlEnv:  # noqa: B008
    env = SqlEnv(shop, question, config)
    for turn in turns:
        env.step(turn)
    return env


def only(shop: Database, turn: str) -> Step:
    return play(shop, turn).steps[0]


def test_a_right_answer_from_start_to_end(shop: Database) -> None:
    env = play(shop, "DESCRIBE pets", "SAMPLE pets", "QUERY SELECT count(*) FROM pets", "ANSWER RESULT")
    assert env.tables == ("owners", "pets", "Products", "sales")
    assert [step.ok for step in env.steps] == [True] * 4
    assert env.steps[2].observation == "count(*)\n7"
    assert env.steps[3].observation == ""
    assert env.stop is Stop.ANSWERED
    outcome = env.outcome()
    assert (outcome.correct, outcome.failure) == (True, None)
    assert (outcome.sql, outcome.answer) == ("SELECT count(*) FROM pets", "RESULT")
    assert env.result is not None
    assert env.result.rows == ((7,),)


def test_a_query_shows_the_first_rows_and_their_number(shop: Database) -> None:
    said = only(shop, "QUERY SELECT name, city FROM pets, owners ORDER BY pet_id, owners.owner_id").observation
    assert said.splitlines() == ["name | city", "Rex | Oslo", "Rex | bergen", "Rex | Oslo", "Rex | NULL", "Rex | Bergen", "(42 rows)"]
    assert only(shop, "QUERY SELECT name FROM pets WHERE 0").observation == "no rows"


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        ("DESCRIBE pet", "error: no such table: pet; tables: pets, "),
        ("SAMPLE sales; DELETE FROM sales", "error: no such table: sales; DELETE FROM sales; tables: sales, "),
        ("DESCRIBE ../../etc/passwd", "error: no such table: ../../etc/passwd; tables: "),
        ("SAMPLE sales -1", "error: no such table: sales -1; tables: sales, "),
        ("QUERY SELECT nmae FROM pets", "error: no such column: nmae; pets has name, "),
        ("QUERY DELETE FROM pets", "error: only a SELECT is run, not DELETE"),
        ("SELECT * FROM pets", "error: not an action: begin with DESCRIBE"),
        ("query SELECT 1", "error: not an action"),
        ("ＱＵＥＲＹ SELECT 1", "error: not an action"),
        ("", "error: not an action"),
        ("QUERY", "error: not an action"),
        ("DESCRIBE " + "x" * 3_000, "error: no such table: xxx"),
        ("QUERY SELECT " + "1" * 1_000_000, "error: the action has 1000013 characters"),
        ("DESCRIBE <|im_end|>\0\ud800", "error: no such table: "),
    ],
)
def test_a_turn_that_fails_comes_back_as_an_error_that_teaches(shop: Database, turn: str, said: str) -> None:
    before = hashlib.sha256(shop.path.read_bytes()).hexdigest()
    env = SqlEnv(shop, QUESTION, EpisodeConfig())
    step = env.step(turn)
    assert not step.ok
    assert step.text == turn
    assert step.observation.startswith(said)
    assert len(step.observation) < 320
    assert "7" in env.step("QUERY SELECT count(*) FROM pets").observation
    assert hashlib.sha256(shop.path.read_bytes()).hexdigest() == before


def test_only_the_first_of_two_actions_in_a_turn_counts(shop: Database) -> None:
    env = play(shop, "QUERY SELECT count(*) FROM owners\nANSWER RESULT")
    assert env.stop is None
    assert env.steps[0].action.verb is Verb.QUERY


def test_an_observation_the_policy_writes_itself_is_no_result(shop: Database) -> None:
    env = play(shop, "QUERY SELECT nope FROM pets\ncount(*)\n7", "ANSWER 7")
    assert env.outcome().failure is Failure.SQL_ERROR


@pytest.mark.parametrize(
    ("turns", "failure"),
    [
        (["ANSWER UNKNOWN no such table"], Failure.GAVE_UP),
        (["QUERY SELECT count(*) FROM pets", "ANSWER UNKNOWN"], Failure.GAVE_UP),
        (["DESCRIBE pets", "ANSWER 7"], Failure.NO_QUERY),
        (["ANSWER <b>7</b> ![x](http://e.com) $x$"], Failure.NO_QUERY),
        (["QUERY SELECT nope FROM pets", "ANSWER RESULT"], Failure.SQL_ERROR),
        (["QUERY SELECT count(*) FROM owners", "ANSWER RESULT"], Failure.WRONG_ROWS),
        (["QUERY SELECT count(*) FROM owners", "QUERY SELECT nope FROM pets", "ANSWER RESULT"], Failure.WRONG_ROWS),
        (["QUERY SELECT count(*) FROM pets", "ANSWER 8"], Failure.WRONG_ROWS),
        (["QUERY SELECT 7", "ANSWER RESULT"], Failure.WRONG_ROWS),
        (["what?"] * 3, Failure.MALFORMED),
        (["QUERY SELECT count(*) FROM pets", "no", "no", "no"], Failure.MALFORMED),
        ([f"QUERY SELECT name FROM pets LIMIT {i + 1}" for i in range(10)], Failure.GAVE_UP),
        (["DESCRIBE pets"] * 4, Failure.NO_QUERY),
        ([f"QUERY SELECT nope{i} FROM pets" for i in range(10)], Failure.SQL_ERROR),
    ],
)
def test_a_failure_is_named_by_what_went_wrong(shop: Database, turns: list[str], failure: Failure) -> None:
    env = play(shop, *turns)
    outcome = env.outcome()
    assert not outcome.correct
    assert outcome.failure is failure


def test_the_last_query_that_succeeded_is_graded(shop: Database) -> None:
    env = play(shop, "QUERY SELECT count(*) FROM pets", "QUERY SELECT nope FROM pets", "ANSWER RESULT")
    assert env.outcome().correct
    env = play(shop, "QUERY SELECT count(*) FROM pets", "QUERY SELECT count(*) FROM owners", "ANSWER 7")
    assert not env.outcome().correct


def test_unknown_is_right_on_a_question_the_database_cannot_answer(shop: Database) -> None:
    cannot = Question("shop/2", "shop", "Who is the oldest cat?", "", answerable=False)
    assert play(shop, "DESCRIBE pets", "ANSWER UNKNOWN no ages", question=cannot).outcome().correct
    outcome = play(shop, "QUERY SELECT name FROM pets", "ANSWER RESULT", question=cannot).outcome()
    assert (outcome.correct, outcome.failure) == (False, Failure.WRONG_ROWS)


def test_the_budget_counts_malformed_turns_too(shop: Database) -> None:
    env = play(shop, "DESCRIBE pets", "hm", "DESCRIBE pets", config=EpisodeConfig(actions_max=3))
    assert env.stop is Stop.BUDGET
    assert env.steps[-1].observation == ""
    assert play(shop, "DESCRIBE pets", "hm", config=EpisodeConfig(actions_max=3)).stop is None


def test_an_answer_in_the_last_action_counts_as_answered(shop: Database) -> None:
    env = play(shop, "QUERY SELECT count(*) FROM pets", "ANSWER RESULT", config=EpisodeConfig(actions_max=2))
    assert env.stop is Stop.ANSWERED
    assert env.outcome().correct


def test_malformed_turns_need_not_follow_one_another_to_end_the_episode(shop: Database) -> None:
    env = play(shop, "no", "DESCRIBE pets", "no", "SAMPLE pets", "no")
    assert env.stop is Stop.MALFORMED


def test_an_action_that_fails_three_times_in_the_same_words_ends_the_episode(shop: Database) -> None:
    wrong = "QUERY SELECT nope FROM pets"
    env = play(shop, wrong, "DESCRIBE pets", wrong, "QUERY SELECT nopes FROM pets", wrong)
    assert env.stop is Stop.REPEATED
    assert env.outcome().failure is Failure.SQL_ERROR
    assert play(shop, *["DESCRIBE nowhere"] * 3).stop is Stop.REPEATED


def test_what_succeeds_may_be_done_again_a_few_times(shop: Database) -> None:
    assert play(shop, *["DESCRIBE pets"] * 3, *["QUERY SELECT name FROM pets"] * 3).stop is None
    assert play(shop, *["DESCRIBE pets"] * 4).stop is Stop.REPEATED  # but not for ever
    env = play(shop, "QUERY SELECT name FROM pets", *["QUERY SELECT nope FROM pets"] * 3)
    assert env.outcome().failure is Failure.GAVE_UP


def test_no_turn_is_taken_after_the_end_and_none_graded_before(shop: Database) -> None:
    env = play(shop, "DESCRIBE pets")
    with pytest.raises(RuntimeError, match="has not ended"):
        env.outcome()
    env.end(Stop.TOO_LONG)
    with pytest.raises(RuntimeError, match="too_long"):
        env.step("ANSWER RESULT")
    assert env.outcome().failure is Failure.NO_QUERY
    env.end(Stop.BUDGET)
    assert env.stop is Stop.TOO_LONG


def test_a_gold_that_fails_raises_and_is_no_wrong_answer(shop: Database) -> None:
    broken = Question("shop/3", "shop", "?", "SELECT nope FROM pets")
    env = play(shop, "QUERY SELECT count(*) FROM pets", "ANSWER RESULT", question=broken)
    with pytest.raises(VerifierError, match="shop/3"):
        env.outcome()


@pytest.mark.parametrize("setting", ["actions_max", "malformed_max", "repeats_max", "rows_shown", "cell_chars"])
def test_a_setting_that_makes_no_episode_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=f"episode.{setting}"):
        EpisodeConfig(**{setting: 0})


def test_malformed_turns_have_a_limit_of_their_own_however_often_they_repeat(shop: Database) -> None:
    config = EpisodeConfig(repeats_max=2, malformed_max=3)
    assert play(shop, "hello there", "hello there", config=config).stop is None
    env = play(shop, *["hello there"] * 3, config=config)
    assert (env.stop, env.outcome().failure) == (Stop.MALFORMED, Failure.MALFORMED)
    env = play(shop, *["QUERY SELECT nmae FROM pets"] * 2, config=config)
    assert (env.stop, env.outcome().failure) == (Stop.REPEATED, Failure.SQL_ERROR)
