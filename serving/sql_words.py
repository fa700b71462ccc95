"""The values and rows of a query in plain English: "average price", "number of orders", "orders where the city is Oslo".

Whatever has no words here is quoted as the SQL it is, so that nothing is ever said that the query does not say.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from envs.plain_text import plain
from envs.vocabulary import Noun, listed, plural
from serving.plain_values import moment
from serving.sql_conditions import Conditions
from serving.sql_names import Names
from serving.sql_nodes import AGGREGATES, as_sql, condition_in, is_literal, is_number, number_text, peeled, peeled_time, percentage, the
from serving.sql_queries import ARITHMETIC, Queries

SHORT = 80  # characters of a description; a longer one gives way to the name that the query gives
INSIDE_MAX = 3  # queries within queries through which a column is followed
_FORMATS = {"%Y": "year", "%Y-%m": "month", "%m": "month of the year", "%d": "day of the month", "%w": "weekday", "%H": "hour",
            "%Y-%m-%d": "day", "%W": "week of the year", "%j": "day of the year"}  # fmt: skip
_FIRST = {4: "year", 7: "month", 10: "day"}  # characters of an ISO date


class SqlWords:
    """Says the parts of queries over one database."""

    def __init__(self, names: Names) -> None:
        self.names, self._conditions = names, Conditions(self)
        self._queries = Queries(self)
        self._inside = 0

    # Values

    def value(self, node: exp.Expr) -> str:
        """A noun phrase without its article: "price", "average price", "number of orders"."""
        known = _WORDS.get(type(node))
        return known(self, node) if known else as_sql(node)

    def shown(self, node: exp.Expr) -> str:
        """A column of the result: by the name the query gives it when it computes something that has no short words."""
        if isinstance(node, exp.Alias):
            inner = self.value(node.this)
            return inner if len(inner) <= SHORT and "(" not in inner else self.names.phrase("", node.alias)
        return self.value(node)

    def literal(self, node: exp.Expr, label: str = "") -> str:
        """What a condition compares with."""
        if isinstance(node, exp.Literal):
            if node.is_string:
                return moment(node.this) or f'"{plain(node.this)}"'
            return number_text(node.this, label)
        if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
            return f"-{number_text(node.this.this, label)}"
        said = self.value(node)
        return f"the {said}" if isinstance(node, (exp.Column, exp.Subquery, *AGGREGATES, exp.Round)) and said[:1] != '"' else said

    def counted(self, node: exp.Count) -> str:
        """What a COUNT counts, in the plural: "orders", "different cities", "orders with a note"."""
        inner = node.this
        select = node.find_ancestor(exp.Select)
        if isinstance(inner, exp.Distinct):
            parts = inner.expressions
            if len(parts) == 1 and isinstance(parts[0], exp.Column) and self.names.is_key(parts[0]):
                source = self.names.source_of(parts[0])
                return f"different {source.noun.plural}" if source else "different rows"
            return f"different {listed([plural(self.value(part)) for part in parts])}"
        rows = self.names.rows_of(select) if select is not None else Noun("row", "rows")
        if isinstance(inner, exp.Column):
            source = self.names.source_of(inner)
            if source and self.names.is_key(inner):
                return source.noun.plural
            if source and source.optional:
                return source.noun.plural
            return f"{rows.plural} with a known {self.value(inner)}"
        if isinstance(inner, exp.Case):
            cases = inner.args.get("ifs") or []
            if len(cases) == 1:
                return f"{rows.plural} where {self.condition(cases[0].this)}"
        return rows.plural

    def share(self, node: exp.Expr) -> tuple[str, str] | None:
        """Of what, and the condition that the percentage meets: ("customers", "the city is Oslo")."""
        found = percentage(node)
        bare = peeled(node)
        if found is None and isinstance(bare, exp.Avg):
            part: exp.Expr = bare
            condition = condition_in(bare.this, 100)
        elif found is not None:
            part, whole = found
            if not isinstance(whole, exp.Count):
                return None
            condition = condition_in(part.this, 1) if isinstance(part, (exp.Sum, exp.Count)) else None
        else:
            return None
        select = part.find_ancestor(exp.Select)
        if condition is None or select is None:
            return None
        return self.names.rows_of(select).plural, self.condition(condition)

    def _column(self, node: exp.Expr) -> str:
        assert isinstance(node, exp.Column)
        if isinstance(node.this, exp.Star):
            return "everything"
        inner = self._made_by(node)
        return self.names.column(node) if inner is None else inner

    def _made_by(self, column: exp.Column) -> str | None:
        """What a column of a WITH query or of one in brackets is there, where that has short words."""
        if self._inside >= INSIDE_MAX:
            return None
        made = self.names.projection(column)
        if made is None:
            return None
        self._inside += 1
        try:
            said = self.shown(made)
        finally:
            self._inside -= 1
        return said if "(" not in said and len(said) <= SHORT else None

    def _aggregate(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Count):
            return f"number of {self.counted(node)}"
        inner = node.this
        if isinstance(inner, exp.Distinct):
            return f"{_AGGREGATE_WORDS[type(node)]} of the different {listed([plural(self.value(e)) for e in inner.expressions])}"
        if isinstance(node, exp.Sum):
            condition = condition_in(inner, 1)
            if condition is not None:
                select = node.find_ancestor(exp.Select)
                rows = self.names.rows_of(select).plural if select is not None else "rows"
                return f"number of {rows} where {self.condition(condition)}"
            bare = peeled(inner)
            cases = bare.args.get("ifs") or [] if isinstance(bare, exp.Case) and not bare.this else []
            if len(cases) == 1 and is_number(bare.args.get("default"), 0):  # SUM(CASE WHEN condition THEN price ELSE 0 END)
                return f"total {self.value(cases[0].args['true'])} where {self.condition(cases[0].this)}"
            said = self.value(inner)
            return f"sum of {plural(said)}" if said.startswith(("total", "sum")) else f"total {said}"
        said = self.value(inner)
        if isinstance(node, exp.Avg):
            share = self.share(node)
            return f"percentage of {share[0]} where {share[1]}" if share else f"average {said}"
        if isinstance(node, exp.GroupConcat):
            return f"list of {plural(said)}"
        dates = self.is_time(inner)
        if isinstance(node, exp.Min):
            return f"{'earliest' if dates else 'lowest'} {said}"
        return f"{'latest' if dates else 'highest'} {said}"

    def _arithmetic(self, node: exp.Expr) -> str:
        share = self.share(node)
        if share:
            return f"percentage of {share[0]} where {share[1]}"
        found = percentage(node)
        if found:
            part, whole = (self.value(side) for side in found)
            return f"{part} as a percentage of {the(whole)}"
        if isinstance(node, exp.Mul) and (is_number(node.this, 1) or is_number(node.expression, 1)):
            return self.value(node.expression if is_number(node.this, 1) else node.this)  # 1.0 * x only makes a real of it
        days = self._days_between(node)
        if days:
            return days
        sides = []
        for side in (node.this, node.expression):
            said = self.literal(side) if is_literal(side) else self.value(side)
            nested = (
                isinstance(side, tuple(ARITHMETIC)) and type(side) is not type(node) and any(f" {w} " in said for w in ARITHMETIC.values())
            )
            sides.append(f"({said})" if nested else said)
        return f"{sides[0]} {ARITHMETIC[type(node)]} {sides[1]}"

    def _days_between(self, node: exp.Expr) -> str:
        """`julianday(b) - julianday(a)` is the number of days from a to b."""
        if not isinstance(node, exp.Sub):
            return ""
        ends = [peeled(side) for side in (node.expression, node.this)]
        if all(isinstance(end, exp.Anonymous) and end.name.lower() == "julianday" and end.expressions for end in ends):
            start, end = (self.value(side.expressions[0]) for side in ends)
            return f"number of days from {start} to {end}"
        return ""

    def _case(self, node: exp.Expr) -> str:
        assert isinstance(node, exp.Case)
        cases = []
        for case in node.args.get("ifs") or []:
            when = self.condition(case.this) if not node.this else f"the {self.value(node.this)} is {self.literal(case.this)}"
            cases.append(f"{self.literal(case.args['true'])} when {when}")
        default = node.args.get("default")
        otherwise = f", otherwise {self.literal(default)}" if default is not None else ""
        return f"{', '.join(cases)}{otherwise}"

    def _if(self, node: exp.Expr) -> str:
        no = node.args.get("false")
        otherwise = f", otherwise {self.literal(no)}" if no is not None else ""
        return f"{self.literal(node.args['true'])} when {self.condition(node.this)}{otherwise}"

    def _time(self, node: exp.Expr) -> str:
        form = node.args.get("format")
        part = _FORMATS.get(form.this) if isinstance(form, exp.Literal) else None
        said = self.value(peeled_time(node))
        return (f"{part} {said[5:]}" if said.startswith("date ") else f"{part} of {said}") if part else as_sql(node)  # "year sold"

    def _substring(self, node: exp.Expr) -> str:
        start, length = node.args.get("start"), node.args.get("length")
        if is_number(start, 1) and isinstance(length, exp.Literal) and not length.is_string:
            size = int(float(length.this))
            if size in _FIRST and self.is_time(node.this):
                return f"{_FIRST[size]} of {self.value(node.this)}"
            return f"first {'character' if size == 1 else f'{size} characters'} of {self.value(node.this)}"
        return f"part of {self.value(node.this)}"

    def _joined(self, node: exp.Expr) -> str:
        parts = [part for part in node.flatten() if not isinstance(part, exp.Literal)]
        return listed([self.value(part) for part in parts]) if parts else as_sql(node)

    def _coalesce(self, node: exp.Expr) -> str:
        others = node.expressions
        return f"{self.value(node.this)}, or {self.literal(others[0])} where it is missing" if len(others) == 1 else as_sql(node)

    def _anonymous(self, node: exp.Expr) -> str:
        name = node.name.lower()
        arguments = node.expressions
        if name == "total" and len(arguments) == 1:
            return f"total {self.value(arguments[0])}"
        if name in ("date", "datetime") and arguments and isinstance(arguments[0], exp.Literal) and arguments[0].this == "now":
            moved = ", ".join(self.literal(a).strip('"') for a in arguments[1:])
            return f"today ({moved})" if moved else "today"
        if name == "date" and len(arguments) == 1:
            return f"day of {self.value(arguments[0])}"
        return as_sql(node)

    def _date(self, node: exp.Expr) -> str:
        if isinstance(node.this, exp.Literal):
            return "today" if node.this.this == "now" else self.literal(node.this)
        return f"day of {self.value(node.this)}" if node.this is not None else as_sql(node)

    def _window(self, node: exp.Expr) -> str:
        within = [self.value(part) for part in node.args.get("partition_by") or []]
        order = node.args.get("order")
        said = {exp.RowNumber: "row number", exp.Rank: "rank", exp.DenseRank: "rank"}.get(type(node.this)) or self.value(node.this)
        if within:
            said += f" within each {listed(within)}"
        if order is not None and isinstance(node.this, (exp.RowNumber, exp.Rank, exp.DenseRank)):
            said += f" by {self.order(order)}"
        elif order is not None:
            said += f" so far by {self.order(order)}"
        return said

    def _subquery(self, node: exp.Expr) -> str:
        inner = node.this if isinstance(node, exp.Subquery) else node
        return self.query(inner)

    # Conditions

    def condition(self, node: exp.Expr) -> str:
        """A clause: "the city is Oslo and the price is more than 5"."""
        return self._conditions.said(node)

    def is_time(self, node: exp.Expr) -> bool:
        """Whether a value is a date."""
        node = peeled(node)
        if isinstance(node, (exp.Min, exp.Max, exp.Collate)):
            node = peeled(node.this)
        if isinstance(node, exp.Date) or (isinstance(node, exp.Anonymous) and node.name.lower() in ("date", "datetime")):
            return True
        return isinstance(node, exp.Column) and self.names.is_time(node)

    # Queries

    def query(self, query: exp.Expr, *, many: bool = False) -> str:
        """A query inside another as a noun phrase: "average price of all products"."""
        return self._queries.query(query, many=many)

    def groups(self, select: exp.Select) -> str:
        """What GROUP BY makes one row of: "customer" for its key and name, "city and month"."""
        return self._queries.groups(select)

    def order(self, order: exp.Expr) -> str:
        """ "price, largest first, then name"."""
        return self._queries.order(order)


def _through(self: SqlWords, node: exp.Expr) -> str:
    return self.value(node.this)


_WORDS: dict[type[exp.Expr], Callable[[SqlWords, exp.Expr], str]] = {
    exp.Column: SqlWords._column,
    exp.Paren: _through,
    exp.Round: _through,
    exp.Cast: _through,
    exp.Collate: _through,
    exp.TsOrDsToTimestamp: _through,
    exp.Alias: lambda self, node: self.shown(node),
    exp.Literal: lambda self, node: self.literal(node),
    exp.Star: lambda _self, _node: "everything",
    exp.Neg: lambda self, node: f"minus {self.value(node.this)}",
    exp.Lower: lambda self, node: f"{self.value(node.this)} in small letters",
    exp.Upper: lambda self, node: f"{self.value(node.this)} in capitals",
    exp.Trim: _through,
    exp.Length: lambda self, node: f"length of {self.value(node.this)}",
    exp.Abs: lambda self, node: f"size of {self.value(node.this)}",
    exp.Null: lambda _self, _node: "nothing",
    exp.Boolean: lambda _self, node: "true" if node.this else "false",
    exp.TimeToStr: SqlWords._time,
    exp.Substring: SqlWords._substring,
    exp.DPipe: SqlWords._joined,
    exp.Coalesce: SqlWords._coalesce,
    exp.Anonymous: SqlWords._anonymous,
    exp.Date: SqlWords._date,
    exp.Case: SqlWords._case,
    exp.If: SqlWords._if,
    exp.Window: SqlWords._window,
    exp.Subquery: SqlWords._subquery,
    exp.Filter: lambda self, node: f"{self.value(node.this)} where {self.condition(node.expression.this)}",
    **dict.fromkeys(AGGREGATES, SqlWords._aggregate),
    **dict.fromkeys(ARITHMETIC, SqlWords._arithmetic),
}
_AGGREGATE_WORDS: dict[type[exp.Expr], str] = {
    exp.Sum: "total", exp.Avg: "average", exp.Min: "lowest", exp.Max: "highest", exp.GroupConcat: "list",
}  # fmt: skip
