"""Has training seen what is held out? Finds the same or a nearly copied schema, the same or nearly the same question, the same query.

Questions are compared by their words, and only those that share one of their rarest: two that have nine words of ten in common do.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from envs.questions import parse_sql
from envs.records import Question
from envs.schema import Schema
from envs.vocabulary import singular

NEAR = 0.9  # share of words two questions have in common to count as near the same
COPIED = 1 / 3  # share of the smaller schema's columns, tables and all, that another has too: a near copy
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\d+(?:\.\d+)?|\w+|[<>!]=|\S""")
_KEYWORDS = {
    "SELECT", "DISTINCT", "FROM", "JOIN", "LEFT", "ON", "WHERE", "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "BETWEEN", "GROUP", "BY",
    "HAVING", "ORDER", "DESC", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "EXISTS", "AS", "CASE", "WHEN", "THEN", "ELSE", "END",
}  # fmt: skip
COPIED_MIN = 4  # columns; fewer in common are chance


@dataclass(frozen=True, slots=True)
class Overlap:
    """Something held-out that training has seen."""

    kind: str  # "database", "schema", "near schema", "question", "near question" or "query"
    held_out: str  # id of the held-out question, or the database's name
    train: str  # the same for training
    said: str = ""  # the two questions or queries

    def __str__(self) -> str:
        return f"{self.kind}: held-out {self.held_out} and training {self.train}{self.said and ': '}{self.said}"


class ContaminationError(ValueError):
    """Held-out scores would mean nothing, because training has seen what they are taken on."""

    def __init__(self, overlaps: Sequence[Overlap]) -> None:
        shown = "; ".join(str(overlap) for overlap in overlaps[:5])
        super().__init__(f"{len(overlaps)} overlaps between question sets, so held-out scores would mean nothing: {shown}")
        self.overlaps = tuple(overlaps)


def check_contamination(
    train: Sequence[Question], held_out: Sequence[Question], schemas: Mapping[str, Schema] | None = None
) -> list[Overlap]:
    """What training and the held-out set share; empty when they are apart.

    Args:
        schemas: db_id -> schema; with them a copied database is found under another name, and so are queries over it.
    """
    prints = {db_id: schema_fingerprint(schema) for db_id, schema in (schemas or {}).items()}
    return [
        *_shared_databases({q.db_id for q in train}, {q.db_id for q in held_out}, schemas or {}, prints),
        *_shared_questions(train, held_out),
        *_shared_queries(train, held_out, prints),
    ]


def refuse_contamination(
    train: Sequence[Question],
    validation: Sequence[Question],
    test: Sequence[Question],
    schemas: Mapping[str, Schema] | None = None,
) -> None:
    """Nothing of a held-out set may have been seen: neither validation in train, nor test in either.

    Raises:
        ContaminationError: says what overlaps.
    """
    overlaps = [*check_contamination(train, validation, schemas), *check_contamination([*train, *validation], test, schemas)]
    if overlaps:
        raise ContaminationError(overlaps)


def schema_fingerprint(schema: Schema) -> str:
    """Tables and columns as a short hash; a renamed copy of a database keeps its fingerprint."""
    tables = sorted(f"{t.name}({','.join(sorted(t.column_names))})".lower() for t in schema.tables)
    return hashlib.sha256("\n".join(tables).encode()).hexdigest()[:16]


def columns_of(schema: Schema) -> frozenset[tuple[str, str]]:
    """Every (table, column) without case, underscores and the table's plural: `albums.ArtistId` and `Album.artist_id` are the same."""
    return frozenset((singular(_letters(t.name)), _letters(c)) for t in schema.tables for c in t.column_names)


def is_near_copy(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> bool:
    """Whether two schemas, as columns_of gives them, have so many tables and columns in common that one helps with the other."""
    shared = len(one & other)
    return shared >= COPIED_MIN and shared >= COPIED * min(len(one), len(other))


def skeleton(sql: str) -> str:
    """A query without its values and letter case: two questions that differ only in a value have the same."""
    try:
        tree = parse_sql(sql)
    except ValueError:
        return re.sub(r"'[^']*'|\b\d+(\.\d+)?\b", "?", " ".join(sql.lower().split()))
    for literal in list(tree.find_all(exp.Literal)):
        literal.replace(exp.Placeholder())
    return tree.sql(dialect="sqlite", normalize_functions="upper", comments=False).lower().replace('"', "")


def masked_skeleton(sql: str) -> str:
    """A query of ours without its names and values, every one of them the same mark: only its build is left.

    Reads tokens, not a tree, so that 20,000 take a second; keywords are those of canonical queries (envs/gold_sql.py).
    """
    found: list[str] = []
    tokens = _TOKEN.findall(sql)
    for token, after in zip(tokens, [*tokens[1:], ""], strict=True):
        if token[0] == "'" or token[0].isdigit():
            found.append("?")
        elif token.upper() in _KEYWORDS or (after == "(" and token[0].isalpha()):
            found.append(token.upper())
        else:
            found.append("_" if token[0] == '"' or token[0] == "_" or token[0].isalpha() else token)
    return " ".join(found).replace("_ . _", "_")


def _shared_databases(train: set[str], held_out: set[str], schemas: Mapping[str, Schema], prints: Mapping[str, str]) -> Iterable[Overlap]:
    columns = {db_id: columns_of(schema) for db_id, schema in schemas.items() if db_id in train | held_out}
    for held in sorted(held_out):
        for seen in sorted(train):
            if held == seen:
                yield Overlap("database", held, seen)
            elif held in prints and seen in prints:
                if prints[held] == prints[seen]:
                    yield Overlap("schema", held, seen)
                elif is_near_copy(columns[held], columns[seen]):
                    yield Overlap("near schema", held, seen)


def _shared_questions(train: Sequence[Question], held_out: Sequence[Question]) -> Iterable[Overlap]:
    exact: dict[str, Question] = {}
    by_words: dict[frozenset[str], Question] = {}
    for question in train:
        exact.setdefault(_plain(question.text), question)
        by_words.setdefault(frozenset(_words(question.text)), question)
    usual = Counter(word for words in by_words for word in words)

    def rarest(words: frozenset[str]) -> list[str]:
        """So many that another question with NEAR of these words has one of them among its own rarest."""
        return sorted(words, key=lambda w: (usual[w], w))[: len(words) - _shared_min(len(words)) + 1]

    by_rare: dict[str, list[frozenset[str]]] = {}
    for words in by_words:
        for word in rarest(words):
            by_rare.setdefault(word, []).append(words)
    for question in held_out:
        if same := exact.get(_plain(question.text)):
            yield Overlap("question", question.id, same.id, repr(question.text))
            continue
        words = frozenset(_words(question.text))
        candidates = {candidate for word in rarest(words) for candidate in by_rare.get(word, ())}
        if near := [c for c in candidates if len(c & words) >= _shared_min(len(c | words))]:
            twin = by_words[min(near, key=sorted)]
            yield Overlap("near question", question.id, twin.id, f"{question.text!r} and {twin.text!r}")


def _shared_queries(train: Sequence[Question], held_out: Sequence[Question], prints: Mapping[str, str]) -> Iterable[Overlap]:
    def schema_of(question: Question) -> str:
        return prints.get(question.db_id, question.db_id)

    asked = {schema_of(q) for q in held_out}  # queries are read only over schemas that both have: reading one takes half a millisecond
    seen: dict[tuple[str, str], Question] = {}
    for question in train:
        if question.gold_sql and schema_of(question) in asked:
            seen.setdefault((schema_of(question), skeleton(question.gold_sql)), question)
    if seen:
        for question in held_out:
            twin = seen.get((schema_of(question), skeleton(question.gold_sql))) if question.gold_sql else None
            if twin:
                yield Overlap("query", question.id, twin.id, repr(question.gold_sql))


def _shared_min(words: int) -> int:
    """Words that must be common to two questions which have so many different ones together."""
    return math.ceil(NEAR * words - 1e-9)


def _plain(text: str) -> str:
    return " ".join(_words(text))


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
