"""One episode: takes the policy's turns, runs the actions, keeps the steps, says at the end whether the answer was right."""

from __future__ import annotations

from dataclasses import dataclass

from envs.dialogue import parse_action
from envs.records import Action, Failure, Outcome, Question, Step, Stop, Verb
from envs.sandbox import Database, QueryError, QueryResult
from envs.schema import describe, render_rows, sample
from envs.teaching import tables_hint
from envs.verifier import grade, is_unknown


@dataclass(frozen=True, slots=True)
class EpisodeConfig:
    """What an episode allows and shows: the [episode] section."""

    actions_max: int = 10  # turns, malformed ones included
    malformed_max: int = 3  # malformed turns after which the episode ends
    repeats_max: int = 3  # times one action may fail in the same words (one more if it succeeds): a policy in a loop stays in it
    rows_shown: int = 5  # rows of a query's result the policy sees
    cell_chars: int = 60  # longer cells are cut with an ellipsis

    def __post_init__(self) -> None:
        for name in ("actions_max", "malformed_max", "repeats_max", "rows_shown"):
            if getattr(self, name) < 1:
                raise ValueError(f"episode.{name} is {getattr(self, name)}: it needs 1 or more")
        if self.cell_chars < 8:
            raise ValueError(f"episode.cell_chars is {self.cell_chars}: cells cut below 8 characters tell nothing")


class SqlEnv:
    """One question being answered on one database.

    After the end, `sql` and `result` are the last query that succeeded, `answer` is what ANSWER said.
    """

    def __init__(self, database: Database, question: Question, config: EpisodeConfig) -> None:
        self.database, self.question, self.config = database, question, config
        self.tables = database.schema.names  # all the policy is told at the start
        self.steps: list[Step] = []
        self.stop: Stop | None = None
        self.sql, self.answer = "", ""
        self.result: QueryResult | None = None

    def step(self, text: str) -> Step:
        """Run one turn of the policy; what it did wrong comes back as an observation that begins with `error:`.

        Raises:
            RuntimeError: the episode has ended.
        """
        if self.stop is not None:
            raise RuntimeError(f"the episode has ended ({self.stop}): begin a new SqlEnv")
        action = parse_action(text)
        verb = action.verb
        try:
            observation, ok = self._do(action), True
        except (QueryError, _NoTableError, _MalformedError) as error:
            observation, ok = f"error: {error}", False
        if verb is Verb.ANSWER:
            self.stop = Stop.ANSWERED
        elif verb is Verb.MALFORMED and self._count(Verb.MALFORMED) + 1 >= self.config.malformed_max:
            self.stop = Stop.MALFORMED
        elif verb is not Verb.MALFORMED and self._repeats(action, ok) + 1 >= self.config.repeats_max + ok:
            self.stop = Stop.REPEATED
        elif len(self.steps) + 1 >= self.config.actions_max:
            self.stop = Stop.BUDGET
        step = Step(action, text, "" if self.stop else observation, ok)
        self.steps.append(step)
        return step

    def end(self, stop: Stop) -> None:
        """End the episode from outside, e.g. with TOO_LONG; one that has ended keeps its reason."""
        self.stop = self.stop or stop

    def outcome(self) -> Outcome:
        """The verifier's word on the finished episode.

        Raises:
            RuntimeError: the episode goes on.
            VerifierError: it cannot be graded; never to be taken for a wrong answer.
        """
        if self.stop is None:
            raise RuntimeError("the episode has not ended: it is graded after ANSWER, the last action or end()")
        correct = grade(self.database, self.question, self.sql, self.answer)
        return Outcome(correct, None if correct else self._failure(), self.sql, self.answer)

    def _do(self, action: Action) -> str:
        match action.verb:
            case Verb.QUERY:
                result = self.database.query(action.argument)
                self.sql, self.result = action.argument, result
                return render_rows(result, self.config.rows_shown, self.config.cell_chars)
            case Verb.DESCRIBE | Verb.SAMPLE:
                if self.database.schema.find(action.argument) is None:
                    raise _NoTableError(action.argument, self.tables)
                return (describe if action.verb is Verb.DESCRIBE else sample)(self.database, action.argument)
            case Verb.ANSWER:
                self.answer = action.argument
            case Verb.MALFORMED:
                raise _MalformedError(action.argument)
        return ""

    def _failure(self) -> Failure:
        if self.stop is Stop.MALFORMED:
            return Failure.MALFORMED
        unknown = is_unknown(self.answer) and self.question.answerable
        if unknown or (self.stop is not Stop.ANSWERED and self.sql):
            return Failure.GAVE_UP
        if not self._count(Verb.QUERY):
            return Failure.NO_QUERY
        return Failure.WRONG_ROWS if self.sql else Failure.SQL_ERROR

    def _count(self, verb: Verb) -> int:
        return sum(step.action.verb is verb for step in self.steps)

    def _repeats(self, action: Action, ok: bool) -> int:
        """How often this action has ended like this so far, in the same words."""
        return sum(step.action == action and step.ok == ok for step in self.steps)


class _MalformedError(ValueError):
    """A turn that is no action."""


class _NoTableError(ValueError):
    def __init__(self, name: str, tables: tuple[str, ...]) -> None:
        shown = name if len(name) <= 40 else name[:39] + "…"
        super().__init__(f"no such table: {shown}; tables: {tables_hint(name[:80], tables)}")
