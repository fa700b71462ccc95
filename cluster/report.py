"""What a run came to: result.json and the table a person reads."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.table import Table

from cluster.state import STAGES, TrainerState


def result(state: TrainerState, seed: int) -> dict[str, Any]:
    """The content of result.json."""
    stages = [
        {
            "stage": stage,
            "steps": state.stages[stage].steps,
            "validation": state.stages[stage].validation,
            "test": state.stages[stage].test,
            "training": state.stages[stage].training(),
            "watched": state.stages[stage].watched,
        }
        for stage in STAGES
    ]
    best = state.best
    return {
        "stages": stages,
        "best": {"stage": best.stage, "step": best.step, "validation": best.validation, "test": best.test} if best else None,
        "seconds": {part: round(seconds, 1) for part, seconds in state.seconds.items()},
        "peak_memory_bytes": state.peak_memory_bytes,
        "seed": seed,
        "alarms": state.alarms,
    }


def result_table(result: dict[str, Any]) -> Table:
    """One row a stage: accuracy with count and interval on validation and test, by tables, and how training went."""
    table = Table(title="Accuracy on databases never trained on, with 95 % Wilson interval", title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("stage", "steps", "validation", "test", "1 / 2 / 3+ tables", "reward"):
        table.add_column(name)
    for row in result["stages"]:
        training, validation = row["training"], row["validation"] or {}
        reward = f"{training['reward_first_quarter']:.2f} to {training['reward_last_quarter']:.2f}" if training["groups"] else ""
        by_tables = " / ".join(f"{100 * tally['accuracy']:.0f}" for tally in validation.get("tables", {}).values())
        table.add_row(row["stage"], str(row["steps"]), _two_lines(row["validation"]), _two_lines(row["test"]), f"{by_tables} %", reward)
    best = result["best"]
    if best:
        table.add_section()
        table.add_row("best", f"{best['stage']}, {best['step']}", _two_lines(best["validation"]), _two_lines(best["test"]))
    return table


def _two_lines(score: dict[str, Any] | None) -> str:
    return score_text(score).replace(" (", "\n").replace("; ", "\n").removesuffix(")")


def score_text(score: dict[str, Any] | None) -> str:
    """`34.1 % (75 of 220; 28.1 to 40.6)`, or a dash when it was not measured."""
    if not score:
        return "-"
    low, high = score["interval"]
    return f"{100 * score['accuracy']:.1f} % ({score['correct']} of {score['questions']}; {100 * low:.1f} to {100 * high:.1f})"
