"""Asking on reuses what was described, cuts fall between turns, and shares are kept to."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.demonstrations import Demonstration, DemonstrationConfig, demonstrate
from envs.dialogue import Codec
from envs.lessons import LessonConfig, ask_on, exploration, lessons
from envs.records import Question, TrainingSequence
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig

PLAIN = DemonstrationConfig(recovery_share=0, sample_share=0, sample_unseen_share=0, value_answer_share=0)
ALWAYS = LessonConfig(follow_ups=2, follow_up_share=1.0, explore_share=1.0)
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


def test_asking_on_teaches_the_exploration_once_and_every_query(shop: Database, tiny_codec: Codec) -> None:
    made = ask_on(shown(shop, tiny_codec, JOIN, recovery_share=0), [COUNT, CITIES], tiny_codec)
    assert taught(tiny_codec, made) == [
        "DESCRIBE pets",
        "DESCRIBE owners",
        *(f"QUERY {question.gold_sql}" for question in (JOIN, COUNT, CITIES)),
    ]


def test_a_recovery_keeps_its_slip_untaught_and_ends_at_the_right_query(shop: Database, tiny_codec: Codec) -> None:
    played = shown(shop, tiny_codec, JOIN, recovery_share=1, wander_share=0)
    made = ask_on(played, [COUNT], tiny_codec)
    queries = [turn for turn in taught(tiny_codec, made) if turn.startswith("QUERY")]
    assert queries == [f"QUERY {JOIN.gold_sql}", f"QUERY {COUNT.gold_sql}"]
    assert made.ids[: len(played.sequence.ids)][:100] == played.sequence.ids[:100]


def test_the_next_question_stands_where_an_observation_would(shop: Database, tiny_codec: Codec) -> None:
    made = ask_on(shown(shop, tiny_codec, COUNT, recovery_share=0), [NAMES], tiny_codec)
    turn = tiny_codec.action_ids(f"QUERY {NAMES.gold_sql}")
    between = tiny_codec.observation_ids(f"Question: {NAMES.text}", turn_closed=True)
    assert made.ids[-len(turn) - len(between) :] == (*between, *turn)


@pytest.mark.parametrize("seed", range(10))
def test_every_question_is_taught_and_follow_ups_stay_within_the_described_tables(shop: Database, tiny_codec: Codec, seed: int) -> None:
    played = [demonstrate(shop, question, tiny_codec, EpisodeConfig(), PLAIN, random.Random(seed)) for question in ALL]
    made = lessons(ALL, played, tiny_codec, ALWAYS, random.Random(seed))
    turns = [taught(tiny_codec, sequence) for sequence in made]
    assert len(made) == 2 * (len(ALL) - 1) + 1, "each answerable one asked on and explored, the other whole"
    for question in ALL[:-1]:
        assert any(f"QUERY {question.gold_sql}" in sequence for sequence in turns)
    for sequence in turns:
        if f"QUERY {CITIES.gold_sql}" in sequence:
            assert "DESCRIBE owners" in sequence
    assert any(sequence[-1].startswith("ANSWER UNKNOWN") for sequence in turns)
    assert made == lessons(ALL, played, tiny_codec, ALWAYS, random.Random(seed))


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


@pytest.mark.parametrize("bad", [{"follow_ups": -1}, {"follow_up_share": 1.2}, {"explore_share": -0.1}, {"whole_share": 2}])
def test_numbers_out_of_range_are_refused_by_name(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        LessonConfig(**bad)  # type: ignore[arg-type]
