"""Reading SQL by its words: what it names, how far it unfolds, and that no text makes the reading slow."""

from __future__ import annotations

import time

import pytest

from envs.sql_scan import Regions, likely_parses, tables_and_aliases, unfolds_too_far, with_names, words
from tests.hostile import SQL


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT * FROM pets", {"pets": "pets"}),
        ("SELECT * FROM pets AS p LEFT JOIN Owners o ON p.x = o.x, main.sales", {"p": "pets", "o": "owners", "sales": "sales"}),
        ('SELECT a, b FROM "a b" `c d` CROSS JOIN [e] WHERE x IN (SELECT y FROM z)', {"c d": "a b", "e": "e", "z": "z"}),
        ("SELECT 'FROM x', y -- FROM z\nFROM /* FROM */ t", {"t": "t"}),
        ("SELECT * FROM (pets JOIN owners USING (owner_id)) WHERE a = 1", {"pets": "pets", "owners": "owners"}),
        ("SELECT 1", {}),
        ("FROM", {}),
    ],
)
def test_tables_are_found_under_their_aliases(sql: str, found: dict[str, str]) -> None:
    assert found.items() <= tables_and_aliases(sql).items()


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("WITH a AS (SELECT 1), \"B c\"(x, y) AS NOT MATERIALIZED (SELECT 1), 'd' AS MATERIALIZED (SELECT 1) SELECT 1", {"a", "b c", "d"}),
        ("SELECT (WITH x AS (WITH y AS (SELECT 1) SELECT 1) SELECT 1) AS z", {"x", "y"}),
        ("SELECT 1 FROM v WINDOW v AS (ORDER BY 1)", set()),
        ("SELECT count(*) FROM v -- WITH v AS (SELECT 1)", set()),
        ("SELECT ' WITH v AS (SELECT 1)' FROM v", set()),
        ("WITH /* a */ first /* b */ AS /* c */ ( /* d */ SELECT 1) SELECT 1", {"first"}),
    ],
)  # fmt: skip
def test_with_names_are_those_that_name_a_query(sql: str, names: set[str]) -> None:
    assert with_names(sql) == names


def test_an_ordinary_chain_of_with_queries_unfolds_to_little() -> None:
    chain = """WITH monthly AS (SELECT strftime('%Y-%m', sold_on) AS month, sum(quantity) AS total FROM sales GROUP BY month),
        growth AS (SELECT a.month, (a.total - b.total) / b.total AS growth FROM monthly a JOIN monthly b ON b.month < a.month),
        ranked AS (SELECT *, rank() OVER (ORDER BY growth DESC) AS place FROM growth WHERE growth IS NOT NULL),
        best AS (SELECT month, growth, place FROM ranked WHERE place <= 3 ORDER BY place)
        SELECT t.month, t.growth, r.place, (SELECT avg(growth) FROM ranked) FROM best t JOIN ranked r ON r.month = t.month"""
    assert Regions(chain).unfolded < 5_000
    assert not unfolds_too_far(chain)
    assert likely_parses(chain)


@pytest.mark.parametrize(
    "sql",
    [
        *(part * (19_900 // len(part)) for part in ("(", ")", "[", "'", '"', "`", "/*", "/* */", "--\n", "a,", "a AS (SELECT ",
          "(SELECT a ",
          "WITH a AS (", ") AS (SELECT ",
          "x IN a ", "\x80", "SELECT ", "FROM a, ", "(select 1)")),
        "SELECT " + "(SELECT a,b,c,d,e,f,g,h,i,j,k,l,m,n," * 90,
        "WITH a0 AS (SELECT 1)" + "".join(f",a{i} AS (SELECT 1 FROM a{i - 1})" for i in range(1, 560)) + " SELECT 1",
        *(case.sql for case in SQL.values()),
    ],
)  # fmt: skip
def test_no_text_takes_long_to_read(sql: str) -> None:
    sql, started = sql[:20_000], time.thread_time()
    words(sql)
    with_names(sql)
    tables_and_aliases(sql)
    assert Regions(sql).unfolded >= 0
    likely_parses(sql)
    assert time.thread_time() - started < 0.6
