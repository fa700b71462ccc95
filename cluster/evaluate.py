"""`analyst-buddy evaluate`: scores a policy on a Spider-layout question file with one vLLM engine in this process's care, without Ray."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from actors.policy import Policy
from actors.rollout import play_group
from cluster.base_model import cache_dir
from cluster.config import RunConfig
from cluster.question_files import check_golds, open_databases
from cluster.report import score_text
from cluster.sampled_scores import SampledScore, sampled_score
from cluster.scores import Score, score
from envs.dialogue import Codec
from envs.questions import load_questions
from envs.records import Group, Question
from envs.sandbox import Database


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation came to: the greedy score, and that of sampled answers where there were any."""

    score: Score
    sampled: SampledScore | None = None

    def as_dict(self) -> dict[str, Any]:
        return {**self.score.as_dict(), **({"sampled": self.sampled.as_dict()} if self.sampled else {})}


@dataclass(frozen=True)
class Sampled:
    """Besides the greedy answer, so many sampled ones for each question."""

    samples: int
    temperature: float

    def __post_init__(self) -> None:
        if self.samples < 1 or not 0 < self.temperature <= 5:
            raise ValueError(f"{self.samples} samples at temperature {self.temperature:g}: wanted 1 or more, above 0 and up to 5")


def evaluate_file(
    policy_dir: Path,
    questions_file: Path,
    databases_dir: Path,
    config: RunConfig,
    *,
    predictions: Path | None,
    console: Console,
    sampled: Sampled | None = None,
) -> Evaluation:
    """Play every question greedily, and sampled if wanted, and score the answers.

    Raises:
        QuestionFileError: databases are missing or gold queries fail; all are named and nothing is played.
    """
    with _players(policy_dir, questions_file, databases_dir, config, console) as (play, databases):
        groups = play(1, 0.0)
        if predictions is not None:
            predictions.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in prediction_lines(groups)))
        if sampled is None:
            return Evaluation(score(groups))
        return Evaluation(score(groups), sampled_score(play(sampled.samples, sampled.temperature), databases, sampled.temperature))


def play_file(policy_dir: Path, questions_file: Path, databases_dir: Path, config: RunConfig, *, console: Console) -> list[Group]:
    """Play every question of a file greedily, one group each, in their order.

    Raises:
        QuestionFileError: databases are missing or gold queries fail; all are named and nothing is played.
    """
    with _players(policy_dir, questions_file, databases_dir, config, console) as (play, _):
        return play(1, 0.0)


@contextmanager
def _players(
    policy_dir: Path, questions_file: Path, databases_dir: Path, config: RunConfig, console: Console
) -> Iterator[tuple[Callable[[int, float], list[Group]], dict[str, Database]]]:
    """What plays all questions with so many members at a temperature, and the open databases; one engine for the block."""
    questions = load_questions(questions_file)
    with open_databases(databases_dir, {q.db_id for q in questions}) as databases, asyncio.Runner() as loop:
        check_golds(questions, databases)
        with started_vllm(policy_dir, config, console, "evaluate-vllm.log") as policy:
            codec = Codec.load(policy_dir)
            yield (
                lambda members, temperature: loop.run(
                    play_all(policy, codec, questions, databases, config, console, members=members, temperature=temperature)
                ),
                databases,
            )


@contextmanager
def started_vllm(directory: Path, config: RunConfig, console: Console, log_name: str) -> Iterator[Policy]:
    """A policy directory in a vLLM engine, which ends with the block; its log goes to the cache directory."""
    from actors.vllm_policy import VllmPolicy  # takes seconds to load

    with console.status("starting vLLM"):
        policy = VllmPolicy(directory, config.generator, log_path=cache_dir() / log_name)
    try:
        yield policy
    finally:
        policy.close()


async def play_all(
    policy: Policy,
    codec: Codec,
    questions: list[Question],
    databases: dict[str, Database],
    config: RunConfig,
    console: Console,
    *,
    members: int = 1,
    temperature: float = 0.0,
) -> list[Group]:
    """One group a question, in the order of the questions."""
    room = asyncio.Semaphore(max(1, config.evaluation.concurrency // members))
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("playing" if members == 1 else f"playing, {members} answers each", total=len(questions))

        async def play(question: Question) -> Group:
            async with room:
                group = await play_group(
                    policy,
                    codec,
                    databases[question.db_id],
                    question,
                    members=members,
                    episode=config.episode,
                    rollout=config.rollout,
                    seed=config.run.seed if members > 1 else 0,
                    temperature=temperature,
                    steered=config.evaluation.steered,
                )
            progress.advance(task)
            return group

        return list(await asyncio.gather(*(play(question) for question in questions)))


def prediction_lines(groups: Iterable[Group]) -> Iterator[dict[str, object]]:
    """What was done for every question: db_id, question, tables (that the gold reads), sql, answer, actions, correct."""
    for group in groups:
        played = group.trajectories[0]
        yield {
            "db_id": group.question.db_id,
            "question": group.question.text,
            "tables": max(1, len(group.question.tables)),
            "sql": played.outcome.sql,
            "answer": played.outcome.answer,
            "actions": [str(step.action) for step in played.steps],
            "correct": played.outcome.correct,
        }


def score_table(result: Score) -> Table:
    """The score for a person."""
    values = result.as_dict()
    table = Table("", "accuracy (95 % Wilson interval)")
    table.add_row("all", score_text(values))
    table.add_section()
    for name, tally in values["databases"].items():
        table.add_row(name, score_text(tally))
    table.add_section()
    for bucket, tally in values["tables"].items():
        table.add_row(f"{bucket} table{'s' if bucket != '1' else ''}", score_text(tally))
    table.add_section()
    table.add_row("actions a question", f"{result.actions_mean:.2f}")
    table.add_row("turns that parse", f"{100 * result.parse_rate:.1f} %")
    table.add_row("failures", ", ".join(f"{count} {kind}" for kind, count in result.failures.items() if count) or "none")
    return table
