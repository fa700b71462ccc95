"""The answer in one sentence, by rule from the question, the query's tree and its result.

It says what the query computed, conditions included, so that a wrong query shows; numbers and names come from the rows alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sqlglot import exp

from envs.guard import Cell
from envs.schema import Schema
from envs.sql_reading import parse
from envs.vocabulary import Wording, listed, plural
from serving.plain_values import MISSING, plain, said
from serving.sql_names import Names
from serving.sql_nodes import AGGREGATES, are
from serving.sql_words import SqlWords

NAMED_MAX = 8  # values listed in full
FIRST = 3  # of more
GROUPS_MAX = 5  # groups listed in full
CHARS_MAX = 700
_PERCENT = re.compile(r"\b(percent|percentage|per cent|proportion|share)\b|%", re.IGNORECASE)
_YES_NO = re.compile(r"^(do we have any|have we (got )?any|are there any|is there (a|an|any)|did we have any)\b", re.IGNORECASE)

Rows = Sequence[Sequence[Cell]]


def sentence(
    question: str,
    sql: str,
    columns: Sequence[str],
    rows: Rows,
    row_count: int,
    *,
    schema: Schema | None = None,
    wording: Wording | None = None,
    complete: bool = True,
) -> str:
    """The answer for a person, without markup. Never raises.

    Args:
        columns, rows: the result; rows may be only the first of row_count.
        schema: of the database; tells keys, dates and yes/no columns apart, so that it reads better.
        wording: what the owner calls tables and columns.
        complete: False when row_count is only how many were read.
    """
    try:
        text = _Answer(question, sql, columns, rows, row_count, Names(schema, wording), complete).text()
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError, IndexError):
        text = _by_result(columns, rows, row_count, complete)  # a shape of query we do not know must not cost the answer
    return plain(text[:1].upper() + text[1:], CHARS_MAX)


class _Answer:
    def __init__(self, question: str, sql: str, columns: Sequence[str], rows: Rows, row_count: int, names: Names, complete: bool) -> None:
        self.question, self.columns, self.rows = question, columns, rows
        self.row_count, self.complete = row_count, complete
        self.names, self.words = names, SqlWords(names)
        self.tree = parse(sql)

    def text(self) -> str:
        tree = self.tree
        if isinstance(tree, exp.SetOperation) and self.rows and len(self.columns) == 1:
            return self._joint(tree)
        if not isinstance(tree, exp.Select) or not (tree.args.get("from_") or tree.args.get("from")):
            return _by_result(self.columns, self.rows, self.row_count, self.complete)
        self.select = tree
        self.shown = [node.unalias() for node in tree.expressions]
        if any(isinstance(node, exp.Star) or node.is_star for node in self.shown) or len(self.shown) != len(self.columns):
            self.labels = [_label(name) for name in self.columns]
            self.shown = [exp.column(name) for name in self.columns]
            self.starred = True
        else:
            self.labels = [self.words.shown(node) for node in tree.expressions]
            self.starred = False
        if not self.rows:
            return self._nothing()
        grouped = tree.args.get("group") is not None
        if len(self.rows) == 1 and self.row_count <= 1:
            if len(self.columns) == 1:
                return self._one_value(grouped)
            return self._one_row(grouped)
        if grouped and len(self.columns) > 1:
            return self._groups()
        return self._list(grouped) if len(self.columns) == 1 else self._table()

    def _joint(self, tree: exp.SetOperation) -> str:
        """The rows of a UNION, INTERSECT or EXCEPT, called by what its first SELECT shows."""
        first: exp.Expr = tree
        same = True
        while isinstance(first, exp.SetOperation):
            other = first.expression.expressions[:1] if isinstance(first, exp.Union) else ()
            same, first = same and all(self.words.value(node) == self.words.value(tree.selects[0]) for node in other), first.this
        node = first.expressions[0].unalias() if isinstance(first, exp.Select) else None
        if not isinstance(node, exp.Column) or node.is_star or not same:
            return _by_result(self.columns, self.rows, self.row_count, self.complete)
        label = self.words.value(node)
        what = self._key_noun(node) or plural(label)
        return f"{self._there_are(what)}: {_some([self._said(row[0], label) for row in self.rows], self.row_count)}."

    # No row, one row

    def _nothing(self) -> str:
        having = self.select.args.get("having")
        if having is not None:
            return f"Nothing found: there is no {self._group_noun()} where {self.words.condition(having.this)}{self._scope()}."
        return f"Nothing found: there are no {self._rows()}."

    def _one_value(self, grouped: bool) -> str:
        node, label, value = self.shown[0], self.labels[0], self.rows[0][0]
        bare = _unrounded(node)
        top = self._top()
        if isinstance(bare, exp.Count) and not grouped and isinstance(value, int):
            return self._count(bare, value)
        if value is None:
            if node.find(*AGGREGATES) and not grouped:
                return f"There is no {label} to give: nothing to take it from among the {self._rows()}."
            return f"The {label} is missing{self._for()}."
        share = self.words.share(node)
        if share and not grouped:
            where = self._where()
            return f"In {self._said(value, 'percentage', percent=True)} of the {share[0]}{where}, {share[1]}."
        if grouped and top:
            return f"{self._of_those()}{self._one(self._group_noun())} with {top} is {self._said(value, label)}."
        if grouped:
            return self._list(grouped)
        called = isinstance(node, exp.Column) and (self._is_naming(node) or (self.names.is_key(node) and self._own(node)))
        if not top and called and self.select.args.get("where") is not None:
            return f"There is one {self.names.rows_of(self.select).singular}{self._where()}: {self._said(value, label)}."
        if isinstance(node, exp.Column) and top:
            noun = self.names.rows_of(self.select).singular
            if called:
                return f"{self._of_those()}{self._one(noun)} with {top} is {self._said(value, label)}."
            return f"{self._of_those()}the {label} of {self._one(noun)} with {top} is {self._said(value, label)}."
        if node.find(*AGGREGATES) and not grouped:
            return f"The {label}{self._of(label)} {are('is', label)} {self._said(value, label)}."
        return f"The {label} {are('is', label)} {self._said(value, label)}{self._for()}."

    def _one_row(self, grouped: bool) -> str:
        row, top = self.rows[0], self._top()
        facts = [(label, self._said(value, label)) for label, value in zip(self.labels, row, strict=False)]
        said_of = listed([f"the {label} {are('is', label)} {value}" for label, value in facts])
        if all(node.find(*AGGREGATES) for node in self.shown) and not grouped:
            return f"{said_of}{self._for(' for the ')}."
        name, rest = self._named(row)
        if top:
            noun = self._group_noun() if grouped else self.names.rows_of(self.select).singular
            return f"{self._of_those()}{self._one(noun)} with {top} is {name}{_in_brackets(rest)}."
        if grouped:
            return self._groups()
        if not any(self._is_naming(node) and value is not None for node, value in zip(self.shown, row, strict=False)):
            return f"{said_of}{self._for()}."
        return f"{name}: {listed([f'{label} {value}' for label, value in rest])}."

    # Several rows

    def _list(self, grouped: bool) -> str:
        values = [self._said(row[0], self.labels[0]) for row in self.rows]
        top = self._top()
        label = self.labels[0]
        if top and self._limit() > 1:
            what = plural(self._group_noun()) if grouped else self._limited_noun(self.shown[0], label)
            return f"{self._of_those()}the {self._count_said()} {what} with {top} are {_some(values, self.row_count)}."
        if self.select.args.get("distinct") or grouped:
            key = self._key_noun(self.shown[0], once=True)
            what = key or f"different {plural(label)}"
            scope = self._where() if key else self._among()
            if grouped and (having := self.select.args.get("having")) is not None:
                what, scope = key or plural(label), f" where {self.words.condition(having.this)}{self._scope()}"
            return f"{self._there_are(what)}{scope}: {_some(values, self.row_count)}."
        intro = self._there_are(self._rows())
        if len(set(values)) < len(values) and len(values) >= self.row_count:
            counts = Counter(values).most_common()
            often = [f"{value} ({times} times)" if times > 1 else value for value, times in counts]
            return f"{intro}; {label}: {_some(often, len(often))}."
        own = isinstance(self.shown[0], exp.Column) and (self._is_naming(self.shown[0]) or self.names.is_key(self.shown[0]))
        return f"{intro}{':' if own else f'; {label}:'} {_some(values, self.row_count)}."

    def _table(self) -> str:
        names = [self._named(row) for row in self.rows[:NAMED_MAX]]
        top = self._top()
        if top and self._limit() > 1:
            what = self.names.rows_of(self.select).plural
            intro = f"{self._of_those()}the {self._count_said()} {what} with {top} are"
        elif self.select.args.get("distinct"):
            intro = f"There are {self._count_said()} different combinations of {listed(self.labels[:4])}{self._among()}:"
        else:
            intro = f"{self._there_are(self._rows())}:"
        few = self.row_count <= GROUPS_MAX and len(self.columns) <= 3
        if not few and not any(self._is_naming(node) for node in self.shown):
            return f"{intro.rstrip(':')}, each with {listed(self.labels[:6])}." if intro.endswith(":") else f"{intro} in the table."
        said_rows = [f"{name}{_in_brackets(rest[:2], bare=len(rest) == 1)}" if few else name for name, rest in names]
        return f"{intro} {_some(said_rows, self.row_count)}."

    def _groups(self) -> str:
        """One row for each group: all of them when few, else the largest and the smallest."""
        place = next((i for i, node in enumerate(self.shown) if node.find(*AGGREGATES)), None)
        if place is None:
            return self._table()
        keys = [i for i, node in enumerate(self.shown) if not node.find(*AGGREGATES)]
        label, noun = self.labels[place], self._group_noun()
        figures = [(" ".join(self._said(row[i], self.labels[i]) for i in keys), row[place]) for row in self.rows]
        having = self.select.args.get("having")
        kept = f" where {self.words.condition(having.this)}" if having is not None else ""
        scope = self._scope()
        many = f"combinations of {noun}" if " and " in noun else plural(noun)
        if not keys:
            return _by_result(self.columns, self.rows, self.row_count, self.complete)
        if len(figures) == 1:
            name, value = figures[0]
            return f"Only one {noun}{kept}{scope}: {name}, {label} {self._said(value, label)}."
        listing = [f"{name} ({self._said(value, label)})" for name, value in figures]
        if self._limit() > 1 and (top := self._top()):
            return f"{self._of_those()}the {self._count_said()} {many} with {top} are {_some(listing, self.row_count)}."
        if self.row_count <= GROUPS_MAX:
            return f"The {label} for each {noun}{kept}{scope}: {listed(listing)}."
        numbers = [(value, name) for name, value in figures if isinstance(value, int | float)]
        if len(numbers) < 2 or self.row_count > len(self.rows):
            return f"{self._there_are(many)}{kept}{scope}, each with its {label}: {_some(listing, self.row_count)}."
        (high, most), (low, least) = max(numbers, key=lambda n: n[0]), min(numbers, key=lambda n: n[0])
        if high == low:
            return f"The {label} is {self._said(high, label)} for each of the {self._count_said()} {many}{kept}{scope}."
        return (
            f"The {label} for {self._count_said()} {many}{kept}{scope}: the highest is {self._said(high, label)} "
            f"({most}{self._tied(numbers, high)}), the lowest {self._said(low, label)} ({least}{self._tied(numbers, low)})."
        )

    # Parts

    def _count(self, node: exp.Count, value: int) -> str:
        what = self.words.counted(node)
        where = self._where(joined=" where " in what)
        if value == 0:
            answer = f"there are no {what}{where}"
        elif value == 1:
            answer = f"there is 1 of the {what}{where}" if " " in what.split(" where ")[0] else f"there is 1 {self._singular(what)}{where}"
        else:
            answer = f"there are {said(value)} {what}{where}"
        if _YES_NO.match(self.question.strip()):
            answer = f"{'yes' if value else 'no'}, {answer}"
        return f"{answer}."

    def _singular(self, what: str) -> str:
        noun = self.names.rows_of(self.select)
        return noun.singular if what == noun.plural else what

    def _rows(self) -> str:
        return self.names.rows_of(self.select).plural + self._where()

    def _where(self, *, joined: bool = False) -> str:
        where = self.select.args.get("where")
        return f" {'and' if joined else 'where'} {self.words.condition(where.this)}" if where is not None else ""

    def _scope(self) -> str:
        """What a group table counts besides its groups: only a condition needs saying."""
        where = self.select.args.get("where")
        return f" (only where {self.words.condition(where.this)})" if where is not None else ""

    def _among(self) -> str:
        return f" among the {self._rows()}"

    def _of(self, label: str) -> str:
        """ " of the orders where ...", unless the label has said it already."""
        noun = self.names.rows_of(self.select)
        if label.startswith(("number of", "percentage of")) or "where" in label:
            return self._where(joined=" where " in label)
        return f" of {'all ' if self.select.args.get('where') is None else 'the '}{noun.plural}{self._where()}"

    def _for(self, start: str = " for the ") -> str:
        where = self.select.args.get("where")
        if where is None:
            return f"{start}{self.names.rows_of(self.select).plural}" if start == " for the " and self.shown[0].find(*AGGREGATES) else ""
        noun = self.names.rows_of(self.select)
        many = any(node.find(*AGGREGATES) for node in self.shown)
        return f"{start}{noun.plural if many else noun.singular} where {self.words.condition(where.this)}"

    def _of_those(self) -> str:
        """ "Of the orders where ..., " before what was chosen among them."""
        return f"of the {self._rows()}, " if self.select.args.get("where") is not None else ""

    def _one(self, noun: str) -> str:
        """ "the order", or "the one" when the orders have just been named."""
        named = self.select.args.get("where") is not None and noun == self.names.rows_of(self.select).singular
        return "the one" if named else f"the {noun}"

    def _limit(self) -> int:
        limit = self.tree.args.get("limit")
        text = limit.expression.sql() if limit is not None and limit.expression is not None else ""
        return int(text) if text.isdigit() else 0

    def _top(self) -> str:
        """What ORDER BY ... LIMIT chose by: "the highest price", "the most orders"; "" when the query does not choose."""
        order = self.select.args.get("order")
        if order is None or not self._limit() or self.select.args.get("offset") is not None:
            return ""
        term = order.expressions[0]
        descending = bool(term.args.get("desc")) if isinstance(term, exp.Ordered) else False
        key = self.words.resolved(term.this if isinstance(term, exp.Ordered) else term)
        bare = _unrounded(key.unalias())
        label = self.words.shown(key) if isinstance(key, exp.Alias) else self.words.value(key)
        if isinstance(bare, exp.Count):
            return f"the {'most' if descending else 'fewest'} {self.words.counted(bare)}"
        if self.words.is_time(bare):
            label = re.sub(r"^(latest|earliest) ", "", label)
            return f"the {'latest' if descending else 'earliest'} {label}"
        return f"the {'highest' if descending else 'lowest'} {label}"

    def _group_noun(self) -> str:
        group = self.select.args.get("group")
        if group is None:
            return self.names.rows_of(self.select).singular
        return self.words.groups(self.select)

    def _key_noun(self, node: exp.Expr, *, once: bool = False) -> str:
        """ "customers" for a column that names or numbers a customer; `once` where each value is shown once, whoever shares it."""
        fits = isinstance(node, exp.Column) and (
            self.names.stands_for_row(node) if once else self.names.is_key(node) or self.names.is_label(node)
        )
        if fits and isinstance(node, exp.Column):
            source = self.names.source_of(node)
            if source and source.known:
                return source.noun.plural
        return ""

    def _limited_noun(self, node: exp.Expr, label: str) -> str:
        return self._key_noun(node) or plural(label)

    def _own(self, node: exp.Column) -> bool:
        """Whether a column is of the table whose rows these are."""
        source = self.names.source_of(node)
        return bool(source and source.noun.singular == self.names.rows_of(self.select).singular)

    def _named(self, row: Sequence[Cell]) -> tuple[str, list[tuple[str, str]]]:
        """What one calls a row, and its other facts with their labels."""
        cells = list(zip(self.shown, self.labels, row, strict=False))
        named = [i for i, (node, _, value) in enumerate(cells) if value is not None and self._is_naming(node)]
        chosen = named[:2] if len(named) > 1 and self._is_two_names(cells[named[0]][1], cells[named[1]][1]) else named[:1]
        if not chosen:
            chosen = [next((i for i, (_, _, value) in enumerate(cells) if isinstance(value, str)), 0)]
        name = " ".join(self._said(cells[i][2], cells[i][1]) for i in chosen)
        return name, [(label, self._said(value, label)) for i, (_, label, value) in enumerate(cells) if i not in chosen]

    def _is_naming(self, node: exp.Expr) -> bool:
        """Whether a column names the row that it is in: a driver's name names no order."""
        if not isinstance(node, exp.Column) or not self.names.is_label(node):
            return False
        return self._own(node) or self.select.args.get("group") is not None or bool(self.select.args.get("distinct"))

    @staticmethod
    def _is_two_names(one: str, other: str) -> bool:
        return one.endswith(("first name", "given name")) and other.endswith(("last name", "family name"))

    def _said(self, value: Cell, label: str, *, percent: bool = False) -> str:
        percent = percent or label.startswith("percentage") or (" as a percentage" in label)
        text = said(value, label)
        return f"{said(value)}%" if percent and isinstance(value, int | float) else text

    def _there_are(self, what: str) -> str:
        if self._cut():
            return f"here are the first {self._count_said()} {what}"
        if self.row_count == 1:
            return f"there is 1 of the {what}" if what.split()[0] != "different" else f"there is only one of the {what}"
        return f"there are {self._count_said()} {what}"

    def _cut(self) -> bool:
        """Whether LIMIT may have left rows out, which are not the largest or smallest of anything."""
        return 0 < self._limit() <= self.row_count

    def _count_said(self) -> str:
        return f"{'' if self.complete else 'at least '}{self.row_count:,}"

    @staticmethod
    def _tied(numbers: Sequence[tuple[float, str]], value: float) -> str:
        others = sum(number == value for number, _ in numbers) - 1
        return f" and {others} other{'s' if others > 1 else ''}" if others else ""


def _by_result(columns: Sequence[str], rows: Rows, row_count: int, complete: bool) -> str:
    """The sentence for a query of a shape not known here: from its rows alone."""
    if not rows:
        return "Nothing found: the query returned no rows."
    labels = [_label(name) for name in columns]
    if row_count <= 1 and len(rows) == 1:
        if len(columns) == 1:
            return f"The answer is {said(rows[0][0], labels[0])}."
        return f"The answer: {listed([f'{label} {said(value, label)}' for label, value in zip(labels[:8], rows[0], strict=False)])}."
    number = f"{'' if complete else 'at least '}{row_count:,}"
    if len(columns) == 1:
        return f"There are {number}: {_some([said(row[0], labels[0]) for row in rows], row_count)}."
    first = ", ".join(said(value, label) for value, label in zip(rows[0][:4], labels, strict=False))
    return f"There are {number} rows, each with {listed(labels[:8])}; the first is {first}."


def _some(values: Sequence[str], count: int) -> str:
    """All of a few values; of many the first, and how many more."""
    if count <= NAMED_MAX and len(values) >= count:
        return listed(list(values))
    shown = list(values[:FIRST])
    return f"{', '.join(shown)} and {count - len(shown):,} more"


def _in_brackets(facts: Sequence[tuple[str, str]], *, bare: bool = False) -> str:
    if not facts:
        return ""
    return f" ({', '.join(value if bare else f'{label} {value}' for label, value in facts)})"


def _label(name: str) -> str:
    """The name of a result's column in words."""
    text = plain(name, 60)
    return Names().phrase("", text) if re.fullmatch(r"\w+", text) else text or MISSING


def _unrounded(node: exp.Expr) -> exp.Expr:
    while isinstance(node, (exp.Paren, exp.Round, exp.Cast)):
        node = node.this
    return node
