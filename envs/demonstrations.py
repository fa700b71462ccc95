"""Expert episodes, played for real: from a question's gold SQL to the tokens that teach looking first and recovering after.

An expert describes the tables it needs, samples a table when a value's spelling is not known yet, queries, answers. Some first take a
wrong table or send a query that fails, see what the database says, and set it right: the wrong action stays in the context with weight
0, so that recovering is taught and slipping is not. The token ids come from the same `Transcript` that rollouts use.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.dialogue import Transcript
from envs.records import TrainingSequence
from envs.sandbox import QueryError
from envs.schema import describe, render_cell
from envs.slips import Slip, SlipKind, make_slip
from envs.sql_env import SqlEnv
from envs.sql_reading import Reading, TextUse, read_query
from envs.verifier import VerifierError, gold_rows
from envs.vocabulary import split_name

if TYPE_CHECKING:
    from envs.dialogue import Codec
    from envs.records import Question, Step
    from envs.sandbox import Database
    from envs.schema import Schema
    from envs.sql_env import EpisodeConfig


@dataclass(frozen=True)
class DemonstrationConfig:
    """How often an expert does what; shares of demonstrations, 0 to 1."""

    recovery_share: float = 0.2  # a slip or a wrong table, and its recovery
    wander_share: float = 0.2  # of the recoveries: a wrong table first, rather than a query that slips
    sample_share: float = 0.1  # SAMPLE although nothing asks for it
    sample_unseen_share: float = 1.0  # SAMPLE where the query compares with a text whose spelling DESCRIBE does not show
    value_answer_share: float = 0.3  # of the questions with one cell as their answer: ANSWER value instead of ANSWER RESULT

    def __post_init__(self) -> None:
        for name in ("recovery_share", "wander_share", "sample_share", "sample_unseen_share", "value_answer_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}: wanted a share from 0 to 1")


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One turn an expert will say, and what it counts in the loss: 1, or 0 for what must not be learned."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One expert episode as tokens."""

    question_id: str
    sequence: TrainingSequence
    mask: tuple[int, ...]  # as in a Trajectory: 1 on every token of an action, slips included
    steps: tuple[Step, ...]


def demonstrate(
    database: Database, question: Question, codec: Codec, episode: EpisodeConfig, config: DemonstrationConfig, rng: random.Random
) -> Demonstration:
    """An expert episode for this question, whose outcome the verifier found correct.

    Raises:
        ValueError: the gold does not parse, run or verify, or needs more actions than an episode has; names the question.
    """
    try:
        planned = plan(database, question, episode, config, rng)
    except (QueryError, VerifierError) as error:
        raise ValueError(f"question {question.id}: its gold SQL fails ({error}): {question.gold_sql!r}") from error
    except ValueError as error:
        raise ValueError(f"question {question.id}: {error}") from error
    return play(database, question, codec, episode, planned)


def play(database: Database, question: Question, codec: Codec, episode: EpisodeConfig, planned: Sequence[PlannedAction]) -> Demonstration:
    """Say these turns in a real episode.

    Raises:
        ValueError: the episode ends early, does not end, or is not correct; names the question.
    """
    env = SqlEnv(database, question, episode)
    transcript = Transcript(codec, question.text, env.tables)
    weights = [0.0] * len(transcript.ids)
    for action in planned:
        if env.stop is not None:
            raise ValueError(f"question {question.id}: the episode ended ({env.stop}) before {action.text!r}")
        ids = codec.action_ids(action.text)
        step = env.step(transcript.add_turn(ids, [0.0] * len(ids)))
        weights += [action.weight] * len(ids)
        if env.stop is None:
            transcript.add_observation(step.observation)
            weights += [0.0] * (len(transcript.ids) - len(weights))
    outcome = env.outcome() if env.stop is not None else None
    if outcome is None or not outcome.correct:
        said = "is not over" if outcome is None else f"is not correct ({outcome.failure})"
        raise ValueError(
            f"question {question.id}: its demonstration {said}, so its gold or the verifier is at fault: {[a.text for a in planned]}"
        )
    sequence = TrainingSequence(tuple(transcript.ids), tuple(weights))
    return Demonstration(question.id, sequence, tuple(transcript.mask), tuple(env.steps))


def plan(
    database: Database, question: Question, episode: EpisodeConfig, config: DemonstrationConfig, rng: random.Random
) -> list[PlannedAction]:
    """What the expert will say, at most episode.actions_max turns.

    Raises:
        ValueError: the gold does not parse, reads no table, or needs more actions than there are.
        QueryError: the gold does not run.
    """
    if not question.answerable:
        return _plan_unknown(database, question, episode, rng)
    reading = read_query(question.gold_sql, database.schema)
    tables = reading.table_names
    spare = episode.actions_max - len(tables) - 2
    if not tables or spare < 0:
        raise ValueError(f"its gold reads {len(tables)} tables: wanted 1 to {episode.actions_max - 2}")

    wander, slip = None, None
    if spare >= 2 and rng.random() < config.recovery_share:
        if rng.random() < config.wander_share:
            wander = _neighbour(database.schema, tables, rng)
        slip = None if wander else make_slip(database, question.gold_sql, rng)
    forgotten = slip.table if slip and _is_forgotten(slip, tables) and rng.random() < 0.5 else None

    actions = [PlannedAction(f"DESCRIBE {wander}", 0.0)] if wander else []
    actions += [PlannedAction(f"DESCRIBE {table}") for table in tables if table != forgotten]
    unseen = dict.fromkeys(use.table for use in reading.texts if not _shown(database, use))
    samples = [table for table in unseen if rng.random() < config.sample_unseen_share]
    if not unseen and rng.random() < config.sample_share:
        samples = [rng.choice(tables)]
    room = spare - (2 if slip else 1 if wander else 0)
    samples = [table for table in samples if table != forgotten and not (slip and _is_value(slip, table))][:room]
    actions += [PlannedAction(f"SAMPLE {table}") for table in samples]
    if slip:
        actions.append(PlannedAction(f"QUERY {_line(slip.sql)}", 0.0))
        actions += _second_look(database, reading, slip, forgotten, rng)
    actions.append(PlannedAction(f"QUERY {_line(question.gold_sql)}"))
    actions.append(PlannedAction(f"ANSWER {_answer(database, question, episode, config, rng)}"))
    return actions


def _plan_unknown(database: Database, question: Question, episode: EpisodeConfig, rng: random.Random) -> list[PlannedAction]:
    """Looks at the tables the question seems to be about, often at one beside them, then says that nothing there answers it."""
    tables = [table.name for name in question.tables if (table := database.schema.find(name))] or _likely(database.schema, question)
    beside = _neighbour(database.schema, tables, rng) if rng.random() < 0.6 else None
    tables = [*tables, *([beside] if beside else [])][: episode.actions_max - 1]
    reason = f"nothing in {' or '.join(tables)} tells that"
    return [*(PlannedAction(f"DESCRIBE {table}") for table in tables), PlannedAction(f"ANSWER UNKNOWN {reason}")]


def _second_look(database: Database, reading: Reading, slip: Slip, forgotten: str | None, rng: random.Random) -> list[PlannedAction]:
    """What an expert looks at after the error: at most one action, often none because the error says enough."""
    if forgotten:
        return [PlannedAction(f"DESCRIBE {forgotten}")]
    if slip.kind is SlipKind.WRONG_VALUE:
        unseen = any(use.table == slip.table and not _shown(database, use) for use in reading.texts)
        return [PlannedAction(f"{'SAMPLE' if unseen else 'DESCRIBE'} {slip.table}")]
    if slip.kind is SlipKind.WRONG_ALIAS:
        return []  # the query alone is to blame
    return [PlannedAction(f"DESCRIBE {slip.table}")] if rng.random() < 0.3 else []


def _answer(database: Database, question: Question, episode: EpisodeConfig, config: DemonstrationConfig, rng: random.Random) -> str:
    rows = gold_rows(database, question).rows
    if len(rows) == 1 and len(rows[0]) == 1 and rows[0][0] is not None and rng.random() < config.value_answer_share:
        cell = render_cell(rows[0][0], episode.cell_chars)
        if cell and "…" not in cell:
            return cell
    return "RESULT"


def _is_forgotten(slip: Slip, tables: Sequence[str]) -> bool:
    """Whether the slip is one of a person who has not looked at its table: that DESCRIBE can come after the error."""
    return len(tables) > 1 and slip.table != tables[0] and slip.kind not in (SlipKind.WRONG_VALUE, SlipKind.WRONG_ALIAS)


def _is_value(slip: Slip, table: str) -> bool:
    """Whether SAMPLE of this table has to wait until after the slip, or nobody would have made it."""
    return slip.kind is SlipKind.WRONG_VALUE and slip.table == table


def _shown(database: Database, use: TextUse) -> bool:
    """Whether DESCRIBE shows values of the column that the text is compared with, or says that they are dates."""
    lines = describe(database, use.table).split("\n")
    return any(line.startswith(f"{use.column} ") and ("'" in line or line.endswith(("date", "datetime"))) for line in lines[1:])


def _neighbour(schema: Schema, tables: Sequence[str], rng: random.Random) -> str | None:
    """A table one might take for the right one: linked to one that is needed, or with a word of its name."""
    words = {word for name in tables for word in split_name(name)}
    found = []
    for table in schema.tables:
        linked = any(key.table in tables for key in table.foreign_keys)
        linked = linked or any(key.table == table.name for name in tables if (t := schema.find(name)) for key in t.foreign_keys)
        if table.name not in tables and (linked or words & set(split_name(table.name))):
            found.append(table.name)
    return rng.choice(found) if found else None


def _likely(schema: Schema, question: Question) -> list[str]:
    """The two tables whose names share most with the question's words."""
    asked = question.text.lower()
    near = sorted(schema.names, key=lambda name: -sum(word.rstrip("s")[:5] in asked for word in split_name(name)))
    return list(near[:2])


def _line(sql: str) -> str:
    return " ".join(line.strip() for line in sql.split("\n")).strip()
