"""Reading a directory in Spider's layout: what is kept, in which spelling, and what is left out for which reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.records import Question
from envs.spider import SpiderData, read_spider, spider_fingerprint
from tests.spider_layout import make_database, make_spider, write_rows


def read(directory: Path) -> SpiderData:
    return read_spider(directory, lambda _done, _total: None)


def row(query: str, question: str = "Which one is it?", db_id: str = "comet") -> dict[str, str]:
    return {"db_id": db_id, "question": question, "query": query}


def test_questions_come_tidy_and_their_golds_in_canonical_spelling(tmp_path: Path) -> None:
    found = read(make_spider(tmp_path, ["comet"]))
    first, *_, join, listing = found.questions
    assert first == Question(
        "spider_comet/0000",
        "spider_comet",
        "How many comets have a size above 1?",
        "SELECT COUNT(*) FROM comet WHERE comet_size > 1",
        ("comet",),
        ("aggregate",),
    )
    assert join.gold_sql.endswith("WHERE T2.comet_day = '2024-05-01'")
    assert (join.tables, join.constructs) == (("comet", "comet_visit"), ("join",))
    assert listing.constructs == ("order_by",)
    assert (dict(found.dropped), found.as_written) == ({}, frozenset())


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("SELECT colour FROM comet"), "failing"),
        (row("SELECT comet_label FROM comet WHERE comet_size > 99"), "empty"),
        (row("SELECT count(*) FROM comet WHERE comet_size > 99"), "lone_zero"),
        (row("SELECT max(comet_size) FROM comet WHERE comet_size > 99"), "lone_null"),
        (row("SELECT 42"), "ungrounded"),
        (row("SELECT comet_label FROM comet WHERE comet_size = 6 ORDER BY comet_size LIMIT 1"), "tied_limit"),
        (row("SELECT comet_label FROM comet", "How many comets have a size  above 1?"), "repeated"),
        (row("SELECT comet_label FROM comet", db_id="lost"), "no_database"),
        (row("SELECT comet_label FROM comet", db_id="broken"), "unreadable_database"),
        (row("SELECT kennel_label FROM kennel", db_id="dog_kennels"), "held_out_name"),
    ],
)
def test_what_should_be_neither_trained_on_nor_scored_is_left_out_and_counted(tmp_path: Path, bad: dict[str, str], reason: str) -> None:
    make_spider(tmp_path, ["comet"], [bad])
    make_database(tmp_path, "kennel", "dog_kennels")
    (tmp_path / "database" / "broken").mkdir()
    (tmp_path / "database" / "broken" / "broken.sqlite").write_text("no database")
    found = read(tmp_path)
    assert dict(found.dropped) == {reason: 1}
    assert len(found.questions) == 6
    assert set(found.never) == ({"spider_dog_kennels"} if reason == "held_out_name" else set())


def test_a_gold_that_has_no_canonical_spelling_stays_as_written_and_is_counted(tmp_path: Path) -> None:
    written = 'SELECT comet_label FROM comet WHERE comet_label != "comet_day"'  # a text, but also a column of another table
    found = read(make_spider(tmp_path, ["comet"], [row(written)]))
    question = found.questions[-1]
    assert (question.gold_sql, question.tables) == (written, ("comet",))
    assert found.as_written == {question.id}


def test_any_json_of_rows_is_read_where_spiders_own_is_missing(tmp_path: Path) -> None:
    make_spider(tmp_path, ["comet", "violin"])
    rows = json.loads((tmp_path / "train_spider.json").read_text())
    (tmp_path / "train_spider.json").unlink()
    write_rows(tmp_path / "a.json", rows[:6])
    write_rows(tmp_path / "b.json", rows[6:])
    (tmp_path / "notes.json").write_text('{"about": "other things"}')
    assert len(read(tmp_path).questions) == 12


def test_tables_json_gives_the_words_for_tables_and_columns(tmp_path: Path) -> None:
    make_spider(tmp_path, ["comet", "violin"])
    entry = {
        "db_id": "comet",
        "table_names_original": ["Comet", "comet_visit"],
        "table_names": ["shooting star", "sightings"],
        "column_names_original": [[-1, "*"], [0, "Comet_Size"], [1, "comet_day"]],
        "column_names": [[-1, "*"], [0, "width in km"], [1, "day of sighting"]],
    }
    (tmp_path / "tables.json").write_text(json.dumps([entry]))
    wordings = read(tmp_path).wordings
    assert wordings["spider_comet"] == {
        "comet": ("shooting star", "shooting stars"),
        "comet_visit": ("sighting", "sightings"),
        "comet.comet_size": ("width in km",),
        "comet_visit.comet_day": ("day of sighting",),
    }
    assert wordings["spider_violin"] == {}


def test_an_unusable_directory_gets_one_clear_line(tmp_path: Path) -> None:
    no_rows, no_databases, bad_row, torn, away, useless = (
        tmp_path / name for name in ("rows", "databases", "row", "torn", "away", "useless")
    )
    no_rows.mkdir()
    write_rows(no_databases / "train_spider.json", [row("SELECT 1")])
    make_spider(bad_row, ["comet"], [{"db_id": "comet", "question": "How many?"}])
    make_spider(torn, ["comet"])
    (torn / "train_spider.json").write_text("[{")
    make_spider(away, ["comet"], [row("SELECT 1", db_id="../../comet")])
    make_database(useless, "comet")
    write_rows(useless / "train_spider.json", [row("SELECT 42")])
    for directory, said in (
        (tmp_path / "missing", "no directory .*missing: wanted train_spider.json"),
        (no_rows, "holds no questions: wanted train_spider.json"),
        (no_databases, "none of the databases its questions are about"),
        (bad_row, "row 6 is no question: wanted db_id, question and query"),
        (torn, "is not JSON"),
        (away, "row 6 is no question"),
        (useless, "no usable question; left out, by reason: {'ungrounded': 1}"),
    ):
        with pytest.raises(ValueError, match=said) as refused:
            read(directory)
        assert "\n" not in str(refused.value)


def test_the_fingerprint_follows_questions_and_databases_and_reading_changes_nothing(tmp_path: Path) -> None:
    make_spider(tmp_path, ["comet"])
    before = {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in tmp_path.rglob("*")}
    fingerprint = spider_fingerprint(tmp_path)
    read(tmp_path)
    assert {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in tmp_path.rglob("*")} == before
    assert spider_fingerprint(tmp_path) == fingerprint
    for path in (tmp_path / "train_spider.json", tmp_path / "database" / "comet" / "comet.sqlite"):
        kept = path.read_bytes()
        path.write_bytes(kept + b" ")
        assert spider_fingerprint(tmp_path) != fingerprint
        path.write_bytes(kept)
