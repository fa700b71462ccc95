"""The parts of a query in plain English: a value ("the average price"), a condition ("the city is Oslo"), rows ("orders where ...").

Whatever has no words here is quoted as the SQL it is, so that nothing is ever said that the query does not say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from envs.vocabulary import Noun, listed, plural
from serving.plain_values import moment, number, plain
from serving.sql_names import Names

SQL_CHARS = 120
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
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "plus", exp.Sub: "minus", exp.Mul: "times", exp.Div: "divided by", exp.Mod: "modulo",
}  # fmt: skip
_FORMATS = {"%Y": "year", "%Y-%m": "month", "%m": "month of the year", "%d": "day of the month", "%w": "weekday", "%H": "hour",
            "%Y-%m-%d": "day", "%W": "week of the year", "%j": "day of the year"}  # fmt: skip
_FIRST = {4: "year", 7: "month", 10: "day"}  # characters of an ISO date
AGGREGATES: tuple[type[exp.Expr], ...] = (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.GroupConcat)


class SqlWords:
    """Says the parts of queries over one database."""

    def __init__(self, names: Names) -> None:
        self.names = names

    # Values

    def value(self, node: exp.Expr) -> str:
        """A noun phrase without its article: "price", "average price", "number of orders"."""
        known = _WORDS.get(type(node))
        return known(self, node) if known else _sql(node)

    def shown(self, node: exp.Expr) -> str:
        """A column of the result: by the name the query gives it when it computes something that has no short words."""
        if isinstance(node, exp.Alias):
            inner = self.value(node.this)
            return inner if len(inner) <= 60 and "(" not in inner else self.names.phrase("", node.alias)
        return self.value(node)

    def literal(self, node: exp.Expr, label: str = "") -> str:
        """What a condition compares with."""
        if isinstance(node, exp.Literal):
            if node.is_string:
                return moment(node.this) or f'"{plain(node.this)}"'
            return _number(node.this, label)
        if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
            return f"-{_number(node.this.this, label)}"
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

    def percentage(self, node: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
        """Part and whole of `100.0 * part / whole`, however it is bracketed; None for anything else."""
        node = _bare(node)
        if isinstance(node, exp.Div):
            top, whole = _bare(node.this), _bare(node.expression)
            if isinstance(top, exp.Mul):
                for hundred, part in ((top.this, top.expression), (top.expression, top.this)):
                    if _is_hundred(hundred):
                        return _bare(part), whole
        if isinstance(node, exp.Mul):
            for hundred, quotient in ((node.this, node.expression), (node.expression, node.this)):
                inner = _bare(quotient)
                if _is_hundred(hundred) and isinstance(inner, exp.Div):
                    return _bare(inner.this), _bare(inner.expression)
        return None

    def share(self, node: exp.Expr) -> tuple[str, str] | None:
        """Of what, and the condition that the percentage meets: ("customers", "the city is Oslo")."""
        found = self.percentage(node)
        bare = _bare(node)
        if found is None and isinstance(bare, exp.Avg):
            part: exp.Expr = bare
            condition = self._condition_in(bare.this, 100)
        elif found is not None:
            part, whole = found
            if not isinstance(whole, exp.Count):
                return None
            condition = self._condition_in(part.this, 1) if isinstance(part, (exp.Sum, exp.Count)) else None
        else:
            return None
        select = part.find_ancestor(exp.Select)
        if condition is None or select is None:
            return None
        return self.names.rows_of(select).plural, self.condition(condition)

    def _condition_in(self, node: exp.Expr | None, one: int) -> exp.Expr | None:
        """The condition of `CASE WHEN condition THEN one ELSE 0 END`, or the condition itself."""
        node = _bare(node) if node is not None else None
        if isinstance(node, exp.Case) and not node.this:
            cases = node.args.get("ifs") or []
            default = node.args.get("default")
            if len(cases) == 1 and _is_number(cases[0].args.get("true"), one) and (default is None or _is_number(default, 0)):
                return cases[0].this  # type: ignore[no-any-return]
        if isinstance(node, exp.If) and _is_number(node.args.get("true"), one) and _is_number(node.args.get("false"), 0):
            return node.this  # type: ignore[no-any-return]
        if one == 1 and isinstance(node, (exp.Predicate, exp.And, exp.Or, exp.Not)):
            return node
        return None

    def _column(self, node: exp.Expr) -> str:
        assert isinstance(node, exp.Column)
        return "everything" if isinstance(node.this, exp.Star) else self.names.column(node)

    def _aggregate(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Count):
            return f"number of {self.counted(node)}"
        inner = node.this
        if isinstance(inner, exp.Distinct):
            return f"{_AGGREGATE_WORDS[type(node)]} of the different {listed([plural(self.value(e)) for e in inner.expressions])}"
        if isinstance(node, exp.Sum):
            condition = self._condition_in(inner, 1)
            if condition is not None:
                select = node.find_ancestor(exp.Select)
                rows = self.names.rows_of(select).plural if select is not None else "rows"
                return f"number of {rows} where {self.condition(condition)}"
            said = self.value(inner)
            return f"sum of {plural(said)}" if said.startswith(("total", "sum", "number of")) else f"total {said}"
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
        found = self.percentage(node)
        if found:
            part, whole = (self.value(side) for side in found)
            return f"{part} as a percentage of {_the(whole)}"
        days = self._days_between(node)
        if days:
            return days
        sides = []
        for side in (node.this, node.expression):
            said = self.literal(side) if _is_literal(side) else self.value(side)
            sides.append(f"({said})" if isinstance(side, tuple(_ARITHMETIC)) and type(side) is not type(node) else said)
        return f"{sides[0]} {_ARITHMETIC[type(node)]} {sides[1]}"

    def _days_between(self, node: exp.Expr) -> str:
        """`julianday(b) - julianday(a)` is the days from a to b."""
        if not isinstance(node, exp.Sub):
            return ""
        ends = [_bare(side) for side in (node.expression, node.this)]
        if all(isinstance(end, exp.Anonymous) and end.name.lower() == "julianday" and end.expressions for end in ends):
            start, end = (self.value(side.expressions[0]) for side in ends)
            return f"days from {start} to {end}"
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
        return f"{part} of {self.value(_bare_time(node))}" if part else _sql(node)

    def _substring(self, node: exp.Expr) -> str:
        start, length = node.args.get("start"), node.args.get("length")
        if _is_number(start, 1) and isinstance(length, exp.Literal) and not length.is_string:
            size = int(float(length.this))
            if size in _FIRST and self.is_time(node.this):
                return f"{_FIRST[size]} of {self.value(node.this)}"
            return f"first {'character' if size == 1 else f'{size} characters'} of {self.value(node.this)}"
        return f"part of {self.value(node.this)}"

    def _joined(self, node: exp.Expr) -> str:
        parts = [part for part in node.flatten() if not isinstance(part, exp.Literal)]
        return listed([self.value(part) for part in parts]) if parts else _sql(node)

    def _coalesce(self, node: exp.Expr) -> str:
        others = node.expressions
        return f"{self.value(node.this)}, or {self.literal(others[0])} where it is missing" if len(others) == 1 else _sql(node)

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
        return _sql(node)

    def _date(self, node: exp.Expr) -> str:
        if isinstance(node.this, exp.Literal):
            return "today" if node.this.this == "now" else self.literal(node.this)
        return f"day of {self.value(node.this)}" if node.this is not None else _sql(node)

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
        node = _bare(node)
        if isinstance(node, exp.And):
            merged = self._spans(list(node.flatten()))
            parts = [part if isinstance(part, str) else self._within(part, exp.Or) for part in merged]
            return " and ".join(parts)
        if isinstance(node, exp.Or):
            parts = [self._within(part, exp.And) for part in node.flatten()]
            same = self._same_column(list(node.flatten()))
            return same or f"either {' or '.join(parts)}"
        if isinstance(node, exp.Not):
            return self._negated(_bare(node.this))
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
            return f"{_the(self.value(node.this))} is not {self.literal(node.expression)}"
        if isinstance(node, exp.Exists):
            return f"there are matching {self._rows_inside(node.this)}"
        if isinstance(node, exp.Column):
            return f"{_the(self.value(node))} is yes"
        return f"this holds: {self.value(node)}" if type(node) in _WORDS else f"this holds: {_sql(node)}"

    def _within(self, part: exp.Expr, other: type[exp.Expr]) -> str:
        said = self.condition(part)
        return f"({said})" if isinstance(_bare(part), other) else said

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
            return f"{_the(self.value(node))} is no"
        return f"it is not so that {self.condition(node)}"

    def _compared(self, node: exp.Expr, sign: type[exp.Expr]) -> str:
        left, right = node.this, node.expression
        if _is_literal(left) and not _is_literal(right):
            left, right, sign = right, left, _TURNED[sign]
        if sign is exp.EQ and (period := self._period(left, right)):
            return period
        if isinstance(left, exp.Column) and sign in (exp.EQ, exp.NEQ) and self.names.is_flag(left):
            for value, word in ((1, "yes"), (0, "no")):
                if _is_number(right, value):
                    return f"{_the(self.value(left))} is {word if sign is exp.EQ else 'not ' + word}"
        dates = self.is_time(left) and (not _is_literal(right) or bool(isinstance(right, exp.Literal) and moment(right.this)))
        label = self.value(left)
        return f"{_the(label)} {_SIGNS[sign][dates]} {self.literal(right, label)}"

    def _period(self, left: exp.Expr, right: exp.Expr) -> str:
        """`strftime('%Y-%m', day) = '2024-03'`: the day is in March 2024."""
        if not isinstance(right, exp.Literal):
            return ""
        value = str(right.this)
        if isinstance(left, exp.Cast):
            left = left.this
        form = left.args.get("format") if isinstance(left, exp.TimeToStr) else None
        if form is not None and isinstance(form, exp.Literal) and form.this in ("%Y", "%Y-%m"):
            return f"{_the(self.value(_bare_time(left)))} is in {moment(value) or plain(value)}"
        if isinstance(left, exp.Substring) and self.is_time(left.this) and re.fullmatch(r"\d{4}(-\d\d)?", value):
            return f"{_the(self.value(left.this))} is in {moment(value) or value}"
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
                and (span := _span(low.expression.this, high.expression.this, last_included=isinstance(high, exp.LTE)))
                and isinstance(found[place], exp.Expr)
            ):
                found[place : place + 2] = [f"{_the(self.value(low.this))} is in {span}", ""]
        return [part for part in found if part != ""]

    def _between(self, node: exp.Between, words: str) -> str:
        label = self.value(node.this)
        low, high = node.args["low"], node.args["high"]
        if words == "is between" and isinstance(low, exp.Literal) and isinstance(high, exp.Literal):
            span = _span(low.this, high.this, last_included=True) if low.is_string else ""
            if span:
                return f"{_the(label)} is in {span}"
        return f"{_the(label)} {words} {self.literal(low, label)} and {self.literal(high, label)}"

    def _in(self, node: exp.In, *, negated: bool) -> str:
        label = self.value(node.this) if not isinstance(node.this, exp.Tuple) else listed([self.value(e) for e in node.this.expressions])
        query = node.args.get("query")
        if query is not None:
            inner = query.this if isinstance(query, exp.Subquery) else query
            if self._is_own_key(node.this) and _lists_a_column(inner):
                return f"there are {'no ' if negated else ''}matching {self._rows_inside(inner)}"
            return f"{_the(label)} is {'not ' if negated else ''}among the {self.query(inner, many=True)}"
        values = [self.literal(value, label) for value in node.expressions]
        shown = [*values[:6], f"{len(values) - 6} more"] if len(values) > 7 else values
        if len(shown) == 1:
            return f"{_the(label)} is {'not ' if negated else ''}{shown[0]}"
        return f"{_the(label)} is {'none of ' if negated else ''}{listed(shown, 'and' if negated else 'or')}"

    def _same_column(self, parts: Sequence[exp.Expr]) -> str:
        """`city = 'A' OR city = 'B'` is one condition of two values."""
        bare = [_bare(part) for part in parts]
        if all(isinstance(part, exp.EQ) and _is_literal(part.expression) and part.this == bare[0].this for part in bare):
            label = self.value(bare[0].this)
            return f"{_the(label)} is {listed([self.literal(part.expression, label) for part in bare], 'or')}"
        return ""

    def _like(self, node: exp.Expr, *, negated: bool) -> str:
        label, pattern = _the(self.value(node.this)), node.expression
        if not isinstance(pattern, exp.Literal):
            return f"{label} {'does not match' if negated else 'matches'} {self.literal(pattern)}"
        text = str(pattern.this)
        wild = "*" if isinstance(node, exp.Glob) else "%"
        middle = text.strip(wild)
        if wild in middle or "_" in middle or not middle:
            return f'{label} {"does not match" if negated else "matches"} the pattern "{plain(text)}"'
        begins, ends = text.endswith(wild), text.startswith(wild)
        if (
            begins
            and not ends
            and (re.fullmatch(r"\d{4}-\d\d-?", middle) or (re.fullmatch(r"\d{4}-?", middle) and self.is_time(node.this)))
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
        label = _the(self.value(node.this))
        if isinstance(node.expression, exp.Null):
            source = self.names.source_of(node.this) if isinstance(node.this, exp.Column) else None
            if source and source.optional and source.known and self.names.is_key(node.this):
                return f"there are {'' if negated else 'no '}matching {source.noun.plural}"
            return f"{label} is {'known' if negated else 'missing'}"
        return f"{label} is {'not ' if negated else ''}{self.literal(node.expression)}"

    def _rows_inside(self, query: exp.Expr) -> str:
        """What an EXISTS or IN looks for, less the condition that ties it to the row outside."""
        inner = query.this if isinstance(query, exp.Subquery) else query
        if not isinstance(inner, exp.Select):
            return "rows"
        noun, where = self.names.rows_of(inner).plural, inner.args.get("where")
        if where is None:
            return noun
        aliases = {source.alias for source in self.names.sources(inner)}
        parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
        own = [part for part in parts if not _ties(part, aliases) and not _only_guards(part, inner)]
        return f"{noun} where {' and '.join(self._within(part, exp.Or) for part in own)}" if own else noun

    def _is_own_key(self, node: exp.Expr) -> bool:
        return isinstance(node, exp.Column) and self.names.is_key(node)

    def is_time(self, node: exp.Expr) -> bool:
        """Whether a value is a date."""
        node = _bare(node)
        if isinstance(node, (exp.Min, exp.Max, exp.Collate)):
            node = _bare(node.this)
        if isinstance(node, exp.Date) or (isinstance(node, exp.Anonymous) and node.name.lower() in ("date", "datetime")):
            return True
        return isinstance(node, exp.Column) and self.names.is_time(node)

    # Queries

    def rows(self, select: exp.Select, *, many: bool = True) -> str:
        """What a SELECT's WHERE keeps: "orders where the city is Oslo"."""
        noun = self.names.rows_of(select)
        said = noun.plural if many else noun.singular
        where = select.args.get("where")
        return f"{said} where {self.condition(where.this)}" if where is not None else said

    def query(self, query: exp.Expr, *, many: bool = False) -> str:
        """A query inside another as a noun phrase: "average price of all products"."""
        if not isinstance(query, exp.Select) or not query.expressions:
            if isinstance(query, exp.SetOperation):
                joint = {exp.Union: "or", exp.Intersect: "and also", exp.Except: "but not"}.get(type(query), "or")
                return f"{self.query(query.this, many=many)} {joint} {self.query(query.expression, many=many)}"
            return _sql(query)
        said = listed([self.shown(e) for e in query.expressions])
        if many and not query.find(*AGGREGATES):
            said = listed([plural(self.shown(e)) for e in query.expressions])
        sources = self.names.sources(query)
        if not sources:
            return said
        where = query.args.get("where")
        lone_count = len(query.expressions) == 1 and isinstance(query.expressions[0].unalias(), exp.Count)
        scope = (
            ""
            if lone_count
            else f" of {'all ' if where is None and not many and _aggregates(query) else ''}{self.names.rows_of(query).plural}"
        )
        if where is not None:
            scope += f" where {self.condition(where.this)}"
        group, having = query.args.get("group"), query.args.get("having")
        if group is not None:
            scope += f", for each {listed([self.value(e) for e in group.expressions])}"
        if having is not None:
            scope += f", where {self.condition(having.this)}"
        order, limit = query.args.get("order"), query.args.get("limit")
        if order is not None and limit is not None:
            scope += f" (the first {limit.expression.sql()} by {self.order(order)})"
        return said + scope

    def groups(self, select: exp.Select) -> str:
        """What GROUP BY makes one row of: "customer" for its key and name, "city and month"."""
        parts: list[str] = []
        for node in select.args["group"].expressions:
            node = self.resolved(node)
            bare = node.this if isinstance(node, exp.Alias) else node
            source = self.names.source_of(bare) if isinstance(bare, exp.Column) else None
            if isinstance(bare, exp.Column) and source and (self.names.is_key(bare) or (self.names.is_label(bare) and source.known)):
                parts.append(source.noun.singular)
            elif not (source and source.noun.singular in parts):  # the name beside its key adds nothing
                parts.append(self.shown(node))
        return listed(list(dict.fromkeys(parts)))

    def order(self, order: exp.Expr) -> str:
        """ "price, largest first, then name"."""
        return ", then ".join(self.sort_key(term) for term in order.expressions)

    def sort_key(self, term: exp.Expr) -> str:
        key, descending = (term.this, bool(term.args.get("desc"))) if isinstance(term, exp.Ordered) else (term, False)
        key = self.resolved(key)
        said = self.shown(key) if isinstance(key, exp.Alias) else self.value(key)
        bare = _bare(key.this if isinstance(key, exp.Alias) else key)
        if self.is_time(bare):
            return f"{said}, {'latest' if descending else 'earliest'} first"
        if isinstance(bare, (*AGGREGATES, *_ARITHMETIC, exp.Round)):
            return f"{said}, {'largest' if descending else 'smallest'} first"
        return f"{said}, from high to low" if descending else said

    def resolved(self, key: exp.Expr) -> exp.Expr:
        """What ORDER BY 2 or an alias stands for."""
        select = key.find_ancestor(exp.Select)
        if select is None:
            return key
        if isinstance(key, exp.Literal) and not key.is_string and key.this.isdigit() and 1 <= int(key.this) <= len(select.expressions):
            return select.expressions[int(key.this) - 1]  # type: ignore[no-any-return]
        if isinstance(key, exp.Column) and not key.table:
            return next((e for e in select.expressions if isinstance(e, exp.Alias) and e.alias.lower() == key.name.lower()), key)
        return key


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
    **dict.fromkeys(_ARITHMETIC, SqlWords._arithmetic),
}
_AGGREGATE_WORDS: dict[type[exp.Expr], str] = {
    exp.Sum: "total", exp.Avg: "average", exp.Min: "lowest", exp.Max: "highest", exp.GroupConcat: "list",
}  # fmt: skip


def _sql(node: exp.Expr) -> str:
    """A part in its own words."""
    return f"({plain(node.sql(dialect='sqlite'), SQL_CHARS)})"


def _lists_a_column(query: exp.Expr) -> bool:
    """Whether a query is `SELECT column FROM ... WHERE ...` and nothing more."""
    if not isinstance(query, exp.Select) or any(query.args.get(name) for name in ("group", "having", "limit", "with_", "with")):
        return False
    return len(query.expressions) == 1 and isinstance(query.expressions[0].unalias(), exp.Column)


def _ties(part: exp.Expr, aliases: set[str]) -> bool:
    """Whether a condition only says that a column here equals one outside."""
    if not isinstance(part, exp.EQ) or not all(isinstance(side, exp.Column) for side in (part.this, part.expression)):
        return False
    return sum(bool(side.table) and side.table.lower() not in aliases for side in (part.this, part.expression)) == 1


def _only_guards(part: exp.Expr, select: exp.Select) -> bool:
    """Whether a condition only keeps NULL out of the column that an IN looks through."""
    inner = part.this if isinstance(part, exp.Not) else None
    return (
        isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null) and [inner.this] == [e.unalias() for e in select.expressions]
    )


def _aggregates(select: exp.Select) -> bool:
    """Whether a SELECT makes one figure of all its rows."""
    return select.args.get("group") is None and all(node.find(*AGGREGATES) for node in select.expressions)


def _the(phrase: str) -> str:
    return phrase if phrase[:1] in '("' or phrase in ("everything", "today", "nothing") else f"the {phrase}"


def _bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, (exp.Paren, exp.Round, exp.Cast)) and isinstance(node.this, exp.Expr):
        node = node.this
    return node


def _bare_time(node: exp.Expr) -> exp.Expr:
    inner = node.this
    return inner.this if isinstance(inner, exp.TsOrDsToTimestamp) else inner  # type: ignore[no-any-return]


def _is_literal(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) or (isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal))


def _is_number(node: exp.Expr | None, value: int) -> bool:
    if not isinstance(node, exp.Literal) or node.is_string:
        return False
    try:
        return float(node.this) == value
    except ValueError:
        return False


def _is_hundred(node: exp.Expr) -> bool:
    return _is_number(_bare(node), 100)


def _number(text: str, label: str) -> str:
    try:
        return number(int(text), label) if text.isdigit() and len(text) < 4_000 else number(float(text), label)
    except (ValueError, OverflowError):
        return plain(text)


def _span(low: str, high: str, *, last_included: bool) -> str:
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
    import calendar

    return str(calendar.monthrange(year, month)[1]) if 1 <= month <= 12 and year else ""
