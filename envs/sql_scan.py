"""Reads SQL by its words alone, in time that grows with the text: tables and aliases, WITH names, how far a query unfolds.

A policy's text reaches this before anything else does, so nothing here backtracks or recurses on what it says.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property, lru_cache
from math import log

LENGTH_MAX = 20_000  # characters of a query, as SQLite's own limit
UNFOLDED_MAX = 300_000  # words a query may have once SQLite has copied each WITH query and inner column to where it is used
SHORT = 96  # characters: a shorter text unfolds to less than UNFOLDED_MAX, however it is laid out
_REMEMBERED = 256  # queries of which the slower readings are kept: those of a group are often the same
_DEPTH_MAX = 100
_LOG_MAX = log(UNFOLDED_MAX)
_QUOTED = re.compile(  # texts, quoted names and comments, to the end of the query when they are left open
    r"""'[^']*(?:''[^']*)*'?|"[^"]*(?:""[^"]*)*"?|`[^`]*(?:``[^`]*)*`?|\[[^\]]*\]?|--[^\n]*|/\*.*?(?:\*/|\Z)""", re.DOTALL
)
_WORD = re.compile(_QUOTED.pattern + r"|[\w$\x80-\U0010ffff]+|[^\s\w]", re.DOTALL)
_CLAUSES = {"select": "select", "from": "from", "join": "from", "on": "on", "where": "where", "group": "group", "order": "order",
            "having": "having", "limit": "limit", "union": "", "except": "", "intersect": ""}  # fmt: skip
RESERVED = frozenset(  # what SQLite never takes for a name; it does take LEFT, FIRST, WINDOW, END and the like
    """select from where as and or not in is null between case when then else on using join group order having limit union all except
    intersect distinct values exists collate escape""".split()  # noqa: SIM905
)
_AFTER_TABLE = RESERVED | frozenset("left right full inner outer cross natural window indexed by end".split())  # noqa: SIM905 (no aliases)


def words(sql: str) -> list[str]:
    """Names, numbers, texts and signs in order, comments left out."""
    return [word for word in _WORD.findall(sql) if not word.startswith(("--", "/*"))]


@lru_cache(maxsize=_REMEMBERED)
def backquoted(sql: str) -> str:
    """The query with its double-quoted names in backquotes: SQLite takes a misspelt `"name"` for text, but never a backquoted one."""
    return _QUOTED.sub(_in_backquotes, sql)


def bare(word: str) -> str:
    """A name without its quotes, lower-case."""
    if word[:1] in "'\"`":
        return word[1:].removesuffix(word[0]).replace(word[0] * 2, word[0]).lower()
    return (word[1:].removesuffix("]") if word[:1] == "[" else word).lower()


def is_name(word: str) -> bool:
    """Whether a word may name a table (SQLite takes texts for names there too)."""
    first = word[:1]
    return first in "'\"`[" or ((first.isalpha() or first == "_" or first > "\x7f") and word.lower() not in RESERVED)


def tables_and_aliases(sql: str) -> dict[str, str]:
    """What FROM, JOIN and their commas name: alias or table (lower-case, without quotes) to table (as written, without schema)."""
    found: dict[str, str] = {}
    for region in Regions(sql[:LENGTH_MAX]).all:
        for table, alias in region.tables:
            found[bare(alias)] = bare(table)
    return found


def with_names(sql: str) -> frozenset[str]:
    """The names that WITH gives to queries, lower-case."""
    return frozenset(name for region in Regions(sql).all for name in region.named)


def unfolds_too_far(sql: str) -> bool:
    """Whether SQLite would compile a text of few words into a program of very many.

    It copies a WITH query to each place that reads it, and an inner query's column into each place that uses it, before any limit of
    its own is asked: a chain of 25 that doubles takes seconds and gigabytes.
    """
    if len(sql) < SHORT:
        return False
    selects = sql.lower().count("select")
    if selects < 2:
        return False
    folds = min(selects, len(sql) / 15)  # a text unfolds furthest when its SELECTs are alike and have 15 characters or more
    if folds * log((len(sql) / folds) ** 2 / 32) < _LOG_MAX:
        return False
    return _unfolded(sql) > UNFOLDED_MAX


@lru_cache(maxsize=_REMEMBERED)
def _unfolded(sql: str) -> int:
    return Regions(sql).unfolded


def _in_backquotes(token: re.Match[str]) -> str:
    text = token.group()
    if text[0] != '"' or text.count('"') % 2:  # an open one is left to SQLite to refuse
        return text
    return "`" + text[1:-1].replace('""', '"').replace("`", "``") + "`"


class _Region:
    """One SELECT with its compounds, parentheses included unless they hold a SELECT of their own."""

    def __init__(self, parent: _Region | None, *, read: bool, name: str = "", flat: bool = False) -> None:
        self.parent, self.read, self.name, self.flat = parent, read, name, flat
        self.size = 1
        self.clause = ""
        self.uses: Counter[str] = Counter()
        self.inner: list[_Region] = []
        self.named: dict[str, _Region] = {}  # its WITH names
        self.tables: list[tuple[str, str]] = []  # table, alias


class Regions:
    """The SELECTs of a query."""

    def __init__(self, sql: str) -> None:
        self.deep = False
        self.all: list[_Region] = [_Region(None, read=False)]
        self._read(words(sql))

    def _read(self, said: list[str]) -> None:
        region = self.all[0]
        stack: list[tuple[_Region, str]] = []  # what each open parenthesis goes back to
        naming: tuple[str, bool] | None = None  # a WITH name before its parenthesis
        low = [word.lower() for word in said]
        last = ""
        for at, word in enumerate(said):
            lower = low[at]
            after = low[at + 1] if at + 1 < len(said) else ""
            region.size += 1
            if lower == "(":
                stack.append((region, region.clause))
                self.deep = self.deep or len(stack) > _DEPTH_MAX
                if after in ("select", "with", "values"):
                    inner = _Region(region, read=region.clause == "from", name=naming[0] if naming else "", flat=bool(naming and naming[1]))
                    if naming:
                        region.named[naming[0]] = inner
                    else:
                        region.inner.append(inner)
                    self.all.append(inner)
                    region = inner
                naming = None
            elif lower == ")":
                if stack:
                    region, region.clause = stack[-1][0], stack.pop()[1]
            elif lower == ",":
                region.clause = "from" if region.clause == "on" else region.clause
            elif lower in _CLAUSES:
                region.clause = _CLAUSES[lower]
            elif lower == "as":
                naming = _named(said, low, at)
            elif is_name(word):
                if last == "in" or (region.clause == "from" and last in ("from", "join", ",", "(", ".")):
                    if after != ".":
                        region.tables.append((word, _alias(said, low, at + 1) or word))
                elif after not in (".", "("):
                    region.uses[bare(word)] += 1
            last = lower

    @cached_property
    def unfolded(self) -> int:
        """About how many words SQLite compiles."""
        if self.deep:
            return UNFOLDED_MAX + 1
        reads: Counter[int] = Counter()
        targets: dict[int, list[_Region]] = {}
        for region in self.all:
            found = [self._meant(region, bare(table)) for table, _ in region.tables]
            targets[id(region)] = [target for target in found if target is not None]
            reads.update(id(target) for target in targets[id(region)])
        sizes: dict[int, int] = {}
        try:
            return self._size(self.all[0], targets, reads, sizes)
        except RecursionError:
            return UNFOLDED_MAX + 1

    def _size(self, region: _Region, targets: dict[int, list[_Region]], reads: Counter[int], sizes: dict[int, int]) -> int:
        if id(region) in sizes:
            return sizes[id(region)]
        sizes[id(region)] = 1  # what a query that reads itself counts
        copies = max(_uses(region).values(), default=1)
        size = region.size
        for inner in region.inner:
            size += self._size(inner, targets, reads, sizes) * (copies if inner.read else 1)
        for target in targets[id(region)]:
            once = target.flat or reads[id(target)] == 1  # one read more than once is kept as a table, not copied column by column
            size += self._size(target, targets, reads, sizes) * (copies if once else 1)
        sizes[id(region)] = min(size, UNFOLDED_MAX + 1)
        return sizes[id(region)]

    def _meant(self, region: _Region | None, name: str) -> _Region | None:
        while region is not None:
            if name in region.named:
                return region.named[name]
            region = region.parent
        return None


def _uses(region: _Region) -> Counter[str]:
    """How often each name is used here or in the SELECTs inside expressions, which take the same columns."""
    uses = Counter(region.uses)
    for inner in region.inner:
        if not inner.read:
            uses.update(_uses(inner))
    return uses


def _named(said: list[str], low: list[str], at: int) -> tuple[str, bool] | None:
    """The name that `name (columns) AS [[NOT] MATERIALIZED] (` gives, and whether NOT stands there."""
    end = at + 1
    flat = low[end : end + 2] == ["not", "materialized"]
    end += 2 if flat else 1 if low[end : end + 1] == ["materialized"] else 0
    if low[end : end + 2] not in (["(", "select"], ["(", "with"], ["(", "values"]):
        return None
    before = at - 1
    if before > 0 and said[before] == ")":
        while before > 0 and said[before] != "(":
            before -= 1
        before -= 1
    return (bare(said[before]), flat) if before >= 0 and is_name(said[before]) else None


def _alias(said: list[str], low: list[str], at: int) -> str:
    at += low[at : at + 1] == ["as"]
    return said[at] if at < len(said) and is_name(said[at]) and low[at] not in _AFTER_TABLE else ""


def likely_parses(sql: str, joins_max: int = 60, chained_max: int = 6) -> bool:
    """Whether a full parser may be let loose: sqlglot doubles its time with each JOIN that has no ON, and recurses on parentheses."""
    low = [word.lower() for word in words(sql[: LENGTH_MAX + 1])]
    joins = low.count("join")
    with_on = sum(low.count(word) for word in ("on", "using"))
    depth = deepest = 0
    for word in low:
        depth += (word == "(") - (word == ")")
        deepest = max(deepest, depth)
    return len(sql) <= LENGTH_MAX and len(low) <= 4_000 and joins <= joins_max and joins - with_on <= chained_max and deepest <= _DEPTH_MAX
