"""What SFT trains on: demonstrations played to their end, cut at their query, explored alone, or strung into sessions.

Most tokens of a demonstration are what DESCRIBE said, and on a small machine tokens are what there is too little of. Looking at rows and
saying ANSWER RESULT is soon learned, so only some are shown to their end. A session asks one question after another about a database,
describes only what has not been described yet, and goes on to the next question after each query: the same tokens teach half as many
queries again, and it is what a conversation looks like to the policy.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
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
    session_share: float = 0.0  # of those shown: in sessions
    session_tokens: int = 700  # a session takes no further question that would make it longer
    whole_share: float = 1.0  # of the others: to their end; the rest stop at their last query
    explore_share: float = 0.0  # of the others: once more, up to the last look before the first query

    def __post_init__(self) -> None:
        if self.session_tokens < 1:
            raise ValueError(f"session_tokens is {self.session_tokens}: it must be positive, 700 is usual")
        for name in ("many_tables_share", "session_share", "whole_share", "explore_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}: wanted a share from 0 to 1")


def lessons(
    questions: Sequence[Question], demonstrations: Sequence[Demonstration], codec: Codec, config: LessonConfig, rng: random.Random
) -> list[TrainingSequence]:
    """The sequences to train on, in a random order.

    Args:
        questions: answered by the demonstrations, one each, in the same order.
    """
    made = []
    strung: dict[str, list[tuple[Question, Demonstration]]] = {}
    for question, demonstration in zip(questions, demonstrations, strict=True):
        if len(question.tables) >= MANY_TABLES and rng.random() >= config.many_tables_share:
            continue
        if question.answerable and rng.random() < config.session_share:
            strung.setdefault(question.db_id, []).append((question, demonstration))
            continue
        whole = not question.answerable or rng.random() < config.whole_share
        made.append(demonstration.sequence if whole else _until(demonstration, _queries(demonstration)[-1]))
        if question.answerable and rng.random() < config.explore_share:
            made.append(exploration(demonstration))
    for asked in strung.values():
        rng.shuffle(asked)
        made += sessions(asked, codec, config.session_tokens)
    rng.shuffle(made)
    return made


def exploration(demonstration: Demonstration) -> TrainingSequence:
    """The demonstration up to the last look before its first query."""
    return _until(demonstration, _queries(demonstration)[0] - 1)


def sessions(asked: Sequence[tuple[Question, Demonstration]], codec: Codec, tokens_max: int) -> Iterator[TrainingSequence]:
    """Every question once; the next one is of those that need the fewest tables not yet described, the earliest of them.

    A new session begins where the next question would make one longer than tokens_max. Its first question keeps its demonstration up
    to its last query; of the others only the tables are looked at that have not been, and slips stay.

    Args:
        asked: questions about one database, with their demonstrations.
    """
    seen = {
        step.action.argument: step.observation
        for _, demonstration in asked
        for step in demonstration.steps
        if step.action.verb is Verb.DESCRIBE and step.ok
    }
    left = list(asked)
    while left:
        _, demonstration = left.pop(0)
        start = _until(demonstration, _queries(demonstration)[-1])
        ids, weights = list(start.ids), list(start.weights)
        described = {s.action.argument for s in demonstration.steps if s.action.verb is Verb.DESCRIBE and s.ok}
        while left:
            place = min(range(len(left)), key=lambda i: (len(set(left[i][0].tables) - described), i))
            question, demonstration = left[place]
            new = {table: seen[table] for table in question.tables if table in seen and table not in described}
            more = list(_asked_on(question, demonstration, new, codec))
            if len(ids) + sum(len(part) for part, _ in more) > tokens_max:
                break
            del left[place]
            described |= set(new)
            for part, weight in more:
                ids += part
                weights += [weight] * len(part)
        yield TrainingSequence(tuple(ids), tuple(weights))


def _asked_on(
    question: Question, demonstration: Demonstration, new: Mapping[str, str], codec: Codec
) -> Iterator[tuple[Sequence[int], float]]:
    """Token ids with their weight: a further question, the DESCRIBE of each new table, and the demonstration's queries, slips included."""
    yield codec.follow_up_ids(question.text), 0.0
    for table, observation in new.items():
        yield codec.action_ids(f"DESCRIBE {table}"), 1.0
        yield codec.observation_ids(observation, turn_closed=True), 0.0
    first, last = _queries(demonstration)[0], _queries(demonstration)[-1]
    ends = list(_turn_ends(demonstration.mask))
    for place in range(first, last + 1):
        step = demonstration.steps[place]
        yield codec.action_ids(step.text), demonstration.sequence.weights[ends[place] - 1]
        if place < last:
            yield codec.observation_ids(step.observation, turn_closed=True), 0.0


def _queries(demonstration: Demonstration) -> list[int]:
    """The turns that query, counted from 0."""
    return [place for place, step in enumerate(demonstration.steps) if step.action.verb is Verb.QUERY]


def _until(demonstration: Demonstration, turn: int) -> TrainingSequence:
    """The demonstration up to the end of this turn, counted from 0."""
    end = list(_turn_ends(demonstration.mask))[turn]
    return TrainingSequence(demonstration.sequence.ids[:end], demonstration.sequence.weights[:end])


def _turn_ends(mask: Sequence[int]) -> Iterator[int]:
    """Where each stretch of mask 1 ends."""
    for place, value in enumerate(mask):
        if value and (place + 1 == len(mask) or not mask[place + 1]):
            yield place + 1
