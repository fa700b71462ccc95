"""The commands that look at a run or at the machine it would run on: runs, status, inspect, replay, doctor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cluster.cli_options import AsJson, Run, Sets

app = typer.Typer()
console = Console(highlight=False)

RUNS = Path("runs")


@app.command()
def doctor(
    folder: Annotated[Path, typer.Option("--runs", help="Where runs will be kept.")] = RUNS,
    as_json: AsJson = False,
) -> None:
    """Check this machine and say what to fix: versions, compiler, cores, memory, disk, shared memory, GPU.

    The exit code is 0 when it is fit to train on, 1 when something must be put right first.
    """
    from cluster.doctor_command import as_dict, examine, fit, print_checks

    checks = examine(folder)
    if as_json:
        typer.echo(json.dumps(as_dict(checks), indent=2))
    else:
        print_checks(checks, console)
    raise typer.Exit(0 if fit(checks) else 1)


@app.command(name="status")
def run_status(
    run: Run,
    events: Annotated[int, typer.Option(min=0, help="How many of the last events to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show where a run stands: stage, step, time left, whether its process lives, the last metrics and events."""
    from cluster.status_command import print_status, status
    from envs.run_store import RunStore

    found = status(RunStore.existing(run, RUNS), events)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        print_status(found, console)


@app.command()
def runs(root: Annotated[Path, typer.Option(help="The folder that holds the runs.")] = RUNS) -> None:
    """List the runs and how far they are."""
    from cluster.report import score_text
    from envs.run_store import RunStore, list_runs

    found = list_runs(root)
    if not found:
        console.print(f"No runs in {root}: `make train` or `analyst-buddy train` makes one.")
        return
    table = Table("run", "step", "best validation", "test of the best", "state")
    for path in found:
        store = RunStore(path)
        result, checkpoint = store.read_json("result.json"), store.latest_checkpoint()
        state: dict[str, Any] = store.read_manifest(checkpoint)["state"] if checkpoint else {"step": 0, "stage": "not begun", "best": None}
        best: dict[str, Any] = (result or state)["best"] or {}
        where = "finished" if result else f"in {state['stage']}"
        table.add_row(path.name, str(state["step"]), score_text(best.get("validation")), score_text(best.get("test")), where)
    console.print(table)


@app.command()
def inspect(
    run: Run,
    step: Annotated[int | None, typer.Option(help="Only this learner step.")] = None,
    question: Annotated[str | None, typer.Option(help="Only the question of this id.")] = None,
    evaluation: Annotated[
        str | None, typer.Option(metavar="NAME", help="A held-out evaluation, such as sft_validation; the newest of that name.")
    ] = None,
    wrong: Annotated[bool, typer.Option("--wrong", help="Only episodes that were not right.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each episode (or step, or evaluation).")] = False,
) -> None:
    """Show what was played, turn by turn; without any option, list the steps and evaluations there are."""
    from cluster.inspect_command import Wanted, inspect_lines
    from envs.run_store import RunStore

    for line in inspect_lines(RunStore.existing(run, RUNS), Wanted(step, question, evaluation, wrong), as_json=as_json):
        typer.echo(line)


@app.command()
def replay(
    run: Run,
    steps: Annotated[str | None, typer.Option(metavar="A-B", help="Learner steps to compare; those before are trained too.")] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Nats a token that may lie between. Default: 0.00001 for an fp32 learner, 0.002 for bf16.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each step.")] = False,
) -> None:
    """Train a run's GRPO steps again from its files, without a generator, and compare with the losses it recorded.

    The exit code is 0 when all lie within the tolerance, 1 when not, 2 when there is nothing to replay.
    """
    from cluster.replay_command import replay_run
    from envs.run_store import RunStore

    raise typer.Exit(replay_run(RunStore.existing(run, RUNS), steps, tolerance, as_json=as_json))


@app.command()
def profile(
    target: Annotated[str, typer.Argument(metavar="RUN|PRESET", help="A run's directory or name, or else a preset's name or TOML file.")],
    sets: Sets = None,
    as_json: AsJson = False,
) -> None:
    """Run one GRPO step with all its processes and show where each second went. Changes no run."""
    from cluster.profile_command import print_profile, profile_step, what_to_profile

    config, model_dir = what_to_profile(target, RUNS, sets or [])
    found = profile_step(config, model_dir, Console(stderr=True))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        print_profile(found, console)
