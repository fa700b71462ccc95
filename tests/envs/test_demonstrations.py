"""Demonstrations are real episodes, show all that their queries use, and teach no slip."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envs.demonstrations import Demonstration, DemonstrationConfig, PlannedAction, demonstrate, plan, play
from envs.dialogue import Codec, prompt_text
from envs.records import Question, Verb
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig, SqlEnv

EPISODE = EpisodeConfig()
PLAIN = DemonstrationConfig(recovery_share=0, sample_share=0, sample_unseen_share=1, value_answer_share=0)
ALWAYS_RECOVERS = replace(PLAIN, recovery_share=1, wander_share=0)
COUNT = Question("shop/1", "shop", "How many dogs are there?", "SELECT COUNT(*) FROM pets WHERE species = 'dog'", ("pets",))
JOIN = Question(
    "shop/2",
    "shop",
    "Which owners in Oslo have a cat?",
    "SELECT owners.full_name FROM pets JOIN owners ON pets.owner_id = owners.owner_id WHERE owners.city = 'Oslo' AND pets.species = 'cat'",
    ("pets", "owners"),
)
BRAND = Question("shop/3", "shop", "How many products are called Leash?", "SELECT COUNT(*) FROM Products WHERE product_name = 'Leash'")
NOBODY = Question("shop/4", "shop", "What do our owners earn?", "", ("owners",), answerable=False)


@pytest.fixture
def shop(shop_db: Path) -> Iterator[Database]:
    database = Database.open(shop_db)
    yield database
    database.close()


def actions(demonstration: Demonstration) -> list[str]:
    return [step.text for step in demonstration.steps]


def test_a_plain_demonstration_describes_queries_and_answers(shop: Database, tiny_codec: Codec) -> None:
    made = demonstrate(shop, JOIN, tiny_codec, EPISODE, PLAIN, random.Random(0))
    assert actions(made) == ["DESCRIBE pets", "DESCRIBE owners", f"QUERY {JOIN.gold_sql}", "ANSWER RESULT"]
    assert all(step.ok for step in made.steps)


def test_ids_and_mask_are_the_dialogue_itself(shop: Database, tiny_codec: Codec) -> None:
    """Every masked stretch is one turn; what lies between is the prompt, then the observation as a user message."""
    made = demonstrate(shop, JOIN, tiny_codec, EPISODE, ALWAYS_RECOVERS, random.Random(1))
    expected = list(tiny_codec.prompt_ids(JOIN.text, shop.schema.names))
    mask = [0] * len(expected)
    for step in made.steps:
        turn = tiny_codec.action_ids(step.text)
        observation = tiny_codec.observation_ids(step.observation, turn_closed=True) if step is not made.steps[-1] else ()
        expected += [*turn, *observation]
        mask += [1] * len(turn) + [0] * len(observation)
    assert made.sequence.ids == tuple(expected)
    assert made.mask == tuple(mask)


def test_the_steps_are_what_the_environment_says_when_asked_again(shop: Database, tiny_codec: Codec) -> None:
    made = demonstrate(shop, JOIN, tiny_codec, EPISODE, ALWAYS_RECOVERS, random.Random(2))
    env = SqlEnv(shop, JOIN, EPISODE)
    assert [env.step(step.text) for step in made.steps] == list(made.steps)
    assert env.outcome().correct


@pytest.mark.parametrize("seed", range(25))
def test_a_slip_counts_nothing_and_everything_else_that_was_said_counts_one(shop: Database, tiny_codec: Codec, seed: int) -> None:
    made = demonstrate(shop, JOIN, tiny_codec, EPISODE, ALWAYS_RECOVERS, random.Random(seed))
    sent = [step for step in made.steps if step.action.verb is Verb.QUERY]
    assert len(sent) == 2
    slip = len(tiny_codec.action_ids(sent[0].text))
    assert set(made.sequence.weights) == {0.0, 1.0}
    assert sum(made.mask) - sum(made.sequence.weights) == slip
    assert all(weight <= mask for weight, mask in zip(made.sequence.weights, made.mask, strict=True))
    assert sent[0].text != sent[1].text


def test_a_forgotten_table_is_described_after_the_error(shop: Database, tiny_codec: Codec) -> None:
    seen = set()
    for seed in range(60):
        made = demonstrate(shop, JOIN, tiny_codec, EPISODE, ALWAYS_RECOVERS, random.Random(seed))
        verbs = [step.action.verb for step in made.steps]
        first = verbs.index(Verb.QUERY)
        after = made.steps[first + 1]
        seen.add("forgotten" if after.text == "DESCRIBE owners" and "DESCRIBE owners" not in actions(made)[:first] else str(verbs))
        assert {"DESCRIBE owners", "DESCRIBE pets"} <= set(actions(made))
    assert "forgotten" in seen
    assert len(seen) > 2


def test_a_wrong_table_first_is_a_neighbour_and_counts_nothing(shop: Database, tiny_codec: Codec) -> None:
    made = demonstrate(shop, COUNT, tiny_codec, EPISODE, replace(PLAIN, recovery_share=1, wander_share=1), random.Random(0))
    assert actions(made)[:2] == ["DESCRIBE owners", "DESCRIBE pets"]
    assert sum(made.mask) - sum(made.sequence.weights) == len(tiny_codec.action_ids("DESCRIBE owners"))


def test_a_text_whose_spelling_was_not_shown_is_looked_for_in_a_sample(shop: Database, tiny_codec: Codec) -> None:
    assert "SAMPLE Products" in actions(demonstrate(shop, BRAND, tiny_codec, EPISODE, PLAIN, random.Random(0)))
    assert "SAMPLE pets" not in actions(demonstrate(shop, COUNT, tiny_codec, EPISODE, PLAIN, random.Random(0)))
    never = replace(PLAIN, sample_unseen_share=0)
    assert "SAMPLE Products" not in actions(demonstrate(shop, BRAND, tiny_codec, EPISODE, never, random.Random(0)))


def test_one_cell_can_be_answered_by_its_value(shop: Database, tiny_codec: Codec) -> None:
    value = replace(PLAIN, value_answer_share=1)
    assert actions(demonstrate(shop, COUNT, tiny_codec, EPISODE, value, random.Random(0)))[-1] == "ANSWER 3"
    several = replace(COUNT, text="What are the dogs called?", gold_sql="SELECT name FROM pets WHERE species = 'dog'")
    assert actions(demonstrate(shop, several, tiny_codec, EPISODE, value, random.Random(0)))[-1] == "ANSWER RESULT"


def test_an_unanswerable_question_is_looked_into_and_given_up_with_a_reason(shop: Database, tiny_codec: Codec) -> None:
    made = demonstrate(shop, NOBODY, tiny_codec, EPISODE, ALWAYS_RECOVERS, random.Random(0))
    assert actions(made)[0] == "DESCRIBE owners"
    assert re.fullmatch(r"ANSWER UNKNOWN .*owners.*", actions(made)[-1])


@pytest.mark.parametrize("question", [COUNT, JOIN, BRAND])
@pytest.mark.parametrize("seed", range(10))
def test_every_name_and_text_of_the_query_stands_in_what_was_seen_before_it(
    shop: Database, tiny_codec: Codec, question: Question, seed: int
) -> None:
    made = demonstrate(shop, question, tiny_codec, EPISODE, DemonstrationConfig(recovery_share=0.7), random.Random(seed))
    seen = prompt_text(question.text, shop.schema.names)
    seen += "\n".join(step.observation for step in made.steps if step.action.verb is not Verb.QUERY or not step.ok)
    for name in re.findall(r"[A-Za-z_]\w*", question.gold_sql):
        assert name.lower() in seen.lower() or name in {"SELECT", "FROM", "JOIN", "ON", "WHERE", "AND", "COUNT"}


def test_no_demonstration_is_longer_than_an_episode(shop: Database, tiny_codec: Codec) -> None:
    busy = DemonstrationConfig(recovery_share=1, sample_share=1)
    for seed in range(20):
        for actions_max in (4, 5, 6):
            episode = EpisodeConfig(actions_max=actions_max)
            assert len(demonstrate(shop, JOIN, tiny_codec, episode, busy, random.Random(seed)).steps) <= actions_max
    with pytest.raises(ValueError, match="shop/2: its gold reads 2 tables: wanted 1 to 1"):
        demonstrate(shop, JOIN, tiny_codec, EpisodeConfig(actions_max=3), busy, random.Random(0))


def test_the_same_seed_makes_the_same_demonstration(shop: Database, tiny_codec: Codec) -> None:
    one, two = (demonstrate(shop, JOIN, tiny_codec, EPISODE, DemonstrationConfig(), random.Random(3)) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        ("SELECT nothing FROM pets", "its gold SQL fails"),
        ("SELECT FROM (", "does not parse"),
        ("SELECT 1", "reads 0 tables"),
    ],
)
def test_a_gold_at_fault_is_named_by_its_question(shop: Database, tiny_codec: Codec, gold: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"shop/1.*{said}"):
        demonstrate(shop, replace(COUNT, gold_sql=gold), tiny_codec, EPISODE, PLAIN, random.Random(0))


def test_turns_that_do_not_lead_to_a_right_answer_are_refused(shop: Database, tiny_codec: Codec) -> None:
    wrong = [PlannedAction("QUERY SELECT COUNT(*) FROM pets"), PlannedAction("ANSWER RESULT")]
    with pytest.raises(ValueError, match="shop/1: its demonstration is not correct"):
        play(shop, COUNT, tiny_codec, EPISODE, wrong)
    with pytest.raises(ValueError, match="is not over"):
        play(shop, COUNT, tiny_codec, EPISODE, wrong[:1])
    with pytest.raises(ValueError, match=r"the episode ended .* before"):
        play(shop, COUNT, tiny_codec, EPISODE, [*wrong, *wrong])


def test_a_share_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="recovery_share is 20"):
        DemonstrationConfig(recovery_share=20)


def test_a_plan_is_what_is_played(shop: Database, tiny_codec: Codec) -> None:
    planned = plan(shop, JOIN, EPISODE, ALWAYS_RECOVERS, random.Random(4))
    made = demonstrate(shop, JOIN, tiny_codec, EPISODE, ALWAYS_RECOVERS, random.Random(4))
    assert [action.text for action in planned] == actions(made)
