"""`analyst-buddy calibrate`: plays validation questions as they are played when served, and learns from them how sure an answer is.

Each question is sampled k times by the served analyst's own code; what the samples agree on is graded by the verifier. From the same
samples come a calibration for one, for three and for all of them, which are kept as calibration.json beside the policy. Only validation
questions are used: what chooses must not be what is reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from actors.policy import Policy
from cluster.config import RunConfig
from cluster.dataset_cache import data_of
from cluster.evaluate import started_vllm
from cluster.question_files import check_golds, open_databases
from envs.dialogue import Codec
from envs.group_files import read_groups
from envs.question_sets import in_turns
from envs.questions import load_questions
from envs.records import Group, Question
from envs.sandbox import Database
from envs.verifier import VerifierError, grade
from serving.agreement import agreement
from serving.analyst import AnalystConfig, Played, play, read_again
from serving.answers import given_by
from serving.calibration import Calibration, Example, Fit, fit
from serving.confidence import features_of
from serving.connections import Connections
from serving.contract import StepEvent
from serving.policy_files import fingerprint

TIMEOUT_S = 600.0  # of one question: here many are played at once


@dataclass(frozen=True)
class Asked:
    """One validation question, played; `right[sql, answer]` says what the verifier found."""

    question: Question
    played: Played
    right: Mapping[tuple[str, str], bool]


def calibrate(
    policy_dir: Path,
    questions_file: Path | None,
    databases_dir: Path | None,
    config: RunConfig,
    *,
    samples: int,
    limit: int,
    threshold: float,
    console: Console,
) -> Calibration:
    """Play, fit and write calibration.json into the policy's directory.

    Args:
        questions_file, databases_dir: in Spider's layout; without them the configuration's own validation questions.
        limit: questions at most, from each database in turns.

    Raises:
        QuestionFileError: databases are missing or gold queries fail; all are named and nothing is played.
        ValueError: too few answers came of it to learn from.
    """
    questions, folder = _questions(questions_file, databases_dir, config)
    chosen = in_turns(questions, config.data.seed)[:limit]
    with open_databases(folder, {q.db_id for q in chosen}) as databases:
        check_golds(chosen, databases)
        with started_vllm(policy_dir, config, console, "calibrate-vllm.log") as policy:
            asked = asyncio.run(play_all(policy, Codec.load(policy_dir), chosen, databases, config, samples, console))
    made = Calibration(fits_of(asked, samples), threshold, fingerprint(str(policy_dir)))
    made.save(policy_dir)
    return made


def calibrate_from(policy_dir: Path, file: Path, databases_dir: Path, threshold: float, console: Console) -> Calibration:
    """Fit to what a run's evaluation has played already, greedily and once, and write calibration.json into the policy's directory.

    Args:
        file: groups of a validation of the policy, as a run keeps them.

    Raises:
        QuestionFileError: databases are missing.
        ValueError: too few answers came of it to learn from.
    """
    groups = read_groups(file)
    with (
        open_databases(databases_dir, {group.question.db_id for group in groups}) as databases,
        console.status("running the queries again"),
    ):
        asked = [asked_of(group, databases[group.question.db_id]) for group in groups]
    made = Calibration(fits_of(asked, 1), threshold, fingerprint(str(policy_dir)))
    made.save(policy_dir)
    return made


def asked_of(group: Group, database: Database) -> Asked:
    """A group that was played and graded in training or evaluation, with the rows of its queries."""
    outcomes = [trajectory.outcome for trajectory in group.trajectories]
    read = read_again(database, {outcome.sql for outcome in outcomes if outcome.sql})
    played = Played(group.trajectories, tuple(() for _ in outcomes), read, len(outcomes), timed_out=False)
    return Asked(group.question, played, {(outcome.sql, outcome.answer): outcome.correct for outcome in outcomes})


async def play_all(
    policy: Policy,
    codec: Codec,
    questions: Sequence[Question],
    databases: Mapping[str, Database],
    config: RunConfig,
    samples: int,
    console: Console,
) -> list[Asked]:
    """Every question, `samples` times, and the verifier's word on what was answered."""
    analyst = AnalystConfig(config.episode, config.rollout, steered=config.evaluation.steered, timeout_s=TIMEOUT_S)
    connections = Connections()
    room = asyncio.Semaphore(max(1, config.evaluation.concurrency // samples))
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("playing", total=len(questions))

        async def one(question: Question) -> Asked:
            database = databases[question.db_id]
            async with room:
                played = await _played(play(policy, codec, connections, database.path, question.text, samples, analyst))
            progress.advance(task)
            return Asked(question, played, await asyncio.to_thread(_graded, database, question, played))

        try:
            return list(await asyncio.gather(*(one(question) for question in questions)))
        finally:
            connections.close()


def fits_of(asked: Sequence[Asked], samples: int) -> dict[int, Fit]:
    """A calibration for one sample, for three and for all, each from the first so many samples of every question.

    Raises:
        ValueError: too few answers came of it, or all were right or all wrong.
    """
    made: dict[int, Fit] = {}
    for count in sorted({1, min(3, samples), samples}):
        examples = [example for one in asked if (example := example_of(one, count)) is not None]
        made[count] = fit(examples, count, asked=len(asked))
    return made


def example_of(one: Asked, samples: int) -> Example | None:
    """What the first `samples` samples of a question came to together; None when nobody answered."""
    played = replace(one.played, trajectories=one.played.trajectories[:samples], asked=min(samples, one.played.asked))
    given = [given_by(trajectory, played.read) for trajectory in played.trajectories]
    found = agreement(given)
    if found.majority is None:
        return None
    outcome = played.trajectories[found.majority].outcome
    return Example(one.question.db_id, features_of(found, given, played), one.right[outcome.sql, outcome.answer])


def as_dict(made: Calibration) -> dict[str, Any]:
    """For --json: what was measured for each number of samples."""
    fits = {str(samples): asdict(one) for samples, one in sorted(made.fits.items())}
    return {"threshold": made.threshold, "weights": made.weights, "samples": fits}


def print_calibration(made: Calibration, console: Console) -> None:
    """The curve and accuracy against the share answered, for each number of samples."""
    for samples, one in sorted(made.fits.items()):
        console.print(
            f"\n[bold]{samples} sample{'s' if samples > 1 else ''}[/bold]: {one.correct} of {one.asked} right, {one.answered} answered; "
            f"confidence is off by {one.error:.3f} on average, Brier score {one.brier:.3f} (each database by a fit that did not see it)",
            soft_wrap=True,
        )
        curve = Table("confidence", "right", "answers")
        for part in one.curve:
            curve.add_row(f"{part.confidence:.2f}", f"{part.accuracy:.2f}", str(part.count))
        shares = Table("answering from confidence", "answered", "right of those")
        for point in one.answering:
            shares.add_row(f"{point.threshold:.1f}", f"{100 * point.share:.0f} %", f"{100 * point.accuracy:.0f} %")
        console.print(curve, shares)


def _questions(questions_file: Path | None, databases_dir: Path | None, config: RunConfig) -> tuple[Sequence[Question], Path]:
    if questions_file is not None and databases_dir is not None:
        return load_questions(questions_file), databases_dir
    if questions_file is not None or databases_dir is not None:
        raise ValueError("--questions and --databases go together: a question file and the folder of the databases that it asks")
    data = data_of(config)
    return data.validation, data.databases_dir


async def _played(steps: AsyncGenerator[StepEvent | Played, None]) -> Played:
    played: Played | None = None
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, Played):
                played = step
    assert played is not None
    return played


def _graded(database: Database, question: Question, played: Played) -> dict[tuple[str, str], bool]:
    """Whether each different answer is right; one that cannot be graded for want of time is taken to be wrong."""
    right: dict[tuple[str, str], bool] = {}
    for trajectory in played.trajectories:
        outcome = trajectory.outcome
        if (outcome.sql, outcome.answer) not in right:
            try:
                right[outcome.sql, outcome.answer] = grade(database, question, outcome.sql, outcome.answer)
            except VerifierError:
                right[outcome.sql, outcome.answer] = False
    return right
