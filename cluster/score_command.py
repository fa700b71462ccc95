"""`analyst-buddy score`: grades a file of predictions by our rule and by those of two papers, and lists where they disagree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from cluster.errors import RefusedError
from cluster.json_lines import read_json_lines
from cluster.question_files import check_golds, open_databases
from cluster.report import score_text
from cluster.scores import Breakdown
from envs.health import by_reason, marks
from envs.perturb import perturbed
from envs.proportions import Tally
from envs.questions import load_questions
from envs.records import Question
from envs.sandbox import Database
from envs.verifier import Verdict, VerifierError, judge

RULES = {"ours": "ours", "spider": "Spider's", "bird": "BIRD's", "robust": "ours, and robust"}
SHOWN = 20  # disagreements on the terminal; --json has all


class PredictionFileError(RefusedError):
    """The predictions do not belong to these questions or cannot be graded; the message names each that stands in the way."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One line: the last query that ran ("" if none did), and what ANSWER said."""

    line: int
    db_id: str
    question: str
    sql: str
    answer: str


@dataclass(frozen=True, slots=True)
class Graded:
    """A question, what was predicted, and every rule's word on it."""

    question: Question
    prediction: Prediction
    verdict: Verdict

    @property
    def disagree(self) -> bool:
        """Whether the rules do; the papers have none for a question that cannot be answered."""
        return self.question.answerable and len({self.verdict.correct, self.verdict.spider, self.verdict.bird}) > 1

    @property
    def lucky(self) -> bool:
        """Right here and wrong on a perturbed copy."""
        return self.verdict.robust is False

    def as_dict(self) -> dict[str, Any]:
        question, verdict = self.question, self.verdict
        return {
            "line": self.prediction.line, "db_id": question.db_id, "question": question.text, "gold": question.gold_sql,
            "sql": self.prediction.sql, "answer": self.prediction.answer,
            "ours": verdict.correct, "spider": verdict.spider, "bird": verdict.bird, "robust": verdict.robust,
        }  # fmt: skip


@dataclass(frozen=True)
class PredictionScore:
    """What a file of predictions came to."""

    rules: dict[str, Breakdown]  # the papers' over answerable questions only; "robust" only with copies
    disagreements: tuple[Graded, ...]
    lucky: tuple[Graded, ...]
    not_to_be_scored: dict[str, int]  # questions by reason, counted above all the same
    copies: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "rules": {name: breakdown.as_dict() for name, breakdown in self.rules.items()},
            "disagreements": [graded.as_dict() for graded in self.disagreements],
            "lucky": [graded.as_dict() for graded in self.lucky],
            "not_to_be_scored": self.not_to_be_scored,
            "copies": self.copies,
        }


def score_file(gold_file: Path, predictions_file: Path, databases_dir: Path, copies: int = 0) -> PredictionScore:
    """Grade every prediction.

    Args:
        copies: perturbed copies of each database on which right answers are graded again.

    Raises:
        UserError: a line is no prediction.
        QuestionFileError: databases are missing or golds fail.
        PredictionFileError: questions and predictions do not pair up one to one, or some cannot be graded.
    """
    questions, predictions = load_questions(gold_file), read_predictions(predictions_file)
    paired = pair(questions, predictions)
    with open_databases(databases_dir, {q.db_id for q in questions}) as databases:
        check_golds(questions, databases)
        graded = list(_grade(paired, databases, copies))
        unfit = by_reason(marks(databases, questions))
    return summed_up(graded, unfit, copies)


def read_predictions(file: Path) -> list[Prediction]:
    """The lines of a predictions file; empty lines are passed over, and a line without "answer" answers RESULT.

    Raises:
        UserError: a line is something else; the message names it.
    """
    return read_json_lines(file, '{"db_id", "question", "sql", "answer"}, each a text', _prediction)


def pair(questions: Iterable[Question], predictions: Iterable[Prediction]) -> list[tuple[Question, Prediction]]:
    """Each question with its prediction, by database and wording; the same words asked twice pair in the order of the files.

    Raises:
        PredictionFileError: names every prediction without a question and every question without a prediction.
    """
    waiting: dict[tuple[str, str], list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        waiting[prediction.db_id, prediction.question.strip()].append(prediction)
    paired, unanswered = [], []
    for question in questions:
        queue = waiting[question.db_id, question.text]
        if queue:
            paired.append((question, queue.pop(0)))
        else:
            unanswered.append(f"{question.id} has no prediction: {question.text}")
    strays = [f"line {p.line} matches no question ({p.db_id}): {p.question}" for queue in waiting.values() for p in queue]
    if strays or unanswered:
        counted = f"{len(strays)} predictions match no question and {len(unanswered)} questions have no prediction, so nothing was scored:"
        raise PredictionFileError("\n".join([counted, *strays, *unanswered]))
    return paired


def summed_up(graded: Sequence[Graded], not_to_be_scored: dict[str, int], copies: int) -> PredictionScore:
    """Every rule's accuracy, and where they disagree."""
    rules = {
        "ours": Breakdown.of((g.question, g.verdict.correct) for g in graded),
        "spider": Breakdown.of((g.question, g.verdict.spider) for g in graded if g.question.answerable),
        "bird": Breakdown.of((g.question, g.verdict.bird) for g in graded if g.question.answerable),
    }
    if copies:
        rules["robust"] = Breakdown.of((g.question, g.verdict.correct and not g.lucky) for g in graded)
    return PredictionScore(
        rules, tuple(g for g in graded if g.disagree), tuple(g for g in graded if g.lucky), not_to_be_scored, copies
    )  # fmt: skip


def print_score(score: PredictionScore, console: Console) -> None:
    """The score for a person: a table of accuracies, and the first disagreements."""
    table = Table("right by", *(RULES[name] for name in score.rules), box=box.SIMPLE_HEAD)
    for name in score.rules["ours"].databases:
        table.add_row(name, *(_short(breakdown.databases.get(name)) for breakdown in score.rules.values()))
    table.add_section()
    for bucket in score.rules["ours"].tables:
        table.add_row(f"{bucket} table{'s' if bucket != '1' else ''}", *(_short(part.tables[bucket]) for part in score.rules.values()))
    table.add_section()
    table.add_row("all (95 %)", *(_three_lines(part) for part in score.rules.values()))
    console.print(table)
    unfit = ", ".join(f"{count} {reason}" for reason, count in score.not_to_be_scored.items() if count)
    if unfit:
        console.print(f"Questions that should not be scored, counted all the same: {unfit}.", soft_wrap=True)
    _print_some(f"The rules disagree on {len(score.disagreements)}", score.disagreements, console)
    if score.copies:
        _print_some(f"Right here and wrong on a perturbed copy: {len(score.lucky)}", score.lucky, console)


def _short(tally: Tally | None) -> str:
    return f"{100 * tally.accuracy:.1f} % of {tally.questions}" if tally and tally.questions else "-"


def _three_lines(part: Breakdown) -> str:
    return score_text(part.as_dict()).replace(" (", "\n").replace("; ", "\n").removesuffix(")")


def _print_some(title: str, graded: Sequence[Graded], console: Console) -> None:
    more = f", the first {SHOWN} (--json lists all)" if len(graded) > SHOWN else ""
    console.print(f"{title}{more}{':' if graded else '.'}", markup=False)
    for g in graded[:SHOWN]:
        said = ", ".join(f"{name} {'right' if getattr(g.verdict, field) else 'wrong'}" for name, field in _FIELDS)
        lines = (f"line {g.prediction.line}, {g.question.db_id}: {g.question.text}", f"  {said}", f"  gold: {g.question.gold_sql}")
        console.print("\n".join([*lines, f"  sql:  {g.prediction.sql}"]), markup=False, soft_wrap=True)


_FIELDS = (("ours", "correct"), ("Spider", "spider"), ("BIRD", "bird"))


def _grade(paired: Iterable[tuple[Question, Prediction]], databases: dict[str, Database], copies: int) -> Iterator[Graded]:
    by_database: dict[str, list[tuple[Question, Prediction]]] = defaultdict(list)
    for question, prediction in paired:
        by_database[question.db_id].append((question, prediction))
    ungraded = []
    for db_id, pairs in by_database.items():
        with ExitStack() as stack:
            others = stack.enter_context(perturbed(databases[db_id], copies)) if copies else ()
            for question, prediction in pairs:
                try:
                    verdict = judge(databases[db_id], question, prediction.sql, prediction.answer, others)
                except VerifierError as error:
                    ungraded.append(f"line {prediction.line} ({question.id}): {error}")
                    continue
                yield Graded(question, prediction, verdict)
    if ungraded:
        counted = f'{len(ungraded)} predictions cannot be graded, so nothing was scored (with "sql": "" a line counts as wrong):'
        raise PredictionFileError("\n".join([counted, *ungraded]))


def _prediction(row: Any, number: int) -> Prediction:
    texts = [row["db_id"], row["question"], row["sql"], row.get("answer", "RESULT")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a field is no text")
    return Prediction(number, *texts)
