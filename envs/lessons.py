"""What SFT trains on: demonstrations played to their end, cut at their query, asked on, or explored alone.

Most tokens of a demonstration are what DESCRIBE said, and on a small machine tokens are what there is too little of. Looking at rows and
saying ANSWER RESULT is soon learned, so only some are shown to their end. Asking on reuses an exploration: further questions about the
described tables follow, each with its query, which is also what a conversation looks like to the policy. Which tables to look at is
learned from explorations that end before the query.
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

MANY_TABLES = 3


@dataclass(frozen=True)
class LessonConfig:
    """How much of what is shown; shares are 0 to 1. The defaults show every demonstration whole and nothing else."""

    many_tables_share: float = 1.0  # of the demonstrations that read three tables or more: shown at all; they are long and hard
    follow_up_share: float = 0.0  # of those shown: asked on
    follow_ups: int = 3  # further questions in a sequence that is asked on, at most
    whole_share: float = 1.0  # of the others: to their end; the rest stop at their last query
    explore_share: float = 0.0  # of those shown: once more, up to the last look before the first query

    def __post_init__(self) -> None:
        if self.follow_ups < 0:
            raise ValueError(f"follow_ups is {self.follow_ups}: wanted 0 or more, 3 is usual")
        for name in ("many_tables_share", "follow_up_share", "whole_share", "explore_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}: wanted a share from 0 to 1")


def lessons(
    questions: Sequence[Question], demonstrations: Sequence[Demonstration], codec: Codec, config: LessonConfig, rng: random.Random
) -> list[TrainingSequence]:
    """The sequences to train on, in a random order.

    Args:
        questions: answered by the demonstrations, one each, in the same order.
    """
    pairs = zip(questions, demonstrations, strict=True)
    shown = [pair for pair in pairs if len(pair[0].tables) < MANY_TABLES or rng.random() < config.many_tables_share]
    of_database: dict[str, list[Question]] = {}
    for question, _ in shown:
        if question.answerable:
            of_database.setdefault(question.db_id, []).append(question)
    made = []
    for question, demonstration in shown:
        if question.answerable and rng.random() < config.follow_up_share:
            tables = set(question.tables)
            others = [q for q in of_database[question.db_id] if q.id != question.id and tables.issuperset(q.tables)]
            made.append(ask_on(demonstration, rng.sample(others, min(config.follow_ups, len(others))), codec))
        elif not question.answerable or rng.random() < config.whole_share:
            made.append(demonstration.sequence)
        else:
            made.append(_until(demonstration, _last_query(demonstration)))
        if question.answerable and rng.random() < config.explore_share:
            made.append(exploration(demonstration))
    rng.shuffle(made)
    return made


def exploration(demonstration: Demonstration) -> TrainingSequence:
    """The demonstration up to the last look before its first query."""
    first = next(place for place, step in enumerate(demonstration.steps) if step.action.verb is Verb.QUERY)
    return _until(demonstration, first - 1)


def ask_on(demonstration: Demonstration, questions: Sequence[Question], codec: Codec) -> TrainingSequence:
    """The demonstration up to its last query, then each question and its query; all of their tokens have weight 1."""
    start = _until(demonstration, _last_query(demonstration))
    ids, weights = list(start.ids), list(start.weights)
    for question in questions:
        asked, turn = codec.follow_up_ids(question.text), codec.action_ids(f"QUERY {' '.join(question.gold_sql.split())}")
        ids += [*asked, *turn]
        weights += [0.0] * len(asked) + [1.0] * len(turn)
    return TrainingSequence(tuple(ids), tuple(weights))


def _last_query(demonstration: Demonstration) -> int:
    return max(place for place, step in enumerate(demonstration.steps) if step.action.verb is Verb.QUERY)


def _until(demonstration: Demonstration, turn: int) -> TrainingSequence:
    """The demonstration up to the end of this turn, counted from 0."""
    end = list(_turn_ends(demonstration.mask))[turn]
    return TrainingSequence(demonstration.sequence.ids[:end], demonstration.sequence.weights[:end])


def _turn_ends(mask: Sequence[int]) -> Iterator[int]:
    """Where each stretch of mask 1 ends."""
    for place, value in enumerate(mask):
        if value and (place + 1 == len(mask) or not mask[place + 1]):
            yield place + 1
