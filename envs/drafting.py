"""What every kind of question is drafted with: the table it starts from, the tables it must reach, its conditions and columns.

A `Draft` is a query with its English, before anyone has run it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from envs import conditions
from envs.conditions import Condition
from envs.gold_sql import Expr, Select, column, literal, render
from envs.phrasing import Voice
from envs.profile import ColumnFacts, Edge, Facts, Role, TableFacts, patiently
from envs.sandbox import Database, QueryError
from envs.schema import Cell
from envs.vocabulary import plural

CONDITIONS_MAX = 2  # of one question; an owner seldom stacks more
SHOWN_ROLES = (Role.CATEGORY, Role.NUMBER, Role.YEAR, Role.DATE, Role.MOMENT, Role.TEXT, Role.CODE)


@dataclass(frozen=True)
class Draft:
    """A question as drafted."""

    text: str
    sql: str
    constructs: tuple[str, ...]
    tie_sql: str = ""  # one row more than the limit, its order key last: the rows on both sides of the limit must differ
    rows_min: int = 1


@dataclass
class Desk:
    """The makings of one draft. `targets` are tables above the base that the query has still to use."""

    database: Database
    facts: Facts
    voice: Voice
    rng: random.Random
    base: str
    targets: list[str]
    used: set[str] = field(default_factory=set)  # columns that the question shows or orders by
    constructs: list[str] = field(default_factory=list)
    said: int = 0  # conditions so far

    @property
    def table(self) -> TableFacts:
        return self.facts.tables[self.base]

    def where(self, *, own: float = 0.0, table: str = "") -> tuple[Condition, ...]:
        """Conditions on every target left, and with this chance one (seldom two) on the base; never more than two in a question."""
        base = table or self.base
        found: list[Condition] = []
        room = CONDITIONS_MAX - self.said - len(self.targets)
        if room > 0 and self.rng.random() < (own * (0.4 if self.said else 1) or (0.06 if self.targets else 0.55)):
            found.append(self._draw(base, base))
            if room > 1 and not self.targets and self.rng.random() < 0.12:
                found.append(self._draw(base, base))
        found += [self._draw(base, target) for target in self.targets]
        self.targets = []
        self.said += len(found)
        if self.said > CONDITIONS_MAX:
            raise DeadEndError
        self.constructs += [c.construct for c in found]
        return tuple(found)

    def condition(self, base: str, table: str) -> Condition:
        found = self._draw(base, table)
        self.constructs.append(found.construct)
        return found

    def _draw(self, base: str, table: str) -> Condition:
        for _ in range(3):
            found = conditions.draw(self.voice, base, table, frozenset(self.used))
            if found:
                self.used.update(c.path for c in found.columns)
                return found
        raise DeadEndError

    def phrase(self, where: tuple[Condition, ...], *, one: bool = False, table: str = "", either: bool = False) -> str:
        return conditions.phrase(self.voice, table or self.base, where, one=one, either=either)

    def shown(self, frame: str, table: str) -> tuple[ColumnFacts, ...]:
        """The columns a frame asks for: those it names, or else what one calls a row."""
        facts = self.facts.tables[table]
        if "{cols" in frame:
            return self.some_columns(facts)
        if not facts.shown:
            raise DeadEndError
        return self.use(facts.shown)

    def some_columns(self, facts: TableFacts) -> tuple[ColumnFacts, ...]:
        """One to three columns worth asking for, the label most often."""
        rest = [c for c in facts.having(*SHOWN_ROLES) if c not in facts.label and c.path not in self.used and not c.nulls]
        picked: list[ColumnFacts] = list(facts.label) if facts.label and self.rng.random() < 0.6 else []
        wanted = self.rng.choices((1, 2, 3), (0.55, 0.42, 0.03))[0] - bool(picked)
        if facts.key and facts.key.path not in self.used and self.rng.random() < 0.06:
            picked.append(facts.key)
        picked += self.rng.sample(rest, min(max(wanted, 0 if picked else 1), len(rest)))
        if not picked:
            raise DeadEndError
        return self.use(tuple(picked))

    def number(self, *, additive: bool = False, table: str = "", dates: bool = False) -> ColumnFacts:
        """A column of numbers (or of dates) that the question does not use yet."""
        roles = (Role.NUMBER, Role.DATE, Role.MOMENT) if dates else (Role.NUMBER,)
        facts = self.facts.tables[table or self.base]
        fit = [c for c in facts.having(*roles) if c.path not in self.used and len(c.counts) > 2 and (c.additive or not additive)]
        fit = [c for c in fit if c.kind != "level"]
        if not fit:
            raise DeadEndError
        return self.use((self.rng.choice(fit),))[0]

    def use(self, columns: Sequence[ColumnFacts]) -> tuple[ColumnFacts, ...]:
        self.used.update(c.path for c in columns)
        return tuple(columns)

    def children(self, parent: str) -> Edge:
        """A table that points to this one."""
        edges = self.facts.children(parent)
        if not edges:
            raise DeadEndError
        return self.rng.choice(edges)

    def values(self, sql: str) -> list[Cell]:
        """The first column of what a query returns."""
        return [row[0] for row in self.rows(sql)]

    def rows(self, sql: str) -> tuple[tuple[Cell, ...], ...]:
        """The rows of a query; a draft that needs one that fails is a dead end."""
        try:
            return patiently(self.database, sql).rows
        except QueryError as error:
            raise DeadEndError from error

    def draft(self, kind: str, text: str, select: Select | str, *, rows_min: int = 1) -> Draft:
        """The finished draft; checks what cannot be asked without being ambiguous."""
        if isinstance(select, str):
            return Draft(text, select, (kind, *self.constructs), rows_min=rows_min)
        if select.order and any(c.nulls for expr in select.order for c in expr.columns):
            raise DeadEndError  # where a missing value sorts is nobody's intention
        tie = ""
        if select.limit:
            key = Expr(select.order[0].template.removesuffix(" DESC"), select.order[0].columns)
            tie = render(Select(**{**vars(select), "show": (*select.show, key), "limit": select.limit + 1}), self.facts)
        return Draft(text, render(select, self.facts), (kind, *self.constructs), tie, rows_min)

    def row_name(self, table: str) -> tuple[str, tuple[Expr, ...]]:
        """One row of a table as one would name it, and the conditions that find it: "the order 1045"."""
        facts = self.facts.tables[table]
        row = self.rng.choice(facts.rows)
        names = list(facts.columns)
        if facts.label and facts.label_unique:
            cells = [row[names.index(c.name)] for c in facts.label]
            self.use(facts.label)
            found = tuple(Expr(f"{{0}} = {literal(v)}", (c,)) for c, v in zip(facts.label, cells, strict=True))
            return self.voice.called(table, cells), found
        if not facts.key:
            raise DeadEndError
        cell = row[names.index(facts.key.name)]
        if cell is None:
            raise DeadEndError
        self.use((facts.key,))
        said = self.voice.pick("by_number", s=self.voice.noun(table).singular, v=str(cell), c=self.voice.column(facts.key))
        return said, (Expr(f"{{0}} = {literal(cell)}", (facts.key,)),)


class DeadEndError(Exception):
    """This draft cannot be finished with the tables at hand; another is tried."""


def exprs(where: tuple[Condition, ...]) -> tuple[Expr, ...]:
    return tuple(expr for condition in where for expr in condition.exprs)


def shows(columns: Sequence[ColumnFacts]) -> tuple[Expr, ...]:
    return tuple(column(c) for c in columns)


@dataclass(frozen=True)
class Grouping:
    """What rows are grouped by, and how it is said."""

    show: tuple[Expr, ...]
    by: tuple[Expr, ...]
    said: str
    table: str
    entity: bool = False  # each group is a row of another table
    time: bool = False

    @property
    def many(self) -> str:
        return plural(self.said)
