"""The answer in one sentence, by rule from the question, the query's tree and its result.

It says what the query computed, conditions included, so that a wrong query shows; numbers and names come from the rows alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlglot import exp

from envs.plain_text import plain
from envs.schema import Schema
from envs.vocabulary import Wording, listed, plural
from serving.plain_values import said
from serving.sentence_parts import NAMED_MAX, Parts, Rows, in_brackets, label_of, some
from serving.sql_names import Names
from serving.sql_nodes import AGGREGATES, are, peeled

GROUPS_MAX = 5  # groups listed in full
CHARS_MAX = 700


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


class _Answer(Parts):
    """The sentences, by the shape of query and result."""

    def text(self) -> str:
        tree = self.tree
        if isinstance(tree, exp.SetOperation) and self.rows and len(self.columns) == 1:
            return self._joint(tree)
        if not isinstance(tree, exp.Select) or not (tree.args.get("from_") or tree.args.get("from")):
            return _by_result(self.columns, self.rows, self.row_count, self.complete)
        self.select = tree
        self.shown = [node.unalias() for node in tree.expressions]
        if any(isinstance(node, exp.Star) or node.is_star for node in self.shown) or len(self.shown) != len(self.columns):
            self.labels = [label_of(name) for name in self.columns]
            self.shown = [exp.column(name) for name in self.columns]
        else:
            self.labels = [self.words.shown(node) for node in tree.expressions]
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
        return f"{self._there_are(what)}: {some([self._said(row[0], label) for row in self.rows], self.row_count)}."

    # No row, one row

    def _nothing(self) -> str:
        having = self.select.args.get("having")
        if having is not None:
            return f"Nothing found: there is no {self._group_noun()} where {self.words.condition(having.this)}{self._scope()}."
        return f"Nothing found: there are no {self._rows()}."

    def _one_value(self, grouped: bool) -> str:
        node, label, value = self.shown[0], self.labels[0], self.rows[0][0]
        bare = peeled(node)
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
            return f"{self._of_those()}{self._one(noun)} with {top} is {name}{in_brackets(rest)}."
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
            return f"{self._of_those()}the {self._count_said()} {what} with {top} are {some(values, self.row_count)}."
        if self.select.args.get("distinct") or grouped:
            key = self._key_noun(self.shown[0], once=True)
            what = key or f"different {plural(label)}"
            scope = self._where() if key else self._among()
            if grouped and (having := self.select.args.get("having")) is not None:
                what, scope = key or plural(label), f" where {self.words.condition(having.this)}{self._scope()}"
            return f"{self._there_are(what)}{scope}: {some(values, self.row_count)}."
        intro = self._there_are(self._rows())
        if len(set(values)) < len(values) and len(values) >= self.row_count:
            counts = Counter(values).most_common()
            often = [f"{value} ({times} times)" if times > 1 else value for value, times in counts]
            return f"{intro}; {label}: {some(often, len(often))}."
        own = isinstance(self.shown[0], exp.Column) and (self._is_naming(self.shown[0]) or self.names.is_key(self.shown[0]))
        return f"{intro}{':' if own else f'; {label}:'} {some(values, self.row_count)}."

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
        if few and not any(isinstance(node, exp.Column) and self.names.is_label(node) for node in self.shown):
            facts = [", ".join(f"{label} {self._said(v, label)}" for v, label in zip(row, self.labels, strict=False)) for row in self.rows]
            return f"{intro} {'; '.join(facts)}."
        if not few and not any(self._is_naming(node) for node in self.shown):
            return f"{intro.rstrip(':')}, each with {listed(self.labels[:6])}." if intro.endswith(":") else f"{intro} in the table."
        said_rows = [f"{name}{in_brackets(rest[:2], bare=len(rest) == 1)}" if few else name for name, rest in names]
        return f"{intro} {some(said_rows, self.row_count)}."

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
            return f"{self._of_those()}the {self._count_said()} {many} with {top} are {some(listing, self.row_count)}."
        if self.row_count <= GROUPS_MAX:
            return f"The {label} for each {noun}{kept}{scope}: {listed(listing)}."
        numbers = [(value, name) for name, value in figures if isinstance(value, int | float)]
        if len(numbers) < 2 or self.row_count > len(self.rows):
            return f"{self._there_are(many)}{kept}{scope}, each with its {label}: {some(listing, self.row_count)}."
        (high, most), (low, least) = max(numbers, key=lambda n: n[0]), min(numbers, key=lambda n: n[0])
        if high == low:
            return f"The {label} is {self._said(high, label)} for each of the {self._count_said()} {many}{kept}{scope}."
        return (
            f"The {label} for {self._count_said()} {many}{kept}{scope}: the highest is {self._said(high, label)} "
            f"({most}{self._tied(numbers, high)}), the lowest {self._said(low, label)} ({least}{self._tied(numbers, low)})."
        )


def _by_result(columns: Sequence[str], rows: Rows, row_count: int, complete: bool) -> str:
    """The sentence for a query of a shape not known here: from its rows alone."""
    if not rows:
        return "Nothing found: the query returned no rows."
    labels = [label_of(name) for name in columns]
    if row_count <= 1 and len(rows) == 1:
        if len(columns) == 1:
            return f"The answer is {said(rows[0][0], labels[0])}."
        return f"The answer: {listed([f'{label} {said(value, label)}' for label, value in zip(labels[:8], rows[0], strict=False)])}."
    number = f"{'' if complete else 'at least '}{row_count:,}"
    if len(columns) == 1:
        return f"There are {number}: {some([said(row[0], labels[0]) for row in rows], row_count)}."
    first = ", ".join(said(value, label) for value, label in zip(rows[0][:4], labels, strict=False))
    return f"There are {number} rows, each with {listed(labels[:8])}; the first is {first}."
