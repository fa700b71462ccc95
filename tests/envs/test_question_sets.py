"""The three sets with a directory in Spider's layout beside the sample businesses."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from envs.businesses import TEST, TRAIN, VALIDATION
from envs.dataset import DataConfig, Dataset, build_dataset
from envs.question_sets import ROWS_MAX, in_turns
from envs.records import Question
from tests.spider_layout import NOUNS, make_spider

LONG = "comet"  # one table has more rows than questions are synthesised over
SPIDER = {f"spider_{noun}" for noun in NOUNS}


def config_of(directory: Path) -> DataConfig:
    return DataConfig(
        train_questions=len(TRAIN),
        validation_questions=200,
        schema_styles=1,
        spider=str(directory),
        spider_synthesized=16,
        spider_validation_databases=2,
        spider_test_databases=2,
        spider_questions_min=12,
    )


def with_a_long_table(directory: Path) -> Path:
    connection = sqlite3.connect(directory / "database" / LONG / f"{LONG}.sqlite")
    counted = f"WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS_MAX + 10}) SELECT i FROM n"
    connection.execute(f"INSERT INTO {LONG}_visit ({LONG}_visit_id) {counted}")
    connection.commit()
    connection.close()
    return directory


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_a_long_table(make_spider(tmp_path_factory.mktemp("source") / "spider"))


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return build_dataset(config_of(source), tmp_path_factory.mktemp("data") / "dataset")


def spider_databases(questions: tuple[Question, ...]) -> set[str]:
    return {question.db_id for question in questions} & SPIDER


def test_every_set_has_spiders_questions_over_databases_of_its_own_beside_ours(built: Dataset) -> None:
    sides = [spider_databases(questions) for questions in (built.train, built.validation, built.test)]
    assert [len(side) for side in sides] == [4, 2, 2]
    assert set.union(*sides) == SPIDER
    for questions, ours in ((built.train, TRAIN), (built.validation, VALIDATION), (built.test, TEST)):
        assert {question.db_id for question in questions} - SPIDER == set(ours)
    for name in SPIDER:
        assert built.database_path(name).is_file()
    assert built.sources["spider"]["databases"]["test"] == sorted(sides[2])


def test_synthesised_questions_are_over_the_training_databases_whose_joins_are_quick(built: Dataset) -> None:
    made = Counter(q.db_id for q in built.train if q.db_id in SPIDER and "/train/" in q.id)
    assert f"spider_{LONG}" in spider_databases(built.train)
    assert set(made) == spider_databases(built.train) - {f"spider_{LONG}"}
    assert not any("/train/" in q.id for q in (*built.validation, *built.test))


def test_the_first_held_out_questions_go_through_all_databases(built: Dataset) -> None:
    for questions in (built.validation, built.test):
        databases = {question.db_id for question in questions}
        assert {question.db_id for question in questions[: len(databases)]} == databases


def test_in_turns_keeps_every_question_and_draws_which_come_first() -> None:
    questions = [Question(f"{db}/{n}", db, f"{db} {n}?", "SELECT 1") for db in ("long", "short") for n in range(3 if db == "short" else 20)]
    turned = in_turns(questions, 0)
    assert Counter(turned) == Counter(questions)
    assert [q.db_id for q in turned[:7]] == ["long", "short"] * 3 + ["long"]
    assert len({in_turns(questions, seed)[0].id for seed in range(10)}) > 1


def test_a_source_that_has_gone_leaves_what_was_built_and_a_changed_one_builds_anew(built: Dataset, tmp_path: Path) -> None:
    source, directory = with_a_long_table(make_spider(tmp_path / "spider")), tmp_path / "dataset"
    shutil.copytree(built.databases_dir.parent, directory)
    config = config_of(source)
    assert replace(build_dataset(config, directory), databases_dir=built.databases_dir) == built
    shutil.move(source, tmp_path / "moved")
    assert build_dataset(config, directory).fingerprint == built.fingerprint
    with pytest.raises(ValueError, match=r"no directory .*spider: wanted train_spider.json"):
        build_dataset(replace(config, spider_synthesized=17), directory)
    shutil.move(tmp_path / "moved", source)
    rows = json.loads((source / "train_spider.json").read_text())
    (source / "train_spider.json").write_text(json.dumps(rows[:-1]))
    with pytest.raises(ValueError, match="spider_questions_min"):  # which shows that it is read again, and is quicker than building
        build_dataset(replace(config, spider_questions_min=100), directory)


def test_a_preset_for_spider_without_a_directory_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--spider DIR or --set data\.spider=DIR"):
        build_dataset(DataConfig(spider_synthesized=5), tmp_path / "dataset")
