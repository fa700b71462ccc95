from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from actors.rollout import RolloutConfig
from envs.dialogue import Codec
from serving.analyst import AnalystConfig, Played, play
from serving.answers import answer_of
from serving.calibration import Calibration, Example, Features, fit
from serving.connections import Connections
from serving.contract import Answer, Model
from tests.fakes import ScriptedPolicy

MODEL = Model(name="m", version=0, weights="0" * 12)
ROOMY = AnalystConfig(rollout=RolloutConfig(episode_tokens_max=6_000))


def answered(
    codec: Codec, db: Path, say: Callable[[str, int], str] | Sequence[str], samples: int, calibration: Calibration | None
) -> Answer:
    async def played() -> Played:
        connections = Connections()
        try:
            steps = play(ScriptedPolicy(codec, say, context=8_000), codec, connections, db, "How many?", samples, ROOMY)
            async with aclosing(steps):
                return [step async for step in steps if isinstance(step, Played)][-1]
        finally:
            connections.close()

    return answer_of("shop", "How many?", None, asyncio.run(played()), MODEL, calibration, 0.1)


def calibration(right_when_described: float) -> Calibration:
    """One sample: an answer whose table was described is right so often, any other hardly ever."""
    examples = [
        Example(
            f"db{n % 3}", Features(1.0, 1.0, True, 0.0, 3.0, described=bool(n % 2)), n % 2 == 1 and n % 100 < 100 * right_when_described
        )
        for n in range(600)
    ]
    return Calibration({1: fit(examples, 1)})


COUNT = ["DESCRIBE pets", "QUERY SELECT COUNT(*) FROM pets", "ANSWER RESULT"]


def test_an_answer_that_was_mostly_right_in_validation_is_given_with_its_confidence(tiny_codec: Codec, shop_db: Path) -> None:
    answer = answered(tiny_codec, shop_db, COUNT, 1, calibration(0.9))
    assert answer.outcome == "answered" and answer.sentence == "There are 7 pets."
    assert answer.confidence is not None and answer.confidence > 0.75


def test_an_answer_that_was_mostly_wrong_in_validation_is_unsure_and_says_why(tiny_codec: Codec, shop_db: Path) -> None:
    answer = answered(tiny_codec, shop_db, COUNT[1:], 1, calibration(0.9))
    assert answer.outcome == "unsure" and answer.confidence is not None and answer.confidence < 0.3
    assert answer.reason == f"Of 100 answers like this one, about {100 * answer.confidence:.0f} were right when it was tested."
    assert [candidate.sentence for candidate in answer.candidates] == ["There are 7 pets."]


def test_without_a_calibration_an_answer_has_no_confidence(tiny_codec: Codec, shop_db: Path) -> None:
    answer = answered(tiny_codec, shop_db, COUNT, 1, None)
    assert (answer.outcome, answer.confidence) == ("answered", None)


@pytest.mark.parametrize(("sql", "title"), [("SELECT species, COUNT(*) FROM pets GROUP BY species", "number of pets by species")])
def test_the_charts_title_is_in_words(tiny_codec: Codec, shop_db: Path, sql: str, title: str) -> None:
    answer = answered(tiny_codec, shop_db, [f"QUERY {sql}", "ANSWER RESULT"], 1, None)
    assert answer.chart is not None and answer.chart["title"]["text"] == title
