"""Draws conditions for a query from values that really occur: each as SQL and as a clause after the noun ("with a price over 50").

A condition may stand on the base table or on one it points to ("orders for customers from Leeds").
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from dataclasses import dataclass

from envs.gold_sql import Expr, inside, literal
from envs.phrasing import Voice
from envs.profile import ColumnFacts, Facts, Role, TableFacts
from envs.schema import Cell

_MEETS: dict[str, Callable[[float, float], bool]] = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True)
class Condition:
    """One condition of a WHERE."""

    exprs: tuple[Expr, ...]  # joined by AND; two for first and last name
    text: str  # follows the noun
    construct: str
    columns: tuple[ColumnFacts, ...]
    front: str = ""  # an adjective before the noun instead of the text: "cancelled"


def draw(voice: Voice, base: str, table: str, avoid: frozenset[str] = frozenset()) -> Condition | None:
    """A condition on a column of `table` for rows of `base`; None when this draw found nothing.

    Args:
        avoid: "Table.column" of columns the question uses already.
    """
    rng, facts = voice.rng, voice.facts
    target = facts.tables[table]
    if base != table and target.label and rng.random() < 0.35:
        return _entity(voice, base, target, avoid)
    columns = [c for c in target.columns.values() if c.path not in avoid and _WEIGHTS.get(c.role, 0)]
    if not columns:
        return None
    column = rng.choices(columns, [_WEIGHTS[c.role] for c in columns])[0]
    own = _own(voice, column)
    if own is None or base == table:
        return own
    return Condition(own.exprs, _through(voice, base, table, own), own.construct, own.columns)


_WEIGHTS = {Role.CATEGORY: 5.0, Role.NUMBER: 3.0, Role.YEAR: 2.0, Role.DATE: 3.0, Role.MOMENT: 3.0, Role.FLAG: 1.5, Role.TEXT: 1.0}


def _own(voice: Voice, column: ColumnFacts) -> Condition | None:
    rng = voice.rng
    if column.nulls and rng.random() < 0.3:
        missing = rng.random() < 0.6
        said = voice.pick("missing" if missing else "present", c=voice.column(column))
        return Condition((Expr("{0} IS NULL" if missing else "{0} IS NOT NULL", (column,)),), said, "is_null", (column,))
    match column.role:
        case Role.CATEGORY:
            return _category(voice, column)
        case Role.NUMBER | Role.YEAR:
            return _number(voice, column)
        case Role.DATE | Role.MOMENT:
            return _date(voice, column)
        case Role.FLAG:
            return _flag(voice, column)
        case _:
            return _like(voice, column)


def _category(voice: Voice, column: ColumnFacts) -> Condition | None:
    rng = voice.rng
    chance = rng.random()
    values = sorted(column.counts, key=str)
    said = voice.column(column)
    if chance < 0.12 and len(values) >= 3:
        pair = rng.sample(values, 2)
        text = voice.pick("either", c=said, v=str(pair[0]), w=str(pair[1]))
        return Condition((_in(column, pair),), text, "in", (column,))
    value = rng.choices(values, [column.counts[v] for v in values])[0]
    if not str(value).strip():
        return None
    if chance < 0.2 and not column.nulls:
        text = voice.pick("not_equal", c=said, v=str(value))
        return Condition((Expr(f"{{0}} != {literal(value)}", (column,)),), text, "not", (column,))
    text, front = voice.pick("equal", c=said, v=voice.value(value, column)), ""
    if _only_here(voice.facts, column, value):
        if column.kind == "place" and rng.random() < 0.6:
            text = voice.pick("place", v=str(value))
        elif column.kind == "status" and str(value).islower() and " " not in str(value) and rng.random() < 0.5:
            front = str(value)
    return Condition((Expr(f"{{0}} = {literal(value)}", (column,)),), text, "equal", (column,), front)


def _in(column: ColumnFacts, values: list[Cell]) -> Expr:
    return Expr(f"{{0}} IN ({', '.join(literal(v) for v in values)})", (column,))


def _number(voice: Voice, column: ColumnFacts) -> Condition | None:
    rng = voice.rng
    if len(column.counts) < 3:
        return None
    said = voice.column(column)
    if column.role is Role.YEAR and rng.random() < 0.4:
        year = str(rng.choice(sorted(column.counts, key=str)))
        return Condition((Expr(f"{{0}} = {year}", (column,)),), voice.pick("equal", c=said, v=year), "equal", (column,))
    low, high = sorted((threshold(rng, column), threshold(rng, column)))
    if low < high and rng.random() < 0.15:
        text = voice.pick("between", c=said, v=voice.measure(low, column), w=voice.measure(high, column))
        return Condition((Expr(f"{{0}} BETWEEN {literal(low)} AND {literal(high)}", (column,)),), text, "between", (column,))
    sign = rng.choice((">", ">", ">=", "<", "<", "<="))
    met = sum(n for v, n in column.counts.items() if _MEETS[sign](float(str(v)), low))
    if not 0.02 < met / column.counts.total() < 0.98:
        return None  # true or false of every row
    compared = voice.compared(sign, voice.measure(low, column))
    if column.role is Role.YEAR:
        compared = voice.pick({">": "after", "<": "before"}.get(sign[0], "after"), d=str(low))
        sign = sign[0]
        return Condition((Expr(f"{{0}} {sign} {low}", (column,)),), voice.pick("date", c=said, d=compared), "compare", (column,))
    kind = f"number_{column.kind}" if column.kind in ("price", "age") and rng.random() < 0.4 else "number"
    if column.kind == "stock" and rng.random() < 0.6:
        kind = "number_stock"
    if kind == "number_price" and len([c for c in voice.facts.tables[column.table].columns.values() if c.kind == "price"]) > 1:
        kind = "number"
    if kind == "number_age":
        text = voice.pick(f"{kind}_{'more' if sign[0] == '>' else 'less'}", v=voice.measure(low, column))
        return Condition((Expr(f"{{0}} {sign[0]} {literal(low)}", (column,)),), text, "compare", (column,))
    text = voice.pick(kind, c=said, x=compared)
    return Condition((Expr(f"{{0}} {sign} {literal(low)}", (column,)),), text, "compare", (column,))


def threshold(rng: random.Random, column: ColumnFacts) -> float:
    """A round number somewhere among a column's values."""
    values = sorted(float(v) for v in column.counts.elements() if isinstance(v, int | float))
    value = values[int(len(values) * rng.uniform(0.15, 0.85))]
    if column.role is Role.YEAR or (all(v.is_integer() for v in values) and values[-1] < 40):
        return int(value)
    size = 10 ** max(0, len(str(int(abs(value)))) - 1)
    step = size / 2 if size > 1 else (1 if values[-1] - values[0] > 5 else 0.5)
    rounded = round(value / step) * step
    return int(rounded) if float(rounded).is_integer() else rounded


def _date(voice: Voice, column: ColumnFacts) -> Condition | None:
    rng = voice.rng
    value = str(rng.choice(sorted(column.counts, key=str)))[:10]
    moment = column.role is Role.MOMENT
    chance = rng.random()
    if chance < 0.4:
        sql, when = f"{{0}} LIKE '{value[:7]}%'", voice.pick("in_month", d=voice.month(value))
    elif chance < 0.65:
        sql, when = f"{{0}} LIKE '{value[:4]}%'", voice.pick("in_month", d=value[:4])
    elif chance < 0.75:
        sql, when = f"{{0}} < '{value}'", voice.pick("before", d=voice.day(value))
    elif chance < 0.81:
        sql, when = f"{{0}} >= '{value}'", voice.pick("since", d=voice.day(value))
    elif chance < 0.86:
        sql, when = f"{{0}} < '{value[:4]}-01-01'", voice.pick("before", d=value[:4])
    elif chance < 0.9:
        sql, when = f"{{0}} >= '{int(value[:4]) + 1}-01-01'", voice.pick("after", d=value[:4])
    elif moment:
        sql, when = f"{{0}} LIKE '{value}%'", voice.pick("on_day", d=voice.day(value))
    elif chance < 0.95:
        sql, when = f"{{0}} > '{value}'", voice.pick("after", d=voice.day(value))
    else:
        other = str(rng.choice(sorted(column.counts, key=str)))[:10]
        first, last = sorted((value, other))
        sql, when = f"{{0}} BETWEEN '{first}' AND '{last}'", voice.pick("between_days", d=voice.day(first), e=voice.day(last))
    event = voice.event(column)
    said = voice.column(column)
    text = f"{event} {when}".strip() if event is not None and rng.random() < 0.6 else voice.pick("date", c=said, d=when)
    return Condition((Expr(sql, (column,)),), text, "date", (column,))


def _flag(voice: Voice, column: ColumnFacts) -> Condition | None:
    values = sorted(column.counts, key=str)
    yes = values[1] if str(values[1]).lower() in ("1", "y", "yes", "t", "true") else values[0]
    no = values[0] if yes == values[1] else values[1]
    words = [w for w in voice.column(column).split() if w.lower() not in ("is", "has", "mark", "flag", "marked")]
    if not words:
        return None
    wanted = voice.rng.random() < 0.65
    done = words[-1].lower().endswith("ed") or words[-1].lower() in _ADJECTIVES
    kind = "flag_are" if done and len(words) == 1 else "flag" if done or voice.rng.random() < 0.3 else "flag_with"
    text = voice.pick(f"{kind}_yes" if wanted else f"{kind}_no", c=" ".join(words))
    return Condition((Expr(f"{{0}} = {literal(yes if wanted else no)}", (column,)),), text, "flag", (column,))


def _like(voice: Voice, column: ColumnFacts) -> Condition | None:
    rng = voice.rng
    value = str(rng.choice(sorted(column.counts, key=str))).strip()
    said = voice.column(column)
    if not value or column.hints & {"email", "phone", "address", "street"}:
        return None
    if rng.random() < 0.45 and value[0].isalpha():
        start = value[0].upper()
        return Condition((Expr(f"{{0}} LIKE '{start}%'", (column,)),), voice.pick("starts", c=said, v=start), "like", (column,))
    word = rng.choice(value.split())
    if len(word) < 4 or not word.isalpha():
        return None
    text = voice.pick("contains", c=said, v=word)
    return Condition((Expr(f"{{0}} LIKE '%{inside(word)}%'", (column,)),), text, "like", (column,))


def _entity(voice: Voice, base: str, target: TableFacts, avoid: frozenset[str]) -> Condition | None:
    """One row of an ancestor by its name: "for Jane Doe", "whose borrower is Jane Doe"."""
    if any(c.path in avoid for c in target.label) or not target.rows:
        return None
    row = voice.rng.choice(target.rows)
    places = [list(target.columns).index(c.name) for c in target.label]
    names = [row[i] for i in places]
    if not all(isinstance(n, str) and n.strip() for n in names):
        return None
    exprs = tuple(Expr(f"{{0}} = {literal(n)}", (c,)) for c, n in zip(target.label, names, strict=True))
    path = voice.facts.paths[base][target.name]
    label = voice.called(target.name, names)
    text = voice.pick("for_person" if target.being == "person" else "for_thing", e=label)
    if len(path) == 1 and voice.rng.random() < 0.3:
        text = voice.pick("role_is", c=voice.noun(target.name).singular, v=" ".join(map(str, names)))
    return Condition(exprs, text, "equal", target.label)


def _through(voice: Voice, base: str, table: str, own: Condition) -> str:
    """A condition on an ancestor, said of the base: "for customers from Leeds", "for lines of orders placed in 2024"."""
    clause = phrase(voice, table, (own,))
    way = [edge.parent for edge in voice.facts.paths[base][table]]
    if len(way) == 2 and voice.rng.random() < 0.5:
        clause = f"{voice.noun(way[0]).plural} {_link(voice, table)} {clause}"
        return f"{_link(voice, way[0])} {clause}"
    return f"{_link(voice, table)} {clause}"


def _link(voice: Voice, table: str) -> str:
    return voice.pick("link_person" if voice.facts.tables[table].being == "person" else "link_thing")


def phrase(voice: Voice, base: str, conditions: tuple[Condition, ...], *, one: bool = False, either: bool = False) -> str:
    """The noun with its conditions: "cancelled orders for customers from Leeds"."""
    noun = voice.noun(base)
    front = " ".join(c.front for c in conditions if c.front)
    texts = [_one_has(c.text) if one else c.text for c in conditions if not c.front]
    after = (" or " if either else " and ").join(texts)
    return " ".join(filter(None, (front, noun.singular if one else noun.plural, after)))


def _one_has(text: str) -> str:
    """The clause after a singular noun: "that have" is "that has"."""
    for many, single in (("have ", "has "), ("are ", "is "), ("cost ", "costs "), ("belong ", "belongs ")):
        text = f"that {single}{text[len(many) + 5 :]}" if text.startswith(f"that {many}") else text
    return text


def predicate(text: str) -> str:
    """A clause after a noun as what the noun does: "with a price over 50" is "have a price over 50"; "" when it cannot be said so."""
    first, _, rest = text.partition(" ")
    match first:
        case "with" | "having":
            return f"have {rest}"
        case "without":
            return f"do not have {rest}"
        case "that" | "who":
            return rest
        case "of":
            return f"are for {rest}"
        case "whose" | "where" | "before" | "after" | "since" | "during" | "on" | "between" | "within" | "earlier" | "later":
            return ""
        case _ if first in _GERUNDS:
            return f"{_GERUNDS[first]} {rest}"
        case _ if text.startswith(("for which", "from 0", "in 0")) or (first in ("in", "from") and text[-1].isdigit()):
            return ""  # a time alone
    return f"{'were' if first.endswith(('ed', 'born', 'sold', 'paid', 'bought')) and first != 'based' else 'are'} {text}"


def split(where: tuple[Condition, ...]) -> tuple[tuple[Condition, ...], str]:
    """One condition as a predicate, and the others; "" when none can be one."""
    for place, condition in enumerate(where):
        said = f"are {condition.front}" if condition.front else predicate(condition.text)
        if said:
            return (*where[:place], *where[place + 1 :]), said
    return where, ""


_ADJECTIVES = {"paid", "kept", "active", "organic", "urgent", "sold", "done", "vip", "full-time", "available", "open", "new", "vegan"}
_GERUNDS = {"costing": "cost", "selling": "sell", "lacking": "lack", "belonging": "belong", "expiring": "expire", "priced": "are priced",
            "aged": "are aged", "located": "are located", "marked": "are marked",
            "linked": "are linked", "tied": "are tied", "due": "are due"}  # fmt: skip


def _only_here(facts: Facts, column: ColumnFacts, value: Cell) -> bool:
    """Whether no other column of the database holds the value, so that it may be said without its column."""
    return not any(value in c.counts for t in facts.tables.values() for c in t.columns.values() if c.path != column.path)
