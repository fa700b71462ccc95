"""`analyst-buddy synthesize`: questions with gold SQL about one database file, one JSON line each.

The file is read as a stranger's, in the jail: its many small queries cost next to nothing more there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, get_args

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cluster.errors import RefusedError, UserError
from envs.phrasing import Phrasing
from envs.records import Question
from envs.sandbox import Database, Trust
from envs.synthesis import synthesize
from envs.whole_files import write_text_atomic

PROGRESS_FROM = 200  # questions; fewer are made at once


def synthesize_file(
    file: Path, out: Path, *, count: int, seed: int, phrasing: str, unanswerable_share: float, console: Console
) -> list[Question]:
    """Make the questions and write them to `out`, whole or not at all.

    Raises:
        UserError: the count or phrasing is none.
        RefusedError: the schema allows no questions.
        ValueError: the file is no database, or the share is none.
        OSError: the file cannot be read or `out` not written.
    """
    if count < 1:
        raise UserError(f"--questions is {count}: wanted 1 or more")
    if phrasing not in get_args(Phrasing):
        raise UserError(f"--phrasing is {phrasing!r}: wanted one of {', '.join(get_args(Phrasing))}")
    if not out.absolute().parent.is_dir():
        raise UserError(f"there is no folder {out.absolute().parent}: make it first, or name another --out")
    database = Database.open(file, trust=Trust.UNTRUSTED)
    try:
        with Progress(console=console, transient=True, disable=count < PROGRESS_FROM or not console.is_terminal) as progress:
            task = progress.add_task("asking", total=count)
            questions = synthesize(
                database,
                count,
                seed,
                cast(Phrasing, phrasing),
                unanswerable_share=unanswerable_share,
                progress=lambda made: progress.update(task, completed=made),
            )
    finally:
        database.close()
    if not questions:
        raise RefusedError(
            f"{file} allows no questions: wanted a table with rows and columns to ask about, such as names, categories, numbers or dates"
        )
    write_text_atomic(out, "".join(json.dumps(_line(question), ensure_ascii=False) + "\n" for question in questions))
    return questions


def summary(questions: Sequence[Question], wanted: int) -> dict[str, Any]:
    """How many of what was made, ready for JSON."""
    return {
        "questions": len(questions),
        "wanted": wanted,
        "unanswerable": sum(not q.answerable for q in questions),
        "by_tables": dict(sorted(Counter(q.tables_bucket for q in questions if q.answerable).items())),
        "by_kind": dict(Counter(q.constructs[0] for q in questions).most_common()),
    }


def print_summary(made: dict[str, Any], questions: Sequence[Question], out: Path, console: Console) -> None:
    """For a person: what was made, three examples, and whether the schema had no more."""
    table = Table("tables", "questions")
    for bucket, number in made["by_tables"].items():
        table.add_row(bucket, str(number))
    if made["unanswerable"]:
        table.add_row("no answer", str(made["unanswerable"]))
    console.print(table)
    for question in questions[:3]:
        console.print(f"  {question.text}", markup=False)
    console.print(f"{made['questions']} questions of {len(made['by_kind'])} kinds in {out}", markup=False, soft_wrap=True)
    if made["questions"] < made["wanted"]:
        console.print(f"The schema allows no more than these: {made['wanted']} were wanted.")


def _line(question: Question) -> dict[str, Any]:
    return {
        "db_id": question.db_id,
        "question": question.text,
        "query": question.gold_sql,
        "tables": list(question.tables),
        "constructs": list(question.constructs),
        "answerable": question.answerable,
    }
