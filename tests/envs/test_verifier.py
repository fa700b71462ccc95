"""The verifier accepts what is the same answer and nothing else; a failure of ours raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.records import Question
from envs.sandbox import Database, Limits, QueryError, Trust
from envs.verifier import VerifierError, grade, judge


def ask(gold: str, *, answerable: bool = True) -> Question:
    return Question("shop/0", "shop", "?", gold, answerable=answerable)


COUNT = "SELECT count(*) FROM pets"
NAMES = "SELECT name FROM pets WHERE species = 'cat'"


@pytest.mark.parametrize(
    ("gold", "sql", "answer", "right"),
    [
        (COUNT, "SELECT count(pet_id) FROM pets", "RESULT", True),
        (COUNT, COUNT, "7", True),
        (COUNT, COUNT, "7.0", True),
        (COUNT, COUNT, "8", False),
        (COUNT, COUNT, "seven", False),
        (COUNT, COUNT, "7 pets", False),
        (COUNT, COUNT, "result", False),
        (COUNT, COUNT, "", False),
        (COUNT, COUNT, "UNKNOWN", False),
        (COUNT, "SELECT 7", "RESULT", False),  # ungrounded: no table read
        (COUNT, "SELECT 7", "7", False),
        (COUNT, "WITH pets AS (SELECT 7 AS n) SELECT n FROM pets", "RESULT", False),
        (COUNT, "", "7", False),
        (COUNT, "SELECT count(*) FROM owners", "7", False),  # the value said is the gold's, the query's is not
        (COUNT, "SELECT nope FROM pets", "RESULT", False),
        (NAMES, "SELECT name FROM pets WHERE species LIKE 'CAT' ORDER BY 1", "RESULT", True),
        (NAMES, NAMES, "Tom", False),  # three rows are no one value
        (NAMES, "SELECT name, species FROM pets WHERE species = 'cat'", "RESULT", False),
        (NAMES, "SELECT * FROM pets WHERE species = 'cat'", "RESULT", False),
        (NAMES, NAMES + " UNION ALL SELECT 'Tom'", "RESULT", False),
        (NAMES, NAMES + " LIMIT 0", "RESULT", False),
        ("SELECT name FROM pets", "SELECT DISTINCT name FROM pets", "RESULT", False),
        ("SELECT avg(weight_kg) FROM pets", "SELECT sum(weight_kg) / count(weight_kg) FROM pets", "10.65", True),
        ("SELECT avg(weight_kg) FROM pets", "SELECT avg(weight_kg) FROM pets", "10.5", False),
        ("SELECT avg(weight_kg) FROM pets", "SELECT avg(weight_kg) FROM pets", "11", True),
        ("SELECT avg(weight_kg) FROM pets", "SELECT avg(weight_kg) FROM pets", "1.065e1", True),
        ("SELECT avg(weight_kg) FROM pets", "SELECT avg(weight_kg) FROM pets", "1e1", False),
        ("SELECT avg(weight_kg) FROM pets", "SELECT avg(weight_kg) FROM pets", "10.65.", False),
        ("SELECT avg(weight_kg) FROM pets", "SELECT avg(weight_kg) FROM pets", "1e99999", False),
        ("SELECT 2.675 + 0 * count(*) FROM pets", "SELECT 2.675 + 0 * count(*) FROM pets", "2.68", True),
        ("SELECT 21943089.6 + 0 * count(*) FROM pets", "SELECT 21943089.6 + 0 * count(*) FROM pets", "21,943,089.62", False),
        (COUNT, COUNT, "0.7e1", True),
        (COUNT, COUNT, "7.0000000001", False),
        (COUNT, COUNT, "٧", False),
        ("SELECT sum(quantity) * 1000 FROM sales", "SELECT 1000 * sum(quantity) FROM sales", "25,000", True),
        ("SELECT sum(quantity) * 1000 FROM sales", "SELECT 1000 * sum(quantity) FROM sales", "2,5000", False),
        ("SELECT 100.0 * sum(species = 'dog') / count(*) FROM pets", "SELECT 300.0 / count(*) FROM pets", "42.86%", True),
        ("SELECT full_name FROM owners WHERE owner_id = 3", "SELECT full_name FROM owners WHERE owner_id = 3", "Cy O'Hara", True),
        ("SELECT full_name FROM owners WHERE owner_id = 3", "SELECT full_name FROM owners WHERE owner_id = 3", "cy o'hara", False),
        ("SELECT city FROM owners WHERE owner_id = 4", "SELECT city FROM owners WHERE owner_id = 4", "NULL", True),
        ("SELECT count(*) FROM pets WHERE species = \"dog\"", "SELECT count(*) FROM pets WHERE species = 'dog'", "RESULT", True),
    ],
)  # fmt: skip
def test_an_answer_is_right_only_with_the_golds_rows_and_value(shop: Database, gold: str, sql: str, answer: str, right: bool) -> None:
    assert grade(shop, ask(gold), sql, answer) is right


@pytest.mark.parametrize(
    ("gold", "sql", "right"),
    [
        ("SELECT name FROM pets ORDER BY pet_id", "SELECT name FROM pets", True),
        ("SELECT name FROM pets ORDER BY pet_id", "SELECT name FROM pets ORDER BY pet_id DESC", False),
        ("SELECT name FROM pets", "SELECT name FROM pets ORDER BY pet_id DESC", True),
        ("SELECT name, species FROM pets ORDER BY species", "SELECT name, species FROM pets ORDER BY species, name DESC", True),
        ("SELECT name FROM pets ORDER BY species", "SELECT name FROM pets ORDER BY species, pet_id DESC", True),
        ("SELECT name FROM pets ORDER BY species", "SELECT name FROM pets ORDER BY species DESC", False),
        ("SELECT name AS n FROM pets ORDER BY 1", "SELECT name FROM pets ORDER BY pet_id", False),
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*) DESC", "SELECT DISTINCT species FROM pets ORDER BY 1", False),
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*)", "SELECT column1 FROM (VALUES ('bird'), ('cat'), ('dog')), "
         "pets WHERE pet_id = 1", True),
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*)", "SELECT column1 FROM (VALUES ('bird'), ('dog'), ('cat')), "
         "pets WHERE pet_id = 1", True),
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*)", "SELECT column1 FROM (VALUES ('dog'), ('bird'), ('cat')), "
         "pets WHERE pet_id = 1", False),
        ("SELECT brand_name FROM products ORDER BY brand_name COLLATE NOCASE", "SELECT brand_name FROM products "
         "ORDER BY lower(brand_name), product_id DESC", True),
        ("SELECT name FROM pets UNION SELECT city FROM owners ORDER BY name", "SELECT name FROM pets UNION SELECT city FROM owners "
         "ORDER BY 1 DESC", False),
        ("SELECT name FROM (SELECT name FROM pets ORDER BY name)", "SELECT name FROM pets ORDER BY name DESC", True),
        ("SELECT DISTINCT city FROM owners ORDER BY joined_on", "SELECT DISTINCT city FROM owners ORDER BY joined_on", True),
        ("SELECT name FROM pets ORDER BY weight_kg DESC LIMIT 1", "SELECT name FROM pets WHERE weight_kg = 30", True),
    ],
)  # fmt: skip
def test_row_order_counts_only_where_the_gold_sorts_and_not_among_ties(shop: Database, gold: str, sql: str, right: bool) -> None:
    assert grade(shop, ask(gold), sql, "RESULT") is right


@pytest.mark.parametrize(("answer", "right"), [("UNKNOWN", True), ("UNKNOWN no sizes are kept", True), ("RESULT", False),
                                              ("7", False), ("UNKNOWNS", False), ("", False)])  # fmt: skip
def test_unknown_is_right_only_when_the_database_cannot_tell(shop: Database, answer: str, right: bool) -> None:
    assert grade(shop, ask("", answerable=False), COUNT, answer) is right


@pytest.mark.parametrize("gold", ["SELECT nope FROM pets", "", "DROP TABLE pets", "SELECT printf('x')"])
def test_a_gold_that_fails_raises_whatever_the_answer(shop: Database, gold: str) -> None:
    for sql, answer in ((COUNT, "RESULT"), ("", ""), (COUNT, "UNKNOWN")):
        with pytest.raises(VerifierError, match="shop/0"):
            grade(shop, ask(gold), sql, answer)


def test_a_query_that_finds_no_memory_when_it_is_graded_raises(shop_db: Path) -> None:
    joined = " || ".join(f"{name}.sale_id" for name in "abcde")
    many = f"SELECT count(DISTINCT replace('xxxxx', 'x', '{'y' * 100}') || {joined}) FROM sales a, sales b, sales c, sales d, sales e"
    small = Database.open(shop_db, Limits(heap_bytes=4_000_000), Trust.UNTRUSTED)
    assert not grade(small, ask(COUNT), "SELECT nope FROM pets", "RESULT")
    with pytest.raises(VerifierError, match="cannot be graded"):
        grade(small, ask(COUNT), many, "RESULT")
    small.close()


def test_time_and_memory_are_told_from_a_querys_own_faults(shop: Database) -> None:
    for sql, transient in (
        ("SELECT count(*) FROM sales a, sales b, sales c, sales d, sales e, sales f, sales g, sales h, sales i, sales j", True),
        ("SELECT nope FROM pets", False),
        ("SELECT 1" + " " * 30_000, False),
    ):
        with pytest.raises(QueryError) as caught:
            shop.query(sql, timeout_s=0.05)
        assert caught.value.transient is transient


def test_results_larger_than_the_policy_sees_are_graded_whole(shop: Database) -> None:
    digits = " + ".join(f"{10**place} * {name}.sale_id" for place, name in enumerate("abcde"))
    many = f"SELECT {digits} FROM sales a, sales b, sales c, sales d, sales e"
    assert shop.query(many).truncated
    assert grade(shop, ask(many), many, "RESULT")
    assert not grade(shop, ask(many), many + " LIMIT 10000", "RESULT")


def test_papers_rules_are_reported_beside_ours(shop: Database) -> None:
    verdict = judge(shop, ask("SELECT name FROM pets"), "SELECT DISTINCT name FROM pets", "RESULT")
    assert (verdict.correct, verdict.spider, verdict.bird) == (False, False, True)
    verdict = judge(shop, ask("SELECT name FROM pets WHERE 0"), "SELECT name, species FROM pets WHERE 0", "RESULT")
    assert (verdict.correct, verdict.spider, verdict.bird) == (False, True, True)
    verdict = judge(shop, ask("SELECT name FROM pets"), "SELECT name FROM pets", "UNKNOWN")
    assert (verdict.correct, verdict.spider, verdict.bird) == (False, True, True)
    verdict = judge(shop, ask("SELECT name, species FROM pets"), "SELECT species, name FROM pets", "RESULT")
    assert (verdict.correct, verdict.spider, verdict.bird) == (True, True, False)
