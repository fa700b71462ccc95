"""Gives a training database other names: the same rows and keys, its tables and columns called in another style.

A small model that sees twenty schemas learns their names by heart and writes them over any new one. Under many names for the same
business the only thing that works is to copy what the database shows, which is what carries over to a schema never seen.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from envs.gold_sql import name as sql_name
from envs.schema import quoted, read_schema
from envs.vocabulary import Wording, plural, singular, split_name

Style = Callable[[Sequence[str]], str]

_SMALL_WORDS = frozenset(
    (
        "a",
        "an",
        "the",
        "of",
        "in",
        "for",
        "was",
        "were",
        "is",
        "are",
        "it",
        "its",
        "on",
        "at",
        "to",
        "by",
        "with",
        "and",
        "or",
        "we",
        "our",
        "which",
        "that",
        "per",
    )
)
_RESERVED = frozenset(  # the words of SQL that people also use for columns and tables
    (
        "add",
        "all",
        "as",
        "by",
        "case",
        "check",
        "column",
        "default",
        "desc",
        "end",
        "for",
        "from",
        "group",
        "if",
        "in",
        "index",
        "is",
        "key",
        "left",
        "like",
        "limit",
        "match",
        "no",
        "not",
        "of",
        "offset",
        "on",
        "or",
        "order",
        "over",
        "plan",
        "primary",
        "query",
        "references",
        "release",
        "right",
        "row",
        "rows",
        "select",
        "set",
        "table",
        "temp",
        "then",
        "to",
        "transaction",
        "union",
        "unique",
        "update",
        "using",
        "values",
        "view",
        "when",
        "where",
        "with",
    )
)
_STYLES: tuple[Style, ...] = (
    "_".join,
    "_".join,
    lambda words: "".join(word.capitalize() for word in words),
    lambda words: words[0] + "".join(word.capitalize() for word in words[1:]),
    lambda words: "_".join(words).upper(),
    lambda words: "_".join(word.capitalize() for word in words),
    "".join,
)
_TABLE_PREFIXES = (*("",) * 8, "tbl_", "t_", "db_", "app_")


def restyle(path: Path, wording: Wording, rng: random.Random, renamed: frozenset[str] = frozenset()) -> Wording:
    """Rename every table and column of a database file in place; foreign keys follow.

    Args:
        renamed: columns ("Table.column") whose old names no longer tell what they mean.

    Returns:
        The wording under the new names.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        schema = read_schema(lambda sql, rows_max: connection.execute(sql).fetchmany(rows_max))
        style, many = rng.choice(_STYLES), rng.random() < 0.5
        prefix = rng.choice(_TABLE_PREFIXES)
        short, prefixed = rng.random() < 0.2, rng.random() < 0.15
        taken: set[str] = set()
        tables: dict[str, str] = {}
        columns: dict[str, dict[str, str]] = {}
        shared: dict[str, str] = {}  # key columns keep one name wherever they stand, as people do it
        for table in schema.tables:
            words = _words(rng.choice(list(wording.get(table.name, ())[:2]) or [" ".join(split_name(table.name))]))
            words = [*words[:-1], (plural if many else singular)(words[-1])]
            tables[table.name] = _free(prefix + style(_shorten(words, short)), taken)
            linked = {key.column for key in table.foreign_keys}
            own: set[str] = set()
            columns[table.name] = {}
            for column in table.columns:
                is_key = column.primary_key or column.name in linked
                said = () if is_key else wording.get(f"{table.name}.{column.name}", ())
                own_name = () if f"{table.name}.{column.name}" in renamed else (" ".join(split_name(column.name)),)
                phrase = rng.choice([*said, *own_name])
                words = _shorten(_words(phrase), short)
                if prefixed and not is_key:
                    words = [_consonants(words_of := singular(split_name(table.name)[-1]))[:4] or words_of, *words]
                name = shared.setdefault(column.name, style(words)) if is_key else style(words)
                columns[table.name][column.name] = _free(name, own)
        _rename(connection, tables, columns)
    finally:
        connection.close()
    under_new: dict[str, Sequence[str]] = {}
    for key, phrases in wording.items():
        of, _, part = key.partition(".")
        under_new[f"{tables[of]}.{columns[of][part]}" if part else tables[of]] = phrases
    return under_new


def _rename(connection: sqlite3.Connection, tables: Mapping[str, str], columns: Mapping[str, Mapping[str, str]]) -> None:
    """In two rounds, through names nobody has: a new name may be another column's old one. One transaction: a commit for each of a
    hundred renamings would wait for the disk a hundred times."""
    connection.execute("PRAGMA synchronous = OFF")  # a file that a power cut spoils is made again
    connection.execute("BEGIN")
    for table, names in columns.items():
        for place, old in enumerate(names):
            connection.execute(f"ALTER TABLE {quoted(table)} RENAME COLUMN {quoted(old)} TO {quoted(f'zz{place}')}")
        for place, new in enumerate(names.values()):
            connection.execute(f"ALTER TABLE {quoted(table)} RENAME COLUMN {quoted(f'zz{place}')} TO {quoted(new)}")
    for place, old in enumerate(tables):
        connection.execute(f"ALTER TABLE {quoted(old)} RENAME TO {quoted(f'zz{place}')}")
    for place, new in enumerate(tables.values()):
        connection.execute(f"ALTER TABLE {quoted(f'zz{place}')} RENAME TO {quoted(new)}")
    connection.execute("COMMIT")


def _words(phrase: str) -> list[str]:
    """At most three words that may stand in an identifier."""
    words = [word for word in re.findall(r"[a-z0-9]+", phrase.lower()) if word not in _SMALL_WORDS] or ["item"]
    return words[:3] if not words[0][0].isdigit() else ["n", *words[:2]]


def _shorten(words: Sequence[str], short: bool) -> list[str]:
    return [_consonants(word)[:5] or word if short and len(word) > 4 else word for word in words]


def _consonants(word: str) -> str:
    return word[0] + re.sub(r"[aeiou]", "", word[1:])


def _free(name: str, taken: set[str]) -> str:
    """The name, or one like it that is neither taken nor a word of SQL."""
    base = f"{name}_" if name.lower() in _RESERVED or sql_name(name) != name else name
    found, number = base, 2
    while found.lower() in taken:
        found, number = f"{base}{number}", number + 1
    taken.add(found.lower())
    return found
