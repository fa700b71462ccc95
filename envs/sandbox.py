"""Runs one SELECT on one SQLite file, within bounds, and cannot change anything; refusals teach the writer.

Two levels behind one interface. Trusted, for databases we built or took from a data set: the guards of envs/guard.py inside this
process. Untrusted, for a stranger's file: the same guards in a jailed child process (envs/jail.py), which is killed when it overstays.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Hashable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from envs.database_file import database_uri
from envs.guard import LOOK_TIMEOUT_S, Cell, Guard, Limits, RefusedError
from envs.jail import Jail
from envs.schema import Schema, read_schema
from envs.sql_scan import LENGTH_MAX, SHORT, backquoted, unfolds_too_far
from envs.teaching import function_hint, names_hint, tables_hint

__all__ = ["Database", "Limits", "QueryError", "QueryResult", "Trust"]

T = TypeVar("T")

_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*(\w*)", re.DOTALL)
_LIMITS = Limits()


class Trust(StrEnum):
    """Where a file comes from."""

    TRUSTED = "trusted"  # we built it, or it is a data set's
    UNTRUSTED = "untrusted"  # anybody's


class QueryError(ValueError):
    """A query that was refused or failed; the message is an observation for the policy.

    `code` is one of not_select, refused, no_column, no_table, function, syntax, timeout, too_big, other. `transient` says that the
    query may go well at another time: what failed is time, memory or the process, not its text.
    """

    def __init__(self, code: str, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.code, self.transient = code, transient


class QueryResult(NamedTuple):
    """The rows of one query; a named tuple, because one is made at every step."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool  # more rows, cells or bytes than the limits allow; the rows are the first ones
    tables_read: frozenset[str]  # names as in the schema; empty for `SELECT 42`
    seconds: float


class Database:
    """One open database, at either level; threads may share it."""

    def __init__(self, path: Path, limits: Limits, trust: Trust, uri: str) -> None:
        self.path, self.name, self.limits, self.trust = path, path.stem, limits, trust
        self._lock = threading.Lock()
        self._memory: dict[Hashable, Any] = {}
        self._level: Guard | Jail = Jail(uri, limits) if trust is Trust.UNTRUSTED else Guard(uri, limits)
        try:
            self.schema: Schema = read_schema(self.look)
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, path: Path, limits: Limits = _LIMITS, trust: Trust = Trust.TRUSTED, *, private: bool = False) -> Database:
        """Open a file for reading; no file is made beside it.

        Args:
            trust: UNTRUSTED for a file from anybody else.
            private: a copy that nobody else writes, so that SQLite need not look out for other programs.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is not a SQLite database, or another program holds its newest rows.
        """
        path = Path(path)
        uri = database_uri(path, private=private, ours=trust is Trust.TRUSTED)
        try:
            return cls(path, limits, trust, uri)
        except RefusedError as error:
            said = {"timeout": "it took too long", "memory": "it needs too much memory", "broken": "reading it broke off"}
            raise ValueError(f"{path} cannot be read as a SQLite database: {said.get(error.kind, error.said)[:300]}") from error
        except (QueryError, sqlite3.Error) as error:
            raise ValueError(f"{path} cannot be read as a SQLite database: {error}") from error

    @property
    def child_pid(self) -> int | None:
        """The jailed process that holds a stranger's file, while there is one."""
        return self._level.pid if isinstance(self._level, Jail) else None

    def query(
        self,
        sql: str,
        rows_max: int | None = None,
        *,
        timeout_s: float | None = None,
        double_quoted_text: bool = False,
    ) -> QueryResult:
        """Run one SELECT.

        Args:
            sql: one statement; `"name"` is always an identifier (SQLite itself would read a misspelt one as text).
            rows_max: rows kept at most, by default limits.rows_max.
            timeout_s: by default limits.timeout_s.
            double_quoted_text: leave `"..."` to SQLite, for the gold queries of datasets that write text so.

        Raises:
            QueryError: refused, failed or too slow; the message says what to do.
        """
        timeout_s = self.limits.timeout_s if timeout_s is None else timeout_s
        text = sql
        if not (sql[:7] == "SELECT " and len(sql) < SHORT and '"' not in sql):  # in such a one nothing needs checking
            text = _checked(sql, double_quoted_text)
        with self._lock:
            started = time.perf_counter()
            try:
                columns, rows, truncated, reads = self._level.run(text, self.limits.rows_max if rows_max is None else rows_max, timeout_s)
            except RefusedError as error:
                raise self._teach(error, sql, timeout_s) from None
            return QueryResult(columns, tuple(rows), truncated, reads, time.perf_counter() - started)

    def look(self, sql: str, rows_max: int = 10_000) -> list[tuple[Cell, ...]]:
        """The rows of SQL of our own making, PRAGMAs included, for the schema, DESCRIBE and SAMPLE; never a policy's text.

        Raises:
            QueryError: it failed or took too long.
        """
        with self._lock:
            try:
                return self._level.look(sql, rows_max, LOOK_TIMEOUT_S)[1]
            except RefusedError as error:
                raise self._teach(error, sql, LOOK_TIMEOUT_S) from None

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key before, or make() kept for as long as the database is open."""
        if key not in self._memory:
            self._memory[key] = make()
        return self._memory[key]  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Close a stranger's file from another thread, at once: a query that is running there fails, as do those after it."""
        if isinstance(self._level, Jail):
            self._level.stop()
        with self._lock:
            self._level.close()

    def close(self) -> None:
        self._level.close()

    def _teach(self, error: RefusedError, sql: str, timeout_s: float) -> QueryError:
        """The database's own words and what to write instead."""
        kind, said = error.kind, error.said
        names = self.schema.names if hasattr(self, "schema") else ()
        if kind == "function":
            return QueryError("function", f"function {said[:60]} is not available")
        if kind == "table":
            return QueryError("no_table", f"no such table: {said[:60]}; tables: {tables_hint(said, names)}")
        if kind == "statement":
            return QueryError("refused", "only a SELECT on this database's tables is run")
        if kind == "timeout":
            return QueryError("timeout", f"stopped after {timeout_s:g} s: filter or aggregate before joining", transient=True)
        if kind == "memory":
            return QueryError("too_big", "the query needs too much memory: filter or aggregate before joining", transient=True)
        if kind == "broken":
            return QueryError("other", "the query broke the database's process off: write it another way", transient=True)
        if said.startswith("no such table: "):
            name = said.removeprefix("no such table: ")
            return QueryError("no_table", f"no such table: {name[:60]}; tables: {tables_hint(name, names)}")
        if said.startswith(("no such column: ", "ambiguous column name: ")):
            return QueryError("no_column", names_hint(said, sql, self.schema))
        if said.startswith("You can only execute one statement"):
            return QueryError("not_select", "only one statement is run: write a single SELECT")
        if "too big" in said or "too large" in said or "out of memory" in said:
            return QueryError("too_big", f"{said}: ask for less")
        if said.startswith("no such function"):
            return QueryError("function", function_hint(said))
        return QueryError("syntax" if "syntax error" in said or "incomplete input" in said else "other", said[:200])


def _checked(sql: str, double_quoted_text: bool) -> str:
    """The text that SQLite is given: of bearable size, beginning as a SELECT does, double-quoted names in backquotes."""
    if len(sql) > LENGTH_MAX:
        raise QueryError("too_big", f"the query has {len(sql)} characters, at most {LENGTH_MAX} are run: ask for less")
    if sql[:7] != "SELECT ":
        word = _FIRST_WORD.match(sql).group(1)  # type: ignore[union-attr] # the pattern matches ""
        if word.upper() not in ("SELECT", "WITH", "VALUES"):
            raise QueryError("not_select", f"only a SELECT is run, not {word[:20].upper() or 'an empty query'}")
    text = backquoted(sql) if '"' in sql and not double_quoted_text else sql
    if unfolds_too_far(text):
        raise QueryError("too_big", "the query unfolds into too many parts: use each WITH query and inner column less often")
    return text
