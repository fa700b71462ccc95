from __future__ import annotations

import pytest

from envs.follow_ups import LastTurn, follow_up, leans_back

TABLES = ("orders", "customers", "tblProducts")
LAST = LastTurn("How many orders did we have in March 2024?", "SELECT COUNT(*) FROM orders WHERE day LIKE '2024-03%'")


@pytest.mark.parametrize(
    "question",
    [
        "and last month?", "And in April?", "what about Oslo?", "How about the year before?", "only the paid ones", "just 2023",
        "Which of those were late?", "who placed them?", "sort them by price", "by month", "the same for customers", "without returns",
        "in 2023?", "How many of them are new?", "and the average?", "top 5?", "What's its price?", "Show me only the first one.",
    ],
)  # fmt: skip
def test_a_question_that_leans_on_the_last_is_seen_to(question: str) -> None:
    assert leans_back(question, TABLES)


@pytest.mark.parametrize(
    "question",
    [
        "How many customers do we have?", "Which products cost more than 50?", "What is the average order total this year?",
        "List the products that have never been ordered.", "Who are our ten best customers?", "total order value by month in 2024",
        "What did we sell most of in March?", "Which customer placed the most orders in 2024?",
        "Which products have their price above 5?", "",
    ],
)  # fmt: skip
def test_a_question_that_stands_on_its_own_is_left_alone(question: str) -> None:
    assert not leans_back(question, TABLES)


@pytest.mark.parametrize(
    ("last", "sql", "question", "read"),
    [
        (LAST.question, LAST.sql, "and in April?", "How many orders did we have in April 2024?"),
        (LAST.question, LAST.sql, "What about may 2023?", "How many orders did we have in May 2023?"),
        (LAST.question, LAST.sql, "and 2025", "How many orders did we have in March 2025?"),
        ("How many orders in 2024?", "SELECT 1 FROM orders WHERE day LIKE '2024%'", "2023?", "How many orders in 2023?"),
        ("Which customers are in Oslo?", "SELECT name FROM customers WHERE city = 'Oslo'", "and in Bergen?",
         "Which customers are in Bergen?"),
        ("Which customers are in oslo?", "SELECT name FROM customers WHERE city = 'Oslo'", "how about 'New York'?",
         "Which customers are in New York?"),
    ],
)  # fmt: skip
def test_another_month_year_or_value_is_put_in_the_place_of_the_last(last: str, sql: str, question: str, read: str) -> None:
    made = follow_up(question, LastTurn(last, sql), TABLES)
    assert (made.text, made.understood, made.kept) == (read, f'Read as: "{read}"', read)


@pytest.mark.parametrize(
    ("last", "sql", "question"),
    [
        ("How many orders in 2024?", "SELECT 1 FROM orders WHERE day LIKE '2024%'", "and in April?"),  # of 2024, or of any year?
        ("How many orders in March 2024 or May 2024?", "SELECT 1 FROM orders", "and in April?"),
        ("Which customers in Oslo are new?", "SELECT 1 FROM customers WHERE city = 'Oslo' AND kind = 'new'", "and in Bergen?"),
        ("Which customers are in Oslo?", "SELECT name FROM customers WHERE city = 'Oslo'", "and last year?"),
        ("Which customers are in Oslo?", "SELECT name FROM customers WHERE city = 'Oslo'", "what about their orders?"),
        ("Which customers are local?", "SELECT name FROM customers WHERE city = 'Oslo'", "and in Bergen?"),
        ("Which customers are in Oslo?", "not sql (", "and in Bergen?"),
    ],
)
def test_where_two_readings_are_possible_the_policy_sees_both_questions(last: str, sql: str, question: str) -> None:
    made = follow_up(question, LastTurn(last, sql), TABLES)
    assert last in made.text and made.text.endswith(f"Now: {question}")


def test_a_follow_up_sees_the_last_question_and_its_sql_and_says_how_it_was_read() -> None:
    made = follow_up("only the  paid ones", LAST, TABLES)
    assert LAST.question in made.text and LAST.sql in made.text and made.text.endswith("only the paid ones")
    assert made.understood == f'Read as a follow-up to "{LAST.question}"'


def test_a_follow_up_of_a_follow_up_still_knows_what_it_was_about() -> None:
    kept = follow_up("only the paid ones", LAST, TABLES).kept
    again = follow_up("and the average?", LastTurn(kept, "SELECT 2"), TABLES)
    assert "March 2024" in again.text and "paid ones" in again.text and "SELECT 2" in again.text


def test_the_first_question_and_one_on_its_own_are_asked_as_they_are() -> None:
    for last in (None, LAST, LastTurn("x", "")):
        made = follow_up("How many customers do we have?", last, TABLES)
        assert (made.text, made.understood, made.kept) == ("How many customers do we have?", None, "How many customers do we have?")
    assert follow_up("and in April?", None, TABLES).understood is None


def test_a_long_last_turn_is_cut_and_stays_on_one_line() -> None:
    made = follow_up("only the paid ones", LastTurn("why\n" * 500, "SELECT\n" + "1," * 5_000 + "2"), TABLES)
    assert len(made.text) < 1_000 and "\n" not in made.text
