"""Question sets: reading and writing them, and one canonical spelling of their SQL.

A set is a JSON list of rows {id, db_id, question, query, tables, constructs, answerable}. Spider's rows (db_id, question, query) load
as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.generators.sqlite import SQLiteGenerator

from envs.gold_sql import name as sql_name
from envs.records import Question
from envs.schema import Schema
from envs.sql_scan import LENGTH_MAX, likely_parses


def load_questions(path: Path) -> list[Question]:
    """Read a question set.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a row is not a question; the message names its number, counted from 0.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no questions at {path}: wanted a JSON list of rows with db_id, question and query")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(rows, list):
        raise ValueError(f"{path} holds a {type(rows).__name__}: wanted a list of rows with db_id, question and query")
    questions = [_question(row, number, path) for number, row in enumerate(rows)]
    seen: dict[str, int] = {}
    for number, question in enumerate(questions):
        if question.id in seen:
            raise ValueError(f"{path} rows {seen[question.id]} and {number} share the id {question.id!r}: make ids unique")
        seen[question.id] = number
    return questions


def save_questions(path: Path, questions: Iterable[Question]) -> None:
    """Write a question set that load_questions reads back equal."""
    rows = [
        {
            "id": q.id,
            "db_id": q.db_id,
            "question": q.text,
            "query": q.gold_sql,
            "tables": list(q.tables),
            "constructs": list(q.constructs),
            "answerable": q.answerable,
        }
        for q in questions
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def tables_read(sql: str) -> tuple[str, ...]:
    """The tables a query names, as it spells them, in order; names its WITH makes are no tables.

    Raises:
        ValueError: sqlglot cannot read the query.
    """
    tree = parse_sql(sql)
    made = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    found = sorted(tree.find_all(exp.Table), key=lambda t: t.this.meta.get("start", 0))
    names = {t.name.lower(): t.name for t in reversed(found) if t.name.lower() not in made}
    return tuple(names[key] for key in dict.fromkeys(t.name.lower() for t in found) if key in names)


def canonical_sql(sql: str, schema: Schema) -> str:
    """The query in canonical spelling: one line, keywords in capitals, names as in the schema, text in single quotes.

    Aliases and structure stay. A double-quoted word that is no column or table becomes text, as SQLite would read it.

    Raises:
        ValueError: sqlglot cannot read the query.
    """
    tree = parse_sql(sql)
    tables = {t.name.lower(): t.name for t in schema.tables}
    columns = {c.lower(): c for t in schema.tables for c in t.column_names}
    own = {t.name.lower(): {c.lower(): c for c in t.column_names} for t in schema.tables}
    aliases = {a.alias.lower(): a.alias for a in tree.find_all(exp.Alias, exp.TableAlias, exp.CTE) if a.alias}
    sources = {t.alias_or_name.lower(): t.name.lower() for t in tree.find_all(exp.Table)}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            _respell(table.this, tables | aliases)
    for column in list(tree.find_all(exp.Column)):
        identifier, qualifier = column.this, column.args.get("table")
        if not isinstance(identifier, exp.Identifier):
            continue
        if identifier.quoted and not qualifier and identifier.name.lower() not in columns | aliases:
            column.replace(exp.Literal.string(identifier.name))
            continue
        if isinstance(qualifier, exp.Identifier):
            _respell(qualifier, tables | aliases)
        source = sources.get(qualifier.name.lower()) if qualifier else None
        single = set(sources.values()) if not qualifier else set()
        home = own.get(source or (next(iter(single)) if len(single) == 1 else ""), {})
        _respell(identifier, columns | aliases | home)
    return str(_Generator(dialect="sqlite", normalize_functions="upper", comments=False).generate(tree))


def parse_sql(sql: str) -> exp.Expr:
    """The syntax tree of a query.

    Raises:
        ValueError: sqlglot cannot read it, or would take minutes to.
    """
    if not likely_parses(sql):
        said = f"it has {len(sql)} characters" if len(sql) > LENGTH_MAX else "it has too many words, joins or nested parentheses"
        raise ValueError(f"cannot read the query {sql[:200]!r}: {said}, so it is not parsed: leave it out or make it simpler")
    try:
        tree = sqlglot.parse_one(sql.strip().rstrip(";"), dialect="sqlite")
    except (SqlglotError, RecursionError) as error:
        raise ValueError(f"cannot read the query {sql[:200]!r}: {str(error).splitlines()[0] if str(error) else error!r}") from error
    return tree


def _question(row: Any, number: int, path: Path) -> Question:
    if not isinstance(row, dict):
        raise ValueError(f"{path} row {number} is {type(row).__name__}: wanted an object with db_id, question and query")
    answerable = row.get("answerable", True)
    for key in ("db_id", "question", *(("query",) if answerable else ())):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise ValueError(f"{path} row {number} has no text under {key!r}: wanted db_id, question and query, each a text")
    if not isinstance(answerable, bool):
        raise ValueError(f"{path} row {number} has answerable {answerable!r}: wanted true or false")
    for key in ("tables", "constructs"):
        if not isinstance(row.get(key) or [], list):
            raise ValueError(f"{path} row {number} has {key} {row[key]!r}: wanted a list of names")
    sql = str(row["query"]) if answerable else ""
    tables = row.get("tables")
    if not tables and sql:
        try:
            tables = tables_read(sql)
        except ValueError as error:
            raise ValueError(f"{path} row {number}: {error}") from error
    return Question(
        id=str(row.get("id") or f"{row['db_id']}/{number:04d}"),
        db_id=row["db_id"],
        text=row["question"].strip(),
        gold_sql=sql,
        tables=tuple(map(str, tables or ())),
        constructs=tuple(map(str, row.get("constructs") or ())),
        answerable=answerable,
    )


def _respell(identifier: exp.Identifier, known: Mapping[str, str]) -> None:
    """Spell a name as the schema does, and quote it only when it must be."""
    spelled = known.get(identifier.name.lower(), identifier.name)
    identifier.set("this", spelled)
    identifier.set("quoted", sql_name(spelled) != spelled)


class _Generator(SQLiteGenerator):
    """Writes `x NOT IN (...)`, `x IS NOT NULL` and `!=` where sqlglot writes `NOT x IN (...)` and `<>`."""

    def neq_sql(self, expression: exp.NEQ) -> str:
        return str(self.binary(expression, "!="))

    def not_sql(self, expression: exp.Not) -> str:
        negated = expression.this
        for kind, word in ((exp.In, " IN "), (exp.Like, " LIKE "), (exp.Between, " BETWEEN "), (exp.Is, " IS ")):
            if isinstance(negated, kind):
                subject = self.sql(negated, "this")
                rest = self.sql(negated).removeprefix(subject)
                if rest.startswith(word):
                    return f"{subject} IS NOT {rest[len(word) :]}" if word == " IS " else f"{subject} NOT{rest}"
        return str(super().not_sql(expression))
