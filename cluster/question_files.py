"""What must hold of a question file before anything is scored by it: every database is there and every gold can be graded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cluster.errors import RefusedError
from envs.question_sets import database_path
from envs.records import Question
from envs.sandbox import Database
from envs.verifier import VerifierError, gold_rows


class QuestionFileError(RefusedError):
    """The question file cannot be scored as it is; the message names every row that stands in the way."""


@contextmanager
def open_databases(databases_dir: Path, names: Iterable[str]) -> Iterator[dict[str, Database]]:
    """The databases of these db_ids, by db_id.

    Raises:
        QuestionFileError: names those that are missing.
    """
    paths = {name: database_path(databases_dir, name) for name in sorted(names)}
    missing = [str(path) for path in paths.values() if not path.is_file()]
    if missing:
        raise QuestionFileError(f"{len(missing)} databases are missing: {', '.join(missing)}")
    databases = {name: Database.open(path) for name, path in paths.items()}
    try:
        yield databases
    finally:
        for database in databases.values():
            database.close()


def check_golds(questions: Iterable[Question], databases: Mapping[str, Database]) -> None:
    """Run every gold query once, as the verifier will.

    Raises:
        QuestionFileError: names every gold that fails or returns too much.
    """
    failing = []
    for question in questions:
        if question.answerable:
            try:
                gold_rows(databases[question.db_id], question)
            except VerifierError as error:
                failing.append(str(error))
    if failing:
        raise QuestionFileError(f"{len(failing)} gold queries fail, so nothing was scored:\n" + "\n".join(failing))
