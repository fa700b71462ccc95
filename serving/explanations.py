"""A query in plain words, clause by clause, so that somebody who reads no SQL can see what was computed. By rule, never by a model."""

from __future__ import annotations

from sqlglot import exp

from envs.plain_text import plain
from envs.schema import Schema
from envs.sql_reading import parse
from envs.vocabulary import Wording, listed
from serving.sql_names import Names
from serving.sql_nodes import AGGREGATES
from serving.sql_words import SqlWords

CHARS_MAX = 2_000
WORDLESS = "This query is too unusual to be put into words: please read its SQL."


def explanation(sql: str, *, schema: Schema | None = None, wording: Wording | None = None) -> str:
    """What a query does, in a few plain sentences. Never raises: a query that cannot be read is said to be so.

    Args:
        schema: tells keys, dates and yes/no columns apart, so that it reads better.
        wording: what the owner calls tables and columns.
    """
    if sql.lstrip()[:6].upper() == "VALUES":
        return "It lists the values that it names itself."
    try:
        text = _Explainer(SqlWords(Names(schema, wording))).query(parse(sql))
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError, IndexError):
        return WORDLESS  # sqlglot has many shapes of tree; one we do not know must not cost the owner the answer
    return plain(text, CHARS_MAX)


class _Explainer:
    def __init__(self, words: SqlWords) -> None:
        self.words, self.names = words, words.names

    def query(self, query: exp.Expr) -> str:
        """All sentences about one query."""
        said = []
        clause = query.args.get("with_") or query.args.get("with")
        recursive = clause is not None and clause.args.get("recursive")
        again = " (it goes on using its own rows until there are no new ones)" if recursive else ""
        for made in clause.expressions if clause is not None else ():
            said.append(f'First it makes a table "{plain(made.alias, 40)}"{again}: {_lower(self.query(made.this))}')
        if isinstance(query, exp.SetOperation):
            said += self._set(query)
        elif isinstance(query, exp.Select):
            said += self._select(query)
        elif isinstance(query, exp.Subquery):
            said.append(self.query(query.this))
        return " ".join(said)

    def _set(self, query: exp.SetOperation) -> list[str]:
        kind = {
            exp.Union: "It puts two results together" + (", each row once." if query.args.get("distinct") else ", repeated rows included."),
            exp.Intersect: "It keeps the rows that two results have in common.",
            exp.Except: "It takes one result and leaves out the rows of another.",
        }.get(type(query), "It combines two results.")
        said = [kind, f"The first: {_lower(self.query(query.this))}", f"The second: {_lower(self.query(query.expression))}"]
        order = query.args.get("order")
        if order is not None:
            said.append(f"It sorts all of them by {self.words.order(order)}.")
        return said + self._limit(query)

    def _select(self, select: exp.Select) -> list[str]:
        words = self.words
        said = [self._from(select)]
        where, group, having, order = (select.args.get(name) for name in ("where", "group", "having", "order"))
        if where is not None:
            said.append(f"It keeps only those where {words.condition(where.this)}.")
        if group is not None and group.expressions:
            said.append(f"It makes one row for each {self.words.groups(select)}.")
        if having is not None:
            said.append(f"Of these it keeps those where {words.condition(having.this)}.")
        said.append(self._shown(select))
        if order is not None:
            said.append(f"It sorts by {words.order(order)}.")
        return [sentence for sentence in said if sentence] + self._limit(select)

    def _from(self, select: exp.Select) -> str:
        clause = select.args.get("from_") or select.args.get("from")
        if clause is None:
            return ""
        said = f"It takes {self._source(clause.this)}"
        for join in select.args.get("joins") or ():
            said += self._join(join)
        return said + "."

    def _source(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Subquery):
            inner = _lower(self.query(node.this)).rstrip(".")
            return f"the rows of an inner query ({inner})"
        if isinstance(node, exp.Table):
            select = node.find_ancestor(exp.Select)
            sources = self.names.sources(select) if select is not None else []
            source = next((s for s in sources if s.alias == node.alias_or_name.lower()), None)
            noun = source.noun.plural if source else self.names.noun(node.name).plural
            twice = source is not None and sum(s.table.lower() == source.table.lower() for s in sources) > 1
            return f"the {noun}" + (f" (called {plain(source.alias, 40)})" if twice and source else "")
        return "a list of values"

    def _join(self, join: exp.Join) -> str:
        source = self._source(join.this)
        side = join.side
        using = [self.names.phrase("", name.name) for name in join.args.get("using") or ()]
        on = join.args.get("on")
        match = f" by {listed(using)}" if using else self._match(on) if on is not None else ""
        if join.args.get("method") == "NATURAL":
            match = " by the columns of the same name"
        if side == "LEFT":
            return f", adds {source}{match} where there are any"
        if side in ("RIGHT", "FULL"):
            return f", joined with {source}{match}, keeping what has no match on {'either side' if side == 'FULL' else 'that side'}"
        if not match:
            return f", each with every one of {source}"
        return f", joined with {source}{match}"

    def _match(self, on: exp.Expr) -> str:
        parts = list(on.flatten()) if isinstance(on, exp.And) else [on]
        keys, rest = [], []
        for part in parts:
            sides = (part.this, part.expression) if isinstance(part, exp.EQ) else ()
            if len(sides) == 2 and all(isinstance(side, exp.Column) for side in sides):
                keys.append(self._key(*sides))
            else:
                rest.append(self.words.condition(part))
        said = f" by {listed(list(dict.fromkeys(keys)))}" if keys else ""
        return said + (f" where {' and '.join(rest)}" if rest else "")

    def _key(self, one: exp.Column, other: exp.Column) -> str:
        """What two rows share, said by the key's name where one side is a key."""
        key = next((side for side in (one, other) if self.names.is_key(side)), one)
        source = self.names.source_of(key)
        phrase = self.names.phrase(source.table if source else "", key.name)
        return phrase if not source or phrase.lower() != "id" else f"{source.noun.singular} {phrase}"

    def _shown(self, select: exp.Select) -> str:
        columns = [self._column(node) for node in select.expressions]
        shown = [*columns[:12], f"{len(columns) - 12} more"] if len(columns) > 13 else columns
        said = f"It shows {'all columns' if columns == ['everything'] else listed([_article(column) for column in shown])}"
        alone = all(node.unalias().find(*AGGREGATES) for node in select.expressions) and select.args.get("group") is None
        if alone and columns and not select.find(exp.Window):
            said = f"It works out {listed([_article(column) for column in shown])}"
        return said + (", each different one once." if select.args.get("distinct") else ".")

    def _column(self, node: exp.Expr) -> str:
        """What one column of the result is; the name that the query gives a computed one, where it says more."""
        said = self.words.shown(node)
        if not isinstance(node, exp.Alias) or isinstance(node.this, exp.Column):
            return said
        called = self.names.phrase("", node.alias)
        return said if len(called) < 3 or set(called.lower().split()) <= set(said.lower().split()) else f'{said} (called "{called}")'

    def _limit(self, query: exp.Expr) -> list[str]:
        limit, offset = query.args.get("limit"), query.args.get("offset")
        if limit is None:
            return []
        count = limit.expression if limit.expression is not None else limit.this
        number = count.sql(dialect="sqlite")
        skipped = f" after leaving out the first {offset.expression.sql(dialect='sqlite')}" if offset is not None else ""
        return [f"It keeps only the first {'row' if number == '1' else f'{number} rows'}{skipped}."]


def _article(phrase: str) -> str:
    if phrase[:1] in '("' or phrase[:1].isdigit() or phrase in ("everything", "nothing", "today"):
        return phrase
    return f"the {phrase}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
