"""What was played becomes the answer that is sent: which sample counts, what is said of it, how sure it is.

Everything shown is the database's own: the rows of a query that was run again, a sentence and an explanation by rule. A value that the
model typed and no query returned is never shown; such a sample counts as no answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from envs.records import Stop, Trajectory
from envs.sandbox import QueryError, QueryResult
from envs.schema import Schema
from envs.verifier import is_unknown, says
from envs.vocabulary import Wording
from serving.agreement import Agreement, Given, Said, agreement
from serving.analyst import Played, Read
from serving.calibration import Calibration
from serving.charts import chart
from serving.confidence import features_of
from serving.contract import Answer, Candidate, Model, rows_of
from serving.explanations import explanation
from serving.sentences import sentence
from serving.tables import column_titles

CANDIDATES_MAX = 4
REASON_CHARS_MAX = 300
SHARE_MIN = 0.5  # of the samples, where nothing was calibrated
_WHY = {
    Stop.BUDGET: "It used up its steps without an answer.",
    Stop.MALFORMED: "It lost the thread and asked for nothing that can be done.",
    Stop.REPEATED: "It tried the same step again and again, and it failed each time.",
    Stop.TOO_LONG: "It read so much that no room was left to answer.",
}


def answer_of(
    database: str,
    question: str,
    understood: str | None,
    played: Played,
    model: Model,
    calibration: Calibration | None,
    seconds: float,
    wording: Wording | None = None,
) -> Answer:
    """The answer to a question that was played.

    Args:
        understood: how it was read, when it is a follow-up.
        wording: what the owner calls tables and columns, where that is known.
    """
    given = [given_by(trajectory, played.read) for trajectory in played.trajectories]
    given += [Given(Said.NOTHING)] * (played.asked - len(given))
    words = _Words(question, played.read.schema, wording)
    found = agreement(given)
    answer = _empty(database, question, understood, model, seconds)
    if found.majority is None:
        return _failed(answer, played)
    trajectory, steps = played.trajectories[found.majority], played.steps[found.majority]
    answer.steps, answer.sql = list(steps), trajectory.outcome.sql
    answer.tables_read = _tables_seen(trajectory)
    if calibration is not None:
        answer.confidence = calibration.confidence(features_of(found, given, played), played.asked)
    if given[found.majority].said is Said.UNKNOWN:
        answer.sql = ""
        answer.outcome, answer.sentence = "not_in_data", "Your data does not seem to hold this."
        why = trajectory.outcome.answer.removeprefix("UNKNOWN").strip()
        answer.reason = f"The model says: {why[:REASON_CHARS_MAX]}" if why else None
    else:
        result = played.read.results[trajectory.outcome.sql]
        assert isinstance(result, QueryResult)
        _show(answer, words, trajectory.outcome.sql, result)
    if _is_unsure(found, answer.confidence, calibration):
        answer.outcome = "unsure"
        answer.reason = _why_unsure(found, answer.confidence)
        answer.candidates = list(_candidates(words, found, played))
    return answer


def answer_to_sql(database: str, sql: str, read: Read, seconds: float, wording: Wording | None = None) -> Answer:
    """The answer to SQL that a person wrote."""
    result = read.results[sql]
    answer = _empty(database, None, None, None, seconds)
    answer.sql = sql
    if isinstance(result, QueryError):
        answer.sentence, answer.reason = "The query was not run to its end.", str(result)
    else:
        _show(answer, _Words("", read.schema, wording), sql, result)
    return answer


@dataclass(frozen=True)
class _Words:
    """What sentences are made with."""

    question: str
    schema: Schema | None
    wording: Wording | None

    def sentence(self, sql: str, result: QueryResult) -> str:
        return sentence(
            self.question,
            sql,
            result.columns,
            result.rows,
            len(result.rows),
            schema=self.schema,
            wording=self.wording,
            complete=not result.truncated,
        )

    def titles(self, sql: str, columns: Sequence[str]) -> list[str]:
        return column_titles(sql, columns, schema=self.schema, wording=self.wording)

    def explanation(self, sql: str) -> str:
        return explanation(sql, schema=self.schema, wording=self.wording)


def is_ungrounded(trajectory: Trajectory, result: QueryResult | QueryError | None) -> bool:
    """Whether it said a value, or a result, that no query over a table had returned."""
    if trajectory.stop is not Stop.ANSWERED or is_unknown(trajectory.outcome.answer):
        return False
    if not isinstance(result, QueryResult):
        return True
    return not result.tables_read or not says(trajectory.outcome.answer, result)


def given_by(trajectory: Trajectory, read: Read) -> Given:
    """What one sample came to."""
    if trajectory.stop is not Stop.ANSWERED:
        return Given(Said.NOTHING)
    if is_unknown(trajectory.outcome.answer):
        return Given(Said.UNKNOWN)
    result = read.results.get(trajectory.outcome.sql)
    if not isinstance(result, QueryResult) or is_ungrounded(trajectory, result):
        return Given(Said.NOTHING)
    return Given(Said.ROWS, result.rows)


def _is_unsure(found: Agreement, confidence: float | None, calibration: Calibration | None) -> bool:
    if calibration is not None and confidence is not None:
        return confidence < calibration.threshold
    return found.answers > 1 and found.share < SHARE_MIN


def _why_unsure(found: Agreement, confidence: float | None) -> str:
    asked = f"Asked {found.answers} times, it came to the same {found.votes} times." if found.answers > 1 else ""
    known = f"Of 100 answers like this one, about {100 * confidence:.0f} were right when it was tested." if confidence is not None else ""
    return " ".join(part for part in (asked, known) if part)


def _empty(database: str, question: str | None, understood: str | None, model: Model | None, seconds: float) -> Answer:
    return Answer(
        id=f"ans_{secrets.token_hex(8)}",
        outcome="failed",
        reason=None,
        sentence="",
        columns=[],
        titles=[],
        rows=[],
        row_count=0,
        rows_complete=True,
        download=None,
        chart=None,
        sql="",
        explanation="",
        tables_read=[],
        steps=[],
        confidence=None,
        candidates=[],
        understood=understood,
        database=database,
        question=question,
        model=model,
        seconds=round(seconds, 3),
    )


def _show(answer: Answer, words: _Words, sql: str, result: QueryResult) -> None:
    """Put a result into an answer, with the words for it."""
    columns, rows = list(result.columns), result.rows
    answer.outcome = "answered"
    answer.columns, answer.titles, answer.rows = columns, words.titles(sql, columns), rows_of(rows)
    answer.row_count, answer.rows_complete = len(rows), not result.truncated
    answer.sentence = words.sentence(sql, result)
    answer.explanation, answer.chart = words.explanation(sql), chart(columns, rows, answer.titles)
    answer.tables_read = sorted(result.tables_read)
    answer.download = f"/v1/downloads/{answer.id}"


def _failed(answer: Answer, played: Played) -> Answer:
    """No sample came to an answer: what the first one did, and why that is none."""
    answer.sentence = "No answer came of it."
    if not played.trajectories:
        answer.reason = "It took too long. Ask for less at once, or in other words."
        return answer
    trajectory, answer.steps = played.trajectories[0], list(played.steps[0])
    answer.sql, answer.tables_read = trajectory.outcome.sql, _tables_seen(trajectory)
    result = played.read.results.get(trajectory.outcome.sql)
    if trajectory.stop is not Stop.ANSWERED:
        answer.reason = _WHY.get(trajectory.stop)
    elif not trajectory.outcome.sql:
        answer.reason = "It answered without a query that ran, so what it says is not from your data."
    elif isinstance(result, QueryError):
        answer.reason = f"Its query could not be run again: {result}"
    elif isinstance(result, QueryResult) and not result.tables_read:
        answer.reason = "Its query reads no table, so what it says is not from your data."
    else:
        answer.reason = "It said a value that its query did not return."
    return answer


def _candidates(words: _Words, found: Agreement, played: Played) -> Sequence[Candidate]:
    shown = []
    for camp in found.camps[:CANDIDATES_MAX]:
        outcome = played.trajectories[camp[0]].outcome
        result = played.read.results.get(outcome.sql)
        if isinstance(result, QueryResult) and not is_unknown(outcome.answer):
            shown.append(
                Candidate(
                    votes=len(camp),
                    sql=outcome.sql,
                    sentence=words.sentence(outcome.sql, result),
                    columns=list(result.columns),
                    titles=words.titles(outcome.sql, result.columns),
                    rows=rows_of(result.rows, 20),
                    row_count=len(result.rows),
                )
            )
        else:
            said = "Your data does not seem to hold this."
            shown.append(Candidate(votes=len(camp), sql="", sentence=said, columns=[], titles=[], rows=[], row_count=0))
    return shown


def _tables_seen(trajectory: Trajectory) -> list[str]:
    """Tables that it looked at, where no result says which it read."""
    return sorted({step.action.argument for step in trajectory.steps if step.ok and step.action.verb in ("DESCRIBE", "SAMPLE")})


def stored_model(model: Model | None) -> str:
    """A model in one line."""
    return f"{model.name} v{model.version} {model.weights}" if model else ""
