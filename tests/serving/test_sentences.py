from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.guard import Cell
from envs.sandbox import Database
from serving.sentences import CHARS_MAX, sentence


def ask(shop: Database, sql: str, question: str = "?") -> str:
    result = shop.query(sql)
    return sentence(question, sql, result.columns, result.rows, len(result.rows), schema=shop.schema)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        # one number
        ("SELECT COUNT(*) FROM pets", "There are 7 pets."),
        ("SELECT COUNT(*) FROM pets WHERE species = 'bird'", 'There is 1 pet where the species is "bird".'),
        ("SELECT COUNT(*) FROM pets WHERE species = 'fish'", 'There are no pets where the species is "fish".'),
        ("SELECT COUNT(DISTINCT city) FROM owners", "There are 3 different cities."),
        ("SELECT COUNT(*) FROM sales s JOIN owners o ON s.owner_id = o.owner_id WHERE o.city = 'Oslo'",
         'There are 6 sales where the owner city is "Oslo".'),
        ("SELECT COUNT(*) FROM owners JOIN sales ON sales.owner_id = owners.owner_id", "There are 8 sales."),
        ("SELECT AVG(price) FROM Products", "The average price of all products is 9.94."),
        ("SELECT SUM(quantity) FROM sales WHERE sold_on LIKE '2024-04%'",
         "The total quantity of the sales where the date sold is in April 2024 is 4."),
        ("SELECT MAX(sold_on) FROM sales", "The latest date sold of all sales is 15 June 2024."),
        ("SELECT 100.0 * SUM(species = 'cat') / COUNT(*) FROM pets", 'In 42.86% of the pets, the species is "cat".'),
        ("SELECT SUM(quantity) FROM sales WHERE owner_id = 77",
         "There is no total quantity to give: nothing to take it from among the sales where the owner ID is 77."),
        # one row
        ("SELECT product_name FROM Products ORDER BY price DESC LIMIT 1", "The product with the highest price is Leash."),
        ("SELECT product_name, price FROM Products ORDER BY price DESC LIMIT 1",
         "The product with the highest price is Leash (price 15.99)."),
        ("SELECT city FROM owners WHERE full_name = 'Ann Lee'", 'The city is Oslo for the owner where the full name is "Ann Lee".'),
        ("SELECT o.full_name FROM pets p JOIN owners o ON p.owner_id = o.owner_id GROUP BY o.owner_id ORDER BY COUNT(*) DESC LIMIT 1",
         "The owner with the most pets is Ann Lee."),
        ("SELECT MIN(price), MAX(price) FROM Products", "The lowest price is 3.25 and the highest price is 15.99 for the products."),
        # lists
        ("SELECT full_name FROM owners WHERE city = 'Oslo'",
         'There are 3 owners where the city is "Oslo": Ann Lee, Cy O\'Hara and Finn Day.'),
        ("SELECT DISTINCT species FROM pets", "There are 3 different species among the pets: dog, cat and bird."),
        ("SELECT product_name FROM Products ORDER BY price DESC LIMIT 2",
         "The 2 products with the highest price are Leash and Cat's Choice 2kg."),
        ("SELECT full_name FROM owners WHERE owner_id NOT IN (SELECT owner_id FROM pets WHERE owner_id IS NOT NULL)",
         "There is one owner where there are no matching pets: Finn Day."),
        ("SELECT species FROM pets", "There are 7 pets; species: dog (3 times), cat (3 times) and bird."),
        # groups
        ("SELECT species, COUNT(*) FROM pets GROUP BY species", "The number of pets for each species: bird (1), cat (3) and dog (3)."),
        ("SELECT species, AVG(weight_kg) FROM pets GROUP BY species HAVING COUNT(*) > 1",
         "The average weight kg for each species where the number of pets is more than 1: cat (4.1) and dog (25.75)."),
        ("SELECT sold_on, SUM(quantity) FROM sales GROUP BY sold_on",
         "The total quantity for 6 dates sold: the highest is 10 (20 May 2024), the lowest 1 (4 March 2024)."),
        # nothing
        ("SELECT full_name FROM owners WHERE city = 'Rome'", 'Nothing found: there are no owners where the city is "Rome".'),
        ("SELECT species FROM pets GROUP BY species HAVING COUNT(*) > 9",
         "Nothing found: there is no species where the number of pets is more than 9."),
        # what has no rule of its own
        ("SELECT species FROM pets UNION SELECT brand_name FROM Products", "There are 7: Paws, Whisk, Wing, bird, cat, dog and whisk."),
        ("SELECT 40 + 2", "The answer is 42."),
    ],
)  # fmt: skip
def test_an_answer_is_said_from_its_query_and_rows(shop: Database, sql: str, said: str) -> None:
    assert ask(shop, sql) == said


def test_a_yes_or_no_question_about_a_count_is_answered_yes_or_no(shop: Database) -> None:
    assert ask(shop, "SELECT COUNT(*) FROM pets WHERE species = 'cat'", "Do we have any cats?").startswith("Yes, there are 3 pets")
    assert ask(shop, "SELECT COUNT(*) FROM pets WHERE species = 'fish'", "Are there any fish?").startswith("No, there are no pets")


def test_a_condition_before_groups_is_never_left_unsaid(shop: Database) -> None:
    for rest in ("", " HAVING COUNT(*) > 1", " ORDER BY COUNT(*) DESC LIMIT 1", " ORDER BY COUNT(*) DESC LIMIT 2"):
        for shown in ("species", "species, COUNT(*)"):
            assert "weight kg is more than 4" in ask(shop, f"SELECT {shown} FROM pets WHERE weight_kg > 4 GROUP BY species{rest}")


def test_many_rows_name_the_first_and_how_many_more() -> None:
    rows = [(f"name {n}",) for n in range(200)]
    said = sentence("?", "SELECT full_name FROM owners", ["full_name"], rows, 5_000)
    assert said == "There are 5,000 owners: name 0, name 1, name 2 and 4,997 more."
    assert "at least 10,000" in sentence("?", "SELECT full_name FROM owners", ["full_name"], rows, 10_000, complete=False)


def test_the_owners_words_and_a_schema_of_abbreviations() -> None:
    wording = {"ownr": ("dog owner", "dog owners"), "ownr.mob_tel": ("mobile number",)}
    assert sentence("?", "SELECT COUNT(*) FROM ownr WHERE mob_tel IS NULL", ["COUNT(*)"], [(12,)], 1, wording=wording) == (
        "There are 12 dog owners where the mobile number is missing."
    )


@pytest.mark.parametrize(
    "value", ["<img src=x onerror=alert(1)>\n\x1b[31m", "a\u202eb", "x" * 10_000, b"\x00" * 9, 2**70, float("nan"), None, ""]
)
def test_a_hostile_cell_stays_on_one_bounded_line(value: Cell) -> None:
    said = sentence("?", "SELECT note FROM sales", ["note"], [(value,), ("b",)], 2)
    assert said.isprintable() and len(said) <= CHARS_MAX


def test_a_query_that_is_no_sql_still_has_its_rows_said() -> None:
    assert sentence("?", "((( no", ["a", "a"], [(1, 2), (3, 4)], 2) == "There are 2 rows, each with a and a; the first is 1, 2."


cells = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=4), st.dates().map(str))
SHAPES = [
    "SELECT COUNT(*) FROM pets", "SELECT a FROM t", "SELECT a, b FROM t ORDER BY b DESC LIMIT 3", "SELECT a, COUNT(*) FROM t GROUP BY a",
    "SELECT a, SUM(b), AVG(c) FROM t WHERE d = 1 GROUP BY a HAVING SUM(b) > 2 ORDER BY 2 DESC LIMIT 5", "SELECT * FROM t",
    "SELECT DISTINCT a, b FROM t", "SELECT a FROM t GROUP BY a ORDER BY COUNT(*) LIMIT 1", "SELECT 100.0 * SUM(a = 1) / COUNT(*) FROM t",
    "SELECT a FROM t UNION SELECT b FROM u", "WITH w AS (SELECT 1 AS a) SELECT a FROM w", "SELECT MAX(a), MIN(b) FROM t",
    "SELECT t.*, u.a FROM t JOIN u ON t.id = u.t_id", "SELECT 1",
]  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(SHAPES), st.data())
def test_any_result_of_any_query_has_one_bounded_sentence(sql: str, data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 4))
    rows = data.draw(st.lists(st.tuples(*[cells] * width), max_size=11))
    said = sentence("How many?", sql, [f"c{n}" for n in range(width)], rows, len(rows) + data.draw(st.integers(0, 3)))
    assert 0 < len(said) <= CHARS_MAX and said.isprintable()


def test_a_limit_without_an_order_is_said_to_show_only_the_first(shop: Database) -> None:
    assert ask(shop, "SELECT name FROM pets LIMIT 2") == "Here are the first 2 pets: Rex and Tom."
    assert ask(shop, "SELECT name FROM pets LIMIT 20").startswith("There are 7 pets")


def test_rows_without_a_match_are_those_of_the_table_that_was_joined_to(shop: Database) -> None:
    sql = "SELECT o.full_name FROM owners o LEFT JOIN pets p ON p.owner_id = o.owner_id WHERE p.pet_id IS NULL"
    assert ask(shop, sql) == "There is one owner where there are no matching pets: Finn Day."


def test_a_column_made_by_an_inner_query_is_called_by_what_it_is_there(shop: Database) -> None:
    made = "SELECT species, COUNT(*) AS n FROM pets GROUP BY species"
    for sql in (f"SELECT MAX(n) FROM ({made})", f"WITH s AS ({made}) SELECT MAX(n) FROM s", f"WITH s AS ({made}) SELECT MAX(s.n) FROM s"):
        assert "highest number of pets" in ask(shop, sql)


def test_weekdays_and_months_by_number_are_named(shop: Database) -> None:
    said = ask(shop, "SELECT strftime('%w', sold_on), COUNT(*) FROM sales WHERE sold_on < '2024-04-01' GROUP BY 1")
    assert "Monday (1)" in said and "Friday (2)" in said


def test_a_name_that_rows_share_is_no_row(shop: Database) -> None:
    assert ask(shop, "SELECT name, COUNT(*) FROM pets GROUP BY name HAVING COUNT(*) > 1") == (
        "Only one name where the number of pets is more than 1: Rex, number of pets 2."
    )
    assert ask(shop, "SELECT DISTINCT name FROM pets WHERE species = 'dog'") == (
        'There are 2 different names among the pets where the species is "dog": Rex and Fido.'
    )


def test_an_inner_count_is_said_as_a_count(shop: Database) -> None:
    inner = "SELECT owner_id FROM sales WHERE quantity > 0 GROUP BY owner_id HAVING COUNT(*) = 2"
    assert ask(shop, f"SELECT full_name FROM owners WHERE owner_id IN ({inner})") == (
        "There are 3 owners where the number of sales is 2 (counting those where the quantity is more than 0): "
        "Ann Lee, Cy O'Hara and Finn Day."
    )


def test_a_sum_under_a_condition_is_a_total_where_it_holds(shop: Database) -> None:
    sql = "SELECT SUM(CASE WHEN note = 'gift' THEN quantity ELSE 0 END) FROM sales"
    assert ask(shop, sql) == 'The total quantity where the note is "gift" is 3.'


def test_different_values_under_a_condition_are_counted_among_the_rows_it_keeps(shop: Database) -> None:
    sql = "SELECT COUNT(DISTINCT o.city) FROM sales s JOIN owners o ON s.owner_id = o.owner_id WHERE s.quantity > 2"
    assert ask(shop, sql) == "There is 1 owner city among the sales where the quantity is more than 2."
