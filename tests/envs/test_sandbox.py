"""Attacks on the sandbox leave the file as it was and the next query working; refusals teach."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest

from envs.sandbox import Database, Limits, QueryError, Trust
from tests.watching import soonest

DOUBLING = "WITH RECURSIVE d(s) AS (SELECT 'a' UNION ALL SELECT s||s FROM d) SELECT length(s) FROM d"
LONG = "WITH RECURSIVE d(i, s) AS (SELECT 0, 'a' UNION ALL SELECT i + 1, s||s FROM d WHERE i < 16), e AS (SELECT s FROM d WHERE i = 16) "
ATTACKS = {
    "delete behind WITH": "WITH x AS (SELECT 1) DELETE FROM sales",
    "update returning": "UPDATE sales SET quantity = 0 RETURNING *",
    "insert": "INSERT INTO pets(name) VALUES ('x')",
    "drop": "DROP TABLE pets",
    "second statement": "SELECT 1; DELETE FROM sales",
    "write behind a comment": "/* SELECT */ DELETE FROM sales",
    "attach a new file": "ATTACH 'new.sqlite' AS new",
    "attach passwd": "ATTACH '/etc/passwd' AS p",
    "vacuum into": "VACUUM INTO 'copy.sqlite'",
    "query_only off": "PRAGMA query_only=0",
    "pragma function": "SELECT * FROM pragma_database_list",
    "count of a pragma function": "SELECT count(*) FROM pragma_database_list",
    "temp table": "CREATE TEMP TABLE t(x)",
    "load_extension": "SELECT load_extension('x.so')",
    "readfile": "SELECT readfile('/etc/passwd')",
    "writefile": "SELECT writefile('x', 'y')",
    "schema table": "SELECT sql FROM sqlite_schema",
    "count of the schema table": "SELECT count(*) FROM sqlite_master",
    "dbstat": "SELECT * FROM dbstat",
    "fts3_tokenizer": "SELECT fts3_tokenizer('simple')",
    "printf of 2e9 characters": "SELECT length(printf('%.*c', 2000000000, 'x'))",
    "format of 2e9 characters": "SELECT length(format('%.*c', 2000000000, 'x'))",
    "zeroblob": "SELECT length(zeroblob(900000000))",
    "randomblob": "SELECT hex(randomblob(900000000))",
    "doubling": DOUBLING,
    "doubling by replace": "SELECT " + "replace(" * 12 + "'aaaa'" + ", 'a', 'aaaaaaaa')" * 12,
    "500 parentheses": "SELECT " + "(" * 500 + "1" + ")" * 500,
    "100-term union": "SELECT 1" + " UNION SELECT 1" * 100,
    "long text": "SELECT '" + "a" * 30_000 + "'",
    "a NUL": "SELECT 1 \0 FROM pets",
    "a lone surrogate": "SELECT '\ud800'",
    "nothing": "",
    "only a comment": "-- SELECT 1",
    "an open comment": "/* SELECT 1",
    "only parentheses": "((",
    "explain": "EXPLAIN SELECT 1",
    "begin": "BEGIN EXCLUSIVE",
    "full-width verb": "ＳＥＬＥＣＴ 1",
    "a bound parameter": "SELECT ?",
}


@pytest.mark.parametrize("sql", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_refused_leaves_the_files_alone_and_the_next_query_works(shop: Database, sql: str) -> None:
    before = hashlib.sha256(shop.path.read_bytes()).hexdigest()

    def attack() -> None:
        with pytest.raises(QueryError):
            shop.query(sql)

    assert soonest(attack, 1.0) < 1.0
    assert shop.query("SELECT count(*) FROM pets").rows == ((7,),)
    assert hashlib.sha256(shop.path.read_bytes()).hexdigest() == before
    assert [p.name for p in shop.path.parent.iterdir()] == ["shop.sqlite"]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE d(s) AS (SELECT 1 UNION ALL SELECT s+1 FROM d) SELECT count(*) FROM d",
        "SELECT count(*) FROM sales a, sales b, sales c, sales d, sales e, sales f, sales g, sales h, sales i",
        "WITH RECURSIVE d(s) AS (SELECT 1 UNION ALL SELECT s+1 FROM d) SELECT 1 FROM d WHERE s < 0",
    ],
    ids=["endless recursion", "cross join", "endless without rows"],
)
def test_a_query_that_never_ends_is_stopped_at_its_deadline(shop_db: Path, sql: str) -> None:
    database = Database.open(shop_db, Limits(timeout_s=0.1))

    def wait() -> None:
        with pytest.raises(QueryError, match="filter or aggregate") as caught:
            database.query(sql)
        assert caught.value.code == "timeout"

    assert 0.1 <= soonest(wait, 1.0) < 1.0
    assert database.query("SELECT 1", timeout_s=30.0).rows == ((1,),)


@pytest.mark.parametrize(
    "sql",
    [
        LONG + "SELECT sum(instr(e.s, substr(e.s, 2) || 'b')) FROM e",
        LONG + "SELECT sum(length(ltrim(e.s, substr(replace(e.s, 'a', 'b'), 2) || 'a'))) FROM e",
        LONG + "SELECT e.s LIKE '" + "%a_" * 60 + "b' FROM e",
    ],
    ids=["instr", "ltrim", "like"],
)
def test_functions_of_two_long_texts_stay_short_of_a_hang(shop: Database, sql: str) -> None:
    def query() -> None:
        try:
            shop.query(sql)
        except QueryError as error:
            assert error.code in ("too_big", "timeout", "other")

    assert soonest(query, 4.0) < 4.0


def test_rows_beyond_the_limit_are_cut_and_said_to_be(shop_db: Path) -> None:
    endless = "WITH RECURSIVE d(s) AS (SELECT 1 UNION ALL SELECT s+1 FROM d) SELECT s FROM d"
    result = Database.open(shop_db, Limits(rows_max=100)).query(endless)
    assert (len(result.rows), result.truncated) == (100, True)
    assert Database.open(shop_db).query("SELECT name FROM pets", 7).truncated is False


def test_bytes_beyond_the_limit_end_the_fetch(shop_db: Path) -> None:
    database = Database.open(shop_db, Limits(bytes_max=100_000))
    result = database.query(LONG + "SELECT e.s FROM e, sales, pets")
    assert result.truncated
    assert len(result.rows) <= 3


def test_ordinary_analysis_runs(shop: Database) -> None:
    sql = """
        WITH spent AS (
            SELECT s.owner_id, sum(s.quantity * p.price) AS total FROM sales AS s JOIN products p USING (product_id) GROUP BY 1
        )
        SELECT o.full_name, round(total, 2), rank() OVER (ORDER BY total DESC), strftime('%Y', o.joined_on)
        FROM spent JOIN owners o ON o.owner_id = spent.owner_id WHERE o.full_name LIKE '%a%' ORDER BY total DESC LIMIT 2;
    """
    result = shop.query(sql)
    assert result.rows == (("Finn Day", 44.48, 1, "2024"), ("Cy O'Hara", 39.99, 2, "2023"))
    assert result.tables_read == {"sales", "Products", "owners"}


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 42", set()),
        ("SELECT count(*) FROM PETS", {"pets"}),
        ("SELECT NAME FROM Pets WHERE owner_id IN (SELECT owner_id FROM owners)", {"pets", "owners"}),
        ("WITH pets AS (SELECT 42) SELECT count(*) FROM pets", set()),
        ("WITH x AS (SELECT 1 AS one), pets(n) AS (SELECT 7) SELECT count(*) FROM pets, x", set()),
        ("WITH x AS (SELECT count(*) FROM pets) SELECT * FROM x", {"pets"}),
        ("SELECT value FROM json_each('[1, 2]')", set()),
    ],
)
def test_a_result_names_the_tables_it_read_also_when_the_statement_is_cached(shop: Database, sql: str, tables: set[str]) -> None:
    for _ in range(3):
        assert shop.query(sql).tables_read == tables


def test_tables_read_stay_right_over_many_different_queries(shop: Database) -> None:
    for number in range(5_000):
        assert shop.query(f"SELECT {number} FROM owners LIMIT 1").tables_read == {"owners"}
        assert shop.query("SELECT count(*) FROM pets").tables_read == {"pets"}


@pytest.mark.parametrize(
    ("sql", "code", "message"),
    [
        ("SELECT t1.name FROM products t1", "no_column", "no such column: t1.name; Products has brand_name, product_name, "),
        ("SELECT prise FROM products", "no_column", "no such column: prise; Products has price, "),
        ("SELECT T3.price FROM products T1", "no_column", "no table or alias T3 in the query; Products has price"),
        ("SELECT city FROM pets", "no_column", "city is in owners"),
        ("SELECT * FROM pet", "no_table", "no such table: pet; tables: pets, "),
        ("SELECT * FROM sqlite_schema", "no_table", "; tables: "),
        ("SELECT owner_id FROM pets JOIN owners", "no_column", "owner_id; write pets.owner_id or owners.owner_id"),
        ("SELECT YEAR(sold_on) FROM sales", "function", "no such function: YEAR; write strftime('%Y', column)"),
        ("SELECT * FORM pets", "syntax", 'near "FORM": syntax error'),
        ("SELECT 1; SELECT 2", "not_select", "only one statement"),
        ("DELETE FROM pets", "not_select", "only a SELECT is run, not DELETE"),
        ('SELECT "nmae" FROM pets', "no_column", "no such column: nmae; text takes single quotes: 'nmae'; pets has name, "),
        ('SELECT name FROM pets WHERE species = "dog"', "no_column", "text takes single quotes: 'dog'"),
    ],
)
def test_an_error_keeps_sqlites_words_and_adds_the_nearest_names(shop: Database, sql: str, code: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        shop.query(sql)
    assert caught.value.code == code
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_double_quoted_name_that_exists_is_a_name(shop: Database) -> None:
    sql = """SELECT "name" AS "the ""pet""`s", 'say "hi"' FROM "pets" /* "x" */ WHERE "pets"."species" = 'bird' -- "y"\n"""
    result = shop.query(sql)
    assert result.columns[0] == 'the "pet"`s'
    assert result.rows == (("Tweety", 'say "hi"'),)


def test_double_quoted_text_runs_when_asked_for(shop: Database) -> None:
    assert shop.query('SELECT count(*) FROM pets WHERE species = "dog"', double_quoted_text=True).rows == ((3,),)


def test_text_that_is_not_utf8_is_read_with_replacements(tmp_path: Path) -> None:
    path = tmp_path / "odd #%.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t AS SELECT CAST(x'61ff62' AS TEXT) AS word, x'00ff' AS raw")
    connection.commit()
    connection.close()
    database = Database.open(path)
    result = database.query("SELECT word, raw FROM t")
    assert result.rows == (("a\ufffdb", b"\x00\xff"),)
    assert result.tables_read == {"t"}


def test_a_missing_file_and_a_file_that_is_no_database_are_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no database at"):
        Database.open(tmp_path / "none.sqlite")
    (tmp_path / "text.sqlite").write_text("hello, this is not a database file at all" * 50)
    with pytest.raises(ValueError, match="cannot be read as a SQLite database"):
        Database.open(tmp_path / "text.sqlite")


@pytest.mark.parametrize("trust", list(Trust))
def test_threads_may_share_a_database(shop_db: Path, trust: Trust) -> None:
    database, wrong = Database.open(shop_db, trust=trust), []

    def ask(table: str, count: int) -> None:
        for _ in range(150):
            result = database.query(f"SELECT count(*) FROM {table}")
            if result.rows != ((count,),) or result.tables_read != {table}:
                wrong.append(result)

    threads = [threading.Thread(target=ask, args=case) for case in (("pets", 7), ("sales", 9), ("owners", 6))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    assert wrong == []
