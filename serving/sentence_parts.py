"""The parts that answer sentences are put together from: what a query counts, where, for whom, the most of what, one row by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from envs.guard import Cell
from envs.plain_text import plain
from envs.sql_reading import parse
from envs.vocabulary import listed, plural, singular
from serving.plain_values import MISSING, said
from serving.sql_names import Names
from serving.sql_nodes import AGGREGATES, peeled
from serving.sql_queries import resolved
from serving.sql_words import SqlWords

NAMED_MAX = 8  # values listed in full
FIRST = 3  # of more
_YES_NO = re.compile(r"^(do we have any|have we (got )?any|are there any|is there (a|an|any)|did we have any)\b", re.IGNORECASE)

Rows = Sequence[Sequence[Cell]]


class Parts:
    """One question's query and result, as far as sentences need them."""

    select: exp.Select  # once it is known to be one SELECT
    shown: list[exp.Expr]  # what its columns are, names taken off
    labels: list[str]  # the same in words

    def __init__(self, question: str, sql: str, columns: Sequence[str], rows: Rows, row_count: int, names: Names, complete: bool) -> None:
        self.question, self.columns, self.rows = question, columns, rows
        self.row_count, self.complete = row_count, complete
        self.names, self.words = names, SqlWords(names)
        self.tree = parse(sql)

    def _count(self, node: exp.Count, value: int) -> str:
        what = self.words.counted(node)
        where = self._where(joined=" where " in what)
        if isinstance(node.this, exp.Distinct) and where:
            where = self._among()
        if value == 0:
            answer = f"there are no {what}{where}"
        elif value == 1:
            answer = f"there is 1 {single(what)}{where}"
        else:
            answer = f"there are {said(value)} {what}{where}"
        if _YES_NO.match(self.question.strip()):
            answer = f"{'yes' if value else 'no'}, {answer}"
        return f"{answer}."

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
        key = resolved(term.this if isinstance(term, exp.Ordered) else term)
        bare = peeled(key.unalias())
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
            return f"there is only one {single(what)}"
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


def some(values: Sequence[str], count: int) -> str:
    """All of a few values; of many the first, and how many more."""
    if count <= NAMED_MAX and len(values) >= count:
        return listed(list(values))
    shown = list(values[:FIRST])
    return f"{', '.join(shown)} and {count - len(shown):,} more"


def in_brackets(facts: Sequence[tuple[str, str]], *, bare: bool = False) -> str:
    if not facts:
        return ""
    return f" ({', '.join(value if bare else f'{label} {value}' for label, value in facts)})"


def single(what: str) -> str:
    """ "kind of treatment where ..." for "kinds of treatment where ...", "city" for "different cities"."""
    head, where, rest = what.removeprefix("different ").partition(" where ")
    first, of, more = head.partition(" of ")
    return f"{singular(first)}{of}{more}{where}{rest}"


def label_of(name: str) -> str:
    """The name of a result's column in words."""
    text = plain(name, 60)
    return Names().phrase("", text) if re.fullmatch(r"\w+", text) else text or MISSING
