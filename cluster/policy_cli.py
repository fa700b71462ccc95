"""The commands that make something of a trained policy: compare it with another, adapt it to one business."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cluster.cli_options import AsJson, Policy, Preset, Sets
from cluster.run_cli import RUNS

app = typer.Typer()
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A policy directory, predictions file, evaluation's .parquet, or RUN:EVALUATION.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    questions: Annotated[Path | None, typer.Option(help="Spider-layout JSON: what policies are asked.")] = None,
    databases: Annotated[Path | None, typer.Option(help="Directory with <db_id>/<db_id>.sqlite for every db_id.")] = None,
    preset: Preset = "quickstart",
    sets: Sets = None,
    common: Annotated[bool, typer.Option("--common", help="Leave out questions that only one of the two was asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two policies on the same questions in pairs (exact McNemar test), by database and number of tables.

    The exit code is 0 whichever is better; 2 when a side cannot be read; 3 when the two were not asked the same questions.
    """
    from cluster.compare_command import compare_sources, print_comparison
    from cluster.config import load_preset

    config = load_preset(preset, sets or [])
    found = compare_sources(
        a, b, config, questions=questions, databases=databases, common=common, console=errors, runs=RUNS
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        print_comparison(found, a, b, console)


@app.command()
def adapt(
    database: Annotated[Path, typer.Option(help="A SQLite file; it is read in a jailed process.")],
    minutes: Annotated[float, typer.Option(min=0.5, help="How long it may take in all, scoring before and after included.")] = 10.0,
    policy: Policy = None,
    out: Annotated[Path | None, typer.Option(help="Where the adapted policy goes. Default: adapted/NAME of the database.")] = None,
    questions: Annotated[int, typer.Option(min=1, help="Synthesised questions to train on.")] = 1500,
    held_out: Annotated[int, typer.Option(min=1, help="Synthesised questions to score on, phrased otherwise and with other queries.")] = 80,
    preset: Preset = "quickstart",
    sets: Sets = None,
    as_json: AsJson = False,
) -> None:
    """Fine-tune a policy on questions about one business's own schema, and score it there before and after.

    The exit code is 0 when the adapted policy is right on more held-out questions, 1 when it is not; 2 when the command is wrong or the
    minutes leave no time to train; 3 when the schema allows too few questions.
    """
    from cluster.adapt_command import adapt as run
    from cluster.adapt_command import print_adaptation
    from cluster.config import load_preset
    from cluster.policies import policy_dir

    config = load_preset(preset, sets or [])
    target = out or Path("adapted") / database.stem
    found = run(
        database, policy_dir(policy, RUNS), target, config, minutes=minutes, questions=questions, held_out=held_out, console=errors
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        print_adaptation(found, console)
    raise typer.Exit(0 if found.comparison.total.difference > 0 else 1)
