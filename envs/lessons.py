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

from envs.records import TrainingSequence, Verb, turns_of

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
    session_questions: int = 4  # in a session
    session_tokens: int = 700  # which takes no further question that would make it longer
    whole_share: float = 1.0  # of the others: to their end; the rest stop at their last query
    explore_share: float = 0.0  # of the others: once more, up to the last look before the first query

    def __post_init__(self) -> None:
        for name in ("session_questions", "session_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be positive, {getattr(LessonConfig, name)} is usual")
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
        made += sessions(asked, codec, config.session_questions, config.session_tokens)
    rng.shuffle(made)
    return made


def exploration(demonstration: Demonstration) -> TrainingSequence:
    """The demonstration up to the last look before its first query."""
    return _until(demonstration, _queries(demonstration)[0] - 1)


def sessions(
    asked: Sequence[tuple[Question, Demonstration]], codec: Codec, questions_max: int, tokens_max: int
) -> Iterator[TrainingSequence]:
    """Sessions of up to so many questions and tokens; no question is in two, and one that fits nowhere is left out.

    Whichever comes first in every questions_max opens a session, with its demonstration up to its last query. Those that open sessions are
    like all the others, because how a session opens is how an episode does: if easy questions were kept for later in sessions, the
    policy would learn that a first question needs several tables. Then come the questions that need the fewest tables
    not yet described: of these tables alone are looked at, and slips stay.

    Args:
        asked: questions about one database in a random order, with their demonstrations.
    """
    seen = {
        step.action.argument: step.observation
        for _, demonstration in asked
        for step in demonstration.steps
        if step.action.verb is Verb.DESCRIBE and step.ok
    }
    openings = asked[::questions_max]
    left = [pair for place, pair in enumerate(asked) if place % questions_max]
    for _, opening in openings:
        start = _until(opening, _queries(opening)[-1])
        ids, weights = list(start.ids), list(start.weights)
        described = {s.action.argument for s in opening.steps if s.action.verb is Verb.DESCRIBE and s.ok}
        for _ in range(min(questions_max - 1, len(left))):
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
    turns = turns_of(demonstration.mask)
    for place in range(first, last + 1):
        step = demonstration.steps[place]
        yield codec.action_ids(step.text), demonstration.sequence.weights[turns[place][1] - 1]
        if place < last:
            yield codec.observation_ids(step.observation, turn_closed=True), 0.0


def _queries(demonstration: Demonstration) -> list[int]:
    """The turns that query, counted from 0."""
    return [place for place, step in enumerate(demonstration.steps) if step.action.verb is Verb.QUERY]


def _until(demonstration: Demonstration, turn: int) -> TrainingSequence:
    """The demonstration up to the end of this turn, counted from 0."""
    _, end = turns_of(demonstration.mask)[turn]
    return TrainingSequence(demonstration.sequence.ids[:end], demonstration.sequence.weights[:end])
