"""`analyst-buddy ask`: plays one episode in the terminal and shows each step, the answer, its table and its SQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from actors.rollout import play_episode
from cluster.config import RunConfig
from envs.dialogue import Codec
from envs.records import Question, Step, Trajectory, Verb
from envs.sandbox import Database, QueryResult, Trust

ROWS_SHOWN = 50


def ask_once(policy_dir: Path, database_file: Path, text: str, config: RunConfig, console: Console) -> int:
    """Ask, show, and return the exit code: 0 answered, 1 no answer came of it."""
    from actors.transformers_policy import TransformersPolicy  # ready in seconds, where vLLM takes half a minute to start

    if not database_file.is_file():
        raise FileNotFoundError(f"no database at {database_file}: name a SQLite file")
    database = Database.open(database_file, trust=Trust.UNTRUSTED)
    try:
        with console.status("loading the policy"):
            policy = TransformersPolicy(str(policy_dir))
        with console.status("thinking") as status:

            def show(step: Step) -> None:
                status.stop()
                show_step(step, console)
                status.start()

            question = Question(id="asked", db_id=database.name, text=text, gold_sql="", answerable=False)  # no gold: nothing to grade
            played = asyncio.run(
                play_episode(
                    policy,
                    Codec.load(policy_dir),
                    database,
                    question,
                    member=0,
                    episode=config.episode,
                    rollout=config.rollout,
                    seed=0,
                    temperature=0.0,
                    steered=config.evaluation.steered,
                    on_step=show,
                )
            )
        return show_answer(played, database, console)
    finally:
        database.close()


def show_step(step: Step, console: Console) -> None:
    """One action and what came back."""
    colour = "cyan" if step.ok else "red"
    console.print(f"[{colour}]{escape(plain(str(step.action)))}[/{colour}]")
    if step.observation:
        console.print(f"[dim]{escape(plain(step.observation))}[/dim]")


def show_answer(played: Trajectory, database: Database, console: Console) -> int:
    """The answer, its table and its SQL; or why there is none."""
    last = played.steps[-1] if played.steps else None
    if last is None or last.action.verb is not Verb.ANSWER:
        console.print(f"\nNo answer: the model stopped without one ({played.stop.value}). Try other words, or name the thing you mean.")
        return 1
    if last.action.argument.startswith("UNKNOWN"):
        console.print(f"\nYour data does not seem to hold this: {escape(plain(last.action.argument.removeprefix('UNKNOWN').strip()))}")
        return 1
    if not played.outcome.sql:
        console.print("\nNo answer: no query of the model succeeded, so what it says is not from your data.")
        return 1
    result = database.query(played.outcome.sql, rows_max=ROWS_SHOWN)
    single = len(result.rows) == 1 and len(result.columns) == 1
    console.print(f"\n[bold]Answer: {escape(plain(str(result.rows[0][0]))) if single else f'{len(result.rows)} rows'}[/bold]")
    if not single:
        console.print(result_table(result))
    console.print(f"SQL: {escape(plain(played.outcome.sql))}")
    return 0


def plain(text: str) -> str:
    """A stranger's text for the terminal: what would move the cursor or turn the writing round becomes a mark."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def result_table(result: QueryResult) -> Table:
    """The rows as a table, cells as plain text."""
    table = Table(*(escape(plain(name)) for name in result.columns), caption="more rows left out" if result.truncated else None)
    for row in result.rows:
        table.add_row(*("" if cell is None else escape(plain(str(cell))) for cell in row))
    return table
