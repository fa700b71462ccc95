"""Several questions in one training sequence: the first is explored and queried, the others about the same tables queried at once.

Most tokens of a demonstration are what DESCRIBE said. Asking on reuses them, so that the same tokens teach several queries; and it is
what a conversation looks like to the policy, which sees the last question and its SQL again but not the rows. A demonstration that is
asked on ends at its query: looking at rows and saying ANSWER RESULT is learned from the few that are played to their end. Which tables
to look at is learned apart: some of the questions asked on are also explored, in short sequences that end before the query.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.records import TrainingSequence, Verb

if TYPE_CHECKING:
    from envs.demonstrations import Demonstration
    from envs.dialogue import Codec
    from envs.records import Question


@dataclass(frozen=True)
class ConversationConfig:
    """How much is asked on."""

    follow_ups: int = 0  # further questions in a sequence, at most; 0 leaves every demonstration as it was played
    follow_up_share: float = 0.85  # of the demonstrations: asked on
    explore_share: float = 0.6  # of the questions asked on: explored as well, in a sequence that ends before the query

    def __post_init__(self) -> None:
        if self.follow_ups < 0:
            raise ValueError(f"follow_ups is {self.follow_ups}: 0 asks one question a sequence, 3 is usual")
        for name in ("follow_up_share", "explore_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}: wanted a share from 0 to 1")


def with_follow_ups(
    questions: Sequence[Question], demonstrations: Sequence[Demonstration], codec: Codec, config: ConversationConfig, rng: random.Random
) -> list[TrainingSequence]:
    """The sequences to train on, in a random order; every question is in at least one of them.

    Args:
        questions: answered by the demonstrations, one each, in the same order.
    """
    if config.follow_ups == 0:
        return [demonstration.sequence for demonstration in demonstrations]
    of_database: dict[str, list[Question]] = {}
    for question in questions:
        if question.answerable:
            of_database.setdefault(question.db_id, []).append(question)
    asked: set[str] = set()  # as follow-ups
    order = list(zip(questions, demonstrations, strict=True))
    rng.shuffle(order)
    made = []
    for question, demonstration in order:
        if question.id in asked:
            if rng.random() < config.explore_share:
                made.append(exploration(demonstration))
            continue
        if not question.answerable or rng.random() >= config.follow_up_share:
            made.append(demonstration.sequence)
            continue
        others = [q for q in of_database[question.db_id] if q.id != question.id and set(q.tables) <= set(question.tables)]
        rng.shuffle(others)
        others.sort(key=lambda q: q.id in asked)  # those not asked yet first
        chosen = others[: config.follow_ups]
        asked.update(q.id for q in chosen)
        made.append(ask_on(demonstration, chosen, codec))
    return made


def exploration(demonstration: Demonstration) -> TrainingSequence:
    """The demonstration up to the last look before its first query."""
    first = next(place for place, step in enumerate(demonstration.steps) if step.action.verb is Verb.QUERY)
    end = list(_turn_ends(demonstration.mask))[first - 1]
    return TrainingSequence(demonstration.sequence.ids[:end], demonstration.sequence.weights[:end])


def ask_on(demonstration: Demonstration, questions: Sequence[Question], codec: Codec) -> TrainingSequence:
    """The demonstration up to its last query, then each question and its query; all of their tokens have weight 1."""
    end = _end_of_last_query(demonstration)
    ids, weights = list(demonstration.sequence.ids[:end]), list(demonstration.sequence.weights[:end])
    for question in questions:
        asked, turn = codec.follow_up_ids(question.text), codec.action_ids(f"QUERY {' '.join(question.gold_sql.split())}")
        ids += [*asked, *turn]
        weights += [0.0] * len(asked) + [1.0] * len(turn)
    return TrainingSequence(tuple(ids), tuple(weights))


def _end_of_last_query(demonstration: Demonstration) -> int:
    verbs = [step.action.verb for step in demonstration.steps]
    last = max(place for place, verb in enumerate(verbs) if verb is Verb.QUERY)
    return list(_turn_ends(demonstration.mask))[last]


def _turn_ends(mask: Sequence[int]) -> Iterator[int]:
    """Where each stretch of mask 1 ends."""
    for place, value in enumerate(mask):
        if value and (place + 1 == len(mask) or not mask[place + 1]):
            yield place + 1
