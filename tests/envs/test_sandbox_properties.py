"""Whatever text the sandbox is given: a result or a QueryError, the file as it was, no file beside it, the next query right."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from envs.sandbox import Database, Limits, QueryError, Trust
from tests.conftest import make_shop

LIMITS = Limits(timeout_s=0.2, rows_max=50)
CALM_S = 30.0  # for what is right: machines are busy
CODES = {"not_select", "refused", "no_column", "no_table", "function", "syntax", "timeout", "too_big", "other"}
WORDS = (
    "SELECT", "WITH", "VALUES", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "UNION ALL", "JOIN", "AS", "IN", "(", ")", ",", ";",
    "*", "=", "||", "INSERT INTO pets VALUES (99, 'x', 'x', 1, 1)", "DELETE FROM pets", "UPDATE pets SET name = 'x'", "DROP TABLE pets",
    "REPLACE INTO", "CREATE TABLE t (x)", "CREATE TEMP TABLE t AS", "ATTACH 'beside.sqlite' AS b", "DETACH main",
    "VACUUM INTO 'beside.sqlite'", "VACUUM", "PRAGMA query_only = 0", "PRAGMA journal_mode = WAL", "PRAGMA writable_schema = 1",
    "BEGIN IMMEDIATE", "SAVEPOINT s", "REINDEX", "ANALYZE", "RETURNING *", "load_extension('x')", "writefile('beside', 'x')",
    "sqlite_schema", "pragma_database_list", "pets", "owners", "sales", "name", "species", "owner_id", "count(*)", "'text'", "\"name\"",
    "1", "-1", "NULL", "--", "/*", "*/", "\n",
)  # fmt: skip
soups = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
selects = st.lists(st.sampled_from(WORDS), max_size=10).map(lambda words: "SELECT * FROM pets WHERE 1 " + " ".join(words))
texts = st.one_of(soups, selects, st.text(max_size=60), st.text(max_size=60).map("SELECT {}".format))


@pytest.fixture(scope="module", params=list(Trust))
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("properties") / "shop.sqlite"
    make_shop(path)
    with contextlib.chdir(tmp_path_factory.mktemp("cwd")):
        database = Database.open(path, LIMITS, request.param)
        yield database
        database.close()


def state(path: Path) -> tuple[str, int, list[str], list[str]]:
    """The file's contents and time, and the files beside it and in the working directory, which is the test's own."""
    return (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns, sorted(os.listdir(path.parent)), sorted(os.listdir()))  # noqa: PTH208


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("WITH x AS (SELECT 1) DELETE FROM sales")
@example("SELECT 1; DELETE FROM sales")
@example("SELECT \ud800")
@given(texts)
def test_no_text_changes_anything_or_hurts_the_next_query(database: Database, text: str) -> None:
    before = state(database.path)
    try:
        result = database.query(text)
        assert len(result.rows) <= LIMITS.rows_max
        assert result.tables_read <= set(database.schema.names)
    except QueryError as error:
        assert error.code in CODES
        assert 0 < len(str(error)) < 1_000
    assert state(database.path) == before
    assert database.query("SELECT count(*), min(name) FROM pets", timeout_s=CALM_S).rows == ((7, "Fido"),)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
)
def test_values_come_back_as_they_are(database: Database, whole: int, real: float, text: str) -> None:
    number = "9e999" if real == float("inf") else "-9e999" if real == float("-inf") else f"{real!r}"
    sql = f"SELECT {whole}, {number}, '" + text.replace("'", "''") + "'"
    if whole == -(2**63):
        sql = sql.replace(str(whole), f"({whole + 1} - 1)", 1)  # the literal itself would be read as a real
    (row,) = database.query(sql, timeout_s=CALM_S).rows
    assert (row[0], row[2]) == (whole, text)
    assert row[1] == real or math.isclose(row[1], real, rel_tol=1e-14)  # SQLite may read the last digit otherwise


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 80), st.integers(0, 60))
def test_never_more_rows_than_asked_for_and_truncation_is_told(database: Database, there: int, rows_max: int) -> None:
    sql = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {there}) SELECT i FROM n WHERE i <= {there}"
    result = database.query(sql, rows_max, timeout_s=CALM_S)
    assert [row[0] for row in result.rows] == list(range(1, min(there, rows_max) + 1))
    assert result.truncated is (there > rows_max)
