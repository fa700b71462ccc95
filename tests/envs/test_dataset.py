"""The dataset is whole or not there, the same bytes each time, and its sets do not overlap."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from envs.businesses import TEST, TRAIN, VALIDATION
from envs.dataset import DataConfig, Dataset, build_dataset, refuse_contamination
from envs.demonstrations import plan
from envs.records import Question, Verb
from envs.sandbox import Database
from envs.schema import describe, sample
from envs.sql_env import EpisodeConfig

SMALL = DataConfig(train_questions=120, validation_questions=200)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return build_dataset(SMALL, tmp_path_factory.mktemp("data") / "dataset")


def bytes_under(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_business_has_its_database_in_spiders_layout(built: Dataset) -> None:
    for name in (*TRAIN, *VALIDATION, *TEST):
        assert built.database_path(name) == built.databases_dir / name / f"{name}.sqlite"
        assert built.database_path(name).is_file()


def test_each_training_business_gets_an_equal_share(built: Dataset) -> None:
    counts = Counter(question.db_id for question in built.train)
    assert set(counts) == set(TRAIN)
    assert max(counts.values()) - min(counts.values()) <= 2
    assert 200 <= len(built.validation) <= SMALL.validation_questions
    assert {question.db_id for question in built.validation} == set(VALIDATION)
    assert {question.db_id for question in built.test} == set(TEST)


def test_no_question_is_there_twice(built: Dataset) -> None:
    questions = [*built.train, *built.validation, *built.test]
    assert max(Counter(question.id for question in questions).values()) == 1
    assert max(Counter((question.db_id, question.text.lower()) for question in questions).values()) == 1


def test_a_second_build_of_the_same_settings_makes_the_same_bytes(built: Dataset, tmp_path: Path) -> None:
    again = build_dataset(SMALL, tmp_path / "dataset")
    assert bytes_under(tmp_path / "dataset") == bytes_under(built.databases_dir.parent)
    assert (again.train, again.validation, again.test, again.fingerprint) == (
        built.train,
        built.validation,
        built.test,
        built.fingerprint,
    )


def test_a_second_call_reads_what_is_there_and_touches_nothing(built: Dataset) -> None:
    directory = built.databases_dir.parent
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
    calls: list[tuple[int, int]] = []
    assert build_dataset(replace(SMALL, recovery_share=0.5), directory, lambda *at: calls.append(at)) == built
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*")} == before
    assert calls == []


def test_a_dataset_with_a_part_missing_is_built_again(tmp_path: Path) -> None:
    directory = tmp_path / "dataset"
    first = build_dataset(SMALL, directory)
    expected = bytes_under(directory)
    first.database_path(TRAIN[0]).unlink()
    os.truncate(directory / "train.json", 10)
    calls: list[tuple[int, int]] = []
    assert build_dataset(SMALL, directory, lambda *at: calls.append(at)) == first
    assert bytes_under(directory) == expected
    assert calls[0][0] == 0
    assert calls[-1][0] == calls[-1][1]
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


def test_too_few_validation_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="validation_questions is 50"):
        DataConfig(validation_questions=50)
    with pytest.raises(ValueError, match="sample_share is 2"):
        DataConfig(sample_share=2)


def test_every_training_question_has_a_plan_that_shows_what_its_query_names(built: Dataset) -> None:
    """Table and column names, and texts compared with, stand in the question or in what was looked at."""
    import random

    rng = random.Random(0)
    missing: list[str] = []
    databases = {name: Database.open(built.database_path(name)) for name in TRAIN}
    for question in built.train:
        database = databases[question.db_id]
        seen = question.text
        for action in plan(database, question, EpisodeConfig(), DataConfig().demonstrations, rng):
            verb, _, argument = action.text.partition(" ")
            if verb == Verb.DESCRIBE:
                seen += "\n" + describe(database, argument)
            elif verb == Verb.SAMPLE:
                seen += "\n" + sample(database, argument)
        missing += [f"{question.id}: {word}" for word in names_and_texts(database, question) if word.lower() not in seen.lower()]
    for database in databases.values():
        database.close()
    assert missing == []


def names_and_texts(database: Database, question: Question) -> set[str]:
    texts = {text for text in re.findall(r"'([^'%]+)%?'", question.gold_sql) if not re.match(r"\d{4}", text)}
    known = {name for table in database.schema.tables for name in (table.name, *table.column_names)}
    return texts | (known & set(re.findall(r"\w+", question.gold_sql)))
