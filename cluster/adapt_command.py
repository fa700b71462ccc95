"""`analyst-buddy adapt`: a policy fine-tuned on questions synthesised from one business's own schema, scored there before and after.

The held-out questions are phrased otherwise than those trained on, and no query that answers one of them is trained on. The file is read
in the jail. What the new policy forgot about other schemas is not measured: it is for this business.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from actors.policy import Policy
from cluster.base_model import cache_dir
from cluster.compare_command import verdict
from cluster.config import RunConfig
from cluster.errors import RefusedError, UserError
from cluster.evaluate import play_all, started_vllm
from cluster.fine_tune import FineTuned, Work, in_learner_process
from cluster.report import score_text
from cluster.scores import Score, score
from envs.comparison import Comparison, answered, compare, pair
from envs.demonstrations import demonstrate
from envs.dialogue import Codec
from envs.lessons import lessons
from envs.question_sets import unlike
from envs.records import Group, Question, TrainingSequence
from envs.sandbox import Database, Trust
from envs.synthesis import synthesize
from envs.whole_files import written_aside

HELD_OUT_MIN = 20  # fewer cannot tell before from after
TRAINED_MIN = 40
TRAINING_MIN_S = 45.0
CLOSING_S = 10.0  # the export and what is written at the end
SLOWER = 1.3  # scoring the adapted policy over scoring it before: it gives up less early
RATE_SHARE = 0.4  # of the preset's learning rate, which is for a model that has learned nothing yet

Started = Callable[[Path], AbstractContextManager[Policy]]


@dataclass(frozen=True)
class Adaptation:
    """What came of it."""

    policy: Path
    trained_on: int  # questions
    before: Score
    after: Score
    comparison: Comparison  # A is before, B after
    training: FineTuned
    seconds: float  # in all

    def as_dict(self) -> dict[str, Any]:
        return {
            "policy": str(self.policy),
            "trained_on": self.trained_on,
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "comparison": self.comparison.as_dict(),
            "training": dataclasses.asdict(self.training),
            "seconds": self.seconds,
        }


def adapt(
    database_file: Path,
    policy_dir: Path,
    out: Path,
    config: RunConfig,
    *,
    minutes: float,
    questions: int,
    held_out: int,
    console: Console,
    started: Started | None = None,
) -> Adaptation:
    """Make questions, score, fine-tune within what is left of the minutes, score again; the new policy is in `out`, whole or not at all.

    Args:
        started: what plays a policy directory; without it vLLM does.

    Raises:
        UserError: `out` is there already, or the minutes leave no time to train.
        RefusedError: the schema allows too few questions.
    """
    began = time.time()
    started = started or (lambda directory: started_vllm(directory, config, console, "adapt-vllm.log"))
    if out.exists():
        raise UserError(f"{out} is there already: name another directory with --out, or remove it")
    database = Database.open(database_file, trust=Trust.UNTRUSTED)
    try:
        codec = Codec.load(policy_dir)
        with console.status("asking questions about the schema"):
            train, held = make_questions(database, questions, held_out, config.run.seed)
            train = [question for question in train if len(question.tables) <= config.episode.actions_max - 2]  # describe each, ask, answer
            sequences = _demonstrations(database, train, codec, config)
        scored_from = time.time()
        before = _play(started(policy_dir), codec, database, held, config, console)
        ends_at = training_ends_at(began, time.time(), minutes, scoring_s=time.time() - scored_from)
        with written_aside(out) as folder:
            sft = dataclasses.replace(config.sft, learning_rate=RATE_SHARE * config.sft.learning_rate)
            work = Work(policy_dir, folder, sequences, config.learner, sft, config.run.seed, ends_at, cache_dir() / "adapt-learner.log")
            training = _train(work, console)
            after = _play(started(folder), codec, database, held, config, console)
            comparison = compare(pair(answered(before), answered(after)))
            found = Adaptation(out, len(train), score(before), score(after), comparison, training, time.time() - began)
            (folder / "adaptation.json").write_text(json.dumps(found.as_dict(), indent=2))
        return found
    finally:
        database.close()


def make_questions(database: Database, count: int, held_out: int, seed: int) -> tuple[list[Question], list[Question]]:
    """Questions to train on and questions held out: other phrasings, and no query in common.

    Raises:
        RefusedError: the schema allows too few.
    """
    held = synthesize(database, held_out, seed, "validation")
    kept_back = {_plain(question.gold_sql) for question in held}
    train = [q for q in synthesize(database, count + held_out, seed, "train") if _plain(q.gold_sql) not in kept_back]
    train = unlike(train, held)[:count]
    if len(held) < HELD_OUT_MIN or len(train) < TRAINED_MIN:
        raise RefusedError(
            f"the schema of {database.name} allows {len(train)} questions to train on and {len(held)} to hold out: wanted {TRAINED_MIN} "
            f"and {HELD_OUT_MIN}. It takes a table or two with rows, and columns such as names, categories, numbers or dates"
        )
    return train, held


def training_ends_at(began: float, now: float, minutes: float, *, scoring_s: float) -> float:
    """When training has to end for the whole to be over `minutes` after it began.

    Args:
        scoring_s: what scoring took; it is to be done once more.

    Raises:
        UserError: too little time is left to train in.
    """
    closing_s = SLOWER * scoring_s + CLOSING_S
    ends_at = began + 60 * minutes - closing_s
    if ends_at - now < TRAINING_MIN_S:
        wanted = math.ceil((now - began + closing_s + TRAINING_MIN_S) / 60)
        raise UserError(
            f"{minutes:g} minutes leave no time to train: questions and scoring took {now - began:.0f} s. "
            f"Give it --minutes {wanted} or more"
        )
    return ends_at


def print_adaptation(found: Adaptation, console: Console) -> None:
    """For a person: before, after, and how to use it."""
    training = found.training
    console.print(
        f"Trained {training.seconds:.0f} s on {found.trained_on} questions of this schema: {training.steps} steps, {training.tokens} "
        f"tokens, loss {training.loss_first:.2f} to {training.loss_last:.2f}.",
        soft_wrap=True,
    )
    console.print(f"Held-out questions about it, before (A): {score_text(found.before.as_dict())}", soft_wrap=True)
    console.print(f"                             after (B): {score_text(found.after.as_dict())}", soft_wrap=True)
    console.print(verdict(found.comparison.total), soft_wrap=True)
    if found.comparison.total.difference > 0:
        console.print(f"The adapted policy is in {found.policy}: ask it with --policy {found.policy}", markup=False, soft_wrap=True)
    else:
        console.print(
            f"Adapting did not help; the policy in {found.policy} is no better than the one it came from.", markup=False, soft_wrap=True
        )


def _demonstrations(database: Database, train: Sequence[Question], codec: Codec, config: RunConfig) -> list[TrainingSequence]:
    settings, seed = config.data.demonstrations, config.run.seed
    made = [demonstrate(database, q, codec, config.episode, settings, random.Random(f"{seed}/{q.id}")) for q in train]
    return lessons(train, made, codec, config.data.lessons, random.Random(seed))


def _play(
    started: AbstractContextManager[Policy],
    codec: Codec,
    database: Database,
    questions: list[Question],
    config: RunConfig,
    console: Console,
) -> list[Group]:
    with started as policy:
        return asyncio.run(play_all(policy, codec, questions, {q.db_id: database for q in questions}, config, console))


def _train(work: Work, console: Console) -> FineTuned:
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("fine-tuning", total=1.0)
        return in_learner_process(
            work, lambda done, loss: progress.update(task, completed=done, description=f"fine-tuning, loss {loss:.2f}")
        )


def _plain(sql: str) -> str:
    return " ".join(sql.lower().split())
