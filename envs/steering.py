"""Says while a turn is being written whether it can still become a sensible action: one of the four verbs, on names that exist.

A small model knows what it wants to ask and misspells it. A sampler asks here about each token it is about to write and takes the likeliest
one that leads somewhere. Text is read as bytes, since a token may end inside a character, and case is SQLite's: of no account in ASCII.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from envs.records import Step, Verb
from envs.steering_scope import beginning_with
from envs.steering_sql import Query, SqlSteering
from envs.steering_words import prefixes

if TYPE_CHECKING:
    from envs.schema import Schema, TableInfo

_QUERY = "QUERY "
_TABLE_VERBS = ("DESCRIBE ", "SAMPLE ")
_ANSWER = "ANSWER "


@dataclass(frozen=True, slots=True)
class Names:
    """The names a database has: each table with its columns, spelled as in the schema, and which columns point to which."""

    tables: tuple[tuple[str, tuple[str, ...]], ...]
    links: tuple[tuple[str, str, str, str], ...] = ()  # foreign keys: table, column, the table they point to, its column
    unmeasured: tuple[tuple[str, str], ...] = ()  # columns of text, dates and keys, as (table, column): their mean says nothing
    described: tuple[str, ...] = ()  # tables looked at in this episode; once there are any, a QUERY reads only those and the sampled ones
    sampled: tuple[str, ...] = ()

    @classmethod
    def of(cls, schema: Schema) -> Names:
        return cls(
            tuple((table.name, table.column_names) for table in schema.tables),
            tuple((table.name, key.column, key.table, key.target) for table in schema.tables for key in table.foreign_keys),
            tuple((table.name, name) for table in schema.tables for name in _unmeasured(table)),
        )

    def after(self, steps: Iterable[Step]) -> Names:
        """The names for the next turn of an episode: what has been looked at is not looked at again, and is what a QUERY may read."""
        seen = [(step.action.verb, step.action.argument.lower()) for step in steps if step.ok]
        described, sampled = (
            tuple(table for table, _ in self.tables if (verb, table.lower()) in seen) for verb in (Verb.DESCRIBE, Verb.SAMPLE)
        )
        return replace(self, described=described, sampled=sampled)

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> Names:
        """From what `plain` made, once it has been through JSON or msgpack."""
        tables, links, unmeasured, described, sampled = plain
        return cls(
            tuple((table, tuple(columns)) for table, columns in tables),
            tuple((a, b, c, d) for a, b, c, d in links),
            tuple((a, b) for a, b in unmeasured),
            tuple(described),
            tuple(sampled),
        )

    def plain(self) -> list[Any]:
        """As lists of text."""
        return [
            [[table, list(columns)] for table, columns in self.tables],
            *(list(map(list, part)) for part in (self.links, self.unmeasured)),
            list(self.described),
            list(self.sampled),
        ]


def _unmeasured(table: TableInfo) -> Iterator[str]:
    keys = {key.column for key in table.foreign_keys}
    for column in table.columns:
        if column.primary_key or column.name in keys or column.type in ("text", "date", "datetime", "time"):
            yield column.name


class Turn(NamedTuple):
    """How far a turn has come: what has been written of it, or, in a QUERY, where in its SQL it stands."""

    text: str = ""
    query: Query | None = None


class Steering:
    """Follows turns about one database. Nothing changes in it, so one serves any number of turns at once.

    The SQL it lets through is a SELECT over tables and sub-queries in FROM, with joins that say ON or USING, sub-queries, CASE, CAST, set
    operations and SQLite's functions. WITH, window functions, VALUES and comments are not in it. A qualifier must name a table that FROM
    names, or an alias; an unqualified column must be in exactly one of the tables there. JOIN follows foreign keys: where they tie a table
    to those in FROM, it is joined to one that it has a key with, ON that key.
    """

    start = Turn()

    def __init__(self, names: Names) -> None:
        known = {*names.described, *names.sampled} or {table for table, _ in names.tables}
        tables = {_bytes(table): tuple(map(_bytes, columns)) for table, columns in names.tables if table in known}
        links = [tuple(map(_bytes, link)) for link in names.links if {link[0], link[2]} <= known]
        self._sql = SqlSteering(tables, links, [tuple(map(_bytes, column)) for column in names.unmeasured])
        self._tables = {
            verb: sorted(_bytes(table).lower() for table, _ in names.tables if table not in seen)
            for verb, seen in zip(_TABLE_VERBS, (names.described, names.sampled), strict=True)
        }
        self._beginnings = prefixes((_QUERY, _ANSWER, *(verb for verb, left in self._tables.items() if left)))

    def allows(self, text: str) -> bool:
        """Whether a turn that begins so can still become a sensible action."""
        return self.follow(self.start, text.encode()) is not None

    def complete(self, text: str) -> bool:
        """Whether a turn may end here."""
        turn = self.follow(self.start, text.encode())
        return turn is not None and self.may_end(turn)

    def follow(self, turn: Turn, piece: bytes) -> Turn | None:
        """The turn with a piece added; None when it then leads nowhere."""
        said = piece.decode("latin-1")  # a byte, a character
        if turn.query is not None:
            query = self._sql.follow(turn.query, said)
            return None if query is None else Turn("", query)
        text = turn.text + said
        if text in self._beginnings:
            return Turn(text)
        if text.startswith(_QUERY):
            query = self._sql.follow(self._sql.start, text[len(_QUERY) :])
            return None if query is None else Turn("", query)
        for verb in _TABLE_VERBS:
            if text.startswith(verb):
                return Turn(text) if any(True for _ in beginning_with(self._tables[verb], text[len(verb) :].lower())) else None
        argument = text[len(_ANSWER) :]
        good = text.startswith(_ANSWER) and argument[:1] not in (" ", "\t") and all(c >= " " for c in argument)
        return Turn(text) if good else None

    def may_end(self, turn: Turn) -> bool:
        """Whether nothing is missing any more."""
        if turn.query is not None:
            return self._sql.may_end(turn.query)
        verb, _, argument = turn.text.partition(" ")
        argument = argument.rstrip(" ")
        return bool(argument) and (verb + " " == _ANSWER or argument.lower() in self._tables.get(verb + " ", ()))


@lru_cache(maxsize=1024)
def steering_for(names: Names) -> Steering:
    """The Steering of these names, kept for the next turn that has seen as much of the same database."""
    return Steering(names)


def _bytes(name: str) -> str:
    """A name as its bytes are read: a character for each."""
    return name.encode().decode("latin-1")
