"""Questions about one figure: the average, the total, what came in, how many were sold, how many days between.

Each function drafts one kind of question at a `Desk`, or raises DeadEndError when the tables at hand do not allow it.
"""

from __future__ import annotations

from envs.drafting import DeadEndError, Desk, Draft, exprs
from envs.gold_sql import Expr, Select
from envs.phrasing import counted
from envs.profile import Role
from envs.vocabulary import is_plural, listed, plural

_TAKINGS = {"bill", "booking", "hire", "invoice", "job", "lesson", "order", "payment", "receipt", "rental", "sale", "ticket"}


def aggregate(desk: Desk) -> Draft:
    function = desk.rng.choice(("AVG", "AVG", "SUM", "SUM", "MAX", "MIN"))
    number = desk.number(additive=function == "SUM")
    kinds = ["agg", *(["agg_avg"] if function == "AVG" else ["agg_sum"] if function == "SUM" and number.kind != "quantity" else [])]
    where = desk.where()
    said = desk.voice.figure(function, number)
    agg = desk.voice.aggregate(function)
    worth = function == "AVG" and not where and _till(desk, desk.base) and number.kind == "money"
    if worth and number.additive and desk.rng.random() < 0.6:
        kinds = ["agg_value"]
    elif function == "SUM" and is_plural(counted(said)):
        kinds, said = ["agg_many"], counted(said)
    text = desk.voice.frame(*kinds).format(agg=agg, c=said, cp=plural(said), np=desk.phrase(where), s=desk.voice.noun(desk.base).singular)
    return desk.draft(function.lower(), text, Select(desk.base, (Expr(f"{function}({{0}})", (number,)),), exprs(where)))


def aggregates(desk: Desk) -> Draft:
    """Two or three aggregates of one column."""
    number = desk.number()
    functions = desk.rng.sample(("MIN", "AVG", "MAX"), desk.rng.choice((2, 2, 3)))
    where = desk.where()
    agg = listed([desk.voice.aggregate(f) for f in functions])
    text = desk.voice.frame("agg_several").format(agg=agg, c=desk.voice.column(number), np=desk.phrase(where))
    return desk.draft("aggregates", text, Select(desk.base, tuple(Expr(f"{f}({{0}})", (number,)) for f in functions), exprs(where)))


def takings(desk: Desk) -> Draft:
    """Money that came in: "How much did we take in March 2024?"."""
    tills = [t for t in desk.facts.tables if _till(desk, t)]
    if desk.base not in tills:
        raise DeadEndError
    money = next(c for c in desk.table.columns.values() if c.additive and c.kind == "money")
    dates = desk.table.having(Role.DATE, Role.MOMENT)
    desk.use((money,))
    show = (Expr("SUM({0})", (money,)),)
    if len(tills) == 1 and len(dates) == 1 and not desk.targets and desk.rng.random() < 0.7:
        value = str(desk.rng.choice(sorted(dates[0].counts, key=str)))
        size, said = (7, desk.voice.month(value)) if desk.rng.random() < 0.6 else (4, value[:4])
        desk.constructs.append("date")
        text = desk.voice.frame("takings").format(d=desk.voice.pick("in_month", d=said))
        return desk.draft("sum", text, Select(desk.base, show, (Expr(f"{{0}} LIKE '{value[:size]}%'", (dates[0],)),)))
    where = desk.where(own=0.8)
    return desk.draft("sum", desk.voice.frame("takings_np").format(np=desk.phrase(where)), Select(desk.base, show, exprs(where)))


def sold(desk: Desk) -> Draft:
    """How many units of one thing went out."""
    quantities = [c for c in desk.table.having(Role.NUMBER) if c.kind == "quantity" and c.additive]
    things = [t for t in desk.targets if len(desk.facts.paths[desk.base][t]) == 1 and desk.facts.tables[t].being == "thing"]
    if len(quantities) != 1 or not things or not is_sale(desk) or not desk.facts.tables[things[0]].label_unique:
        raise DeadEndError
    desk.use(quantities)
    said, found = desk.row_name(things[0])
    desk.targets.remove(things[0])
    where = desk.where(own=0.01)
    text = desk.voice.frame("sold").format(e=said)
    if where:
        text = f"{text[:-1]} {' and '.join(c.text for c in where)}{text[-1]}"
        if any(c.front for c in where):
            raise DeadEndError
    desk.constructs.append("equal")
    return desk.draft("sum", text, Select(desk.base, (Expr("SUM({0})", (quantities[0],)),), (*found, *exprs(where))))


def is_sale(desk: Desk) -> bool:
    """Whether the base's rows are sales or lines of sales."""
    words = {word for noun in desk.table.nouns for word in noun.singular.split()}
    return bool(words & {"sale", "order", "ticket", "purchase"})


def product_sum(desk: Desk) -> Draft:
    """Quantity times price, where no column holds the line's total; the price may stand one table up."""
    table = desk.table
    if any(c.additive and c.kind == "money" for c in table.columns.values()):
        raise DeadEndError
    quantities = [c for c in table.having(Role.NUMBER) if c.kind == "quantity" and c.additive]
    homes = [table, *(desk.facts.tables[e.parent] for e in table.edges)]
    prices = [c for home in homes for c in home.having(Role.NUMBER) if c.kind == "price" and c.hints & {"price", "unit", "each", "stem"}]
    own = [c for c in prices if c.table == desk.base]
    prices = own or prices
    if len(quantities) != 1 or len(prices) != 1:
        raise DeadEndError
    quantity, price = desk.use((quantities[0], prices[0]))
    desk.targets = [t for t in desk.targets if t != price.table]
    where = desk.where()
    frame = desk.voice.frame("product_sum", *(["revenue"] if price.hints & {"price"} and is_sale(desk) else []))
    text = frame.format(q=desk.voice.column(quantity), c=desk.voice.columns((price,), desk.base), np=desk.phrase(where))
    return desk.draft("product_sum", text, Select(desk.base, (Expr("SUM({0} * {1})", (quantity, price)),), exprs(where)))


def difference(desk: Desk) -> Draft:
    number = desk.number()
    where = desk.where()
    text = desk.voice.frame("difference").format(c=desk.voice.column(number), np=desk.phrase(where))
    return desk.draft("difference", text, Select(desk.base, (Expr("MAX({0}) - MIN({0})", (number,)),), exprs(where)))


def date_gap(desk: Desk) -> Draft:
    dates = [c for c in desk.table.having(Role.DATE) if not c.hints & {"birth", "birthday"}]
    if len(dates) < 2:
        raise DeadEndError
    first, last = desk.rng.sample(dates, 2)
    names = list(desk.table.columns)
    pairs = [(row[names.index(first.name)], row[names.index(last.name)]) for row in desk.table.rows]
    if sum(str(a) > str(b) for a, b in pairs if a and b) > len(pairs) / 2:
        first, last = last, first
    desk.use((first, last))
    where = desk.where(own=0.3)
    text = desk.voice.frame("date_gap").format(c=desk.voice.column(first), q=desk.voice.column(last), np=desk.phrase(where))
    show = (Expr("AVG(JULIANDAY({0}) - JULIANDAY({1}))", (last, first)),)
    return desk.draft("date_gap", text, Select(desk.base, show, exprs(where)))


def _till(desk: Desk, name: str) -> bool:
    """Whether money comes in through a table: one amount that adds up, and rows that are sales of some kind."""
    table = desk.facts.tables[name]
    amounts = [c for c in table.columns.values() if c.additive and c.kind == "money"]
    return bool({noun.singular.split()[-1] for noun in table.nouns} & _TAKINGS) and len(amounts) == 1
