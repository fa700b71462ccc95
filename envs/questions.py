"""Question sets: reading and writing them, one canonical spelling of their SQL, and whether training has seen the held-out.

A set is a JSON list of rows {id, db_id, question, query, tables, constructs, answerable}. Spider's rows (db_id, question, query) load
as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.generators.sqlite import SQLiteGenerator

from envs.gold_sql import name as sql_name
from envs.records import Question
from envs.schema import Schema

NEAR = 0.9  # share of words two questions have in common to count as near the same


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
    tree = _parse(sql)
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
    tree = _parse(sql)
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


def skeleton(sql: str) -> str:
    """A query without its values and letter case: two questions that differ only in a value have the same."""
    try:
        tree = _parse(sql)
    except ValueError:
        return re.sub(r"'[^']*'|\b\d+(\.\d+)?\b", "?", " ".join(sql.lower().split()))
    for literal in list(tree.find_all(exp.Literal)):
        literal.replace(exp.Placeholder())
    return tree.sql(dialect="sqlite", normalize_functions="upper", comments=False).lower().replace('"', "")


def schema_fingerprint(schema: Schema) -> str:
    """Tables and columns as a short hash; a renamed copy of a database keeps its fingerprint."""
    tables = sorted(f"{t.name}({','.join(sorted(t.column_names))})".lower() for t in schema.tables)
    return hashlib.sha256("\n".join(tables).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Something held-out that training has seen."""

    kind: str  # "database", "schema", "question", "near question" or "query"
    held_out: str  # id of the held-out question, or the database's name
    train: str  # the same for training

    def __str__(self) -> str:
        return f"{self.kind}: held-out {self.held_out} and training {self.train}"


def check_contamination(
    train: Sequence[Question], held_out: Sequence[Question], schemas: Mapping[str, Schema] | None = None
) -> list[Overlap]:
    """What training and the held-out set share; empty when they are apart.

    Args:
        schemas: db_id -> schema; with them a copied database is found under another name, and so are queries over it.
    """
    prints = {db_id: schema_fingerprint(schema) for db_id, schema in (schemas or {}).items()}
    overlaps: list[Overlap] = []
    train_dbs, held_dbs = ({q.db_id for q in qs} for qs in (train, held_out))
    overlaps += [Overlap("database", db, db) for db in sorted(train_dbs & held_dbs)]
    overlaps += [
        Overlap("schema", held, seen)
        for held in sorted(held_dbs)
        for seen in sorted(train_dbs)
        if held != seen and held in prints and prints[held] == prints.get(seen)
    ]
    texts: dict[frozenset[str], Question] = {}
    exact: dict[str, Question] = {}
    by_word: dict[str, set[frozenset[str]]] = {}
    shapes: dict[tuple[str, str], Question] = {}
    for question in train:
        words = frozenset(_words(question.text))
        texts.setdefault(words, question)
        exact.setdefault(" ".join(_words(question.text)), question)
        for word in words:
            by_word.setdefault(word, set()).add(words)
        if question.gold_sql:
            shapes.setdefault((prints.get(question.db_id, question.db_id), skeleton(question.gold_sql)), question)
    for question in held_out:
        same = exact.get(" ".join(_words(question.text)))
        if same:
            overlaps.append(Overlap("question", question.id, same.id))
        elif near := _near(frozenset(_words(question.text)), by_word):
            overlaps.append(Overlap("near question", question.id, texts[near].id))
        twin = shapes.get((prints.get(question.db_id, question.db_id), skeleton(question.gold_sql))) if question.gold_sql else None
        if twin:
            overlaps.append(Overlap("query", question.id, twin.id))
    return overlaps


def _near(words: frozenset[str], by_word: Mapping[str, set[frozenset[str]]]) -> frozenset[str] | None:
    """The words of a training question that nearly equal these; rare words first, so that few questions are compared."""
    if not words:
        return None
    rare = sorted(words, key=lambda w: (len(by_word.get(w, ())), w))[: len(words) - int(NEAR * len(words)) + 1]
    candidates = {candidate for word in rare for candidate in by_word.get(word, ())}
    near = [c for c in candidates if len(c & words) >= NEAR * len(c | words)]
    return min(near, key=lambda c: sorted(c)) if near else None


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


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


def _parse(sql: str) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(sql.strip().rstrip(";"), dialect="sqlite")
    except (SqlglotError, RecursionError) as error:
        raise ValueError(f"cannot read the query {sql!r}: {str(error).splitlines()[0] if str(error) else error!r}") from error
    return tree


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
