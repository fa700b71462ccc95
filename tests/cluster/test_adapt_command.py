"""`analyst-buddy adapt`: what is held out is never trained on, and a tiny policy goes through the whole of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from actors.policy import Policy
from actors.rollout import RolloutConfig
from cluster.adapt_command import adapt, make_questions, print_adaptation, training_ends_at
from cluster.config import RunConfig, load_preset
from cluster.errors import RefusedError, UserError
from envs.businesses import build_database
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig
from learner.config import LearnerConfig, SftConfig
from tests.fakes import save_tiny_model

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("business") / "canal_bikes.sqlite"
    build_database("canal_bikes", path, 17)
    return path


@contextmanager
def started(directory: Path) -> Iterator[Policy]:
    from actors.transformers_policy import TransformersPolicy

    yield TransformersPolicy(directory, dtype="float32")


def settings() -> RunConfig:
    return RunConfig(
        data=load_preset("quickstart").data,
        rollout=RolloutConfig(turn_tokens_max=4, episode_tokens_max=400),
        episode=EpisodeConfig(malformed_max=1),
        learner=LearnerConfig(precision="fp32", compile=False, attention="sdpa", threads=1),
        sft=SftConfig(batch_tokens=800, learning_rate=1e-2, steps=6),
    )


def test_no_query_and_no_wording_is_both_trained_on_and_held_out(business: Path) -> None:
    database = Database.open(business)
    try:
        train, held = make_questions(database, 150, 30, seed=5)
    finally:
        database.close()
    assert (len(train), len(held)) == (150, 30)
    assert not {q.gold_sql.lower() for q in train} & {q.gold_sql.lower() for q in held}
    assert not {q.text.lower() for q in train} & {q.text.lower() for q in held}


def test_a_schema_with_nothing_to_ask_is_refused(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "bare.sqlite") as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    database = Database.open(tmp_path / "bare.sqlite")
    with pytest.raises(RefusedError, match="allows 0 questions to train on and 0 to hold out"):
        make_questions(database, 100, 30, seed=5)
    database.close()


def test_what_the_minutes_leave_is_trained_in_or_the_minutes_needed_are_told() -> None:
    assert training_ends_at(1000.0, 1100.0, 10, scoring_s=50.0) == 1000 + 600 - 1.3 * 50 - 10
    with pytest.raises(UserError, match=r"2 minutes leave no time.* took 100 s\. Give it --minutes 4 or more"):
        training_ends_at(1000.0, 1100.0, 2, scoring_s=50.0)


def test_a_tiny_policy_is_scored_trained_and_scored_again(business: Path, tmp_path: Path, tiny_tokenizer: str) -> None:
    model_dir = save_tiny_model(tmp_path / "tiny", tiny_tokenizer)
    arguments = {"questions": 60, "held_out": 20, "console": Console(quiet=True), "started": started}
    found = adapt(business, model_dir, tmp_path / "out", settings(), minutes=60, **arguments)  # type: ignore[arg-type]
    assert found.before.total.questions == found.after.total.questions == found.comparison.total.questions == 20
    assert found.training.loss_last < found.training.loss_first
    assert json.loads((tmp_path / "out" / "adaptation.json").read_text())["trained_on"] == 60
    with started(tmp_path / "out"):
        pass  # it loads
    console = Console(record=True, width=300)
    print_adaptation(found, console)
    assert "Held-out questions about it, before (A)" in console.export_text()
    with pytest.raises(UserError, match="is there already"):
        adapt(business, model_dir, tmp_path / "out", settings(), minutes=1.0, **arguments)  # type: ignore[arg-type]
