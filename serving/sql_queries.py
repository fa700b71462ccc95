"""Whole queries in plain English: a query inside another, what it groups by and how it sorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from envs.vocabulary import listed, plural
from serving.sql_nodes import AGGREGATES, as_sql, is_aggregate, peeled

if TYPE_CHECKING:
    from serving.sql_words import SqlWords

ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "plus", exp.Sub: "minus", exp.Mul: "times", exp.Div: "divided by", exp.Mod: "modulo",
}  # fmt: skip


class Queries:
    """Says queries, their values as `words` says them."""

    def __init__(self, words: SqlWords) -> None:
        self.words = words

    def query(self, query: exp.Expr, *, many: bool = False) -> str:
        """A query inside another as a noun phrase: "average price of all products"."""
        if not isinstance(query, exp.Select) or not query.expressions:
            if isinstance(query, exp.SetOperation):
                joint = {exp.Union: "or", exp.Intersect: "and also", exp.Except: "but not"}.get(type(query), "or")
                return f"{self.query(query.this, many=many)} {joint} {self.query(query.expression, many=many)}"
            return as_sql(query)
        said = listed([self.words.shown(e) for e in query.expressions])
        if many and not query.find(*AGGREGATES):
            said = listed([plural(self.words.shown(e)) for e in query.expressions])
        sources = self.words.names.sources(query)
        if not sources:
            return said
        where = query.args.get("where")
        lone_count = len(query.expressions) == 1 and isinstance(query.expressions[0].unalias(), exp.Count)
        scope = (
            ""
            if lone_count
            else f" of {'all ' if where is None and not many and is_aggregate(query) else ''}{self.words.names.rows_of(query).plural}"
        )
        if where is not None:
            scope += f" where {self.words.condition(where.this)}"
        group, having = query.args.get("group"), query.args.get("having")
        if group is not None:
            scope += f", for each {listed([self.words.value(e) for e in group.expressions])}"
        if having is not None:
            scope += f", where {self.words.condition(having.this)}"
        order, limit = query.args.get("order"), query.args.get("limit")
        if order is not None and limit is not None:
            scope += f" (the first {limit.expression.sql()} by {self.order(order)})"
        return said + scope

    def groups(self, select: exp.Select) -> str:
        """What GROUP BY makes one row of: "customer" for its key and name, "city and month"."""
        parts: list[str] = []
        for node in select.args["group"].expressions:
            node = resolved(node)
            bare = node.this if isinstance(node, exp.Alias) else node
            source = self.words.names.source_of(bare) if isinstance(bare, exp.Column) else None
            if isinstance(bare, exp.Column) and source and self.words.names.stands_for_row(bare):
                parts.append(source.noun.singular)
            elif not (source and source.noun.singular in parts):  # the name beside its key adds nothing
                parts.append(self.words.shown(node))
        return listed(list(dict.fromkeys(parts)))

    def order(self, order: exp.Expr) -> str:
        """ "price, largest first, then name"."""
        return ", then ".join(self.sort_key(term) for term in order.expressions)

    def sort_key(self, term: exp.Expr) -> str:
        key, descending = (term.this, bool(term.args.get("desc"))) if isinstance(term, exp.Ordered) else (term, False)
        key = resolved(key)
        said = self.words.shown(key) if isinstance(key, exp.Alias) else self.words.value(key)
        bare = peeled(key.this if isinstance(key, exp.Alias) else key)
        if self.words.is_time(bare):
            return f"{said}, {'latest' if descending else 'earliest'} first"
        if isinstance(bare, (*AGGREGATES, *ARITHMETIC, exp.Round)):
            return f"{said}, {'largest' if descending else 'smallest'} first"
        return f"{said}, from high to low" if descending else said


def resolved(key: exp.Expr) -> exp.Expr:
    """What ORDER BY 2 or an alias stands for."""
    select = key.find_ancestor(exp.Select)
    if select is None:
        return key
    if isinstance(key, exp.Literal) and not key.is_string and key.this.isdigit() and 1 <= int(key.this) <= len(select.expressions):
        return select.expressions[int(key.this) - 1]  # type: ignore[no-any-return]
    if isinstance(key, exp.Column) and not key.table:
        return next((e for e in select.expressions if isinstance(e, exp.Alias) and e.alias.lower() == key.name.lower()), key)
    return key
