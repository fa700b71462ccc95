from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.sandbox import Database
from serving.explanations import CHARS_MAX, WORDLESS, explanation


def test_a_join_its_conditions_groups_order_and_limit_are_all_said(shop: Database) -> None:
    said = explanation(
        "SELECT o.full_name, SUM(s.quantity) FROM sales s JOIN owners o ON s.owner_id = o.owner_id "
        "WHERE s.sold_on LIKE '2024-03%' AND o.city <> 'Oslo' GROUP BY o.owner_id HAVING COUNT(*) > 1 "
        "ORDER BY SUM(s.quantity) DESC LIMIT 3",
        schema=shop.schema,
    )
    assert said == (
        "It takes the sales, joined with the owners by owner ID. "
        'It keeps only those where the date sold is in March 2024 and the owner city is not "Oslo". '
        "It makes one row for each owner. "
        "Of these it keeps those where the number of sales is more than 1. "
        "It shows the owner full name and the total quantity. "
        "It sorts by total quantity, largest first. "
        "It keeps only the first 3 rows."
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT name FROM pets WHERE weight_kg BETWEEN 1 AND 5", "the weight kg is between 1 and 5"),
        ("SELECT name FROM pets WHERE species IN ('cat', 'dog')", 'the species is "cat" or "dog"'),
        ("SELECT name FROM pets WHERE species = 'cat' OR species = 'dog'", 'the species is "cat" or "dog"'),
        ("SELECT name FROM pets WHERE NOT species = 'cat'", 'the species is not "cat"'),
        ("SELECT name FROM pets WHERE weight_kg IS NULL", "the weight kg is missing"),
        ("SELECT name FROM pets WHERE name LIKE 'R%'", 'the name begins with "R"'),
        ("SELECT name FROM pets WHERE name NOT LIKE '%x%'", 'the name does not contain "x"'),
        ("SELECT COUNT(*) FROM sales WHERE sold_on >= '2024-01-01' AND sold_on < '2025-01-01'", "the date sold is in 2024"),
        ("SELECT COUNT(*) FROM sales WHERE sold_on BETWEEN '2024-02-01' AND '2024-02-29'", "the date sold is in February 2024"),
        ("SELECT COUNT(*) FROM sales WHERE strftime('%Y-%m', sold_on) = '2024-04'", "the date sold is in April 2024"),
        ("SELECT COUNT(*) FROM sales WHERE sold_on < '2024-04-09'", "the date sold is before 9 April 2024"),
        ("SELECT name FROM pets WHERE weight_kg > (SELECT AVG(weight_kg) FROM pets)", "more than the average weight kg of all pets"),
        ("SELECT full_name FROM owners WHERE owner_id NOT IN (SELECT owner_id FROM pets)", "there are no matching pets"),
        ("SELECT full_name FROM owners WHERE owner_id IN (SELECT owner_id FROM pets WHERE species = 'cat')",
         'there are matching pets where the species is "cat"'),
        ("SELECT full_name FROM owners o WHERE NOT EXISTS (SELECT 1 FROM pets p WHERE p.owner_id = o.owner_id)",
         "there are no matching pets"),
        ("SELECT DISTINCT species FROM pets", "each different one once"),
        ("SELECT species FROM pets UNION SELECT brand_name FROM Products", "puts two results together, each row once"),
        ("SELECT owner_id FROM pets INTERSECT SELECT owner_id FROM sales", "rows that two results have in common"),
        ("SELECT owner_id FROM owners EXCEPT SELECT owner_id FROM sales", "leaves out the rows of another"),
        ("WITH heavy AS (SELECT * FROM pets WHERE weight_kg > 20) SELECT COUNT(*) FROM heavy", 'First it makes a table "heavy"'),
        ("SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM pets GROUP BY species)", "the rows of an inner query"),
        ("SELECT o.full_name FROM owners o LEFT JOIN pets p ON p.owner_id = o.owner_id WHERE p.pet_id IS NULL",
         "adds the pets by owner ID where there are any. It keeps only those where there are no matching pets"),
        ("SELECT a.name, b.name FROM pets a JOIN pets b ON a.owner_id = b.owner_id AND a.pet_id < b.pet_id", "the pets (called a)"),
        ("SELECT 100.0 * SUM(species = 'cat') / COUNT(*) FROM pets", 'the percentage of pets where the species is "cat"'),
        ("SELECT COUNT(DISTINCT owner_id) FROM pets", "number of different owner IDs"),
        ("SELECT name, ROW_NUMBER() OVER (PARTITION BY species ORDER BY weight_kg DESC) FROM pets", "row number within each species"),
        ("SELECT CASE WHEN weight_kg > 10 THEN 'big' ELSE 'small' END FROM pets",
         '"big" when the weight kg is more than 10, otherwise "small"'),
        ("SELECT * FROM pets", "It shows all columns."),
        ("VALUES (1, 2)", "lists the values"),
        ("SELECT julianday('now') - julianday(sold_on) FROM sales", "days from date sold"),
    ],
)  # fmt: skip
def test_what_a_query_does_is_in_its_explanation(shop: Database, sql: str, words: str) -> None:
    assert words in explanation(sql, schema=shop.schema)
    shop.query(sql)  # these are queries that run


def test_the_owners_words_are_used_for_tables_and_columns() -> None:
    said = explanation(
        "SELECT mob_tel FROM ownr WHERE full_nm = 'A'", wording={"ownr": ("owner", "owners"), "ownr.mob_tel": ("mobile number",)}
    )
    assert "It takes the owners." in said and "It shows the mobile number." in said


@pytest.mark.parametrize(
    "sql", ["", "DROP TABLE pets", "SELECT", "no sql at all", "SELECT 1; SELECT 2", "(" * 500, "SELECT " + "(" * 60 + "1" + ")" * 60]
)
def test_what_cannot_be_read_is_said_to_be_so(sql: str) -> None:
    assert explanation(sql) == WORDLESS or explanation(sql).startswith("It ")


def test_a_long_query_has_an_explanation_of_bounded_length() -> None:
    said = explanation(
        "SELECT " + ", ".join(f"a{n} + b{n} * c{n}" for n in range(800)) + " FROM t WHERE " + " OR ".join(f"x{n} = {n}" for n in range(400))
    )
    assert len(said) <= CHARS_MAX


def test_a_query_of_forty_joins_and_hundreds_of_columns_is_still_put_into_words() -> None:
    """Which source a column is of was once worked out anew for each column: this query took minutes."""
    joins = " ".join(f"JOIN t{n} ON t{n}.id = t{n - 1}.t{n}_id" for n in range(1, 40))
    said = explanation(f"SELECT {', '.join(f't{n % 40}.col_{n}' for n in range(500))} FROM t0 {joins} WHERE t3.x = 1")
    assert said.startswith("It takes the t 0s, joined with the t 1s")


names = st.sampled_from(["pets", "owners", "sales", "Products", "a b", "x"])
atoms = st.sampled_from(
    ["species", "p.name", "weight_kg", "1", "'x'", "NULL", "COUNT(*)", "AVG(weight_kg)", "strftime('%Y', d)", "*", "-1", "x'00'", "t.*"]
)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 2) -> str:
    if depth == 0:
        return draw(atoms)
    inner = expressions(depth - 1)
    form = draw(st.sampled_from([
        "{0}", "({0})", "{0} + {1}", "{0} = {1}", "{0} AND {1}", "{0} OR NOT {1}", "{0} IN ({1}, 2)", "{0} LIKE {1}", "{0} IS NOT {1}",
        "{0} || {1}", "CASE WHEN {0} THEN {1} END", "CASE {0} WHEN {1} THEN 2 ELSE {0} END", "COALESCE({0}, {1})", "CAST({0} AS TEXT)",
        "{0} BETWEEN {1} AND 3", "(SELECT {0} FROM pets WHERE {1})", "EXISTS (SELECT {0} FROM owners)", "{0} IN (SELECT {1} FROM sales)",
        "SUM({0}) OVER (ORDER BY {1})", "substr({0}, 1, 4)", "iif({0}, {1}, 0)", "{0} COLLATE NOCASE", "100.0 * {0} / {1}",
        "group_concat({0}, {1})", "total({0})", "max({0}, {1})",
    ]))  # fmt: skip
    return form.format(draw(inner), draw(inner))


@st.composite
def queries(draw: st.DrawFn) -> str:
    table = '"' + draw(names) + '"'
    sql = f"SELECT {draw(st.sampled_from(['', 'DISTINCT ']))}{draw(expressions())} AS n, {draw(expressions(1))} FROM {table} p"
    sql += draw(
        st.sampled_from(
            ["", " JOIN owners USING (owner_id)", " LEFT JOIN sales s ON s.owner_id = p.owner_id", ", owners", " JOIN (SELECT 1 AS k) q"]
        )
    )
    for clause in (" WHERE ", " GROUP BY "):
        if draw(st.booleans()):
            sql += clause + draw(expressions())
    if draw(st.booleans()):
        sql += " ORDER BY " + draw(st.sampled_from(["1", "n", "2 DESC", "99", "weight_kg DESC"]))
        sql += " LIMIT " + draw(st.sampled_from(["1", "5", "2 OFFSET 1", "-1"]))
    around = draw(st.sampled_from(["{0}", "WITH w AS ({0}) SELECT * FROM w", "SELECT 1, 2 UNION ALL {0}", "SELECT n FROM ({0})"]))
    return around.format(sql)


@settings(max_examples=120, deadline=None)
@given(queries())
def test_any_select_has_an_explanation(sql: str) -> None:
    said = explanation(sql)
    assert 0 < len(said) <= CHARS_MAX and "\n" not in said and said[-1] in ".…"
