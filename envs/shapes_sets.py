"""Questions about two sets of rows: those in both, those in one but not in the other, those in either.

Each function drafts one kind of question at a `Desk`, or raises DeadEndError when the tables at hand do not allow it.
"""

from __future__ import annotations

from envs.drafting import DeadEndError, Desk, Draft, shows
from envs.gold_sql import Expr, Select, column, literal, render
from envs.profile import ColumnFacts, Edge, Role, TableFacts
from envs.vocabulary import plural


def two_sides(desk: Desk) -> Draft:
    """Rows with children of two kinds, or of one kind and not of another: INTERSECT, EXCEPT."""
    edge, label = desk.children(desk.base), _label(desk)
    child, without = desk.facts.tables[edge.child], desk.rng.random() < 0.4
    kinds = [c for c in child.having(Role.CATEGORY) if not c.nulls and c.kind != "place"]
    dates = [c for c in child.having(Role.DATE, Role.MOMENT) if not c.nulls and desk.voice.event(c) == ""]
    if dates and (not kinds or desk.rng.random() < 0.4):
        said, tests = _years(desk, desk.rng.choice(dates), edge, without)
    elif kinds:
        said, tests = _values(desk, desk.rng.choice(kinds), edge)
    else:
        raise DeadEndError
    desk.use(label)
    sides = [render(Select(edge.child, shows(label), (test,)), desk.facts) for test in tests]
    text = desk.voice.frame("some_without" if without else "both").format(pp=desk.voice.noun(desk.base).plural, cnp=said[0], other=said[1])
    return desk.draft("except" if without else "intersect", text, f" {'EXCEPT' if without else 'INTERSECT'} ".join(sides))


def two_children(desk: Desk) -> Draft:
    """Rows by children in two tables: both, one without the other, or either."""
    edges, label = desk.facts.children(desk.base), _label(desk)
    if len(edges) < 2:
        raise DeadEndError
    desk.use(label)
    one, two = desk.rng.sample(edges, 2)
    sides = [render(Select(edge.child, shows(label)), desk.facts) for edge in (one, two)]
    word, kind, construct = desk.rng.choice(
        (("INTERSECT", "both", "intersect"), ("EXCEPT", "some_without", "except"), ("UNION", "either_of", "union"))
    )
    said = [desk.voice.noun(edge.child).plural for edge in (one, two)]
    text = desk.voice.frame(kind).format(pp=desk.voice.noun(desk.base).plural, cnp=said[0], other=said[1])
    return desk.draft(construct, text, f" {word} ".join(sides))


def places(desk: Desk) -> Draft:
    """The different values of a like column in two tables: UNION."""
    own = _place(desk.table)
    others = [t for t in desk.facts.tables.values() if t.name != desk.base and (found := _place(t)) and own and _alike(own, found)]
    if not own or not others:
        raise DeadEndError
    other = desk.rng.choice(others)
    found = _place(other)
    if found is None:
        raise DeadEndError
    desk.use((own, found))
    text = desk.voice.frame("union_values").format(
        cp=plural(desk.voice.column(own)), pp=desk.voice.noun(desk.base).plural, other=desk.voice.noun(other.name).plural
    )
    sides = [render(Select(c.table, (column(c),)), desk.facts) for c in (own, found)]
    return desk.draft("union", text, " UNION ".join(sides), rows_min=2)


def _label(desk: Desk) -> tuple[ColumnFacts, ...]:
    if not desk.table.label or not desk.table.label_unique or desk.targets:
        raise DeadEndError
    return desk.table.label


def _values(desk: Desk, kind: ColumnFacts, edge: Edge) -> tuple[list[str], list[Expr]]:
    values = desk.rng.sample(sorted(kind.counts, key=str), 2)
    noun, said = desk.voice.noun(edge.child).plural, desk.voice.column(kind)
    clause = desk.voice.pick("equal", c=said, v="\0")  # the same for both
    texts = [f"{noun} {clause}".replace("\0", str(v)) for v in values]
    return texts, [Expr(f"{{0}} = {literal(v)}", (kind,)) for v in values]


def _years(desk: Desk, date: ColumnFacts, edge: Edge, without: bool) -> tuple[list[str], list[Expr]]:
    years = sorted({str(v)[:4] for v in date.counts})
    if len(years) < 2:
        raise DeadEndError
    pair = desk.rng.sample(years, 2) if without else sorted(desk.rng.sample(years, 2))
    noun = desk.voice.noun(edge.child).plural
    said = [f"{noun} in {pair[0]}", f"{noun} in {pair[1]}" if without else f"in {pair[1]}"]
    return said, [Expr(f"{{0}} LIKE '{year}%'", (date,)) for year in pair]


def _place(table: TableFacts) -> ColumnFacts | None:
    return next((c for c in table.columns.values() if c.kind == "place" and c.role is Role.CATEGORY and not c.nulls), None)


def _alike(one: ColumnFacts, other: ColumnFacts) -> bool:
    return bool(set(one.phrases) & set(other.phrases))
