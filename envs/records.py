"""The records every part passes to the next: questions, actions, steps, trajectories, groups.

Plain frozen data without behaviour of weight, so that a neighbour can be understood from what it hands over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

BUCKETS = ("1", "2", "3+")  # of questions, by how many tables their gold reads, as results are reported


def bucket_of(tables: int) -> str:
    """ "1", "2" or "3+" for a number of tables; none counts as one."""
    return "3+" if tables >= 3 else str(max(1, tables))


@dataclass(frozen=True, slots=True)
class Question:
    """One plain-English question about one database, with the SQL that answers it."""

    id: str  # unique within a question set, e.g. "retail_smb/0007"
    db_id: str
    text: str
    gold_sql: str  # "" when answerable is False
    tables: tuple[str, ...] = ()  # tables the gold reads, spelled as in the schema
    constructs: tuple[str, ...] = ()  # e.g. ("join", "group_by", "top_n")
    answerable: bool = True

    @property
    def tables_bucket(self) -> str:
        """How many tables the gold reads, as results are reported; see bucket_of."""
        return bucket_of(len(self.tables))


def turns_of(mask: Sequence[int]) -> list[tuple[int, int]]:
    """Where each turn stands: [start, end) of every run of mask 1; prompt and observations lie between."""
    turns, start = [], 0
    for place, sampled in enumerate(mask):
        if sampled and not (place and mask[place - 1]):
            start = place
        if sampled and not (place + 1 < len(mask) and mask[place + 1]):
            turns.append((start, place + 1))
    return turns


class Verb(StrEnum):
    """What an action does; MALFORMED is a turn that parses as none of the four."""

    DESCRIBE = "DESCRIBE"
    SAMPLE = "SAMPLE"
    QUERY = "QUERY"
    ANSWER = "ANSWER"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True, slots=True)
class Action:
    """One turn of the policy, parsed: `QUERY SELECT 1` is Action(Verb.QUERY, "SELECT 1")."""

    verb: Verb
    argument: str  # stripped; for MALFORMED the reason, in words the policy can learn from

    def __str__(self) -> str:
        return f"{self.verb} {self.argument}"


@dataclass(frozen=True, slots=True)
class Step:
    """One action and what the environment said to it."""

    action: Action
    text: str  # the policy's own words, before parsing
    observation: str  # "" after the action that ends the episode
    ok: bool  # False: refused, SQL error or malformed


class Stop(StrEnum):
    """Why an episode ended."""

    ANSWERED = "answered"
    BUDGET = "budget"  # no action left
    MALFORMED = "malformed"  # too many malformed turns
    REPEATED = "repeated"  # sent the same action again and again
    TOO_LONG = "too_long"  # no room left for another turn's tokens


class Failure(StrEnum):
    """Why a trajectory was not right, for the table of failures."""

    GAVE_UP = "gave_up"  # said UNKNOWN, or never answered although a query had succeeded
    NO_QUERY = "no_query"  # never sent a query that parses as an action
    SQL_ERROR = "sql_error"  # sent queries, none of which ran
    WRONG_ROWS = "wrong_rows"  # answered, and the rows or the value are not the gold's
    MALFORMED = "malformed"  # ended by malformed turns


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the verifier made of a finished episode."""

    correct: bool
    failure: Failure | None  # None when correct
    sql: str  # the last query that succeeded, or ""
    answer: str  # the argument of ANSWER, or ""


@dataclass(frozen=True, slots=True)
class WeightSpan:
    """Tokens [start, end) of a sequence were sampled by this weight version."""

    start: int
    end: int
    version: int


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One played episode: token ids as sampled, never decoded and encoded again."""

    question_id: str
    db_id: str
    member: int  # place within its group
    ids: tuple[int, ...]  # prompt, then turns and observations
    mask: tuple[int, ...]  # 1 where the policy sampled the token
    logprobs: tuple[float, ...]  # natural log, under the sampling weights; 0.0 where mask is 0
    spans: tuple[WeightSpan, ...]  # cover exactly the masked tokens
    steps: tuple[Step, ...]
    stop: Stop
    outcome: Outcome
    reward: float
    seconds: float

    @property
    def oldest_version(self) -> int:
        """The oldest weights that made any token of it (0 when nothing was sampled)."""
        return min((span.version for span in self.spans), default=0)


@dataclass(frozen=True, slots=True)
class Group:
    """The trajectories of one question, compared with one another by GRPO."""

    question: Question
    trajectories: tuple[Trajectory, ...]

    @property
    def rewards(self) -> tuple[float, ...]:
        return tuple(t.reward for t in self.trajectories)

    @property
    def has_variance(self) -> bool:
        """False when all rewards are equal: such a group has no gradient."""
        return len(set(self.rewards)) > 1

    @property
    def oldest_version(self) -> int:
        return min((t.oldest_version for t in self.trajectories), default=0)


@dataclass(frozen=True, slots=True)
class TrainingSequence:
    """Token ids with a loss weight for each, as SFT takes them.

    `weights[i]` scales the loss of predicting ids[i] from ids[:i]; 0 means not trained (prompts, observations, and the
    slips of a demonstration that recovers).
    """

    ids: tuple[int, ...]
    weights: tuple[float, ...]


Metrics = Mapping[str, float]  # keys carry the unit: "learner/step_s", "reward/mean"
