"""Has training seen what is held out? Finds the same schema, the same or a near-same question, the same query over the same schema."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from envs.questions import parse_sql
from envs.records import Question
from envs.schema import Schema

NEAR = 0.9  # share of words two questions have in common to count as near the same


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


def refuse_contamination(
    train: Sequence[Question],
    validation: Sequence[Question],
    test: Sequence[Question],
    schemas: Mapping[str, Schema] | None = None,
) -> None:
    """Nothing of a held-out set may have been seen: neither validation in train, nor test in either.

    Raises:
        ValueError: says what overlaps.
    """
    overlaps = [*check_contamination(train, validation, schemas), *check_contamination([*train, *validation], test, schemas)]
    if overlaps:
        shown = "; ".join(str(overlap) for overlap in overlaps[:5])
        raise ValueError(f"{len(overlaps)} overlaps between question sets, so held-out scores would mean nothing: {shown}")


def schema_fingerprint(schema: Schema) -> str:
    """Tables and columns as a short hash; a renamed copy of a database keeps its fingerprint."""
    tables = sorted(f"{t.name}({','.join(sorted(t.column_names))})".lower() for t in schema.tables)
    return hashlib.sha256("\n".join(tables).encode()).hexdigest()[:16]


def skeleton(sql: str) -> str:
    """A query without its values and letter case: two questions that differ only in a value have the same."""
    try:
        tree = parse_sql(sql)
    except ValueError:
        return re.sub(r"'[^']*'|\b\d+(\.\d+)?\b", "?", " ".join(sql.lower().split()))
    for literal in list(tree.find_all(exp.Literal)):
        literal.replace(exp.Placeholder())
    return tree.sql(dialect="sqlite", normalize_functions="upper", comments=False).lower().replace('"', "")


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
