"""Draws conditions for a query, on its base table or on one that it points to ("orders from customers in Leeds"), and joins their words.

What a condition on one column looks like is in clauses.py; here it is put after its noun, through the tables between, or made a verb.
"""

from __future__ import annotations

from itertools import pairwise

from envs.clauses import Condition, own
from envs.gold_sql import Expr, literal
from envs.phrasing import Voice
from envs.profile import ColumnFacts, Facts, Role, TableFacts
from envs.relations import link

__all__ = ["Condition", "draw", "phrase", "predicate", "split"]

_WEIGHTS = {Role.CATEGORY: 5.0, Role.NUMBER: 2.5, Role.YEAR: 2.0, Role.DATE: 3.0, Role.MOMENT: 3.0, Role.FLAG: 1.8, Role.TEXT: 0.6}
_VERBS = {
    "costing": "cost", "selling": "sell", "lasting": "last", "earning": "earn", "making": "make", "expiring": "expire", "coming": "come",
    "missing": "are missing",
}  # fmt: skip
_LATE = {"with", "without", "whose", "where", "that", "who", "which", "missing", "lacking"}  # clauses that follow the short ones
_TIMES = {"before", "after", "since", "during", "on", "between", "from", "in", "earlier", "later"}


def draw(voice: Voice, base: str, table: str, avoid: frozenset[str] = frozenset()) -> Condition | None:
    """A condition on a column of `table` for rows of `base`; None when this draw found nothing.

    Args:
        avoid: "Table.column" of columns the question uses already.
    """
    rng, facts = voice.rng, voice.facts
    target = facts.tables[table]
    if base != table and target.label and rng.random() < 0.4:
        return _entity(voice, base, target, avoid)
    columns = [c for c in target.columns.values() if c.path not in avoid and _weight(c)]
    if not columns:
        return None
    column = rng.choices(columns, [_weight(c) for c in columns])[0]
    found = own(voice, column)
    if found is None or base == table:
        return found
    return Condition(found.exprs, _through(voice, base, table, found), found.construct, found.columns, far=True)


def _weight(column: ColumnFacts) -> float:
    """How often owners ask by a column of this kind; for what is missing, also by names and phone numbers."""
    missing = 1.5 if column.nulls and column.role in (Role.TEXT, Role.CODE) else 0.0
    return max(_WEIGHTS.get(column.role, 0.0), missing)


def _entity(voice: Voice, base: str, target: TableFacts, avoid: frozenset[str]) -> Condition | None:
    """One row of an ancestor by its name: "for Jane Doe", "of the beer Lazy Thresher"."""
    if any(c.path in avoid for c in target.label) or not target.rows:
        return None
    row = voice.rng.choice(target.rows)
    places = [list(target.columns).index(c.name) for c in target.label]
    names = [row[i] for i in places]
    if not all(isinstance(n, str) and n.strip() for n in names):
        return None
    exprs = tuple(Expr(f"{{0}} = {literal(n)}", (c,)) for c, n in zip(target.label, names, strict=True))
    text = f"{_last_link(voice.facts, base, target.name)} {voice.called(target.name, names)}"
    return Condition(exprs, text, "equal", target.label, far=True)


def _through(voice: Voice, base: str, table: str, found: Condition) -> str:
    """A condition on an ancestor, said of the base: "from customers in Leeds", "about orders from customers in Leeds"."""
    clause = phrase(voice, table, (found,))
    way = [edge.parent for edge in voice.facts.paths[base][table]]
    if len(way) == 2 and voice.rng.random() < 0.35:
        return f"{link(voice.facts, base, way[0])} {voice.noun(way[0]).plural} {link(voice.facts, way[0], table)} {clause}"
    return f"{_last_link(voice.facts, base, table)} {clause}"


def _last_link(facts: Facts, base: str, table: str) -> str:
    return link(facts, base, table) if len(facts.paths[base][table]) == 1 else "for"


def phrase(voice: Voice, base: str, conditions: tuple[Condition, ...], *, one: bool = False, either: bool = False) -> str:
    """The noun with its conditions: "cancelled orders from customers in Leeds"."""
    noun = voice.noun(base)
    front = " ".join(c.front for c in conditions if c.front) if not either else ""
    ordered = sorted(conditions, key=lambda c: (c.columns[0].table != base, _lateness(c.text)))
    texts = [_one_has(c.text) if one else c.text for c in ordered if either or not c.front]
    after = texts[0] if texts else ""
    for before, text in pairwise(texts):
        first, _, rest = text.partition(" ")
        if first == "with" and before.startswith("with ") and not either:
            after += f" and {rest}"
        elif either:
            after += f" or {text}"
        else:
            again = first in before.split() or (first in _LATE and before.partition(" ")[0] in _LATE)
            after += f" and {text}" if again else f" {text}"
    return " ".join(filter(None, (front, noun.singular if one else noun.plural, after)))


def _lateness(text: str) -> int:
    """Short clauses come first, then "with", then whole ones: "in May with a deposit and whose status is paid"."""
    first = text.partition(" ")[0]
    return (first in _LATE) + (first in _LATE and first not in ("with", "without"))


def _one_has(text: str) -> str:
    """The clause after a singular noun: "that have" is "that has"."""
    for many, single in (("have ", "has "), ("haven't ", "hasn't "), ("are ", "is "), ("aren't ", "isn't "), ("cost ", "costs ")):
        if text.startswith(f"that {many}"):
            text = f"that {single}{text[len(many) + 5 :]}"
    return text


def predicate(text: str) -> str:
    """A clause after a noun as what the noun does: "with a price over 50" is "have a price over 50"; "" when it cannot be said so."""
    first, _, rest = text.partition(" ")
    match first:
        case "with" | "having":
            return f"have {rest}"
        case "without":
            return f"don't have {rest}"
        case "that" | "who":
            return rest
        case "whose" | "where" | "of" | "at" | "on" | "to" | "by" | "about" | "worth" | "aged" | "already":
            return "are " + text if first in ("at", "by", "worth", "aged", "already") else ""
        case "not" | "still":
            return f"are {text}"
        case "never" | "last":
            return f"were {text}"
        case "outside":
            return f"are {text}"
        case _ if first in _VERBS:
            return f"{_VERBS[first]} {rest}"
        case _ if first in _TIMES and text[-1].isdigit():
            return ""  # a time alone
    done = first.endswith(("ed", "born", "sold", "paid", "bought", "sent", "made")) and first not in ("based", "priced", "located", "aged")
    return f"{'were' if done else 'are'} {text}"


def split(where: tuple[Condition, ...]) -> tuple[tuple[Condition, ...], str]:
    """One condition as a predicate, and the others; "" when none can be one."""
    for place, condition in enumerate(where):
        said = (f"are {condition.front}" if condition.adjective else "") if condition.front else predicate(condition.text)
        if condition.text.startswith("with ") and not condition.front:
            if condition.far:
                said = f"are {condition.text}"
            elif condition.construct == "equal":
                said = ""  # not "which trainers have specialism boxing"
        if said:
            return (*where[:place], *where[place + 1 :]), said
    return where, ""
