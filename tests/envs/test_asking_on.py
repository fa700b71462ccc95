"""Follow-ups change one thing of the last query, are asked in the words that serving would send, and play as they were demonstrated."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest

from actors.rollout import RolloutConfig, play_episode
from envs.asking_on import follow_ups
from envs.dataset import DataConfig
from envs.demonstrations import DemonstrationConfig, demonstrate
from envs.dialogue import Codec
from envs.follow_ups import LastTurn, follow_up
from envs.question_sets import make_sets
from envs.questions import load_questions
from envs.records import Question
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig
from envs.synthesis import synthesize
from envs.verifier import gold_rows
from tests.fakes import ScriptedPolicy

NOW = "Now: "


def asked(text: str, gold: str, *tables: str) -> Question:
    return Question("shop/1", "shop", text, gold, tables)


MARCH = asked("How many sales were there in March 2024?", "SELECT COUNT(*) FROM sales WHERE sold_on LIKE '2024-03%'", "sales")
YEAR = asked("Which owners joined in 2023?", "SELECT full_name FROM owners WHERE joined_on LIKE '2023%'", "owners")
PETS = asked("How many pets do we have?", "SELECT COUNT(*) FROM pets", "pets")
NAMES = asked("What are the products called?", "SELECT product_name FROM Products", "Products")
HEAVIEST = asked("Which pet is the heaviest?", "SELECT name FROM pets WHERE weight_kg > 4 ORDER BY weight_kg DESC LIMIT 1", "pets")
JOIN = asked(
    "How many pets belong to owners in Oslo?",
    "SELECT COUNT(*) FROM pets JOIN owners ON pets.owner_id = owners.owner_id WHERE owners.city = 'Oslo'",
    "pets", "owners",
)  # fmt: skip


def made(shop: Database, last: Question) -> dict[str, str]:
    """Every follow-up of a question that some seed makes: its words to its gold."""
    return {q.text.rpartition(NOW)[2]: q.gold_sql for seed in range(12) for q in follow_ups(shop, [last], 20, seed)}


@pytest.mark.parametrize(
    ("last", "begins", "gold"),
    [
        (MARCH, "and the month after", "SELECT COUNT(*) FROM sales WHERE sold_on LIKE '2024-04%'"),
        (YEAR, "and the year after", "SELECT full_name FROM owners WHERE joined_on LIKE '2024%'"),
        (PETS, "which ones", "SELECT name FROM pets"),
        (PETS, "and by species", "SELECT species, COUNT(*) FROM pets GROUP BY species"),
        (JOIN, "and by species", "SELECT pets.species, COUNT(*) FROM pets JOIN owners ON pets.owner_id = owners.owner_id"
         " WHERE owners.city = 'Oslo' GROUP BY pets.species"),
        (NAMES, "and how many are there", "SELECT COUNT(*) FROM Products"),
        (HEAVIEST, "and the lowest", "SELECT name FROM pets WHERE weight_kg > 4 ORDER BY weight_kg LIMIT 1"),
    ],
)  # fmt: skip
def test_one_thing_of_the_last_query_changes(shop: Database, last: Question, begins: str, gold: str) -> None:
    found = {words.lower().rstrip("?"): sql for words, sql in made(shop, last).items()}
    if last is HEAVIEST:
        assert begins not in found, "two pets weigh the same there: a coin flip"
    else:
        assert found[begins] == gold


def test_only_some_of_the_rows_keeps_the_condition_that_was_there(shop: Database) -> None:
    narrowed = [sql for words, sql in made(shop, JOIN).items() if words.lower().startswith(("only", "just", "and only", "how many of"))]
    assert narrowed
    assert all(sql.startswith(f"{JOIN.gold_sql} AND pets.") for sql in narrowed)


def test_each_is_sent_as_serving_sends_it_and_has_an_answer_of_its_own(shop: Database) -> None:
    questions = synthesize(shop, 60, 0, "train")
    lasts = {(q.text, q.gold_sql) for q in questions}
    found = follow_ups(shop, questions, 40, 0)
    assert len({q.id for q in found}) == len(found) == 40
    assert len({q.constructs[1] for q in found}) >= 6, "not one kind alone"
    for question in found:
        last, _, rest = question.text.partition(" (answered by: ")
        sql, _, words = rest.rpartition(f") {NOW}")
        assert (last, sql) in lasts
        assert follow_up(words, LastTurn(last, sql), shop.schema.names).text == question.text
        rows = gold_rows(shop, question).rows
        assert rows and rows != shop.query(sql).rows


def test_the_same_seed_makes_the_same_ones(shop: Database) -> None:
    questions = synthesize(shop, 30, 0, "train")
    assert follow_ups(shop, questions, 10, 3) == follow_ups(shop, questions, 10, 3) != follow_ups(shop, questions, 10, 4)


def test_nothing_is_asked_on_where_nothing_was_asked(shop: Database) -> None:
    nested = asked("Who owns nothing?", "SELECT full_name FROM owners WHERE owner_id NOT IN (SELECT owner_id FROM pets)", "owners")
    unknown = Question("shop/2", "shop", "What do our owners earn?", "", ("owners",), answerable=False)
    assert follow_ups(shop, [nested, unknown], 5, 0) == follow_ups(shop, [], 5, 0) == []


async def test_ids_and_mask_of_a_demonstration_are_those_of_the_same_conversation_played(shop: Database, tiny_codec: Codec) -> None:
    """The second question of a conversation, asked as serving asks it and answered with the demonstration's own words."""
    questions = synthesize(shop, 40, 1, "train")
    for question in follow_ups(shop, questions, 8, 1):
        config = DemonstrationConfig(recovery_share=0.5)
        shown = demonstrate(shop, question, tiny_codec, EpisodeConfig(), config, random.Random(0))
        last, _, rest = question.text.partition(" (answered by: ")
        sql, _, words = rest.rpartition(f") {NOW}")
        conversation = follow_up(words, LastTurn(last, sql), shop.schema.names)
        assert conversation.understood == f'Read as a follow-up to "{last}"'
        played = await play_episode(
            ScriptedPolicy(tiny_codec, [step.text for step in shown.steps], context=10_000),
            tiny_codec,
            shop,
            dataclasses.replace(question, text=conversation.text),
            0,
            EpisodeConfig(),
            RolloutConfig(turn_tokens_max=900, episode_tokens_max=9_000),
            seed=0,
            temperature=0.0,
        )
        assert played.ids == shown.sequence.ids
        assert played.mask == shown.mask
        assert played.reward == 1.0


def test_the_share_adds_follow_ups_to_the_training_questions_alone(tmp_path: Path) -> None:
    make_sets(DataConfig(train_questions=40, validation_questions=200, schema_styles=1, follow_up_share=0.5), tmp_path, lambda *_: None)
    train, *held_out = (load_questions(tmp_path / f"{part}.json") for part in ("train", "validation", "test"))
    followed = [q for q in train if "follow_up" in q.constructs]
    assert 10 <= len(followed) <= 30
    assert len(train) - len(followed) >= 35
    assert not any("follow_up" in q.constructs for part in held_out for q in part)
    with pytest.raises(ValueError, match=r"data\.follow_up_share is 2"):
        DataConfig(follow_up_share=2.0)
