"""The conditions of a query in plain English: "the city is Oslo and the date sold is in March 2024"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from envs.plain_text import plain
from envs.vocabulary import listed
from serving.plain_values import moment
from serving.sql_nodes import (
    are,
    counts_for_a_column,
    is_literal,
    is_number,
    lists_a_column,
    only_guards,
    peeled,
    peeled_time,
    period,
    the,
    ties,
)

if TYPE_CHECKING:
    from serving.sql_words import SqlWords

_SIGNS: dict[type[exp.Expr], tuple[str, str]] = {  # said of anything, said of dates
    exp.EQ: ("is", "is"),
    exp.NEQ: ("is not", "is not"),
    exp.GT: ("is more than", "is after"),
    exp.GTE: ("is at least", "is on or after"),
    exp.LT: ("is less than", "is before"),
    exp.LTE: ("is at most", "is on or before"),
}
_OPPOSITE: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.GT: exp.LTE,
    exp.GTE: exp.LT,
    exp.LT: exp.GTE,
    exp.LTE: exp.GT,
}
_TURNED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.NEQ: exp.NEQ,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}


class Conditions:
    """Says the conditions of queries, values as `words` says them."""

    def __init__(self, words: SqlWords) -> None:
        self.words = words

    def said(self, node: exp.Expr) -> str:
        """A clause: "the city is Oslo and the price is more than 5"."""
        node = peeled(node)
        if isinstance(node, exp.And):
            merged = self._spans(list(node.flatten()))
            parts = [part if isinstance(part, str) else self._within(part, exp.Or) for part in merged]
            return " and ".join(parts)
        if isinstance(node, exp.Or):
            parts = [self._within(part, exp.And) for part in node.flatten()]
            same = self._same_column(list(node.flatten()))
            return same or f"either {' or '.join(parts)}"
        if isinstance(node, exp.Not):
            return self._negated(peeled(node.this))
        if type(node) in _SIGNS:
            return self._compared(node, type(node))
        if isinstance(node, exp.Between):
            return self._between(node, "is between")
        if isinstance(node, exp.In):
            return self._in(node, negated=False)
        if isinstance(node, (exp.Like, exp.Glob)):
            return self._like(node, negated=bool(node.args.get("negate")))
        if isinstance(node, exp.Is):
            return self._is(node, negated=False)
        if isinstance(node, exp.NullSafeNEQ):
            return f"{the(self.words.value(node.this))} is not {self.words.literal(node.expression)}"
        if isinstance(node, exp.Exists):
            return f"there are matching {self._rows_inside(node.this)}"
        if isinstance(node, exp.Column):
            return f"{the(self.words.value(node))} is yes"
        return f"this holds: {self.words.value(node)}"

    def _within(self, part: exp.Expr, other: type[exp.Expr]) -> str:
        said = self.said(part)
        return f"({said})" if isinstance(peeled(part), other) else said

    def _negated(self, node: exp.Expr) -> str:
        if type(node) in _OPPOSITE:
            return self._compared(node, _OPPOSITE[type(node)])
        if isinstance(node, exp.In):
            return self._in(node, negated=True)
        if isinstance(node, exp.Is):
            return self._is(node, negated=True)
        if isinstance(node, exp.Between):
            return self._between(node, "is not between")
        if isinstance(node, (exp.Like, exp.Glob)):
            return self._like(node, negated=True)
        if isinstance(node, exp.Exists):
            return f"there are no matching {self._rows_inside(node.this)}"
        if isinstance(node, exp.Column):
            return f"{the(self.words.value(node))} is no"
        return f"it is not so that {self.said(node)}"

    def _compared(self, node: exp.Expr, sign: type[exp.Expr]) -> str:
        left, right = node.this, node.expression
        if is_literal(left) and not is_literal(right):
            left, right, sign = right, left, _TURNED[sign]
        if sign is exp.EQ and (period := self._period(left, right)):
            return period
        if isinstance(left, exp.Column) and sign in (exp.EQ, exp.NEQ) and self.words.names.is_flag(left):
            for value, word in ((1, "yes"), (0, "no")):
                if is_number(right, value):
                    return f"{the(self.words.value(left))} is {word if sign is exp.EQ else 'not ' + word}"
        dates = self.words.is_time(left) and (not is_literal(right) or bool(isinstance(right, exp.Literal) and moment(right.this)))
        label = self.words.value(left)
        return f"{the(label)} {are(_SIGNS[sign][dates], label)} {self.words.literal(right, label)}"

    def _period(self, left: exp.Expr, right: exp.Expr) -> str:
        """`strftime('%Y-%m', day) = '2024-03'`: the day is in March 2024."""
        if not isinstance(right, exp.Literal):
            return ""
        value = str(right.this)
        if isinstance(left, exp.Cast):
            left = left.this
        form = left.args.get("format") if isinstance(left, exp.TimeToStr) else None
        if form is not None and isinstance(form, exp.Literal) and form.this in ("%Y", "%Y-%m"):
            return f"{the(self.words.value(peeled_time(left)))} is in {moment(value) or plain(value)}"
        if isinstance(left, exp.Substring) and self.words.is_time(left.this) and re.fullmatch(r"\d{4}(-\d\d)?", value):
            return f"{the(self.words.value(left.this))} is in {moment(value) or value}"
        return ""

    def _spans(self, parts: Sequence[exp.Expr]) -> list[exp.Expr | str]:
        """The conditions of an AND, two that bound one column by a whole year or month said as one."""
        found: list[exp.Expr | str] = list(parts)
        for place, low in enumerate(parts[:-1]):
            high = parts[place + 1]
            if (
                isinstance(low, exp.GTE)
                and isinstance(high, (exp.LT, exp.LTE))
                and low.this == high.this
                and isinstance(low.expression, exp.Literal)
                and isinstance(high.expression, exp.Literal)
                and (span := period(low.expression.this, high.expression.this, last_included=isinstance(high, exp.LTE)))
                and isinstance(found[place], exp.Expr)
            ):
                found[place : place + 2] = [f"{the(self.words.value(low.this))} is in {span}", ""]
        return [part for part in found if part != ""]

    def _between(self, node: exp.Between, words: str) -> str:
        label = self.words.value(node.this)
        low, high = node.args["low"], node.args["high"]
        if words == "is between" and isinstance(low, exp.Literal) and isinstance(high, exp.Literal):
            span = period(low.this, high.this, last_included=True) if low.is_string else ""
            if span:
                return f"{the(label)} {are('is', label)} in {span}"
        return f"{the(label)} {are(words, label)} {self.words.literal(low, label)} and {self.words.literal(high, label)}"

    def _in(self, node: exp.In, *, negated: bool) -> str:
        several = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
        label = listed([self.words.value(part) for part in several])
        query = node.args.get("query")
        if query is not None:
            inner = query.this if isinstance(query, exp.Subquery) else query
            if self._is_own_key(node.this) and lists_a_column(inner):
                return f"there are {'no ' if negated else ''}matching {self._rows_inside(inner)}"
            if self._is_own_key(node.this) and isinstance(inner, exp.Select) and counts_for_a_column(inner):
                where = inner.args.get("where")
                kept = f" (counting those where {self.said(where.this)})" if where is not None else ""
                return f"{'it is not so that ' if negated else ''}{self.said(inner.args['having'].this)}{kept}"
            return f"{the(label)} {are('is', label)} {'not ' if negated else ''}among the {self.words.query(inner, many=True)}"
        values = [self.words.literal(value, label) for value in node.expressions]
        shown = [*values[:6], f"{len(values) - 6} more"] if len(values) > 7 else values
        if len(shown) == 1:
            return f"{the(label)} {are('is', label)} {'not ' if negated else ''}{shown[0]}"
        return f"{the(label)} {are('is', label)} {'none of ' if negated else ''}{listed(shown, 'and' if negated else 'or')}"

    def _same_column(self, parts: Sequence[exp.Expr]) -> str:
        """`city = 'A' OR city = 'B'` is one condition of two values."""
        bare = [peeled(part) for part in parts]
        if all(isinstance(part, exp.EQ) and is_literal(part.expression) and part.this == bare[0].this for part in bare):
            label = self.words.value(bare[0].this)
            return f"{the(label)} {are('is', label)} {listed([self.words.literal(part.expression, label) for part in bare], 'or')}"
        return ""

    def _like(self, node: exp.Expr, *, negated: bool) -> str:
        label, pattern = the(self.words.value(node.this)), node.expression
        if not isinstance(pattern, exp.Literal):
            return f"{label} {'does not match' if negated else 'matches'} {self.words.literal(pattern)}"
        text = str(pattern.this)
        wild = "*" if isinstance(node, exp.Glob) else "%"
        middle = text.strip(wild)
        if wild in middle or "_" in middle or not middle:
            return f'{label} {"does not match" if negated else "matches"} the pattern "{plain(text)}"'
        begins, ends = text.endswith(wild), text.startswith(wild)
        if (
            begins
            and not ends
            and (re.fullmatch(r"\d{4}-\d\d-?", middle) or (re.fullmatch(r"\d{4}-?", middle) and self.words.is_time(node.this)))
        ):
            return f"{label} is {'not ' if negated else ''}in {moment(middle.rstrip('-')) or middle.rstrip('-')}"
        verb = {(True, True): "contain", (True, False): "begin with", (False, True): "end with"}.get((begins, ends))
        if verb is None:
            return f'{label} is {"not " if negated else ""}"{plain(middle)}"'
        first, _, rest = verb.partition(" ")
        said = f"does not {verb}" if negated else f"{first}s {rest}".rstrip()
        return f'{label} {said} "{plain(middle)}"'

    def _is(self, node: exp.Is, *, negated: bool) -> str:
        if isinstance(node.expression, exp.Not):
            return self._is(exp.Is(this=node.this.copy(), expression=node.expression.this.copy()), negated=not negated)
        label = the(self.words.value(node.this))
        if isinstance(node.expression, exp.Null):
            source = self.words.names.source_of(node.this) if isinstance(node.this, exp.Column) else None
            if source and source.optional and source.known and self.words.names.is_key(node.this):
                return f"there are {'' if negated else 'no '}matching {source.noun.plural}"
            return f"{label} {are('is', label)} {'known' if negated else 'missing'}"
        return f"{label} is {'not ' if negated else ''}{self.words.literal(node.expression)}"

    def _rows_inside(self, query: exp.Expr) -> str:
        """What an EXISTS or IN looks for, less the condition that ties it to the row outside."""
        inner = query.this if isinstance(query, exp.Subquery) else query
        if not isinstance(inner, exp.Select):
            return "rows"
        noun, where = self.words.names.rows_of(inner).plural, inner.args.get("where")
        if where is None:
            return noun
        aliases = {source.alias for source in self.words.names.sources(inner)}
        parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
        own = [part for part in parts if not ties(part, aliases) and not only_guards(part, inner)]
        return f"{noun} where {' and '.join(self._within(part, exp.Or) for part in own)}" if own else noun

    def _is_own_key(self, node: exp.Expr) -> bool:
        return isinstance(node, exp.Column) and self.words.names.is_key(node)
