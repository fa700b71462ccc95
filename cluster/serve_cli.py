"""The commands that serve: serve, promote, rollback, calibrate."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cluster.cli_options import AsJson
from cluster.errors import UserError

app = typer.Typer()
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

RUNS = Path("runs")
Url = Annotated[str, typer.Option(help="Where the server listens.")]


class Engine(StrEnum):
    """What runs the model."""

    AUTO = "auto"
    VLLM = "vllm"
    TRANSFORMERS = "transformers"


@app.command()
def serve(
    policy: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="A policy directory, or scripted:FILE. Default: the best of the newest run, else the base model."),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where to listen.")] = 8000,
    host: Annotated[str, typer.Option(help="On which address; others than this machine's need API keys.")] = "127.0.0.1",
    samples: Annotated[int, typer.Option(min=1, max=9, help="Answers sampled and compared where a request does not say.")] = 1,
    timeout: Annotated[float, typer.Option(min=1.0, help="Seconds that one answer may take.")] = 60.0,
    engine: Annotated[Engine, typer.Option(help="auto takes vLLM where it is installed.")] = Engine.AUTO,
    state: Annotated[Path | None, typer.Option(help="Folder of databases, answers, feedback. Default: serve/ in the cache.")] = None,
    answers_max: Annotated[int, typer.Option(min=1, help="Answers under way at once; as many may wait, more get 503.")] = 16,
    log_questions: Annotated[bool, typer.Option("--log-questions", help="Write questions and SQL into the log.")] = False,
    preset: Annotated[str, typer.Option(help="Settings of episodes and vLLM for a policy that is of no run.")] = "quickstart",
    print_config: Annotated[bool, typer.Option("--print-config", help="Print what would be served, without secrets, and end.")] = False,
    write_yaml: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a file for `serve deploy` and end.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the logs of every process in the terminal.")] = False,
) -> None:
    """Answer questions over HTTP until Ctrl-C: /v1/ask, uploads, OpenAI's shape (see /openapi.json).

    With ANALYST_BUDDY_API_KEYS set (keys separated by commas) every request but health checks needs `Authorization: Bearer KEY`.
    """
    from cluster.config import load_preset
    from cluster.serve_command import arguments, as_yaml, check_host, choose_policy, default_state, printed, run
    from serving.settings import Keys

    keys = Keys.from_environment()
    check_host(host, keys)
    args = arguments(
        choose_policy(policy, RUNS, errors),
        state or default_state(),
        load_preset(preset),
        engine=engine.value,
        samples=samples,
        timeout_s=timeout,
        answers_max=answers_max,
        waiting_max=answers_max,
        log_questions=log_questions,
    )
    if print_config:
        typer.echo(printed(args, host, port, keys))
    elif write_yaml is not None:
        write_yaml.write_text(as_yaml(args, host, port), "utf-8")
        console.print(f"Written to {write_yaml}: its first lines say how it is used.")
    else:
        raise typer.Exit(run(args, host, port, errors, verbose=verbose))


@app.command()
def promote(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's directory or its name under runs/; or scripted:FILE for a script.")],
    margin: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share by which its test accuracy may be below the old one's.")] = 0.0,
    url: Url = "http://127.0.0.1:8000",
) -> None:
    """Let the running server answer with a run's best policy: answers under way end on the old weights, and nothing fails.

    The exit code is 0, 3 when it is refused (its test accuracy is lower, or it does not fit). Needs ANALYST_BUDDY_ADMIN_KEY where the
    server has one.
    """
    from cluster.promote_command import promote as send

    console.print(send(run, RUNS, margin, url, os.environ.get("ANALYST_BUDDY_ADMIN_KEY", "")), markup=False, soft_wrap=True)


@app.command()
def rollback(url: Url = "http://127.0.0.1:8000") -> None:
    """Let the running server answer with the policy before the last promotion."""
    from cluster.promote_command import roll_back as send

    console.print(send(url, os.environ.get("ANALYST_BUDDY_ADMIN_KEY", "")), markup=False, soft_wrap=True)


@app.command()
def calibrate(
    policy: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A policy directory. Default: the best policy of the newest run.")
    ] = None,
    questions: Annotated[Path | None, typer.Option(help="Spider-layout JSON. Default: the preset's validation questions.")] = None,
    databases: Annotated[Path | None, typer.Option(help="Directory with <db_id>/<db_id>.sqlite for every db_id of --questions.")] = None,
    evaluation: Annotated[
        str | None, typer.Option(metavar="RUN:NAME", help="Learn from a validation that was played already, for one sample alone.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=9, help="Answers sampled of each question.")] = 5,
    limit: Annotated[int, typer.Option(min=40, help="Questions at most, from each database in turns.")] = 220,
    threshold: Annotated[float, typer.Option(min=0.0, max=1.0, help="Confidence below which an answer is called unsure.")] = 0.5,
    preset: Annotated[str, typer.Option(help="Settings of episodes, vLLM and data for a policy that is of no run.")] = "quickstart",
    as_json: AsJson = False,
) -> None:
    """Learn from validation questions how sure an answer is; kept beside the policy as calibration.json, which `serve` reads.

    Plays the questions, which takes minutes; or with --evaluation quickstart:sft_validation uses what a run has played of the same policy.
    """
    from cluster.calibrate_command import as_dict, calibrate_from, print_calibration
    from cluster.calibrate_command import calibrate as run
    from cluster.compare_command import evaluation_file
    from cluster.config import load_preset
    from cluster.dataset_cache import data_of
    from cluster.serve_command import choose_policy

    chosen = choose_policy(str(policy) if policy else None, RUNS, errors)
    config = chosen.config or load_preset(preset)
    if evaluation is not None:
        file = evaluation_file(evaluation, RUNS)
        if file is None:
            raise UserError(f"--evaluation is {evaluation!r}: wanted RUN:NAME, such as quickstart:sft_validation")
        if evaluation.endswith("_test"):
            raise UserError(f"{evaluation} is of the test set, which only reports and tunes nothing: name a validation")
        made = calibrate_from(Path(chosen.policy), file, databases or data_of(config).databases_dir, threshold, errors)
    else:
        made = run(Path(chosen.policy), questions, databases, config, samples=samples, limit=limit, threshold=threshold, console=errors)
    if as_json:
        typer.echo(json.dumps(as_dict(made), indent=2))
    else:
        print_calibration(made, console)
