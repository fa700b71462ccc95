"""What questions sound like: short, in whole words, with few conditions, each said by the kind of its column."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs import frames_train, frames_validation
from envs.businesses import build_database, wording
from envs.clauses import Condition, own
from envs.conditions import phrase, predicate
from envs.phrasing import Phrasing, Voice
from envs.profile import Facts, read_facts
from envs.records import Question
from envs.relations import link
from envs.sandbox import Database
from envs.synthesis import synthesize

ASKED: tuple[tuple[str, Phrasing], ...] = (
    ("library", "train"), ("brewery", "train"), ("cleaning_firm", "train"), ("boutique", "train"),
    ("harbour_hotel", "validation"), ("canal_bikes", "validation"), ("bright_dental", "validation"), ("plaza_cinema", "validation"),
)  # fmt: skip


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    folder = tmp_path_factory.mktemp("businesses")
    opened = {}
    for name, _ in ASKED:
        build_database(name, folder / f"{name}.sqlite", 0)
        opened[name] = Database.open(Path(folder / f"{name}.sqlite"))
    yield opened
    for database in opened.values():
        database.close()


@pytest.fixture(scope="module")
def questions(databases: dict[str, Database]) -> dict[Phrasing, list[Question]]:
    made: dict[Phrasing, list[Question]] = {"train": [], "validation": []}
    for name, phrasing in ASKED:
        made[phrasing] += synthesize(databases[name], 60, 7, phrasing, wording(name))
    return made


@pytest.mark.parametrize("phrasing", ["train", "validation"])
def test_questions_are_about_a_dozen_words_long(questions: dict[Phrasing, list[Question]], phrasing: Phrasing) -> None:
    lengths = sorted(len(q.text.split()) for q in questions[phrasing])
    assert 10 < sum(lengths) / len(lengths) < 13.5
    assert lengths[int(0.9 * len(lengths))] <= 21


@pytest.mark.parametrize("phrasing", ["train", "validation"])
def test_no_word_is_doubled_and_no_slot_is_left_open(questions: dict[Phrasing, list[Question]], phrasing: Phrasing) -> None:
    for question in questions[phrasing]:
        assert not re.search(r"\b(\w+) \1\b", question.text.lower().replace("had had", "")), question.text
        assert not re.search(r"[{}]|  |\bNone\b| [,.?]", question.text), question.text


def test_comparisons_are_not_said_as_in_a_form(questions: dict[Phrasing, list[Question]]) -> None:
    for question in [*questions["train"], *questions["validation"]]:
        assert not re.search(r"\bhaving an? | of (lower|higher|greater|over|under|above|below) ", question.text), question.text


@pytest.mark.parametrize("phrasing", ["train", "validation"])
def test_most_questions_have_one_condition_or_none_and_no_question_three(
    questions: dict[Phrasing, list[Question]], phrasing: Phrasing
) -> None:
    counts = [len(conditions(q.gold_sql)) for q in questions[phrasing]]
    assert max(counts) <= 2
    assert 0.03 < sum(n == 2 for n in counts) / len(counts) < 0.25


def conditions(sql: str) -> list[str]:
    """What stands between the ANDs of every WHERE; first and last name of one person are one condition."""
    bare = re.sub(r"BETWEEN \S+ AND \S+", "BETWEEN", re.sub(r"'(?:[^']|'')*'", "''", sql))
    wheres = re.findall(r" WHERE (.*?)(?= GROUP BY| HAVING| ORDER BY| LIMIT| INTERSECT|$)", bare)
    found = [part for where in wheres for part in re.split(" AND | OR ", where)]
    return [part for part in found if "NOT IN (SELECT" not in part and not re.search(r"(?i)(last_?name|surname|family_?name)\W* =", part)]


@pytest.mark.parametrize("phrasing", ["train", "validation"])
def test_openings_are_rare_and_some_questions_are_typed_in_a_hurry(questions: dict[Phrasing, list[Question]], phrasing: Phrasing) -> None:
    words = frames_train if phrasing == "train" else frames_validation
    texts = [q.text for q in questions[phrasing]]
    starts = tuple(opening.split("{")[0] for opening in words.OPENINGS)
    assert sum(t.startswith(starts) for t in texts) < 0.1 * len(texts)
    assert 0.08 < sum(t[0].islower() for t in texts) / len(texts) < 0.3


def test_the_two_phrasings_share_only_the_smallest_clauses() -> None:
    """A date or an amount may follow the same preposition; everything longer is worded apart."""
    assert frames_train.CLAUSES.keys() == frames_validation.CLAUSES.keys()
    assert frames_train.ORDERS.keys() == frames_validation.ORDERS.keys()
    for kind, clauses in frames_train.CLAUSES.items():
        for clause in set(clauses) & set(frames_validation.CLAUSES[kind]):
            assert len(re.sub(r"\{\w\}", "", clause).split()) <= 1, clause
    for kind, orders in frames_train.ORDERS.items():
        assert not set(orders) & set(frames_validation.ORDERS[kind]), kind


def said(databases: dict[str, Database], name: str, column: str, *, phrasing: Phrasing = "train") -> set[str]:
    """The noun with each of many conditions drawn on a column."""
    facts = read_facts(databases[name], wording(name))
    table, _, part = column.partition(".")
    texts = set()
    for seed in range(60):
        voice = Voice(facts, phrasing, random.Random(seed))
        if found := own(voice, facts.tables[table].columns[part]):
            texts.add(phrase(voice, table, (found,)))
    return texts


def test_a_date_is_said_with_its_verb(databases: dict[str, Database]) -> None:
    assert any(re.fullmatch(r"rooms last painted in (\w+ )?\d{4}", t) for t in said(databases, "harbour_hotel", "tbl_room.last_painted"))
    assert "rooms never painted" in said(databases, "harbour_hotel", "tbl_room.last_painted")
    assert all(re.match(r"(riders|customers) (who|that) registered ", t) for t in said(databases, "canal_bikes", "rider.registered_on"))


def test_a_number_of_things_is_said_of_the_things(databases: dict[str, Database]) -> None:
    texts = said(databases, "canal_bikes", "station.rack_count")
    assert texts
    assert all(re.fullmatch(r"stations with .*\d+ (or more )?racks|stations with \w+ (\w+ )*racks", t) for t in texts), texts


def test_a_flag_is_an_adjective_or_something_the_row_has(databases: dict[str, Database]) -> None:
    assert said(databases, "plaza_cinema", "Showings.ShowingSubtitled") & {"subtitled showings", "subtitled screenings"}
    assert {t.partition(" ")[2] for t in said(databases, "harbour_hotel", "tbl_room.sea_view")} == {"with a sea view", "without a sea view"}


def test_the_word_between_two_tables_is_that_of_their_trade(databases: dict[str, Database]) -> None:
    hotel, bikes = (read_facts(databases[name], wording(name)) for name in ("harbour_hotel", "canal_bikes"))
    assert link(hotel, "tbl_booking", "tbl_guest") == "from"
    assert link(hotel, "tbl_housekeeping", "tbl_room") == "in"
    assert link(bikes, "bicycle", "station") == "at"


@pytest.mark.parametrize(
    ("clause", "verb"),
    [
        ("with a price over 50", "have a price over 50"),
        ("without a refund", "don't have a refund"),
        ("delivered in March 2025", "were delivered in March 2025"),
        ("who joined in 2024", "joined in 2024"),
        ("never painted", "were never painted"),
        ("in March 2025", ""),
    ],
)
def test_a_clause_becomes_what_the_rows_do(clause: str, verb: str) -> None:
    assert predicate(clause) == verb


def test_short_clauses_stand_before_long_ones(databases: dict[str, Database]) -> None:
    facts: Facts = read_facts(databases["canal_bikes"], wording("canal_bikes"))
    columns = facts.tables["rental"].columns
    long = Condition((), "with a deposit", "flag", (columns["deposit_kept"],))
    short = Condition((), "in May 2025", "date", (columns["rented_on"],))
    far = Condition((), "for riders in Leeds", "equal", (facts.tables["rider"].columns["town"],))
    voice = Voice(facts, "train", random.Random(0))
    noun = voice.noun("rental").plural
    assert phrase(voice, "rental", (long, short)) == f"{noun} in May 2025 with a deposit"
    assert phrase(voice, "rental", (far, long)) == f"{noun} with a deposit for riders in Leeds"
