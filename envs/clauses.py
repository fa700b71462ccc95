"""Says a condition on one column the way its kind is said: "in Leeds", "since 27 May", "cancelled", "with over 24 racks".

Each function draws a condition from values that really occur and gives its SQL with the words that go before or after the noun.
"""

from __future__ import annotations

import operator
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from envs.events import undone
from envs.gold_sql import Expr, inside, literal
from envs.phrasing import UNITS, Voice, counted
from envs.profile import ColumnFacts, Role
from envs.schema import Cell
from envs.vocabulary import is_plural, with_article

_MEETS: dict[str, Callable[[float, float], bool]] = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_SIGNS = {">": "more", ">=": "at_least", "<": "less", "<=": "at_most", "=": "exactly"}
# Columns whose values stand before the noun: "diesel cars", "card payments", "Crime books".
_ADJUNCTS = {"type", "kind", "category", "genre", "colour", "fuel", "make", "manufacturer", "brand", "nationality", "method", "gearbox",
             "material", "sector", "service", "group", "channel", "maker", "trade", "stream", "course", "product"}  # fmt: skip
_ADJECTIVES = {
    "active", "organic", "urgent", "vip", "full-time", "part-time", "available", "open", "new", "vegan", "vegetarian", "electric",
    "seasonal", "bee-friendly", "emergency", "ethical", "late", "pending", "frozen", "void", "paid", "unpaid", "outstanding", "ready",
    "waiting", "current", "subtitled", "overdue", "annual", "retired", "sold", "lost",
}  # fmt: skip
# Of the day or the mind, not the row, unless the column is a status.
_STATES = {"late", "lost", "new", "open", "ready", "waiting", "current", "void", "active", "sold"}
_REASONS = {"reason", "cause", "fault", "subject", "topic", "wording", "text", "problem", "issue", "complaint"}  # "damaged", of a fine
_SUMS = {"payment", "fine", "bill", "invoice", "claim", "refund", "charge", "order", "sale", "purchase", "dispensing"}
_MASS = (
    "access",
    "ownership",
    "eligibility",
    "availability",
    "delivery",
    "certification",
    "pass",
    "attendance",
    "heating",
    "parking",
    "contamination",
)
_LASTS = re.compile(rf"(?:length|duration|number|running time)? ?(?:in |of )?({UNITS}|nights|weeks)")
_FLAG_WORDS = {"is", "has", "mark", "flag", "marked", "choice"}


@dataclass(frozen=True)
class Condition:
    """One condition of a WHERE."""

    exprs: tuple[Expr, ...]  # joined by AND; two for first and last name
    text: str  # follows the noun
    construct: str
    columns: tuple[ColumnFacts, ...]
    front: str = ""  # before the noun instead of the text: "cancelled", "card"
    adjective: bool = False  # whether one can say "are" and the front
    far: bool = False  # said of the base through other tables


def own(voice: Voice, column: ColumnFacts) -> Condition | None:
    """A condition on this column; None when this draw found nothing."""
    if column.nulls and (column.role is Role.CODE or voice.rng.random() < 0.35):
        return _null(voice, column)
    match column.role:
        case Role.CATEGORY:
            return _category(voice, column)
        case Role.YEAR:
            return _year(voice, column)
        case Role.NUMBER:
            return _number(voice, column)
        case Role.DATE | Role.MOMENT:
            return _date(voice, column)
        case Role.FLAG:
            return _flag(voice, column)
        case _:
            return _like(voice, column)


def _null(voice: Voice, column: ColumnFacts) -> Condition | None:
    missing = column.role is Role.TEXT or voice.rng.random() < 0.65
    said = voice.column(column)
    verb = voice.event(column) if column.role in (Role.DATE, Role.MOMENT) else None
    if verb and undone(verb):
        text = undone(verb) if missing else f"already {verb}" if not verb.startswith("last ") else ""
    elif " it " in said or " they " in said:
        text = ""
    else:
        text = voice.pick("missing" if missing else "present", c=_unit(said)[0])
    if not text:
        return None
    return Condition((Expr("{0} IS NULL" if missing else "{0} IS NOT NULL", (column,)),), text, "is_null", (column,))


def _category(voice: Voice, column: ColumnFacts) -> Condition | None:
    rng = voice.rng
    chance = rng.random()
    values = sorted((v for v in column.counts if str(v).strip() and str(v).lower() not in ("none", "other", "unknown")), key=str)
    if not values:
        return None
    said = voice.column(column)
    if chance < 0.1 and len(values) >= 3:
        pair = rng.sample(values, 2)
        before = _front(voice, column, pair[0]), _front(voice, column, pair[1])
        kind = "place_either" if _is_place(voice, column, pair[0]) else "either"
        text, front = voice.pick(kind, c=said, v=str(pair[0]), w=str(pair[1])), " or ".join(before) if all(before) else ""
        sql = f"{{0}} IN ({', '.join(literal(v) for v in pair)})"
        return Condition((Expr(sql, (column,)),), text, "in", (column,), front, adjective=_is_adjective(before[0]))
    value = rng.choices(values, [column.counts[v] for v in values])[0]
    front = _front(voice, column, value)
    if chance < 0.18 and not column.nulls:
        adjective = front if _is_adjective(front) else ""
        kind = "place_not" if _is_place(voice, column, value) else "flag_are_no" if adjective else "not_equal"
        text = voice.pick(kind, c=adjective or said, v=str(value))
        return Condition((Expr(f"{{0}} != {literal(value)}", (column,)),), text, "not", (column,))
    if _is_place(voice, column, value):
        person = voice.facts.tables[column.table].being == "person" and column.hints & {"town", "city", "village"} and chance < 0.6
        origin = person or column.hints & {"country", "origin", "nationality"}
        text = voice.pick("place_from" if origin else "place", v=str(value))
    else:
        text = voice.pick("equal" if len(said.split()) < 2 else "equal_long", c=said, v=voice.value(value, column))
    test = (Expr(f"{{0}} = {literal(value)}", (column,)),)
    return Condition(test, text, "equal", (column,), front, adjective=_is_adjective(front))


def _is_place(voice: Voice, column: ColumnFacts, value: Cell) -> bool:
    return column.kind == "place" and str(value)[:1].isupper() and _only_here(voice, column, value)


def _front(voice: Voice, column: ColumnFacts, value: Cell) -> str:
    """A value as the word before the noun; "" when it must follow with its column."""
    text = str(value)
    noun = voice.noun(column.table).singular.lower().split()
    if (
        not _only_here(voice, column, value)
        or column.kind == "place"
        or len(text) < 3
        or len(text.split()) > 2
        or any(c in text for c in "&,")
    ):
        return ""
    heads = {phrase.split(" of ")[0].split()[-1].lower() for phrase in column.phrases} | {p.split()[0].lower() for p in column.phrases}
    if heads & _REASONS:
        return ""
    lower = text.lower() if text.isascii() and (text.isupper() or text.istitle() or text.islower()) else text
    if _is_adjective(lower) and (column.kind == "status" or lower not in _STATES):
        return lower
    if {w.rstrip("s") for w in lower.split()} & {w.rstrip("s") for w in noun}:
        return ""  # not "bread breads"
    if not heads & _ADJUNCTS or column.kind == "status" or column in voice.facts.tables[column.table].label:
        return ""
    names = heads & {"make", "manufacturer", "brand", "nationality", "maker", "genre"}
    return text if names and not text.isupper() else lower


def _is_adjective(text: str) -> bool:
    last = text.lower().split(" or ")[0]
    return last in _ADJECTIVES or (" " not in last and len(last) > 4 and last.endswith("ed"))


def _only_here(voice: Voice, column: ColumnFacts, value: Cell) -> bool:
    """Whether no other column of the table holds the value, so that it may be said without its column."""
    columns = voice.facts.tables[column.table].columns.values()
    return not any(value in c.counts for c in columns if c.path != column.path)


def _year(voice: Voice, column: ColumnFacts) -> Condition | None:
    rng = voice.rng
    if len(column.counts) < 3:
        return None
    verb, said = voice.event(column), voice.column(column)
    if rng.random() < 0.4:
        year = str(rng.choice(sorted(column.counts, key=str)))
        text = f"{verb} in {year}" if verb else voice.pick("equal", c=said, v=year)
        return Condition((Expr(f"{{0}} = {year}", (column,)),), text, "equal", (column,))
    edge, sign = threshold(rng, column), rng.choice("<>")
    if not _splits(column, sign, edge):
        return None
    when = voice.pick("after" if sign == ">" else "before", d=str(edge))
    text = f"{verb} {when}" if verb else voice.pick("date", c=said, d=when)
    return Condition((Expr(f"{{0}} {sign} {edge}", (column,)),), text, "compare", (column,))


def _number(voice: Voice, column: ColumnFacts) -> Condition | None:
    rng = voice.rng
    if len(column.counts) < 3:
        return None
    low, high = sorted((threshold(rng, column), threshold(rng, column)))
    if column.kind == "level":  # of a floor, not a quantity
        sign = rng.choice("<>")
        if not _splits(column, sign, low):
            return None
        text = f"{'above' if sign == '>' else 'below'} {voice.column(column).removesuffix(' number')} {literal(low)}"
        return Condition((Expr(f"{{0}} {sign} {literal(low)}", (column,)),), text, "compare", (column,))
    if low < high and rng.random() < 0.1:
        sql, amount = (
            f"{{0}} BETWEEN {literal(low)} AND {literal(high)}",
            ("between", *(voice.measure(v, column, words=False) for v in (low, high))),
        )
        return Condition((Expr(sql, (column,)),), _amount(voice, column, *amount), "between", (column,))
    sign = rng.choice((">", ">", ">=", "<", "<", "<="))
    if not _splits(column, sign, low) or (low <= 1 and is_plural(counted(voice.column(column)))):
        return None  # "fewer than 1 hours"
    if column.kind == "age":
        sign = sign[0]
        text = voice.pick("older" if sign == ">" else "younger", v=voice.measure(low, column))
    else:
        text = _amount(voice, column, _SIGNS[sign], voice.measure(low, column))
    return Condition((Expr(f"{{0}} {sign} {literal(low)}", (column,)),), text, "compare", (column,))


def _amount(voice: Voice, column: ColumnFacts, kind: str, v: str, w: str = "") -> str:
    """ "with over 24 racks", "costing under £5", "lasting at least 30 minutes", "with a capacity over 500 litres"."""
    table, said = voice.facts.tables[column.table], voice.column(column)
    money = [c for c in table.columns.values() if c.role is Role.NUMBER and c.kind in ("price", "money", "wage")]
    bare, count = voice.pick(kind, v=v, w=w), voice.pick(f"count_{kind}", v=v, w=w)
    if column.kind == "stock":
        return voice.pick("with_stock", x=count)
    if column.kind in ("price", "money") and len(money) == 1:
        if table.label and table.being == "thing" and column.hints & {"price", "cost", "fee"}:
            return voice.pick("costing", x=bare)
        if voice.noun(table.name).singular.split()[-1] in _SUMS and not column.hints & {"tip", "discount", "unit", "deposit"}:
            return voice.pick("worth", x=bare, n=voice.pick(f"noun_{kind}", v=v, w=w))
    if column.kind == "wage" and len(money) == 1:
        return voice.pick("earning", x=bare)
    if (lasts := _LASTS.fullmatch(said)) and table.being == "thing" and column.kind == "duration":
        bare = {"more": f"over {v}", "less": f"under {v}"}.get(kind, bare)  # not "lasting below 95 minutes"
        return voice.pick("lasting", x=f"{bare} {lasts[1]}")
    things = counted(said)
    if is_plural(things) and not things.startswith(("maximum ", "minimum ")):
        return f"with {count} {things}"
    head, unit = _unit(said)
    if unit:  # "of 20 minutes or more", "between 20 and 40 minutes"
        v, w = (v, f"{w} {unit}") if w else (f"{v} {unit}", w)
    return voice.pick("number", c=head, x=voice.pick(f"noun_{kind}", v=v, w=w))


def _unit(phrase: str) -> tuple[str, str]:
    """ "weight in kilos" is a weight, in kilos."""
    found = re.fullmatch(rf"(.+) in ({UNITS})", phrase)
    return (found[1], found[2]) if found else (phrase, "")


def _splits(column: ColumnFacts, sign: str, value: float) -> bool:
    """Whether a comparison is neither true nor false of every row."""
    met = sum(n for v, n in column.counts.items() if _MEETS[sign](float(str(v)), value))
    return 0.02 < met / column.counts.total() < 0.98


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
    chance = rng.random()
    if chance < 0.4:
        sql, when = f"{{0}} LIKE '{value[:7]}%'", voice.pick("in_month", d=voice.month(value))
    elif chance < 0.68:
        sql, when = f"{{0}} LIKE '{value[:4]}%'", voice.pick("in_year", d=value[:4])
    elif chance < 0.76:
        sql, when = f"{{0}} < '{value}'", voice.pick("before", d=voice.day(value))
    elif chance < 0.84:
        sql, when = f"{{0}} >= '{value}'", voice.pick("since", d=voice.day(value))
    elif chance < 0.88:
        sql, when = f"{{0}} < '{value[:4]}-01-01'", voice.pick("before", d=value[:4])
    elif chance < 0.92:
        sql, when = f"{{0}} >= '{int(value[:4]) + 1}-01-01'", voice.pick("after", d=value[:4])
    elif column.role is Role.MOMENT:
        sql, when = f"{{0}} LIKE '{value}%'", voice.pick("on_day", d=voice.day(value))
    elif chance < 0.97:
        sql, when = f"{{0}} > '{value}'", voice.pick("after", d=voice.day(value))
    else:
        first, last = sorted((value, str(rng.choice(sorted(column.counts, key=str)))[:10]))
        sql, when = f"{{0}} BETWEEN '{first}' AND '{last}'", voice.pick("between_days", d=voice.day(first), e=voice.day(last))
    verb = voice.event(column)
    text = f"{verb} {when}".strip() if verb is not None else voice.pick("date", c=voice.column(column), d=when)
    return Condition((Expr(sql, (column,)),), text, "date", (column,))


def _flag(voice: Voice, column: ColumnFacts) -> Condition | None:
    values = sorted(column.counts, key=str)
    yes = values[1] if str(values[1]).lower() in ("1", "y", "yes", "t", "true") else values[0]
    no = values[0] if yes == values[1] else values[1]
    said = [[w for w in phrase.split() if w.lower() not in _FLAG_WORDS] for phrase in column.phrases]
    noun = voice.noun(column.table).singular.split()
    words = next((w for w in said if len(w) == 1 and _is_adjective(w[0])), said[0])
    while len(words) > 1 and words[0] in noun:
        words = words[1:]
    wanted = voice.rng.random() < 0.65
    front, answer = "", "yes" if wanted else "no"
    phrase = " ".join("VIP" if w == "vip" else w for w in words)
    if not words:
        return None
    if _is_adjective(phrase):
        front = phrase if wanted else "unpaid" if phrase == "paid" else ""
        text = voice.pick(f"flag_are_{answer}", c=phrase)
    elif words[0].endswith("ed"):
        text = voice.pick(f"flag_did_{answer}", c=phrase)
    else:
        mass = words[-1].lower() in _MASS
        done = words[-1].endswith("ed") or words[-1] == "kept"  # "with the vase included"
        phrase = f"the {phrase}" if done else phrase if mass else with_article(phrase)
        text = voice.pick(f"flag_with_{answer}", c=phrase)
    return Condition((Expr(f"{{0}} = {literal(yes if wanted else no)}", (column,)),), text, "flag", (column,), front, adjective=bool(front))


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
