"""The dataset is whole or not there, the same bytes each time, and its sets do not overlap."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from envs.businesses import TEST, TRAIN, VALIDATION
from envs.contamination import ContaminationError, refuse_contamination
from envs.dataset import DataConfig, Dataset, build_dataset, database_path
from envs.demonstrations import plan
from envs.questions import save_questions
from envs.records import Question, Verb
from envs.sandbox import Database
from envs.schema import describe, sample
from envs.sql_env import EpisodeConfig
from envs.sql_reading import read_query

SMALL = DataConfig(train_questions=6 * len(TRAIN), validation_questions=200, schema_styles=2)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return build_dataset(SMALL, tmp_path_factory.mktemp("data") / "dataset")


def bytes_under(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_every_business_has_its_database_in_spiders_layout(built: Dataset) -> None:
    for name in (*TRAIN, *VALIDATION, *TEST):
        assert built.database_path(name) == built.databases_dir / name / f"{name}.sqlite"
        assert built.database_path(name).is_file()


def test_each_training_business_gets_an_equal_share(built: Dataset) -> None:
    counts = Counter(question.db_id for question in built.train)
    assert set(counts) == {*TRAIN, *(f"{name}_1" for name in TRAIN)}  # each under its own names and under others
    assert max(counts.values()) - min(counts.values()) <= 2
    assert 200 <= len(built.validation) <= SMALL.validation_questions
    assert {question.db_id for question in built.validation} == set(VALIDATION)
    assert {question.db_id for question in built.test} == set(TEST)


def test_no_question_is_there_twice(built: Dataset) -> None:
    questions = [*built.train, *built.validation, *built.test]
    assert max(Counter(question.id for question in questions).values()) == 1
    assert max(Counter((question.db_id, question.text.lower()) for question in questions).values()) == 1


def test_the_shares_asked_for_are_kept_and_training_has_unanswerable_questions(built: Dataset) -> None:
    assert 0.02 < sum(not q.answerable for q in built.train) / len(built.train) < 0.08
    assert all(q.answerable for q in built.validation)
    assert sum(q.tables_bucket == "3+" for q in built.validation) / len(built.validation) >= 0.22


def test_a_second_call_reads_what_is_there_and_touches_nothing(built: Dataset) -> None:
    directory = built.databases_dir.parent
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
    calls: list[tuple[int, int]] = []
    assert build_dataset(replace(SMALL, recovery_share=0.5), directory, lambda *at: calls.append(at)) == built
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*")} == before
    assert calls == []


def test_a_copy_with_parts_damaged_is_built_again_to_the_same_bytes(built: Dataset, tmp_path: Path) -> None:
    original, directory = built.databases_dir.parent, tmp_path / "dataset"
    shutil.copytree(original, directory)
    database_path(directory / "databases", TRAIN[0]).unlink()
    os.truncate(directory / "train.json", 10)
    calls: list[tuple[int, int]] = []
    again = build_dataset(SMALL, directory, lambda *at: calls.append(at))
    assert bytes_under(directory) == bytes_under(original)
    assert replace(again, databases_dir=built.databases_dir) == built
    assert calls == [(done, len(calls) - 1) for done in range(len(calls))]
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


def test_a_directory_of_other_things_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match=r"thesis\.txt"):
        build_dataset(SMALL, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_question_of_a_held_out_set_in_the_training_set_is_refused(built: Dataset) -> None:
    refuse_contamination(built.train, built.validation, built.test)
    for held_out in (built.validation[0], built.test[0]):
        with pytest.raises(ValueError, match="overlap"):
            refuse_contamination([*built.train, held_out], built.validation, built.test)
    with pytest.raises(ValueError, match="overlap"):
        refuse_contamination(built.train, [*built.validation, built.test[0]], built.test)


def test_a_built_dataset_that_came_to_overlap_is_refused(built: Dataset, tmp_path: Path) -> None:
    directory = tmp_path / "dataset"
    shutil.copytree(built.databases_dir.parent, directory)
    save_questions(directory / "train.json", [*built.train, replace(built.test[0], id="planted")])
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["files"]["train.json"] = (directory / "train.json").stat().st_size
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ContaminationError, match="planted"):
        build_dataset(SMALL, directory)


def test_too_few_validation_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="validation_questions is 50"):
        DataConfig(validation_questions=50)
    with pytest.raises(ValueError, match="table shares"):
        DataConfig(validation_table_shares=(0.5, -0.5, 0.5))
    with pytest.raises(ValueError, match="sample_share is 2"):
        DataConfig(sample_share=2)


def test_every_training_question_has_a_plan_that_shows_what_its_query_names(built: Dataset) -> None:
    """Column names and texts compared with stand, letter for letter, in the question or in what was looked at."""
    rng = random.Random(0)
    missing: list[str] = []
    databases = {name: Database.open(built.database_path(name)) for name in {q.db_id for q in built.train}}
    for question in built.train:
        database = databases[question.db_id]
        seen = question.text
        for action in plan(database, question, EpisodeConfig(), DataConfig().demonstrations, rng):
            verb, _, argument = action.text.partition(" ")
            if verb == Verb.DESCRIBE:
                seen += "\n" + describe(database, argument)
            elif verb == Verb.SAMPLE:
                seen += "\n" + sample(database, argument)
        missing += [f"{question.id}: {word}" for word in names_and_texts(database, question) if word not in seen]
    for database in databases.values():
        database.close()
    assert missing == []


def names_and_texts(database: Database, question: Question) -> set[str]:
    """Without dates and patterns, which a question says in its own words."""
    if not question.answerable:
        return set()
    reading = read_query(question.gold_sql, database.schema)
    texts = {text.value.strip("%") for text in reading.texts if not re.match(r"\d{4}", text.value)}
    return texts | {use.column for use in reading.columns}
