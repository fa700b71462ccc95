"""Small questions about parts of a query's tree, which the words for values and those for conditions both ask."""

from __future__ import annotations

import calendar
import re

from sqlglot import exp

from envs.plain_text import plain
from envs.vocabulary import is_plural
from serving.plain_values import moment, number

SQL_CHARS = 120
AGGREGATES: tuple[type[exp.Expr], ...] = (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.GroupConcat)


def as_sql(node: exp.Expr) -> str:
    """A part in its own words."""
    return f"({plain(node.sql(dialect='sqlite'), SQL_CHARS)})"


def percentage(node: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    """Part and whole of `100.0 * part / whole`, however it is bracketed; None for anything else."""
    node = peeled(node)
    if isinstance(node, exp.Div):
        top, whole = peeled(node.this), peeled(node.expression)
        if isinstance(top, exp.Mul):
            for hundred, part in ((top.this, top.expression), (top.expression, top.this)):
                if is_hundred(hundred):
                    return peeled(part), whole
    if isinstance(node, exp.Mul):
        for hundred, quotient in ((node.this, node.expression), (node.expression, node.this)):
            inner = peeled(quotient)
            if is_hundred(hundred) and isinstance(inner, exp.Div):
                return peeled(inner.this), peeled(inner.expression)
    return None


def condition_in(node: exp.Expr | None, one: int) -> exp.Expr | None:
    """The condition of `CASE WHEN condition THEN one ELSE 0 END`, or the condition itself."""
    node = peeled(node) if node is not None else None
    if isinstance(node, exp.Case) and not node.this:
        cases = node.args.get("ifs") or []
        default = node.args.get("default")
        if len(cases) == 1 and is_number(cases[0].args.get("true"), one) and (default is None or is_number(default, 0)):
            return cases[0].this  # type: ignore[no-any-return]
    if isinstance(node, exp.If) and is_number(node.args.get("true"), one) and is_number(node.args.get("false"), 0):
        return node.this  # type: ignore[no-any-return]
    if one == 1 and isinstance(node, (exp.Predicate, exp.And, exp.Or, exp.Not)):
        return node
    return None


def lists_a_column(query: exp.Expr) -> bool:
    """Whether a query is `SELECT column FROM ... WHERE ...` and nothing more."""
    if not isinstance(query, exp.Select) or any(query.args.get(name) for name in ("group", "having", "limit", "with_", "with")):
        return False
    return len(query.expressions) == 1 and isinstance(query.expressions[0].unalias(), exp.Column)


def counts_for_a_column(query: exp.Select) -> bool:
    """Whether a query is `SELECT column FROM ... GROUP BY column HAVING ...` and nothing more."""
    group, shown = query.args.get("group"), query.expressions
    if group is None or query.args.get("having") is None or any(query.args.get(name) for name in ("limit", "with_", "with")):
        return False
    return len(shown) == 1 and isinstance(shown[0], exp.Column) and [shown[0]] == group.expressions


def ties(part: exp.Expr, aliases: set[str]) -> bool:
    """Whether a condition only says that a column here equals one outside."""
    if not isinstance(part, exp.EQ) or not all(isinstance(side, exp.Column) for side in (part.this, part.expression)):
        return False
    return sum(bool(side.table) and side.table.lower() not in aliases for side in (part.this, part.expression)) == 1


def only_guards(part: exp.Expr, select: exp.Select) -> bool:
    """Whether a condition only keeps NULL out of the column that an IN looks through."""
    inner = part.this if isinstance(part, exp.Not) else None
    return (
        isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null) and [inner.this] == [e.unalias() for e in select.expressions]
    )


def is_aggregate(select: exp.Select) -> bool:
    """Whether a SELECT makes one figure of all its rows."""
    return select.args.get("group") is None and all(node.find(*AGGREGATES) for node in select.expressions)


def are(verb: str, label: str) -> str:
    """ "is ..." as its subject wants it: the city is, the payment terms are."""
    many = verb.startswith("is") and is_plural(label) and not re.search(r"\b(was|is|has|it|of)\b", label)
    return verb.replace("is", "are", 1) if many else verb


def the(phrase: str) -> str:
    return phrase if phrase[:1] in '("' or phrase in ("everything", "today", "nothing") else f"the {phrase}"


def peeled(node: exp.Expr) -> exp.Expr:
    while isinstance(node, (exp.Paren, exp.Round, exp.Cast)) and isinstance(node.this, exp.Expr):
        node = node.this
    return node


def peeled_time(node: exp.Expr) -> exp.Expr:
    inner = node.this
    return inner.this if isinstance(inner, exp.TsOrDsToTimestamp) else inner  # type: ignore[no-any-return]


def is_literal(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) or (isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal))


def is_number(node: exp.Expr | None, value: int) -> bool:
    if not isinstance(node, exp.Literal) or node.is_string:
        return False
    try:
        return float(node.this) == value
    except ValueError:
        return False


def is_hundred(node: exp.Expr) -> bool:
    return is_number(peeled(node), 100)


def number_text(text: str, label: str) -> str:
    try:
        return number(int(text), label) if text.isdigit() and len(text) < 4_000 else number(float(text), label)
    except (ValueError, OverflowError):
        return plain(text)


def period(low: str, high: str, *, last_included: bool) -> str:
    """The year or month that two days bound; "" when they bound something else."""
    if not re.fullmatch(r"\d{4}-\d\d-01", low):
        return ""
    year, month = int(low[:4]), int(low[5:7])
    after = f"{year + 1}-01-01" if month == 1 else ""
    next_month = f"{year + month // 12:04d}-{month % 12 + 1:02d}-01"
    if not last_included:
        return str(year) if high == after else moment(low[:7]) if high == next_month else ""
    if month == 1 and high[:10] == f"{year}-12-31":
        return str(year)
    return moment(low[:7]) if high[:7] == low[:7] and high[8:10] == _last_day(year, month) else ""


def _last_day(year: int, month: int) -> str:
    return str(calendar.monthrange(year, month)[1]) if 1 <= month <= 12 and year else ""
