"""Made questions: their SQL runs and answers, and training and held-out questions are worded apart."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.health import mark
from envs.phrasing import Phrasing, frames
from envs.questions import canonical_sql, tables_read
from envs.records import Question
from envs.sandbox import Database
from envs.synthesis import synthesize
from envs.vocabulary import column_phrases, plural, table_nouns, with_article

WORDING = {
    "tblCust": ("customer", "customers", "clients"),
    "tblCust.CustNm": ("name", "customer's name"),
    "order_items.qty": ("quantity", "number of units"),
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Database]:
    """Customers, orders, lines, products, categories and staff with a manager; some customers and products never used."""
    path = tmp_path / "corner_shop.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("""
        CREATE TABLE tblCust (CustID INTEGER PRIMARY KEY, CustNm TEXT, city TEXT, joined_on TEXT, email TEXT);
        CREATE TABLE staff (id INTEGER PRIMARY KEY, name TEXT, role TEXT, hourly_wage REAL, manager_id INTEGER REFERENCES staff(id));
        CREATE TABLE orders (order_id INTEGER PRIMARY KEY, CustID INTEGER REFERENCES tblCust(CustID),
            staff_id INTEGER REFERENCES staff(id), order_date TEXT, status TEXT, total REAL, paid INTEGER);
        CREATE TABLE categories (category_id INTEGER PRIMARY KEY, category_name TEXT);
        CREATE TABLE products (product_id INTEGER PRIMARY KEY, product_name TEXT, unit_price REAL, stock INTEGER,
            category_id INTEGER REFERENCES categories(category_id));
        CREATE TABLE order_items (order_id INTEGER REFERENCES orders(order_id), product_id INTEGER REFERENCES products(product_id),
            qty INTEGER, "order" TEXT, PRIMARY KEY (order_id, product_id));
    """)
    names = ["Ann Lee", "Bob O'Hara", "Cy Young", "Di Moss", "Ed Ford", "Flo Reed", "Gus Hart", "Hal Dunn", "Ivy Cole", "Jo Marsh"]
    towns, states = ("Leeds", "York", "Hull"), ("pending", "shipped", "cancelled")
    rows = connection.executemany
    rows(
        "INSERT INTO tblCust VALUES (?,?,?,?,?)",
        [(i, n, towns[i % 3], f"202{i % 4}-0{1 + i % 9}-11", None if i % 4 == 0 else f"c{i}@x.org") for i, n in enumerate(names, 1)],
    )
    rows(
        "INSERT INTO staff VALUES (?,?,?,?,?)",
        [(i, f"Staff {'ABCDEF'[i]}", ("till", "floor")[i % 2], 10 + i * 1.5, i // 2 or None) for i in range(1, 6)],
    )
    rows(
        "INSERT INTO orders VALUES (?,?,?,?,?,?,?)",
        [
            (
                100 + i,
                1 + (i * i) % 8,
                1 + i % 4,
                f"202{3 + i % 2}-{1 + i % 12:02d}-{1 + i % 28:02d}",
                states[i * i % 3],
                5.5 + i * 3,
                i % 3 != 0,
            )
            for i in range(40)
        ],
    )
    rows("INSERT INTO categories VALUES (?,?)", [(1, "Tools"), (2, "Garden"), (3, "Paint")])
    rows(
        "INSERT INTO products VALUES (?,?,?,?,?)",
        [(i, f"{['Oak', 'Steel', 'Pine', 'Iron'][i % 4]} item {i}", 2.5 + i * 1.25, i * 7 % 30, 1 + i % 3) for i in range(1, 15)],
    )
    rows(
        "INSERT OR IGNORE INTO order_items VALUES (?,?,?,?)",
        [(100 + i % 40, 1 + (i * 5) % 12, 1 + i % 6, "first" if i % 2 else "again") for i in range(90)],
    )
    connection.commit()
    connection.close()
    database = Database.open(path)
    yield database
    database.close()


def made(database: Database, phrasing: Phrasing = "train", count: int = 150, seed: int = 3) -> list[Question]:
    return synthesize(database, count, seed, phrasing, WORDING)


def test_every_gold_query_runs_and_answers_something(shop: Database) -> None:
    questions = made(shop)
    assert len(questions) == 150
    for question in questions:
        rows = shop.query(question.gold_sql).rows
        assert rows, question
        assert rows not in (((0,),), ((None,),)), question


def test_the_same_seed_makes_the_same_questions_and_another_seed_others(shop: Database) -> None:
    again = Database.open(shop.path)
    try:
        assert made(shop) == made(again)
        assert made(shop) != made(shop, seed=4)
    finally:
        again.close()


def test_no_sentence_of_training_is_a_sentence_of_validation() -> None:
    def said(phrasing: Phrasing) -> set[str]:
        return {re.sub(r"\W+", " ", frame.lower()) for kind in frames(phrasing).values() for frame in kind}

    assert len(said("train")) > 250
    assert len(said("validation")) > 120
    assert said("train") & said("validation") == set()


def test_both_phrasings_can_say_every_kind_of_question() -> None:
    assert frames("train").keys() == frames("validation").keys()


def test_no_question_is_made_twice(shop: Database) -> None:
    questions = made(shop)
    assert len({q.gold_sql for q in questions}) == len({q.text.lower() for q in questions}) == len({q.id for q in questions}) == 150


def test_a_quarter_of_the_questions_or_more_read_three_tables_or_more(shop: Database) -> None:
    buckets = Counter(q.tables_bucket for q in made(shop))
    assert buckets["3+"] / 150 >= 0.25
    assert 0.35 < buckets["1"] / 150 < 0.49


def test_the_shares_by_tables_are_the_callers(shop: Database) -> None:
    buckets = Counter(q.tables_bucket for q in synthesize(shop, 100, 3, "train", WORDING, table_shares=(0.5, 0.32, 0.18)))
    assert 0.43 < buckets["1"] / 100 < 0.57
    assert 0.25 < buckets["2"] / 100 < 0.39
    assert 0.12 < buckets["3+"] / 100 < 0.24
    assert {q.tables_bucket for q in synthesize(shop, 20, 3, "train", WORDING, table_shares=(0, 1, 0))} == {"2"}


def test_the_tables_named_are_those_the_query_reads(shop: Database) -> None:
    for question in made(shop):
        assert set(question.tables) == set(tables_read(question.gold_sql)) == shop.query(question.gold_sql).tables_read


def test_gold_sql_is_in_canonical_spelling_already(shop: Database) -> None:
    for question in made(shop):
        assert canonical_sql(question.gold_sql, shop.schema) == question.gold_sql


def test_a_query_over_one_table_has_bare_columns_and_a_join_qualifies_each(shop: Database) -> None:
    for question in made(shop):
        if "(SELECT" not in question.gold_sql and "INTERSECT" not in question.gold_sql:
            bare = re.sub(r"'[^']*'", "", question.gold_sql)
            assert ("." in bare.replace("100.0", "").replace("1.0", "")) == (" JOIN " in bare) or re.search(r"\d\.\d", bare), question


def test_rows_on_both_sides_of_a_limit_differ(shop: Database) -> None:
    limited = [q for q in made(shop) if " LIMIT " in q.gold_sql and "GROUP BY" not in q.gold_sql]
    assert limited
    for question in limited:
        start, order = question.gold_sql.split(" ORDER BY ")
        key, limit = order.removesuffix(" DESC").split(" LIMIT ")
        key = key.removesuffix(" DESC")
        tail = start[start.index(" FROM ") :]
        direction = " DESC" if " DESC " in order else ""
        keys = shop.query(f"SELECT {key}{tail} ORDER BY {key}{direction} LIMIT {int(limit) + 1}").rows
        assert keys[-1] != keys[-2], question


def test_the_constructs_owners_ask_for_are_all_made(shop: Database) -> None:
    found = {construct for seed in (3, 4) for q in made(shop, count=400, seed=seed) for construct in q.constructs}
    assert found >= {
        "count", "list", "lookup", "avg", "sum", "distinct", "count_distinct", "top_1", "top_n", "group_count", "group_top_1", "having",
        "never", "with_child", "above_average", "share", "is_null", "date", "equal", "compare", "like", "join",
    }  # fmt: skip


def test_rarer_constructs_are_made_too_and_stay_rare(shop: Database) -> None:
    rare = {
        "intersect", "except", "than_row", "same_as", "of_the_top", "count_having", "share_by", "part_of_total", "sides", "case", "weekday",
        "self_join", "left_join",
    }  # fmt: skip
    questions = synthesize(shop, 1500, 5, "train", WORDING, table_shares=(0.5, 0.5, 0.0))
    assert {construct for q in made(shop, count=700) + questions for construct in q.constructs} >= rare
    assert sum(bool(rare & set(q.constructs)) for q in questions) / len(questions) < 0.12


@pytest.mark.parametrize("phrasing", ["train", "validation"])
def test_no_question_is_marked_as_unfit_to_score(shop: Database, phrasing: Phrasing) -> None:
    """By the check that data sets of others go through: nothing fails, is empty, a lone 0 or a tie."""
    assert [(q.gold_sql, m) for q in made(shop, phrasing, 400) if (m := mark(shop, q))] == []


def test_a_question_that_names_a_row_is_about_one_row(shop: Database) -> None:
    """The sub-query of "dearer than Oak item 4" finds exactly one."""
    nested = [q for q in synthesize(shop, 900, 6, "train", WORDING) if {"than_row", "same_as"} & set(q.constructs)]
    assert nested
    for question in nested:
        inner = re.search(r"\((SELECT .*?)\)(?: AND|$)", question.gold_sql)
        assert inner
        assert len(shop.query(inner[1]).rows) == 1, question


def test_two_child_tables_and_two_years_are_set_against_each_other(tmp_path: Path) -> None:
    path = tmp_path / "garage.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("""
        CREATE TABLE areas (area_id INTEGER PRIMARY KEY, area_name TEXT);
        CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name TEXT, area_id INTEGER REFERENCES areas(area_id));
        CREATE TABLE bookings (booking_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(customer_id), booking_date TEXT);
        CREATE TABLE complaints (complaint_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(customer_id), topic TEXT);
        INSERT INTO areas VALUES (1, 'North'), (2, 'South'), (3, 'West');
    """)
    connection.executemany("INSERT INTO customers VALUES (?,?,?)", [(i, f"Ann {chr(64 + i)}", 1 + i % 3) for i in range(1, 21)])
    days = [(i, 1 + i * i % 14, f"202{3 + (i % 3 > 0)}-{1 + i % 12:02d}-05") for i in range(60)]
    connection.executemany("INSERT INTO bookings VALUES (?,?,?)", days)
    topics = [(i, 20 - i * i % 13, ("price", "delay")[i % 2]) for i in range(30)]
    connection.executemany("INSERT INTO complaints VALUES (?,?,?)", topics)
    connection.commit()
    connection.close()
    database = Database.open(path)
    try:
        found = {construct: q for seed in range(8) for q in synthesize(database, 100, seed, "validation") for construct in q.constructs}
        assert found.keys() >= {"union", "except", "intersect", "more_in", "calendar"}
        assert " UNION " in found["union"].gold_sql
        assert len(found["union"].tables) == 3
    finally:
        database.close()


def test_a_database_with_one_table_gets_questions_over_one_table(tmp_path: Path) -> None:
    path = tmp_path / "lone.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE Plants (PlantID INTEGER PRIMARY KEY, PlantName TEXT, Colour TEXT, Price REAL)")
    rows = [(i, f"Plant {'ABCDEFGHIJKL'[i]}", ("red", "white")[i % 2], 2 + i * 0.75) for i in range(12)]
    connection.executemany("INSERT INTO Plants VALUES (?,?,?,?)", rows)
    connection.commit()
    connection.close()
    database = Database.open(path)
    try:
        questions = synthesize(database, 30, 1, "validation")
    finally:
        database.close()
    assert len(questions) == 30
    assert {q.tables for q in questions} == {("Plants",)}


def test_blank_cells_and_awkward_names_do_not_stop_it(tmp_path: Path) -> None:
    path = tmp_path / "odd.sqlite"
    connection = sqlite3.connect(path)
    connection.execute('CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "Client {name}" TEXT, "group" TEXT, note TEXT, empty TEXT)')
    rows = [(i, f"O'Neil {'{}%_'[i % 4]}{i}", ("a b", "", "c")[i % 3], " " if i % 2 else "It's late", None) for i in range(20)]
    connection.executemany('INSERT INTO "order" VALUES (?,?,?,?,?)', rows)
    connection.commit()
    connection.close()
    database = Database.open(path)
    try:
        questions = synthesize(database, 25, 1, "train")
        assert len(questions) == 25
        for question in questions:
            assert database.query(question.gold_sql).rows
            assert 'FROM "order"' in question.gold_sql
    finally:
        database.close()


def test_an_owners_words_stand_in_for_cryptic_names(shop: Database) -> None:
    text = " ".join(q.text.lower() for q in made(shop))
    assert "clients" in text
    assert "custnm" not in text
    assert "cust nm" not in text


@pytest.mark.parametrize(
    ("name", "singular", "many"),
    [
        ("tbl_Customers", "customer", "customers"),
        ("OrderItems", "order item", "order items"),
        ("tblCustOrders", "customer order", "customer orders"),
        ("companies", "company", "companies"),
        ("staff", "staff member", "staff members"),
        ("CLASSES", "class", "classes"),
    ],
)
def test_table_names_of_any_style_become_nouns(name: str, singular: str, many: str) -> None:
    (noun,) = table_nouns(name, {})
    assert (noun.singular, noun.plural) == (singular, many)


def test_abbreviated_columns_are_spelled_out() -> None:
    assert column_phrases("orders", "order_amt", {}) == ("order amount", "amount")
    assert column_phrases("people", "dob", {}) == ("date of birth",)
    assert column_phrases("shop", "num_of_staff", {}) == ("number of staff",)


def test_a_column_named_the_other_way_round_is_said_short() -> None:
    assert column_phrases("players", "name_of_player", {}) == ("name",)
    assert column_phrases("players", "date_of_birth", {}) == ("date of birth",)
    assert column_phrases("cards", "reason_of_dispute", {}) == ("reason of dispute",)


def test_plurals_and_articles_follow_the_head_noun() -> None:
    assert plural("date of birth") == "dates of birth"
    assert plural("price charged") == "prices charged"
    assert plural("category") == "categories"
    assert with_article("unit price") == "a unit price"
    assert with_article("order date") == "an order date"
    assert with_article("loyalty points") == "loyalty points"
