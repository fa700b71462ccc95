"""`analyst-buddy compare`: two policies on the same questions in pairs, played now or read from what an evaluation left.

A and B are each a policy directory (played greedily on --questions), a predictions file as `evaluate --predictions` writes it, an
evaluation's Parquet file, or RUN:NAME, the newest evaluation of that name in a run (runs/quickstart:sft_validation).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cluster.config import RunConfig
from cluster.errors import RefusedError, UserError
from cluster.json_lines import read_json_lines
from envs.comparison import Answered, Comparison, Paired, answered, compare, pair
from envs.group_files import read_groups
from envs.questions import load_questions
from envs.records import Question
from envs.run_store import RunStore

SHOWN = 20  # disagreements on the terminal; --json has all


def compare_sources(
    a: str,
    b: str,
    config: RunConfig,
    *,
    questions: Path | None,
    databases: Path | None,
    common: bool,
    console: Console,
    runs: Path,
) -> Comparison:
    """Read or play both sides and compare them.

    Raises:
        UserError: a side is nothing that can be read, or a policy is named without questions to play.
        RefusedError: the two were not asked the same questions.
    """
    asked = load_questions(questions) if questions is not None else None
    sides = []
    for name in (a, b):
        side = read_side(name, runs)
        if side is None:
            if questions is None or databases is None:
                raise UserError(f"{name} is a policy: say what to ask it with --questions FILE and --databases DIR")
            from cluster.evaluate import play_file

            side = answered(play_file(Path(name), questions, databases, config, console=console))
        elif asked is not None:
            side = only_asked(side, asked)
        sides.append(side)
    try:
        pairs = pair(sides[0], sides[1], common=common)
    except ValueError as error:
        raise RefusedError(f"{error}. Compare answers to one question file, or add --common to leave out the others") from None
    return compare(pairs)


def read_side(name: str, runs: Path) -> list[Answered] | None:
    """What a file or an evaluation holds; None for a policy directory, which is to be played.

    Raises:
        UserError: there is nothing of that name, or it cannot be read.
    """
    path = Path(name)
    if (path / "config.json").is_file():
        return None
    if path.is_file():
        return answered(read_groups(path)) if path.suffix == ".parquet" else read_answers(path)
    file = evaluation_file(name, runs)
    if file is not None:
        return answered(read_groups(file))
    raise UserError(f"{name} is no policy directory, predictions file, evaluation (.parquet) or RUN:EVALUATION")


def evaluation_file(name: str, runs: Path) -> Path | None:
    """The newest file of RUN:EVALUATION; None for a name of another form.

    Raises:
        UserError: there is no such run or evaluation.
    """
    run, colon, evaluation = name.rpartition(":")
    if colon and not Path(name).exists():
        store = RunStore.existing(run, runs)
        files = {found: file for _, found, file in store.evaluation_files()}  # by step, so the newest stays
        if evaluation not in files:
            raise UserError(f"no evaluation {evaluation!r} in {store.path}; there are: {', '.join(files) or 'none'}")
        return files[evaluation]
    return None


def read_answers(file: Path) -> list[Answered]:
    """The lines of a predictions file that says which answers were right.

    Raises:
        UserError: a line is something else; the message names it.
    """
    wanted = '{"db_id", "question", "correct", ...} as `evaluate --predictions` writes it'
    found = read_json_lines(file, wanted, lambda row, _number: _answered(row))
    if not found:
        raise UserError(f"{file} holds no predictions")
    return found


def only_asked(side: Sequence[Answered], asked: Sequence[Question]) -> list[Answered]:
    """Those answers that are to these questions, with the number of tables each gold reads."""
    tables = {(q.db_id, q.text.strip()): max(1, len(q.tables)) for q in asked}
    keys = [(one.db_id, one.question.strip()) for one in side]
    return [dataclasses.replace(one, tables=tables[key]) for one, key in zip(side, keys, strict=True) if key in tables]


def print_comparison(found: Comparison, a: str, b: str, console: Console) -> None:
    """The comparison for a person: a table of counts, the verdict, and the first disagreements."""
    console.print(f"A: {escape(a)}\nB: {escape(b)}", soft_wrap=True)
    table = Table("", "questions", "A right", "B right", "only A", "only B", "p (McNemar)", box=box.SIMPLE_HEAD)
    for name, part in found.databases.items():
        _add(table, escape(name), part)
    table.add_section()
    for bucket, part in found.tables.items():
        _add(table, f"{bucket} table{'s' if bucket != '1' else ''}", part)
    table.add_section()
    _add(table, "all", found.total)
    console.print(table)
    console.print(verdict(found.total), soft_wrap=True)
    more = f", the first {SHOWN} (--json lists all)" if len(found.disagreements) > SHOWN else ""
    console.print(f"Only one is right on {len(found.disagreements)}{more}.")
    for one, other in found.disagreements[:SHOWN]:
        who = "A" if one.correct else "B"
        lines = [
            f"only {who}, {one.db_id}: {one.question}",
            f"  A: {one.sql or one.answer or '-'}",
            f"  B: {other.sql or other.answer or '-'}",
        ]
        console.print("\n".join(lines), markup=False, soft_wrap=True)


def verdict(total: Paired) -> str:
    """One sentence: which is better by how much, and whether chance would do as much."""
    if not total.only_a + total.only_b:
        return "A and B are right on the same questions."
    better = "neither is ahead" if not total.difference else f"{'B' if total.difference > 0 else 'A'} is ahead"
    points = f" by {100 * abs(total.difference):.1f} points" if total.difference else ""
    chance = "chance alone would seldom do that" if total.p_value < 0.05 else "chance alone could do that"
    return (
        f"{better[0].upper()}{better[1:]}{points}: {total.only_a} to {total.only_b} where they differ, p = {total.p_value:.3g}; {chance}."
    )


def _add(table: Table, name: str, part: Paired) -> None:
    counts = (part.questions, part.both + part.only_a, part.both + part.only_b, part.only_a, part.only_b)
    table.add_row(name, *map(str, counts), f"{part.p_value:.3g}" if part.questions else "-")


def _answered(row: Any) -> Answered:
    db_id, question, correct = row["db_id"], row["question"], row["correct"]
    if not (isinstance(db_id, str) and isinstance(question, str) and isinstance(correct, bool)):
        raise TypeError("a field has another type")
    return Answered(db_id, question, correct, int(row.get("tables", 0)), str(row.get("sql", "")), str(row.get("answer", "")))
