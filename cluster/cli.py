"""The `analyst-buddy` command. Heavy imports happen inside each subcommand, so `--help` is quick."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cluster import policy_cli, run_cli, serve_cli
from cluster.cli_options import AsJson, Databases, Policy, Preset, Sets, Spider
from cluster.errors import UserError
from cluster.run_cli import RUNS

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A small language model that explores a SQLite database to answer an owner's question: train it, score it, ask it.",
)
data_app = typer.Typer(no_args_is_help=True, help="The databases and questions of a preset: build and count them, check them.")
app.add_typer(data_app, name="data")
app.add_typer(policy_cli.app)
app.add_typer(run_cli.app)
app.add_typer(serve_cli.app)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class Dates(StrEnum):
    """The order of day and month in a date."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@app.command()
def train(
    preset: Preset = "quickstart",
    sets: Sets = None,
    spider: Spider = None,
    run_dir: Annotated[Path | None, typer.Option(help="Where the run is kept. Default: runs/PRESET.")] = None,
    address: Annotated[str | None, typer.Option(help="Join a running Ray cluster ('auto') instead of starting one here.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the logs of every process in the terminal.")] = False,
    plan: Annotated[bool, typer.Option("--dry-run", help="Train nothing: memory, tokens, hours and cost of a GPU preset.")] = False,
) -> None:
    """Teach a model: SFT, then GRPO in two phases. The same command goes on after a stop.

    --dry-run ends with exit code 1 when the plan does not fit the card.
    """
    from cluster.config import load_preset
    from cluster.runner import train as run

    config = load_preset(preset, _sets(sets, spider))
    if plan:
        from cluster.dry_run import dry_run, print_plan

        planned = dry_run(config)
        print_plan(planned, console)
        raise typer.Exit(0 if planned.fits else 1)
    raise typer.Exit(run(config, run_dir or RUNS / Path(preset).stem, address=address, verbose=verbose))


@app.command()
def evaluate(
    questions: Annotated[Path, typer.Option(help="Spider-layout JSON: rows of db_id, question, query.")],
    databases: Databases,
    policy: Policy = None,
    preset: Preset = "quickstart",
    sets: Sets = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the score as JSON and nothing else.")] = False,
    predictions: Annotated[Path | None, typer.Option(help="Write one JSON line a question here, of the greedy answers.")] = None,
    samples: Annotated[int, typer.Option(min=0, help="Sample so many answers to each question too: pass@k, and majority over k.")] = 0,
    temperature: Annotated[float, typer.Option(help="Of the sampled answers.")] = 1.0,
) -> None:
    """Score a policy on a question file, greedily; with --samples also what several answers to a question come to."""
    from cluster.config import load_preset
    from cluster.evaluate import Sampled, evaluate_file, score_table
    from cluster.sampled_scores import sampled_table

    config = load_preset(preset, sets or [])
    sampled = Sampled(samples, temperature) if samples else None
    found = evaluate_file(_policy(policy), questions, databases, config, predictions=predictions, console=errors, sampled=sampled)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
        return
    console.print(score_table(found.score))
    if found.sampled is not None:
        console.print(sampled_table(found.sampled))


@app.command(name="score")
def score_predictions(
    databases: Databases,
    gold: Annotated[Path, typer.Option(help="Spider-layout JSON: rows of db_id, question, query.")],
    predictions: Annotated[Path, typer.Option(help="JSON lines as `evaluate --predictions` writes them: db_id, question, sql, answer.")],
    copies: Annotated[int, typer.Option(min=0, help="Grade right answers on so many perturbed copies too, to tell luck.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the score as JSON and nothing else.")] = False,
) -> None:
    """Score predictions by our rule, Spider's and BIRD's, and list where they disagree.

    The exit code is 0, 2 when a file cannot be read, 3 when databases are missing, golds fail, questions and predictions do not pair up,
    or a prediction cannot be graded; all are named.
    """
    from cluster.score_command import print_score, score_file

    found = score_file(gold, predictions, databases, copies)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        print_score(found, console)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question in plain English.")],
    database: Annotated[Path, typer.Option(help="A SQLite file; it is read in a jailed process.")],
    policy: Policy = None,
    preset: Preset = "quickstart",
    sets: Sets = None,
) -> None:
    """Ask a database one question: each step, the answer, the table and the SQL."""
    from cluster.ask import ask_once
    from cluster.config import load_preset

    config = load_preset(preset, sets or [])
    raise typer.Exit(ask_once(_policy(policy), database, question, config, console))


@app.command()
def sql(
    database: Annotated[Path, typer.Argument(help="A SQLite file.")],
    query: Annotated[str | None, typer.Argument(help="One SELECT; or name a file of them with --file.", metavar="SELECT")] = None,
    untrusted: Annotated[bool, typer.Option("--untrusted", help="A stranger's file: read it in a jailed process.")] = False,
    file: Annotated[Path | None, typer.Option(help='JSON lines, each {"sql": "SELECT ..."}.')] = None,
) -> None:
    """Run one SELECT, or a file of them, read-only and within bounds; one JSON line for each.

    A line is {"columns", "rows", "truncated", "tables_read", "ms"}, or {"error": {"code", "message"}} for a query that was refused
    or failed. Integers beyond 2^53 and infinities are strings, blobs are text such as x'00ff'. The exit code is 0 when every query got
    its line, 2 when the command, the file or the database could not be read.
    """
    from cluster.sql_command import read_queries, run_sql
    from envs.sandbox import Database, Trust

    if (query is None) == (file is None):
        raise UserError("name either one SELECT or --file, not both")
    queries = read_queries(file) if file is not None else [query or ""]
    opened = Database.open(database, trust=Trust.UNTRUSTED if untrusted else Trust.TRUSTED)
    try:
        run_sql(opened, iter(queries), sys.stdout)
    finally:
        opened.close()


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="A SQLite database, a CSV file or an Excel workbook.")],
    out: Annotated[Path, typer.Option(help="The database to make, such as clean.sqlite.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON and nothing else.")] = False,
    dates: Annotated[Dates | None, typer.Option(help="How to read 3/4/2024 where the file leaves it open.")] = None,
    closed: Annotated[
        bool, typer.Option("--closed", help="You say: the program was closed before this WAL-mode database was copied.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace OUT if it exists.")] = False,
) -> None:
    """Make a clean database from an owner's file: types inferred, names usable, and a report of what was left out and why.

    The file is read in a process that can do nothing else and is never changed. The exit code is 0 when OUT was made, 3 when the file was
    refused (nothing is written; with --json the line is {"error": {"code", "message"}}), 2 when the command could not be run.
    """
    from cluster.import_command import run_import

    chosen = dates.value if dates else None
    raise typer.Exit(run_import(file, out, sys.stdout, sys.stderr, as_json=as_json, dates=chosen, closed=closed, replace=replace))


@app.command()
def play(
    database: Annotated[Path, typer.Argument(help="A SQLite file; it is read in a jailed process.")],
    question: Annotated[str, typer.Argument(help="A question in plain English.")],
    gold: Annotated[str | None, typer.Option(metavar="SELECT", help="What answers it: the verifier then says whether you do.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Take the actions from a file, one a line; without it from a pipe or the keyboard.")
    ] = None,
    preset: Preset = "quickstart",
    sets: Sets = None,
) -> None:
    """Play the four actions yourself, as the policy does: DESCRIBE, SAMPLE, QUERY, ANSWER. Exit code 1 when not answered, or wrong."""
    from cluster.config import load_preset
    from cluster.play_command import play as run

    lines = file.read_text(encoding="utf-8").splitlines() if file is not None else None if sys.stdin.isatty() else sys.stdin
    raise typer.Exit(run(database, question, gold, lines, console, load_preset(preset, sets or []).episode))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A benchmark; `bench NAME -- --help` shows its own options.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON line.")] = False,
    names: Annotated[bool, typer.Option("--list", help="List the benchmarks instead.")] = False,
) -> None:
    """Run a benchmark of tests/benchmarks (in a checkout). Exit code 0 when every bound is met, 1 when one is not."""
    from cluster.bench_command import benchmarks, benchmarks_folder, run_benchmark

    if names or name is None:
        for found, idea in benchmarks(benchmarks_folder()).items():
            console.print(f"{found:18} {idea}", markup=False, soft_wrap=True)
        return
    raise typer.Exit(run_benchmark(name, context.args, as_json=as_json, console=console))


@data_app.command(name="build")
def data_build(
    preset: Preset = "quickstart",
    sets: Sets = None,
    spider: Spider = None,
    feedback: Annotated[Path | None, typer.Option(metavar="DIR", help="A server's feedback folder: make questions of it.")] = None,
    out: Annotated[Path, typer.Option(help="With --feedback: the directory to make, in Spider's layout.")] = Path("feedback-questions"),
    as_json: AsJson = False,
) -> None:
    """Build the databases and question sets of a preset, and count them: by set, number of tables, construct and database.

    With --feedback, make questions with gold SQL of what people said of answers instead, for `train --spider OUT`.
    """
    if feedback is not None:
        from cluster.feedback_command import build_from_feedback, said

        made = build_from_feedback(feedback, out)
        typer.echo(json.dumps(made, indent=2) if as_json else said(made))
        return
    from cluster.config import load_preset
    from cluster.data_command import build, counts, print_counts

    found = counts(build(load_preset(preset, _sets(sets, spider)), errors))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        print_counts(found, console)


@data_app.command(name="check")
def data_check(preset: Preset = "quickstart", sets: Sets = None, spider: Spider = None, as_json: AsJson = False) -> None:
    """Check that training sees nothing that is held out, and which golds should not be scored. Exit code 3 when anything overlaps."""
    from cluster.config import load_preset
    from cluster.data_command import check, print_check

    found = check(load_preset(preset, _sets(sets, spider)), errors)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        print_check(found, console)
    raise typer.Exit(0 if found["good"] else 3)


@app.command()
def synthesize(
    file: Annotated[Path, typer.Argument(help="A SQLite file; it is read in a jailed process.")],
    out: Annotated[Path, typer.Option(help="Where the questions go, one JSON line each.")],
    questions: Annotated[int, typer.Option(help="How many.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed makes the same questions.")] = 0,
    phrasing: Annotated[str, typer.Option(help="Which of the two sets of sentences: train or validation.")] = "train",
    unanswerable: Annotated[float, typer.Option(help="Share of questions that the data cannot answer.")] = 0.05,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON and nothing else.")] = False,
) -> None:
    """Make questions with the SQL that answers them, for any SQLite database.

    A line is {"db_id", "question", "query", "tables", "constructs", "answerable"}. The exit code is 0, also when the schema allows fewer
    than were wanted; 2 when the command or the file is wrong; 3 when the schema allows none.
    """
    from cluster.synthesize_command import print_summary, summary, synthesize_file

    made = synthesize_file(file, out, count=questions, seed=seed, phrasing=phrasing, unanswerable_share=unanswerable, console=errors)
    if as_json:
        typer.echo(json.dumps(summary(made, questions), indent=2))
    else:
        print_summary(summary(made, questions), made, out, console)


@app.command(name="app")
def run_app(
    url: Annotated[str | None, typer.Option(help="A server that is there already; without it one is started beside the app.")] = None,
    port: Annotated[int, typer.Option(help="Where the app listens.")] = 8501,
    address: Annotated[str, typer.Option(help="What the app listens on; others reach it only if you say so.")] = "127.0.0.1",
    runs_dir: Annotated[Path, typer.Option("--runs", help="The folder that holds the runs.")] = RUNS,
    policy: Policy = None,
) -> None:
    """The app in the browser: ask, and look at runs, trajectories and comparisons. Ctrl-C stops it, and the server it started."""
    from cluster.app_command import run_app as run

    chosen = ("--policy", str(policy)) if policy is not None else ()
    raise typer.Exit(run(errors, url=url, port=port, address=address, runs=runs_dir, serve_options=chosen))


@app.command(name="config")
def show_config(
    preset: Preset = "quickstart",
    sets: Sets = None,
    names: Annotated[bool, typer.Option("--list", help="List the presets instead.")] = False,
) -> None:
    """Print a preset with every default, as TOML."""
    from cluster.config import load_preset, preset_names, to_toml

    typer.echo("\n".join(preset_names()) if names else to_toml(load_preset(preset, sets or [])))


def _sets(sets: list[str] | None, spider: Path | None) -> list[str]:
    """The --set options, with --spider as one more."""
    return [*(sets or []), *([f"data.spider={json.dumps(str(spider.resolve()))}"] if spider else [])]


def _policy(chosen: Path | None) -> Path:
    from cluster.policies import policy_dir

    return policy_dir(chosen, RUNS)


def main() -> None:
    """Entry point: known errors become one clear line, bugs a traceback.

    The exit code is 2, or 3 for what was refused; ANALYST_BUDDY_TRACEBACK=1 shows where it came from.
    """
    warnings.filterwarnings("ignore")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        app()
    except KeyboardInterrupt:
        errors.print("\nBroken off. The same command goes on from the last checkpoint.")
        sys.exit(130)
    except (UserError, OSError, ValueError) as error:
        logging.getLogger(__name__).debug("refused", exc_info=error)
        if os.environ.get("ANALYST_BUDDY_TRACEBACK"):
            raise
        errors.print(f"analyst-buddy: {error}", markup=False, soft_wrap=True)
        sys.exit(error.exit_code if isinstance(error, UserError) else 2)


if __name__ == "__main__":
    main()
