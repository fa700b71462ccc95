"""Which names may stand where in a query being written: columns of the tables in FROM, aliases, and what is named before FROM is.

Names are lower-case. A column named in SELECT waits as a use until FROM is whole; every use must then be one column of one table there.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from envs import sql_scan

ALIAS = re.compile(r"[a-z]{1,2}\d{0,2}\Z")  # how people abbreviate a table: T1, t, st
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_$") | {chr(i) for i in range(0x80, 0x100)}
RESERVED = sql_scan.RESERVED | frozenset(  # never written as a name without quotes
    "cast left right full inner outer cross natural end set table index".split()  # noqa: SIM905
)


class Source(NamedTuple):
    """One entry of FROM."""

    name: str  # what it goes by
    table: str  # "" for a sub-query
    outputs: tuple[str, ...] = ()  # of a sub-query: the names it gives with AS


class Scope(NamedTuple):
    """One SELECT being written."""

    clause: str = "select"  # select, from, where, group, having, order, limit
    sources: tuple[Source, ...] = ()
    uses: tuple[tuple[str, str], ...] = ()  # (qualifier or "", column) named before FROM was whole
    outputs: tuple[str, ...] = ()  # names given with AS
    merged: bool = False  # NATURAL or USING: a column of two tables is not ambiguous


Stack = tuple[Scope | str, ...]  # SELECTs, and as text what is open inside them; the innermost last


class Dictionary:
    """The tables and columns there are, and what a query may do with them. All names lower-case."""

    def __init__(
        self, tables: Mapping[str, Iterable[str]], links: Iterable[Sequence[str]] = (), unmeasured: Iterable[Sequence[str]] = ()
    ) -> None:
        """`links` are foreign keys: table, column, the table it points to, that one's column; `unmeasured` are (table, column)."""
        self._unmeasured = {(table.lower(), column.lower()) for table, column in unmeasured}
        self._links: dict[tuple[str, str], set[tuple[str, str]]] = {}  # by two tables: the pairs of columns that join them
        for table, column, other, target in ([name.lower() for name in link] for link in links):
            self._links.setdefault((table, other), set()).add((column, target))
            self._links.setdefault((other, table), set()).add((target, column))
        self.columns = {table.lower(): frozenset(c.lower() for c in columns) for table, columns in tables.items()}
        self._tied = {table: self._tied_to(table) for table in self.columns}
        self._known: frozenset[str] = frozenset().union(*self.columns.values())
        self._sorted = {False: (sorted(self.columns), sorted(self._known))}
        self._sorted[True] = tuple([n for n in names if is_bare(n)] for names in self._sorted[False])  # type: ignore[assignment]

    def tables_like(self, beginning: str, *, bare: bool) -> Iterator[str]:
        """Tables that begin so; bare leaves out those that need quotes."""
        return beginning_with(self._sorted[bare][0], beginning)

    def columns_like(self, beginning: str, *, bare: bool) -> Iterator[str]:
        return beginning_with(self._sorted[bare][1], beginning)

    def use(self, stack: Stack, qualifier: str, column: str) -> Stack | None:
        """The stack once a column has been named; None when no table in sight can have it.

        A column of `*` stands for all.
        """
        for i in range(len(stack) - 1, -1, -1):
            scope = stack[i]
            if not isinstance(scope, Scope):
                if scope.endswith("table("):
                    return None  # a sub-query in FROM sees nothing of what is around it
                continue
            if scope.clause == "select":
                if not self._possible(scope, qualifier, column):
                    return None
                use = (qualifier, column)
                return stack if use in scope.uses else (*stack[:i], scope._replace(uses=(*scope.uses, use)), *stack[i + 1 :])
            found = self._found(scope, qualifier, column)
            if found is not None:
                return stack if found else None
        return None

    def measures(self, qualifier: str, column: str) -> bool:
        """Whether a column so named may hold numbers that can be averaged."""
        having = [qualifier] if qualifier in self.columns else [t for t, columns in self.columns.items() if column in columns]
        return not having or any((table, column) not in self._unmeasured for table in having)

    def outputs_like(self, stack: Stack, beginning: str) -> Iterator[str]:
        """Names given with AS, here, around or in a sub-query of FROM, that begin so."""
        for scope in stack:
            if isinstance(scope, Scope):
                for outputs in (scope.outputs, *(s.outputs for s in scope.sources)):
                    yield from (o for o in outputs if o.startswith(beginning))

    def qualifies(self, stack: Stack, word: str) -> bool:
        """Whether a word may stand before a dot."""
        return any(word == name for name in self.qualifiers_like(stack, word, bare=False)) or self.abbreviates(stack, word)

    def abbreviates(self, stack: Stack, word: str) -> bool:
        """Whether a word may be an alias that FROM is yet to give."""
        scope = next((s for s in reversed(stack) if isinstance(s, Scope)), None)
        return scope is not None and scope.clause == "select" and word not in RESERVED and bool(ALIAS.match(word))

    def qualifiers_like(self, stack: Stack, beginning: str, *, bare: bool) -> Iterator[str]:
        for i in range(len(stack) - 1, -1, -1):
            scope = stack[i]
            if isinstance(scope, Scope):
                if scope.clause == "select":
                    yield from self.tables_like(beginning, bare=bare)
                yield from (s.name for s in scope.sources if s.name and s.name.startswith(beginning) and (not bare or is_bare(s.name)))
            elif scope.endswith("table("):
                return

    def settled(self, stack: Stack) -> Stack | None:
        """The stack with the innermost SELECT's FROM taken as whole; None when something named is not in it."""
        scope = stack[-1]
        assert isinstance(scope, Scope)
        if scope.clause not in ("select", "from"):
            return stack
        if not self.distinct(scope):
            return None
        now: Stack | None = (*stack[:-1], scope._replace(clause="where", uses=()))
        for qualifier, column in scope.uses:
            now = None if now is None else self.use(now, qualifier, column)
        return now

    def distinct(self, scope: Scope) -> bool:
        """Whether no two entries of FROM go by one name."""
        names = [s.name for s in scope.sources if s.name]
        return len(set(names)) == len(names)

    def joinable(self, scope: Scope) -> bool:
        """Whether FROM may go on with another table."""
        return self.distinct(scope) and any(self.with_joined(scope, table) is not None for table in self.columns)

    def with_table(self, scope: Scope, table: str) -> Scope | None:
        """FROM with a table added; None when there is none such or a column named without a qualifier becomes ambiguous."""
        columns = self.columns.get(table)
        if columns is None:
            return None
        if not scope.merged:
            for qualifier, column in scope.uses:
                if not qualifier and column in columns and any(column in self.columns.get(s.table, ()) for s in scope.sources):
                    return None
        added = scope._replace(sources=(*scope.sources, Source(table, table)))
        return added if self._hopeful(added) else None

    def with_joined(self, scope: Scope, table: str) -> Scope | None:
        """The same after JOIN: None also when foreign keys lead from FROM to the table, but only over tables that are not there yet."""
        there = [s.table for s in scope.sources]
        again = table in there and len(self._pairs(table, there)) <= there.count(table)  # one key each time
        return self.with_table(scope, table) if not again and self._follows(table, there) else None

    def keys(self, scope: Scope, left: str = "") -> frozenset[tuple[str, str]] | None:
        """What may stand on one side of ON, as (name in FROM, column).

        Args:
            left: what stands on the other side, as name.column; "" for the first side.

        Returns:
            None when the last entry of FROM has no foreign key to go by, so anything may stand there.
        """
        *others, last = scope.sources
        pairs = [
            ((last.name, mine), (other.name, theirs)) for other in others for mine, theirs in self._links.get((last.table, other.table), ())
        ]
        if not pairs:
            return None
        sides = [side for one, two in pairs for side in ((one, two), (two, one))]
        return frozenset(one for one, two in sides if not left or ".".join(two) == left)

    def with_alias(self, scope: Scope, alias: str) -> Scope | None:
        """FROM with its last entry renamed; None when the name is taken or means another table, or columns named with it are not there."""
        *others, last = scope.sources
        if any(s.name == alias for s in others) or (alias in self.columns and alias != last.table) or not self.renamable(scope):
            return None
        if any(qualifier == alias and not self._has(last, column) for qualifier, column in scope.uses):
            return None
        return scope._replace(sources=(*others, last._replace(name=alias)))

    def renamable(self, scope: Scope) -> bool:
        """Whether the last entry of FROM may take an alias: not when SELECT has named that table by its own name."""
        *others, last = scope.sources
        name = last.name
        return not name or any(s.name == name for s in others) or all(qualifier != name for qualifier, _ in scope.uses)

    def shared(self, scope: Scope) -> frozenset[str]:
        """The columns that the last entry of FROM has in common with an earlier one."""
        *others, last = scope.sources
        earlier: frozenset[str] = frozenset().union(*(self.columns.get(s.table, frozenset()) for s in others))
        return self.columns.get(last.table, frozenset()) & earlier

    def _tied_to(self, table: str) -> frozenset[str]:
        """All tables that foreign keys lead to from this one, itself included."""
        found, left = {table}, [table]
        while left:
            here = left.pop()
            new = {other for one, other in self._links if one == here} - found
            found |= new
            left += new
        return frozenset(found)

    def _pairs(self, table: str, others: Iterable[str]) -> set[tuple[str, str, str]]:
        """The keys between a table and others: its column, the other table, that one's column."""
        return {(mine, other, theirs) for other in others for mine, theirs in self._links.get((table, other), ())}

    def _follows(self, table: str, there: Collection[str]) -> bool:
        """Whether a table may be joined to these: over a foreign key, or because no keys tie it to any of them."""
        return any((table, other) in self._links for other in there) or not any(table in self._tied.get(other, ()) for other in there)

    def _hopeful(self, scope: Scope) -> bool:
        """Whether joins can still bring in every table that the columns named so far are of."""
        if not scope.uses or any(not s.table for s in scope.sources):
            return True
        there = {s.table for s in scope.sources}
        taken = {c for q, c in scope.uses if not q and any(c in self.columns[t] for t in there)} if not scope.merged else set()
        grown = True
        while grown:
            new = {t for t, columns in self.columns.items() if t not in there and not taken & columns and self._follows(t, there)}
            there |= new
            grown = bool(new)
        renamed = {s.name for s in scope.sources}
        return all(
            q in there or q in renamed if q in self.columns else any(c == "*" or c in self.columns[t] for t in there) for q, c in scope.uses
        )

    def _possible(self, scope: Scope, qualifier: str, column: str) -> bool:
        """Whether FROM may yet name a table that has the column."""
        if not qualifier:
            return column in self._known
        if qualifier in self.columns:
            return column == "*" or column in self.columns[qualifier]
        wanted = {c for q, c in scope.uses if q == qualifier and c != "*"} | ({column} - {"*"})
        return any(wanted <= columns for columns in self.columns.values())

    def _found(self, scope: Scope, qualifier: str, column: str) -> bool | None:
        """True: exactly one such column; False: the qualifier has none, or several have; None: nothing here goes by that name."""
        if qualifier:
            source = next((s for s in scope.sources if s.name == qualifier), None)
            return None if source is None else self._has(source, column)
        if column in scope.outputs:
            return True
        having = sum(column in self.columns.get(s.table, ()) for s in scope.sources)
        if not having and any(not s.table and self._has(s, column) for s in scope.sources):
            return True
        return None if not having else having == 1 or scope.merged

    def _has(self, source: Source, column: str) -> bool:
        if source.table:
            return column == "*" or column in self.columns[source.table]
        return column == "*" or column in source.outputs or column in self._known


def is_bare(name: str) -> bool:
    """Whether a name needs no quotes."""
    return bool(name) and not name[0].isdigit() and name not in RESERVED and LETTERS.issuperset(name)


def beginning_with(names: Sequence[str], said: str) -> Iterator[str]:
    """Those of sorted names that begin like this."""
    at = bisect_left(names, said)
    while at < len(names) and names[at].startswith(said):
        yield names[at]
        at += 1
