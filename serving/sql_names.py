"""What the tables and columns of one query are called in English, and which row is what in its joins.

With a schema, columns are found in their tables and keys are known; without one, names alone must do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from sqlglot import exp

from envs.plain_text import plain
from envs.schema import Schema, TableInfo
from envs.sql_reading import column_of
from envs.vocabulary import Noun, Wording, column_phrases, singular, split_name, table_nouns

T = TypeVar("T")
NAME_CHARS = 60
_DONE = re.compile(r"\w+ed|born|sold|paid|bought|left|taken|sent|due|made|built|rcvd|begun|done|given|lent|hired")
_WHEN = re.compile(r"(\w+) (on)|(\w+ed) (at)")
_ROW = Noun("row", "rows")
_NAMING = {
    "name",
    "title",
    "full",
    "first",
    "last",
    "given",
    "family",
    "display",
    "nick",
    "company",
    "business",
    "trading",
    "common",
    "short",
    "long",
}
_TIME_WORDS = {"date", "day", "time", "on", "at", "when", "since", "until", "birth", "datetime", "timestamp", "start", "starts",
               "end", "ends",               "started", "ended", "opened", "closed", "joined", "left", "arrival", "departure"}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """What FROM or JOIN names: a table, a WITH query or a query in brackets."""

    alias: str  # as its columns are qualified, lower-case
    table: str  # "" for a query in brackets
    noun: Noun
    known: bool  # a table of the database, as far as one can tell
    optional: bool  # joined by LEFT JOIN


class _Same:
    """A key that is equal for one and the same part of a tree, which it keeps from being forgotten."""

    def __init__(self, what: str, select: exp.Select) -> None:
        self._what, self._select = what, select

    def __hash__(self) -> int:
        return hash((self._what, id(self._select)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._what == other._what and self._select is other._select


@dataclass(frozen=True)
class Names:
    """The words for one database."""

    schema: Schema | None = None
    wording: Wording | None = None
    _known: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)  # what was found out before

    def noun(self, table: str) -> Noun:
        """ "order", "orders" for a table; the owner's words come first."""
        return self._once(("noun", table), lambda: self._noun(table))

    def _noun(self, table: str) -> Noun:
        info = self.table(table)
        name = info.name if info else table
        words = table_nouns(name, self.wording or {})[0]
        if self._prefix and name not in (self.wording or {}):  # app_sales beside app_plants
            start = f"{self._prefix} "
            words = Noun(words.singular.removeprefix(start), words.plural.removeprefix(start))
        return Noun(plain(words.singular, NAME_CHARS) or "row", plain(words.plural, NAME_CHARS) or "rows")

    @cached_property
    def _prefix(self) -> str:
        """The word that every table's name begins with, and goes on after; "" when there is none."""
        words = [split_name(name) for name in self.schema.names] if self.schema else []
        alike = len(words) > 1 and len({first for first, *_ in words}) == 1 and all(len(w) > 1 for w in words)
        return words[0][0] if alike else ""

    def table(self, name: str) -> TableInfo | None:
        return self.schema.find(name) if self.schema and name else None

    def sources(self, select: exp.Select) -> list[Source]:
        """What a SELECT reads, in its order."""
        return self._once(_Same("sources", select), lambda: [self._source(node, optional) for node, optional in _from(select)])

    def source_of(self, column: exp.Column) -> Source | None:
        """What a column comes from, as far as it can be told."""
        select = column.find_ancestor(exp.Select)
        outer = True
        while select is not None:
            sources = self.sources(select)
            if column.table:
                found = next((s for s in sources if s.alias == column.table.lower()), None)
                if found:
                    return found
            elif outer and len(sources) == 1:
                return sources[0]
            outer = False
            select = select.find_ancestor(exp.Select)
        if self.schema and not column.table and (known := column_of(column, self.schema)):
            return Source(known[0].name.lower(), known[0].name, self.noun(known[0].name), True, False)
        return None

    def projection(self, column: exp.Column) -> exp.Expr | None:
        """What a WITH query or one in brackets shows under a column's name; None for a column of a table."""
        select = column.find_ancestor(exp.Select)
        for node, _ in _from(select) if select is not None else ():
            if column.table and node.alias_or_name.lower() != column.table.lower():
                continue
            inner = _query_of(node)
            for shown in inner.expressions if isinstance(inner, exp.Select) else ():
                if shown.alias_or_name.lower() == column.name.lower() and not shown.is_star:
                    return shown  # type: ignore[no-any-return]
        return None

    def column(self, column: exp.Column) -> str:
        """ "city"; "customer city" where the query reads several tables."""
        source = self.source_of(column)
        table = source.table if source else ""
        phrase = self.phrase(table, column.name)
        select = column.find_ancestor(exp.Select)
        if source is None or select is None or source.noun is _ROW:
            return phrase
        around = self.sources(select)
        if len(around) < 2 and source in around:
            return phrase
        noun = source.noun.singular
        if source in around and noun == self.rows_of(select).singular and not any(s != source and s.noun == source.noun for s in around):
            return phrase  # of the rows themselves
        if sum(s.table.lower() == source.table.lower() for s in around) > 1:
            return f"{phrase} of {source.alias}"
        if set(noun.lower().split()) & set(phrase.lower().split()):
            return phrase
        return f"{noun} {phrase}"

    def phrase(self, table: str, column: str) -> str:
        """A column of a table without the table's noun: "city"."""
        return self._once(("phrase", table, column), lambda: self._phrase(table, column))

    def _phrase(self, table: str, column: str) -> str:
        info = self.table(table)
        if info:
            table = info.name
            column = next((c.name for c in info.columns if c.name.lower() == column.lower()), column)
        phrases = column_phrases(table or "row", column, self.wording or {})
        worded = [p for p in (self.wording or {}).get(f"{table}.{column}", ()) if "'s " not in p]
        said = (worded or list(phrases))[0]
        if found := _WHEN.fullmatch(said):  # "sold on" is no noun
            said = f"date {found[1]}" if found[1] else f"time {found[3]}"
        elif info and _DONE.fullmatch(said) and any(c.name == column and c.type.startswith("date") for c in info.columns):
            said = f"date {said}"
        return plain(said, NAME_CHARS) or "column"

    def is_key(self, column: exp.Column) -> bool:
        """Whether a column numbers the rows of its own table."""
        source = self.source_of(column)
        if source is None or not source.known:
            return False
        info = self.table(source.table)
        if info:
            return [c.name.lower() for c in info.columns if c.primary_key] == [column.name.lower()]
        words = split_name(column.name)
        own = [*split_name(source.table)[:-1], singular(split_name(source.table)[-1])]
        return words in (["ID"], [*own, "ID"])

    def is_label(self, column: exp.Column) -> bool:
        """Whether a column is what one calls a row: a name or title, of itself and not of another thing ("category name")."""
        source = self.source_of(column)
        words = split_name(column.name)
        phrase = self.phrase(source.table if source else "", column.name).split()
        if words[-1] not in ("name", "title") and phrase[-1] not in ("name", "title"):
            return False
        noun = set(source.noun.singular.lower().split()) if source else set()
        return not source or all(word.lower() in noun | _NAMING for word in phrase)

    def stands_for_row(self, column: exp.Column) -> bool:
        """Whether each different value is a row of the column's table: its key, or the name in a table that is joined to.

        The name of the rows themselves may come again: sales are called by what was sold.
        """
        source, select = self.source_of(column), column.find_ancestor(exp.Select)
        if source is None or not source.known or select is None:
            return False
        own = source.noun == self.rows_of(select)
        return self.is_key(column) or (self.is_label(column) and not own)

    def is_flag(self, column: exp.Column) -> bool:
        """Whether 1 and 0 mean yes and no."""
        words = split_name(column.name)
        if words[0] in ("is", "has", "was", "can"):
            return True
        source = self.source_of(column)
        info = self.table(source.table) if source else None
        return bool(info and any(c.name.lower() == column.name.lower() and c.type == "boolean" for c in info.columns))

    def is_time(self, column: exp.Column) -> bool:
        """Whether a column holds dates."""
        source = self.source_of(column)
        info = self.table(source.table) if source else None
        declared = next((c.type for c in info.columns if c.name.lower() == column.name.lower()), "") if info else ""
        if declared.startswith(("date", "time")):
            return True
        words = {*split_name(column.name), *self.phrase(source.table if source else "", column.name).lower().split()}
        return declared in ("", "text") and bool(words & _TIME_WORDS)

    def rows_of(self, select: exp.Select) -> Noun:
        """What each row of FROM and JOIN is: an order, where orders are joined with their customers; "row" where it cannot be told."""
        return self._once(_Same("rows", select), lambda: self._rows_of(select))

    def _rows_of(self, select: exp.Select) -> Noun:
        sources = [source for source in self.sources(select) if not (source.optional and self._unmatched(select, source))]
        if len(sources) == 1:
            return sources[0].noun
        parents: set[str] = set()
        for join in select.args.get("joins") or ():
            if join.side and join.side != "LEFT":
                return _ROW
            parents |= set(self._parents(join))
        parents &= {source.alias for source in sources}
        children = [s for s in sources if s.alias not in parents]
        return children[0].noun if len(children) == 1 and len(parents) == len(sources) - 1 else _ROW

    def _parents(self, join: exp.Join) -> Iterator[str]:
        """The side of each join of which one row belongs to many of the other: the one whose key is compared."""
        for equal in _equals(join):
            sides = [node for node in (equal.this, equal.expression) if isinstance(node, exp.Column)]
            if len(sides) != 2:
                continue
            keys = [node for node in sides if self._points_to(sides[0 if node is sides[1] else 1], node)]
            keys = keys or [node for node in sides if self.is_key(node)]
            if len(keys) == 1 and (source := self.source_of(keys[0])):
                yield source.alias

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]  # type: ignore[no-any-return]

    def _unmatched(self, select: exp.Select, source: Source) -> bool:
        """Whether only rows without a match in this table are kept: LEFT JOIN orders ... WHERE orders.order_id IS NULL."""
        where = select.args.get("where")
        if where is None:
            return False
        parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
        return any(
            isinstance(part, exp.Is)
            and isinstance(part.expression, exp.Null)
            and isinstance(part.this, exp.Column)
            and part.this.table.lower() == source.alias
            for part in parts
        )

    def _points_to(self, column: exp.Column, key: exp.Column) -> bool:
        """Whether the schema says that a column refers to the other."""
        source, parent = self.source_of(column), self.source_of(key)
        info = self.table(source.table) if source else None
        known = info.foreign_keys if info and parent else ()
        wanted = (column.name.lower(), parent.table.lower() if parent else "", key.name.lower())
        return any((f.column.lower(), f.table.lower(), f.target.lower()) == wanted for f in known)

    def _source(self, node: exp.Expr, optional: bool) -> Source:
        alias = node.alias_or_name.lower()
        if not isinstance(node, exp.Table):
            return Source(alias, "", _ROW, False, optional)
        made = node.name.lower() in _with_names(node)
        if made:
            return Source(alias, node.name, Noun(f"row of {plain(node.name, 30)}", f"rows of {plain(node.name, 30)}"), False, optional)
        return Source(alias, node.name, self.noun(node.name), not self.schema or self.table(node.name) is not None, optional)


def _from(select: exp.Select) -> Iterator[tuple[exp.Expr, bool]]:
    clause = select.args.get("from_") or select.args.get("from")
    if clause is not None:
        yield clause.this, False
    for join in select.args.get("joins") or ():
        yield join.this, join.side in ("LEFT", "FULL")


def _equals(join: exp.Join) -> list[exp.EQ]:
    on = join.args.get("on")
    if on is None:
        return []
    parts = list(on.flatten()) if isinstance(on, exp.And) else [on]
    return [part for part in parts if isinstance(part, exp.EQ)]


def _query_of(node: exp.Expr) -> exp.Expr | None:
    """The query that FROM's item stands for: in brackets, or of the WITH name; None for a table."""
    if isinstance(node, exp.Subquery):
        return node.this  # type: ignore[no-any-return]
    step: exp.Expr | None = node if isinstance(node, exp.Table) else None
    while step is not None:
        clause = step.args.get("with_") or step.args.get("with")
        for made in clause.expressions if clause is not None else ():
            if made.alias.lower() == node.name.lower() and made is not node.find_ancestor(exp.CTE):
                return made.this  # type: ignore[no-any-return]
        step = step.parent
    return None


def _with_names(node: exp.Expr) -> set[str]:
    names: set[str] = set()
    step: exp.Expr | None = node
    while step is not None:
        clause = step.args.get("with_") or step.args.get("with")
        if clause is not None:
            names |= {cte.alias.lower() for cte in clause.expressions}
        step = step.parent
    return names
