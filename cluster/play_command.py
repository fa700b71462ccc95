"""`analyst-buddy play`: a person plays the four actions on a database, as the policy does, and sees what the policy would see.

Lines come from the terminal, from a file or from a pipe. The database is read as a stranger's, in its jail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cluster.ask import ROWS_SHOWN, plain, result_table
from cluster.errors import UserError
from envs.dialogue import prompt_text
from envs.records import Question, Stop
from envs.sandbox import Database, QueryError, Trust
from envs.sql_env import EpisodeConfig, SqlEnv
from envs.verifier import VerifierError, is_unknown

_ENDED = {
    Stop.BUDGET: "No action is left.",
    Stop.MALFORMED: "Too many lines were no action.",
    Stop.REPEATED: "The same action has failed too often.",
}


def play(database_file: Path, text: str, gold: str | None, lines: Iterable[str] | None, console: Console, config: EpisodeConfig) -> int:
    """Play one episode and show how it ends.

    Args:
        gold: the SQL that answers the question; with it the verifier says whether the answer is right.
        lines: the actions, empty lines passed over; each is repeated, so that the output reads as a dialogue. None: ask at the terminal.

    Returns:
        The exit code: 0 answered (and right, when there is a gold), 1 not answered or wrong.

    Raises:
        UserError: the gold does not run.
    """
    database = Database.open(database_file, trust=Trust.UNTRUSTED)
    try:
        if gold is not None:
            try:
                database.query(gold, double_quoted_text=True)
            except QueryError as error:
                raise UserError(f"the gold does not run on {database_file}: {plain(str(error))}") from error
        question = Question("played", database.name, text, gold or "", answerable=gold is not None)
        env = SqlEnv(database, question, config)
        console.print(plain(prompt_text(text, env.tables)), markup=False, soft_wrap=True)
        if lines is None:
            console.print("DESCRIBE table, SAMPLE table, QUERY select, ANSWER RESULT (or the one value, or UNKNOWN why). Ctrl-D leaves.")
        try:
            for turn in _turns(env, lines, console):
                step = env.step(turn)
                if step.observation:
                    console.print(plain(step.observation), markup=False, soft_wrap=True, style=None if step.ok else "red")
        except (EOFError, KeyboardInterrupt):  # Ctrl-D, Ctrl-C, also while a query runs
            console.print()
        return _end(env, gold, console)
    finally:
        database.close()


def _turns(env: SqlEnv, lines: Iterable[str] | None, console: Console) -> Iterator[str]:
    """Lines until the episode ends or there are no more.

    Raises:
        EOFError, KeyboardInterrupt: the person leaves.
    """
    given = None if lines is None else iter(lines)
    while env.stop is None:
        prompt = f"({env.config.actions_max - len(env.steps)} left) "
        line = console.input(prompt, markup=False) if given is None else next(given, None)
        if line is None:
            return
        if line.strip():
            if given is not None:
                console.print(plain(prompt + line.rstrip("\n")), markup=False, soft_wrap=True, style="bold")
            yield line


def _end(env: SqlEnv, gold: str | None, console: Console) -> int:
    if env.stop is None:
        console.print("Left without an answer.")
        return 1
    if env.stop is not Stop.ANSWERED:
        console.print(_ENDED.get(env.stop, f"The episode has ended: {env.stop}."))
    else:
        console.print(f"[bold]Answer: {escape(plain(env.answer))}[/bold]")
        if is_unknown(env.answer):
            pass  # no rows to show
        elif env.sql:
            result = env.database.query(env.sql, rows_max=ROWS_SHOWN)
            console.print(result_table(result))
            console.print(f"SQL: {plain(env.sql)}", markup=False, soft_wrap=True)
        else:
            console.print("No query has succeeded, so the answer is not from the data.")
    if gold is None:
        return 0 if env.stop is Stop.ANSWERED else 1
    try:
        outcome = env.outcome()
    except (VerifierError, QueryError) as error:
        console.print(f"The verifier cannot tell: {plain(str(error))}", markup=False)
        return 1
    console.print("The verifier finds it right." if outcome.correct else f"The verifier finds it wrong: {outcome.failure}.", markup=False)
    return 0 if outcome.correct else 1
