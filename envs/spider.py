"""Reads a directory in Spider's layout and keeps the questions that are worth training on and scoring.

    DIR/ train_spider.json (else any *.json of rows db_id, question, query)  database/<db_id>/<db_id>.sqlite  tables.json (optional)

Golds get one canonical spelling when it returns the same rows; otherwise they stay as written. Every database gets the prefix
`spider_`, so that none is taken for a sample business of the same name and scores by database show where each comes from.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from envs.gold_rows import GRADE_ROWS_MAX, GRADE_TIMEOUT_S, run_gold_sql
from envs.health import mark
from envs.questions import canonical_sql, parse_sql, tables_read
from envs.records import Question
from envs.sandbox import Database, QueryError
from envs.schema import Schema
from envs.vocabulary import Wording, plural, singular

PREFIX = "spider_"
NEVER = frozenset({"dog_kennels", "student_assessment", "department_store", "retail_smb"})  # names of businesses that are scored on
_CONSTRUCTS: tuple[tuple[str, tuple[type[exp.Expr], ...]], ...] = (
    ("join", (exp.Join,)),
    ("group_by", (exp.Group,)),
    ("having", (exp.Having,)),
    ("order_by", (exp.Order,)),
    ("limit", (exp.Limit,)),
    ("distinct", (exp.Distinct,)),
    ("aggregate", (exp.AggFunc,)),
    ("set_operation", (exp.SetOperation,)),
    ("subquery", (exp.Subquery, exp.In)),
)


@dataclass(frozen=True)
class SpiderData:
    """What a directory holds; databases under their prefixed names."""

    questions: tuple[Question, ...]
    files: Mapping[str, Path]  # of the databases of these questions
    schemas: Mapping[str, Schema]
    wordings: Mapping[str, Wording]  # what tables.json calls their tables and columns
    never: Mapping[str, Schema]  # of databases that are there but must not be used, nor anything like them
    dropped: Mapping[str, int]  # rows left out, by reason
    as_written: frozenset[str]  # ids of questions whose gold has no canonical spelling


def read_spider(directory: Path, progress: Callable[[int, int], None]) -> SpiderData:
    """Read every row and run every gold.

    Args:
        progress: called with (databases done, databases in all), first with 0.

    Raises:
        ValueError: the directory is not in Spider's layout, or no question of it is usable.
    """
    by_database: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for number, row in enumerate(_rows(directory)):
        by_database.setdefault(row["db_id"], []).append((number, row))
    found = _Found(_wordings(directory))
    progress(0, len(by_database))
    for done, (db_id, rows) in enumerate(sorted(by_database.items()), 1):
        found.read(db_id, database_file(directory, db_id), rows)
        progress(done, len(by_database))
    if not found.questions:
        raise ValueError(f"{directory} has no usable question; left out, by reason: {dict(found.dropped)}")
    return SpiderData(
        tuple(found.questions), found.files, found.schemas, found.wordings, found.never, dict(found.dropped), frozenset(found.as_written)
    )


def database_file(directory: Path, db_id: str) -> Path:
    return directory / "database" / db_id / f"{db_id}.sqlite"


def spider_fingerprint(directory: Path) -> str:
    """Of the bytes of all that is read: questions, tables.json, databases.

    Raises:
        ValueError: the directory is not in Spider's layout.
    """
    databases = sorted({database_file(directory, row["db_id"]) for row in _rows(directory)})
    total = hashlib.sha256()
    for path in [*sorted(directory.glob("*.json")), *databases]:
        if path.is_file():
            with path.open("rb") as file:
                total.update(f"{path.relative_to(directory)} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()[:16]


@dataclass
class _Found:
    """What has been read so far."""

    names_said: Mapping[str, Any]  # db_id -> its entry of tables.json
    questions: list[Question] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    wordings: dict[str, Wording] = field(default_factory=dict)
    never: dict[str, Schema] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    as_written: set[str] = field(default_factory=set)

    def read(self, db_id: str, path: Path, rows: list[tuple[int, Mapping[str, str]]]) -> None:
        """Take over the usable rows of one database."""
        try:
            database = Database.open(path)
        except (OSError, ValueError):
            self.dropped["no_database" if not path.is_file() else "unreadable_database"] += len(rows)
            return
        name = PREFIX + db_id
        try:
            if db_id.lower() in NEVER:
                self.never[name] = database.schema
                self.dropped["held_out_name"] += len(rows)
                return
            asked: set[str] = set()
            for number, row in rows:
                self._take(database, f"{name}/{number:04d}", name, row, asked)
        finally:
            database.close()
        if asked:
            self.files[name], self.schemas[name] = path, database.schema
            self.wordings[name] = _wording(self.names_said.get(db_id, {}), database.schema)

    def _take(self, database: Database, identity: str, name: str, row: Mapping[str, str], asked: set[str]) -> None:
        text = tidy(row["question"])
        if text.lower() in asked:
            self.dropped["repeated"] += 1
            return
        unfit = mark(database, Question(identity, name, text, row["query"]))
        if unfit:
            self.dropped[unfit.reason.value] += 1
            return
        sql, canonical = _spelled(database, row["query"])
        if not canonical:
            self.as_written.add(identity)
        tables = tables_read(sql) if canonical else tuple(sorted(run_gold_sql(database, sql).tables_read))
        asked.add(text.lower())
        self.questions.append(Question(identity, name, text, sql, tables, constructs_of(sql) if canonical else ()))


def tidy(text: str) -> str:
    """A question with single spaces and none before a full stop, comma or question mark."""
    return re.sub(r"\s+([?!,.;:])(?=\s|$)", r"\1", " ".join(text.split()))


def constructs_of(sql: str) -> tuple[str, ...]:
    """What a query is made of: "join", "group_by", "subquery", ...; "plain" when none of it.

    Raises:
        ValueError: sqlglot cannot read the query.
    """
    tree = parse_sql(sql)
    return tuple(name for name, kinds in _CONSTRUCTS if tree.find(*kinds)) or ("plain",)


def _spelled(database: Database, sql: str) -> tuple[str, bool]:
    """The gold in canonical spelling, or as written (False) where that cannot be had or would answer otherwise."""
    try:
        canonical = canonical_sql(sql, database.schema)
        same = database.query(canonical, GRADE_ROWS_MAX, timeout_s=GRADE_TIMEOUT_S).rows == run_gold_sql(database, sql).rows
    except (ValueError, QueryError):
        return sql, False
    return (canonical, True) if same else (sql, False)


def _rows(directory: Path) -> list[Mapping[str, str]]:
    wanted = "wanted train_spider.json (or another .json) with rows of db_id, question and query, and database/<db_id>/<db_id>.sqlite"
    if not directory.is_dir():
        raise ValueError(f"no directory {directory}: {wanted} in it")
    main = directory / "train_spider.json"
    files = [main] if main.is_file() else [path for path in sorted(directory.glob("*.json")) if path.name != "tables.json"]
    rows: list[Mapping[str, str]] = []
    for path in files:
        try:
            held = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is not JSON: {error}") from error
        if isinstance(held, list) and (path == main or (held and _is_row(held[0]))):
            bad = next((number for number, row in enumerate(held) if not _is_row(row)), None)
            if bad is not None:
                raise ValueError(f"{path} row {bad} is no question: wanted db_id, question and query, each a text")
            rows += held
    if not rows:
        raise ValueError(f"{directory} holds no questions: {wanted}")
    if not any(database_file(directory, db_id).is_file() for db_id in {row["db_id"] for row in rows}):
        raise ValueError(f"{directory} holds none of the databases its questions are about: {wanted}")
    return rows


def _is_row(row: Any) -> bool:
    texts = isinstance(row, dict) and all(isinstance(row.get(key), str) and row[key].strip() for key in ("db_id", "question", "query"))
    return texts and re.fullmatch(r"[^/\\]+", row["db_id"]) is not None and row["db_id"] not in (".", "..")


def _wordings(directory: Path) -> Mapping[str, Any]:
    """The entries of tables.json by db_id; what cannot be read is done without."""
    try:
        entries = json.loads((directory / "tables.json").read_text("utf-8"))
        return {str(entry["db_id"]): entry for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _wording(entry: Mapping[str, Any], schema: Schema) -> Wording:
    """What tables.json calls tables and columns where that says more than their names do."""
    said: dict[str, tuple[str, ...]] = {}
    try:
        names = dict(zip(entry["table_names_original"], entry["table_names"], strict=True))
        originals = [(entry["table_names_original"][at] if at >= 0 else "", name) for at, name in entry["column_names_original"]]
        for original, words in names.items():
            if table := schema.find(original):
                one = singular(str(words).lower())
                said[table.name] = (one, plural(one))
        for (of, original), (_, words) in zip(originals, entry["column_names"], strict=True):
            table = schema.find(of)
            column = next((c for c in table.column_names if c.lower() == original.lower()), None) if table else None
            if table and column and words:
                said[f"{table.name}.{column}"] = (str(words).lower(),)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return {}
    return said
