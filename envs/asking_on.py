"""Makes follow-ups of questions: "only the cancelled ones", "and the month before?", "by city", with the SQL that answers each.

A follow-up changes one thing in the query that answered the last question, and says no more than that. What the policy sees of it is made
by follow_ups.py, which serving uses too, so that a demonstration has the very prompt that a served follow-up has; those that serving would
ask as questions of their own are left out. As with all synthesised questions, the query is run, and kept when its answer is worth having.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

from envs.clauses import own
from envs.conditions import predicate
from envs.follow_ups import LastTurn, follow_up, with_last
from envs.gold_sql import name, tables_named
from envs.phrasing import Voice
from envs.profile import ColumnFacts, Facts, Role, TableFacts, patiently, read_facts
from envs.records import Question
from envs.sandbox import Database, QueryError
from envs.synthesis import ROWS_MAX, answers_one_way
from envs.vocabulary import Wording, plural

ATTEMPTS_PER_FOLLOW_UP = 40
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_FORM = re.compile(
    r"SELECT (?P<distinct>DISTINCT )?(?P<show>.+?) FROM (?P<source>.+?)(?: WHERE (?P<where>.+?))?(?: GROUP BY (?P<group>.+?))?"
    r"(?: HAVING (?P<having>.+?))?(?: ORDER BY (?P<order>.+?))?(?: LIMIT (?P<limit>\d+))?"
)
_NESTED = re.compile(r"\(SELECT |\b(?:UNION|INTERSECT|EXCEPT|WITH|CASE|OVER|LEFT)\b")
_PERIOD = re.compile(r"LIKE '(\d{4})(?:-(\d\d))?%'")
_AGGREGATE = re.compile(r"(?:COUNT|SUM|AVG|MIN|MAX)\([^(),]*\)")


@dataclass(frozen=True)
class _Parts:
    """A query in canonical spelling, by its clauses; "" for one that it lacks."""

    show: str
    source: str
    distinct: str = ""
    where: str = ""
    group: str = ""
    having: str = ""
    order: str = ""
    limit: str = ""

    @classmethod
    def of(cls, sql: str) -> _Parts | None:
        """None for a query inside another, a set operation and whatever else has another form."""
        masked = _QUOTED.sub(lambda quoted: quoted[0][0] + "." * (len(quoted[0]) - 2) + quoted[0][-1], sql)
        found = _FORM.fullmatch(masked)
        if found is None or _NESTED.search(masked):
            return None
        return cls(**{clause: sql[slice(*found.span(clause))] if found[clause] else "" for clause in found.groupdict()})

    def sql(self) -> str:
        clauses = (
            ("WHERE", self.where),
            ("GROUP BY", self.group),
            ("HAVING", self.having),
            ("ORDER BY", self.order),
            ("LIMIT", self.limit),
        )
        more = "".join(f" {keyword} {clause}" for keyword, clause in clauses if clause)
        return f"SELECT {self.distinct}{self.show} FROM {self.source}{more}"

    @property
    def figure(self) -> bool:
        """Whether it asks for one figure."""
        return bool(_AGGREGATE.fullmatch(self.show)) and not self.group

    @property
    def rows(self) -> bool:
        """Whether it asks for rows as they are, all of them."""
        return not (self.group or self.limit or self.distinct or self.having or _AGGREGATE.search(self.show))


@dataclass(frozen=True)
class _Last:
    """The last question's query and what may be said of its tables."""

    parts: _Parts
    base: TableFacts
    facts: Facts
    voice: Voice

    @property
    def own(self) -> bool:
        """Whether all that the query shows is of the base, so that "those" can mean nothing else."""
        return all(table == name(self.base.name) for table in re.findall(r"(\w+|\"[^\"]+\")\.", self.parts.show))

    @property
    def rng(self) -> random.Random:
        return self.voice.rng

    def name(self, column: ColumnFacts) -> str:
        """A column as this query writes it."""
        return name(column.name) if " JOIN " not in self.parts.source else f"{name(column.table)}.{name(column.name)}"

    def fresh(self, *roles: Role) -> ColumnFacts | None:
        """A column of the base that the query does not use yet."""
        sql = self.parts.sql()
        return self._any([c for c in self.base.having(*roles) if not re.search(rf"(?<!\w){re.escape(c.name)}(?!\w)", sql)])

    def number(self, *, additive: bool = False) -> ColumnFacts | None:
        fit = [c for c in self.base.having(Role.NUMBER) if c.kind != "level" and len(c.counts) > 2 and (c.additive or not additive)]
        return self._any([c for c in fit if c.name not in self.parts.show])

    def _any(self, columns: list[ColumnFacts]) -> ColumnFacts | None:
        return self.rng.choice(columns) if columns else None


@dataclass(frozen=True)
class _Change:
    """What is said, and the query after it; `tie_sql` has the two rows on both sides of a LIMIT, what they are ordered by last."""

    words: str
    parts: _Parts
    rows_min: int = 1
    tie_sql: str = ""
    several: bool = False  # it speaks of several rows, so that there must have been some


def follow_ups(database: Database, questions: Sequence[Question], count: int, seed: int, wording: Wording | None = None) -> list[Question]:
    """Up to `count` different follow-ups of synthesised questions about a database; the same arguments give the same.

    Args:
        questions: what was asked before; their golds are in canonical spelling.
        wording: as for `synthesize`.

    Returns:
        Questions whose text is the last question, its query and the follow-up, as `follow_ups.with_last` puts them.
    """
    asked = [question for question in questions if question.answerable and _Parts.of(question.gold_sql)]
    facts = database.remember(("facts", repr(wording)), lambda: read_facts(database, wording or {}))
    rng = random.Random(f"{seed}/follow-ups/{database.name}")
    rng.shuffle(asked)
    made: list[Question] = []
    seen: set[str] = set()
    for last in islice(cycle(asked), count * ATTEMPTS_PER_FOLLOW_UP):
        if len(made) == count:
            break
        found = _one(database, facts, last, rng)
        if found is None or found[1] in seen:
            continue
        kind, text, sql = found
        seen.add(text)
        constructs = ("follow_up", kind, *(["join"] if " JOIN " in sql else []))
        identity = f"{database.name}/follow-up/{len(made):04d}"
        made.append(Question(identity, database.name, text, sql, tables_named(sql, facts), constructs))
    return made


def _one(database: Database, facts: Facts, last: Question, rng: random.Random) -> tuple[str, str, str] | None:
    """A kind of change, the text the policy sees and the gold; None when this draw came to nothing."""
    parts = _Parts.of(last.gold_sql)
    base = facts.tables.get(last.tables[0]) if last.tables else None
    if parts is None or base is None:
        return None
    change = rng.choice(_CHANGES)
    changed = change(_Last(parts, base, facts, Voice(facts, "train", rng)))
    if changed is None:
        return None
    words, sql = _as_typed(changed.words, rng), changed.parts.sql()
    asked = follow_up(words, LastTurn(last.text, last.gold_sql), database.schema.names)
    if asked.text != with_last(words, last.text, last.gold_sql) or not _worth_asking(database, last.gold_sql, changed, sql):
        return None  # it would be asked in another way, or says nothing new
    return change.__name__.strip("_"), asked.text, sql


def _as_typed(words: str, rng: random.Random) -> str:
    words = words[0].upper() + words[1:] if rng.random() < 0.5 else words
    return words.rstrip("?") if rng.random() < 0.2 else words


def _worth_asking(database: Database, last_sql: str, changed: _Change, sql: str) -> bool:
    """Whether it answers something, in one way, and something else than was answered before."""
    try:
        rows, before = patiently(database, sql, ROWS_MAX + 1).rows, patiently(database, last_sql, ROWS_MAX + 1).rows
        edge = patiently(database, changed.tie_sql).rows if changed.tie_sql else ()
    except QueryError:
        return False
    if not changed.rows_min <= len(rows) <= ROWS_MAX or rows == before:
        return False
    if changed.several and len(before) == 1 and (len(before[0]) > 1 or before[0][0] == 1 or " COUNT(*) " not in last_sql):
        return False
    return answers_one_way(rows, edge)


# The changes; each takes the last query and gives None where it does not fit.


def _period(last: _Last) -> _Change | None:
    """The month or year before or after."""
    found = list(_PERIOD.finditer(last.parts.where))
    if len(found) != 1:
        return None
    year, month = int(found[0][1]), found[0][2]
    step = last.rng.choice((-1, -1, 1))
    if month:
        months = 12 * year + int(month) - 1 + step
        period, unit = f"{months // 12}-{months % 12 + 1:02d}", "month"
    else:
        period, unit = str(year + step), "year"
    words = last.rng.choice(
        (f"and the {unit} before?", f"and last {unit}?", f"what about the previous {unit}?", f"and in the {unit} before that?")
        if step < 0
        else (f"and the {unit} after?", f"and the next {unit}?", f"what about the following {unit}?")
    )
    where = last.parts.where
    return _Change(words, replace(last.parts, where=f"{where[: found[0].start()]}LIKE '{period}%'{where[found[0].end() :]}"))


def _narrowed(last: _Last) -> _Change | None:
    """Only some of the rows that were asked about."""
    column = last.fresh(Role.CATEGORY, Role.FLAG, Role.NUMBER, Role.DATE, Role.YEAR)
    parts = last.parts
    fits = parts.figure or parts.group or ((parts.rows or parts.distinct) and last.own)
    if column is None or not fits or parts.limit or parts.having or " OR " in parts.where:
        return None
    condition = own(last.voice, column)
    if condition is None:
        return None
    said = predicate(condition.text) if not condition.front else f"are {condition.front}" if condition.adjective else ""
    if parts.show == "COUNT(*)" and not parts.group and said and last.rng.random() < 0.5:
        words = last.rng.choice((f"how many of them {said}?", f"and how many of those {said}?"))
    elif condition.adjective:
        words = last.rng.choice((f"only the {condition.front} ones", f"just the {condition.front} ones"))
    else:
        words = last.rng.choice((f"only those {condition.text}", f"just the ones {condition.text}", f"and only the ones {condition.text}?"))
    test = " AND ".join(expr.template.format(*map(last.name, expr.columns)) for expr in condition.exprs)
    return _Change(words, replace(parts, where=f"{parts.where} AND {test}" if parts.where else test))


def _counted(last: _Last) -> _Change | None:
    """How many rows there were."""
    if not last.parts.rows or not last.own:
        return None
    words = last.rng.choice(("and how many are there?", "how many of them are there?", "and how many is that?"))
    return _Change(words, replace(last.parts, show="COUNT(*)", order=""), several=True)


def _listed(last: _Last) -> _Change | None:
    """Which rows were counted."""
    if not last.parts.figure or last.parts.show != "COUNT(*)" or not last.base.label:
        return None
    words = ("which ones?", "which ones are they?", "and which ones are those?")
    if last.base.being == "person":
        words = ("who are they?", "and who are they?", "which ones?")
    return _Change(last.rng.choice(words), replace(last.parts, show=", ".join(map(last.name, last.base.label))), several=True)


def _figured(last: _Last) -> _Change | None:
    """A figure of the same rows."""
    function = last.rng.choice(("AVG", "AVG", "SUM", "MAX", "MIN"))
    number = last.number(additive=function == "SUM")
    if number is None or not (last.parts.rows or last.parts.show == "COUNT(*)") or last.parts.group:
        return None
    said = f"{last.voice.aggregate(function)} {last.voice.figure(function, number)}"
    words = last.rng.choice((f"and their {said}?", f"what is their {said}?", f"and the {said}?", f"what about the {said}?"))
    return _Change(words, replace(last.parts, show=f"{function}({last.name(number)})", order=""), several=True)


def _grouped(last: _Last) -> _Change | None:
    """The same figure for each kind of row."""
    column = last.fresh(Role.CATEGORY)
    if column is None or not last.parts.figure:
        return None
    said, named = last.voice.column(column), last.name(column)
    words = last.rng.choice((f"by {said}", f"and by {said}?", f"per {said}", f"break it down by {said}", f"and for each {said}?"))
    return _Change(words, replace(last.parts, show=f"{named}, {last.parts.show}", group=named), rows_min=2)


def _sorted(last: _Last) -> _Change | None:
    """The same rows in an order, or those at its top."""
    number = last.number()
    if number is None or number.nulls or not last.parts.rows or last.parts.order:
        return None
    said, down = last.voice.column(number), last.rng.random() < 0.7
    order = f"{last.name(number)}{' DESC' if down else ''}"
    if last.rng.random() < 0.5:
        words = last.rng.choice(("sort them by {}, {} first", "and sorted by {}, {} first?")).format(said, "highest" if down else "lowest")
        return _Change(words, replace(last.parts, order=order), rows_min=2)
    top = last.rng.choice((2, 3, 3, 5))
    words = last.rng.choice(("only the {} with the {} {}", "just the {} with the {} {}")).format(
        last.voice.number(top), "highest" if down else "lowest", plural(said) if said.split()[-1] == "price" else said
    )
    edge = replace(last.parts, show=f"{last.parts.show}, {last.name(number)}", order=order, limit=str(top + 1))
    return _Change(words, replace(last.parts, order=order, limit=str(top)), rows_min=top, tie_sql=edge.sql())


def _other_end(last: _Last) -> _Change | None:
    """The least instead of the most, or the other way round."""
    parts = last.parts
    key = parts.order.removesuffix(" DESC")
    own_group = not parts.group or parts.group in {last.name(column) for column in last.base.columns.values()}
    if parts.limit != "1" or "," in parts.order or not own_group:
        return None  # of another table's rows, those with none at all are the fewest
    down = parts.order == key
    dates = {last.name(column) for column in last.base.having(Role.DATE, Role.MOMENT)}
    most, least = ("most", "fewest") if key == "COUNT(*)" else ("latest", "earliest") if key in dates else ("highest", "lowest")
    word = most if down else least
    order = f"{key} DESC" if down else key
    edge = replace(parts, show=f"{parts.show}, {key}", order=order, limit="2")
    return _Change(last.rng.choice((f"and the {word}?", f"what about the {word}?")), replace(parts, order=order), tie_sql=edge.sql())


_CHANGES: tuple[Callable[[_Last], _Change | None], ...] = (
    _period, _period, _period, _narrowed, _counted, _listed, _figured, _grouped, _sorted, _other_end,
)  # fmt: skip
