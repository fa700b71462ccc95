"""A session describes each table once, cuts fall between turns, and shares are kept to."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.demonstrations import Demonstration, DemonstrationConfig, demonstrate
from envs.dialogue import Codec
from envs.lessons import LessonConfig, exploration, lessons, sessions
from envs.records import Question, TrainingSequence
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig

PLAIN = DemonstrationConfig(recovery_share=0, sample_share=0, sample_unseen_share=0, value_answer_share=0)
STRUNG = LessonConfig(session_share=1.0, session_questions=10, session_tokens=10_000)
COUNT = Question("shop/1", "shop", "How many dogs are there?", "SELECT COUNT(*) FROM pets WHERE species = 'dog'", ("pets",))
NAMES = Question("shop/2", "shop", "What are the pets called?", "SELECT name FROM pets", ("pets",))
CITIES = Question("shop/3", "shop", "Where do our owners live?", "SELECT DISTINCT city FROM owners", ("owners",))
JOIN = Question(
    "shop/4",
    "shop",
    "Who has a cat?",
    "SELECT owners.full_name FROM pets JOIN owners ON pets.owner_id = owners.owner_id WHERE pets.species = 'cat'",
    ("pets", "owners"),
)
NOBODY = Question("shop/5", "shop", "What do our owners earn?", "", ("owners",), answerable=False)
ALL = (COUNT, NAMES, CITIES, JOIN, NOBODY)


@pytest.fixture
def shop(shop_db: Path) -> Iterator[Database]:
    database = Database.open(shop_db)
    yield database
    database.close()


def shown(shop: Database, codec: Codec, question: Question, **shares: float) -> Demonstration:
    config = DemonstrationConfig(**{**dict.fromkeys(("sample_share", "sample_unseen_share", "value_answer_share"), 0.0), **shares})
    return demonstrate(shop, question, codec, EpisodeConfig(), config, random.Random(1))


def taught(codec: Codec, sequence: TrainingSequence) -> list[str]:
    """The turns of weight 1."""
    turns: list[list[int]] = []
    for place, (token, weight) in enumerate(zip(sequence.ids, sequence.weights, strict=True)):
        if weight:
            if not sequence.weights[place - 1]:
                turns.append([])
            turns[-1].append(token)
    return [codec.action_text(turn) for turn in turns]


def session(
    shop: Database, codec: Codec, *questions: Question, at_most: int = 10, tokens_max: int = 10_000, **shares: float
) -> list[TrainingSequence]:
    return list(sessions([(question, shown(shop, codec, question, **shares)) for question in questions], codec, at_most, tokens_max))


def test_a_session_describes_each_table_once_and_teaches_every_query(shop: Database, tiny_codec: Codec) -> None:
    (made,) = session(shop, tiny_codec, COUNT, JOIN, CITIES, recovery_share=0)
    assert taught(tiny_codec, made) == [
        "DESCRIBE pets",
        f"QUERY {COUNT.gold_sql}",
        "DESCRIBE owners",
        f"QUERY {JOIN.gold_sql}",
        f"QUERY {CITIES.gold_sql}",
    ]


def test_a_session_first_asks_what_the_described_tables_answer(shop: Database, tiny_codec: Codec) -> None:
    (made,) = session(shop, tiny_codec, COUNT, CITIES, NAMES, recovery_share=0)
    queries = [turn for turn in taught(tiny_codec, made) if turn.startswith("QUERY")]
    assert queries == [f"QUERY {question.gold_sql}" for question in (COUNT, NAMES, CITIES)]


def test_a_recovery_keeps_its_slip_untaught_and_the_session_goes_on_after_the_right_query(shop: Database, tiny_codec: Codec) -> None:
    played = shown(shop, tiny_codec, JOIN, recovery_share=1, wander_share=0)
    (made,) = session(shop, tiny_codec, JOIN, COUNT, recovery_share=1, wander_share=0)
    queries = [turn for turn in taught(tiny_codec, made) if turn.startswith("QUERY")]
    assert queries == [f"QUERY {JOIN.gold_sql}", f"QUERY {COUNT.gold_sql}"]
    assert made.ids[: len(played.sequence.ids)][:100] == played.sequence.ids[:100]


def test_a_further_question_may_slip_too_and_its_slip_stays_untaught(shop: Database, tiny_codec: Codec) -> None:
    slipped = shown(shop, tiny_codec, JOIN, recovery_share=1, wander_share=0)
    (made,) = sessions([(COUNT, shown(shop, tiny_codec, COUNT, recovery_share=0)), (JOIN, slipped)], tiny_codec, 10, 10_000)
    queries = [step.text for step in slipped.steps if step.text.startswith("QUERY")]
    said = tiny_codec.action_text(made.ids)
    assert len(queries) == 2 and all(query in said for query in queries)
    assert queries[0] not in taught(tiny_codec, made) and queries[1] in taught(tiny_codec, made)


def test_the_next_question_stands_where_an_observation_would(shop: Database, tiny_codec: Codec) -> None:
    (made,) = session(shop, tiny_codec, COUNT, NAMES, recovery_share=0)
    turn = tiny_codec.action_ids(f"QUERY {NAMES.gold_sql}")
    between = tiny_codec.observation_ids(f"Question: {NAMES.text}", turn_closed=True)
    assert made.ids[-len(turn) - len(between) :] == (*between, *turn)


def test_a_described_table_looks_in_a_session_as_it_does_in_an_episode(shop: Database, tiny_codec: Codec) -> None:
    (made,) = session(shop, tiny_codec, COUNT, CITIES, recovery_share=0)
    described = next(step for step in shown(shop, tiny_codec, CITIES, recovery_share=0).steps if step.action.argument == "owners")
    look = (*tiny_codec.action_ids("DESCRIBE owners"), *tiny_codec.observation_ids(described.observation, turn_closed=True))
    assert any(made.ids[place : place + len(look)] == look for place in range(len(made.ids)))


def test_a_question_that_fits_into_no_session_is_left_out_and_none_is_asked_twice(shop: Database, tiny_codec: Codec) -> None:
    whole = session(shop, tiny_codec, COUNT, NAMES, JOIN, CITIES, recovery_share=0)
    room = len(whole[0].ids) - 1
    made = session(shop, tiny_codec, COUNT, NAMES, JOIN, CITIES, tokens_max=room, recovery_share=0)
    asked = [turn for sequence in made for turn in taught(tiny_codec, sequence) if turn.startswith("QUERY")]
    assert len(whole) == len(made) == 1 and len(made[0].ids) <= room
    assert len(asked) == len(set(asked)) == 3


@pytest.mark.parametrize("at_most", [1, 2, 3])
def test_sessions_are_opened_by_whichever_question_comes_first_not_by_the_hard_ones(
    shop: Database, tiny_codec: Codec, at_most: int
) -> None:
    asked = (JOIN, COUNT, NAMES, CITIES)
    made = [taught(tiny_codec, sequence) for sequence in session(shop, tiny_codec, *asked, at_most=at_most, recovery_share=0)]
    opened = [next(turn for turn in turns if turn.startswith("QUERY")) for turns in made]
    assert opened == [f"QUERY {question.gold_sql}" for question in asked[::at_most]]
    assert all(sum(turn.startswith("QUERY") for turn in turns) <= at_most for turns in made)


@pytest.mark.parametrize("seed", range(10))
def test_every_question_is_taught_once_and_only_over_described_tables(shop: Database, tiny_codec: Codec, seed: int) -> None:
    played = [demonstrate(shop, question, tiny_codec, EpisodeConfig(), PLAIN, random.Random(seed)) for question in ALL]
    made = lessons(ALL, played, tiny_codec, STRUNG, random.Random(seed))
    turns = [taught(tiny_codec, sequence) for sequence in made]
    assert len(made) == 2, "the answerable ones in a session, the other whole"
    for question in ALL[:-1]:
        (where,) = [sequence for sequence in turns if f"QUERY {question.gold_sql}" in sequence]
        before = where[: where.index(f"QUERY {question.gold_sql}")]
        assert all(f"DESCRIBE {table}" in before for table in question.tables)
    assert any(sequence[-1].startswith("ANSWER UNKNOWN") for sequence in turns)
    assert made == lessons(ALL, played, tiny_codec, STRUNG, random.Random(seed))


def test_by_default_every_demonstration_is_shown_whole_and_nothing_else(shop: Database, tiny_codec: Codec) -> None:
    played = [demonstrate(shop, question, tiny_codec, EpisodeConfig(), PLAIN, random.Random(0)) for question in ALL]
    made = lessons(ALL, played, tiny_codec, LessonConfig(), random.Random(0))
    assert sorted(s.ids for s in made) == sorted(d.sequence.ids for d in played)


def test_a_demonstration_that_is_not_whole_stops_at_its_last_query(shop: Database, tiny_codec: Codec) -> None:
    played = shown(shop, tiny_codec, JOIN, recovery_share=1, wander_share=0)
    (made,) = lessons([JOIN], [played], tiny_codec, LessonConfig(whole_share=0.0), random.Random(0))
    assert taught(tiny_codec, made)[-1] == f"QUERY {JOIN.gold_sql}"
    assert made.ids == played.sequence.ids[: len(made.ids)]
    assert made.weights == played.sequence.weights[: len(made.ids)]


def test_questions_of_many_tables_can_be_left_out(shop: Database, tiny_codec: Codec) -> None:
    wide = dataclasses.replace(JOIN, tables=("pets", "owners", "visits"))
    played = [shown(shop, tiny_codec, question, recovery_share=0) for question in (COUNT, wide)]
    made = lessons([COUNT, wide], played, tiny_codec, LessonConfig(many_tables_share=0.0), random.Random(0))
    assert [s.ids for s in made] == [played[0].sequence.ids]


def test_an_exploration_ends_before_the_first_query_even_a_wrong_one(shop: Database, tiny_codec: Codec) -> None:
    played = shown(shop, tiny_codec, JOIN, recovery_share=1, wander_share=0)
    made = exploration(played)
    looks = list(itertools.takewhile(lambda text: not text.startswith("QUERY"), (step.text for step in played.steps)))
    assert taught(tiny_codec, made) == looks
    assert made.ids == played.sequence.ids[: len(made.ids)]


@pytest.mark.parametrize("bad", [{"session_tokens": 0}, {"session_share": 1.2}, {"explore_share": -0.1}, {"whole_share": 2}])
def test_numbers_out_of_range_are_refused_by_name(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        LessonConfig(**bad)  # type: ignore[arg-type]
