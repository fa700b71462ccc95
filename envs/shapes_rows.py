"""Questions about rows: how many, which, how much, the most expensive, those above the average.

Each function drafts one kind of question at a `Desk`, or raises DeadEndError when the tables at hand do not allow it.
"""

from __future__ import annotations

from envs.conditions import split
from envs.drafting import DeadEndError, Desk, Draft, exprs, shows
from envs.gold_sql import COUNT, Expr, Select, column, descending, inside, render
from envs.phrasing import counted
from envs.profile import ColumnFacts, Role
from envs.relations import link
from envs.vocabulary import is_plural, listed, plural, with_article

_TAKINGS = {"bill", "booking", "hire", "invoice", "job", "lesson", "order", "payment", "receipt", "rental", "sale", "ticket"}


def count(desk: Desk) -> Draft:
    frame = desk.voice.frame("count")
    where = desk.where(own=0.0 if desk.targets else 0.85)
    either = len(where) == 2 and desk.rng.random() < 0.3 and all(c.columns[0].table == desk.base for c in where)
    select = Select(desk.base, (COUNT,), exprs(where), either=either)
    if either:
        desk.constructs.append("or")
    rest, said = split(where)
    when = [c for c in where if c.construct == "date" and c.columns[0].table == desk.base and desk.voice.event(c.columns[0]) == ""]
    if when and desk.rng.random() < 0.8 and not either:
        rest = tuple(c for c in where if c is not when[0])
        return desk.draft("count", desk.voice.frame("count_when").format(np=desk.phrase(rest), d=when[0].text), select)
    if said and desk.rng.random() < 0.45 and not either:
        return desk.draft("count", desk.voice.frame("count_pred").format(np=desk.phrase(rest), pred=said), select)
    return desk.draft("count", frame.format(np=desk.phrase(where, either=either)), select)


def listing(desk: Desk) -> Draft:
    """Columns of rows, perhaps with columns of the rows they point to, perhaps in order."""
    rng, voice = desk.rng, desk.voice
    label_only = bool(desk.table.label) and rng.random() < 0.2
    columns = desk.use(desk.table.label) if label_only else desk.some_columns(desk.table)
    if desk.targets and not label_only and rng.random() < 0.5:
        target = desk.facts.tables[desk.targets.pop()]
        columns = columns[: max(1, len(desk.table.label))]
        columns += desk.use(target.label) if target.label else desk.some_columns(target)[:1]
    where = desk.where()
    rest, said = split(where)
    if said and rng.random() < 0.45 and (label_only or columns[: len(desk.table.label)] == desk.table.label):
        frame = voice.frame("which" if columns == desk.table.label else "which_cols")
        text = frame.format(
            np=desk.phrase(rest), pred=said, cols=voice.columns(columns, desk.base), colsp=voice.columns(columns, desk.base, many=True)
        )
        return desk.draft("list", text, Select(desk.base, shows(columns), exprs(where)))
    person = desk.table.being == "person"
    frame = voice.frame("list_who" if person else "list_label") if label_only else voice.frame("list")
    order: tuple[Expr, ...] = ()
    text = frame.format(
        np=desk.phrase(where), np1=desk.phrase(where, one=True),
        cols=voice.columns(columns, desk.base), colsp=voice.columns(columns, desk.base, many=True),
    )  # fmt: skip
    if rng.random() < 0.22 and text.count(".") + text.count("?") == 1:
        by = columns[0] if rng.random() < 0.4 or not (c := desk.table.having(Role.NUMBER, Role.DATE)) else rng.choice(c)
        down = rng.random() < (0.2 if by.role in (Role.TEXT, Role.CATEGORY) else 0.6)
        order = (descending(column(by)) if down else column(by),)
        kind = "date" if by.role in (Role.DATE, Role.MOMENT) else "text" if by.role in (Role.TEXT, Role.CATEGORY) else "number"
        said = voice.columns((by,), desk.base)
        only = "_only" if columns == (by,) else ""
        text = text[:-1] + voice.order(f"{kind}_{'down' if down else 'up'}{only}", said) + text[-1]
        desk.constructs.append("order_by")
    return desk.draft("list", text, Select(desk.base, shows(columns), exprs(where), order=order))


def lookup(desk: Desk) -> Draft:
    """One or two facts about one row, or about the row it points to."""
    said, where = desk.row_name(desk.base)
    if desk.targets:
        target = desk.facts.tables[desk.targets.pop()]
        frame = desk.voice.frame("child_of")
        joined = link(desk.facts, desk.base, target.name) if len(desk.facts.paths[desk.base][target.name]) == 1 else "for"
        if "{link}" in frame and joined in ("of", "about"):
            joined = "for"
        columns = desk.shown(frame, target.name)[:2]
        text = frame.format(ps=desk.voice.noun(target.name).singular, e=said, link=joined, cols=desk.voice.columns(columns, target.name))
        return desk.draft("lookup", text, Select(desk.base, shows(columns), where))
    columns = desk.some_columns(desk.table)[:2]
    if any(c in desk.table.label for c in columns):
        raise DeadEndError
    named = desk.table.being == "person" and not said.startswith(("the ", "our ")) and all(c.table == desk.base for c in columns)
    text = desk.voice.frame("lookup_name" if named else "lookup").format(cols=desk.voice.columns(columns, desk.base), e=said)
    if len(columns) == 1 and columns[0].table == desk.base and desk.rng.random() < 0.6:
        event = desk.voice.event(columns[0]) if columns[0].role in (Role.DATE, Role.MOMENT) else None
        if event and " " not in event and event not in ("due", "expiring"):
            text = desk.voice.frame("when").format(e=said, event=event)
        elif columns[0].kind == "price" and sum(c.kind == "price" for c in desk.table.columns.values()) == 1 and desk.table.label:
            text = desk.voice.frame("cost").format(e=said)
    return desk.draft("lookup", text, Select(desk.base, shows(columns), where))


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
    frame = desk.voice.frame("product_sum", *(["revenue"] if price.hints & {"price"} else []))
    text = frame.format(q=desk.voice.column(quantity), c=desk.voice.columns((price,), desk.base), np=desk.phrase(where))
    return desk.draft("product_sum", text, Select(desk.base, (Expr("SUM({0} * {1})", (quantity, price)),), exprs(where)))


def distinct(desk: Desk) -> Draft:
    """The different values of a category, or how many there are."""
    home = desk.facts.tables[desk.targets.pop()] if desk.targets and desk.rng.random() < 0.3 else desk.table
    fit = [c for c in home.having(Role.CATEGORY) if not c.nulls]
    if not fit:
        raise DeadEndError
    (found,) = desk.use((desk.rng.choice(fit),))
    where = desk.where(own=0.5)
    said = desk.voice.column(found)
    if found.table != desk.base:
        said = f"{desk.voice.noun(found.table).singular} {said}"
    slots = {"c": said, "cp": plural(said), "np": desk.phrase(where)}
    if desk.rng.random() < 0.5:
        show = (Expr("COUNT(DISTINCT {0})", (found,)),)
        return desk.draft("count_distinct", desk.voice.frame("count_distinct").format(**slots), Select(desk.base, show, exprs(where)))
    text = desk.voice.frame("distinct").format(**slots)
    return desk.draft("distinct", text, Select(desk.base, (column(found),), exprs(where), distinct=True), rows_min=2)


def top_row(desk: Desk) -> Draft:
    """The row with the most or least of something: "Which product is the most expensive?"."""
    rng, voice = desk.rng, desk.voice
    by = desk.number(dates=True)
    largest = rng.random() < 0.68
    adjective = voice.superlative(by, largest=largest)
    person = desk.table.being == "person"
    verb = voice.event(by) if by.role is not Role.NUMBER else None
    if adjective and (by.role is not Role.NUMBER or rng.random() < 0.75):
        kind = rng.choice(("top_row_adj_who" if person else "top_row_adj", "top_row_adj_cols"))
    elif verb and verb not in ("due", "expiring", "born") and not verb.startswith("last ") and rng.random() < 0.8:
        kind = "top_row_event"
    else:
        kind = rng.choice(("top_row_who" if person else "top_row", "top_row_cols", "top_row_value"))
        if by.role is not Role.NUMBER and kind == "top_row_value":
            kind = "top_row_cols"
    frame = voice.frame(kind)
    if desk.targets and "{cols}" in frame and rng.random() < 0.5:
        target = desk.targets.pop()
        columns = desk.facts.tables[target].label or desk.some_columns(desk.facts.tables[target])
    else:
        columns = desk.shown(frame, desk.base)
    if by in columns:
        raise DeadEndError
    where = desk.where(own=0.2)
    show = shows((*columns, by) if kind == "top_row_value" else columns)
    sup, most = voice.most(by, largest=largest)
    text = frame.format(
        did=(verb or "").partition(" ")[2] if (verb or "").startswith(("who ", "that ")) else f"was {verb}",
        last=rng.choice(("most recently", "last") if largest else ("first", "earliest")), sup=sup, c=most, adj=adjective, hm="how many" if sup in ("most", "fewest") else "how much",
        np=desk.phrase(where), np1=desk.phrase(where, one=True), cols=voice.columns(columns, desk.base),
    )  # fmt: skip
    order = descending(column(by)) if largest else column(by)
    return desk.draft("top_1", text, Select(desk.base, show, exprs(where), order=(order,), limit=1))


def top_rows(desk: Desk) -> Draft:
    rng, voice = desk.rng, desk.voice
    by = desk.number(dates=True)
    largest = rng.random() < 0.75
    adjective = voice.superlative(by, largest=largest)
    number = by.role is Role.NUMBER
    kinds = ["top_rows_adj"] if adjective else ["top_rows", *(["top_rows_best"] if largest and number else [])]
    frame = voice.frame(*kinds)
    columns = desk.shown(frame, desk.base)
    where = desk.where(own=0.2)
    limit = rng.choice((2, 3, 3, 4, 5, 5, 10))
    sup, most = voice.most(by, largest=largest)
    text = frame.format(
        n=voice.number(limit), sup=sup, c=most, adj=adjective,
        np=desk.phrase(where), cols=voice.columns(columns, desk.base), colsp=voice.columns(columns, desk.base, many=True),
    )  # fmt: skip
    order = descending(column(by)) if largest else column(by)
    return desk.draft("top_n", text, Select(desk.base, shows(columns), exprs(where), order=(order,), limit=limit), rows_min=limit)


def above_average(desk: Desk) -> Draft:
    number = desk.number()
    above = desk.rng.random() < 0.65
    average = render(Select(desk.base, (Expr("AVG({0})", (number,)),)), desk.facts)
    beyond = Expr(f"{{0}} {'>' if above else '<'} ({inside(average)})", (number,))
    counted = desk.rng.random() < 0.3
    frame = desk.voice.frame("above_average_count" if counted else "above_average")
    columns = () if counted else desk.shown(frame, desk.base)
    said = desk.voice.column(number)
    text = frame.format(
        p=desk.voice.noun(desk.base).plural, c=said, a=with_article(said), over="above" if above else "below",
        cols=desk.voice.columns(columns, desk.base), colsp=desk.voice.columns(columns, desk.base, many=True),
    )  # fmt: skip
    return desk.draft("above_average", text, Select(desk.base, shows(columns) or (COUNT,), (beyond,)))


def share(desk: Desk) -> Draft:
    """How many percent of the rows meet one condition."""
    table = desk.targets.pop() if desk.targets else desk.base
    where = (desk.condition(desk.base, table),)
    if len(where[0].exprs) > 1:
        raise DeadEndError
    test = where[0].exprs[0]
    _, said = split(where)
    noun = desk.voice.noun(desk.base).plural
    front = where[0].front
    those = front if where[0].adjective else f"{front} {noun}" if front else f"{noun} {where[0].text}"
    frame = desk.voice.frame("share_pred" if said and not front else "share")
    text = frame.format(p=noun, those=those, pred=said)
    return desk.draft("share", text, Select(desk.base, (Expr(f"100.0 * SUM({test.template}) / COUNT(*)", test.columns),)))


def difference(desk: Desk) -> Draft:
    number = desk.number()
    where = desk.where()
    text = desk.voice.frame("difference").format(c=desk.voice.column(number), np=desk.phrase(where))
    return desk.draft("difference", text, Select(desk.base, (Expr("MAX({0}) - MIN({0})", (number,)),), exprs(where)))


def date_gap(desk: Desk) -> Draft:
    dates = [c for c in desk.table.having(Role.DATE) if not c.hints & {"birth", "birthday"}]
    if len(dates) < 2:
        raise DeadEndError
    first, last = sorted(desk.rng.sample(dates, 2), key=_median)
    desk.use((first, last))
    where = desk.where(own=0.3)
    text = desk.voice.frame("date_gap").format(c=desk.voice.column(first), q=desk.voice.column(last), np=desk.phrase(where))
    show = (Expr("AVG(JULIANDAY({0}) - JULIANDAY({1}))", (last, first)),)
    return desk.draft("date_gap", text, Select(desk.base, show, exprs(where)))


def boss(desk: Desk) -> Draft:
    """A row and the row of the same table it points to."""
    edge, table = desk.table.boss, desk.table
    if not edge or len(table.label) != 1 or desk.targets:
        raise DeadEndError
    label, role = table.label[0].name, desk.voice.column(table.columns[edge.column]).removesuffix(" ID").removesuffix(" number")
    alias = role.replace(" ", "_")
    if not alias.isidentifier():
        raise DeadEndError
    source = f"FROM {desk.base} JOIN {desk.base} AS {alias} ON {desk.base}.{edge.column} = {alias}.{edge.target}"
    desk.constructs.append("self_join")
    if desk.rng.random() < 0.5:
        text = desk.voice.frame("bosses").format(s=desk.voice.noun(desk.base).singular, c=role)
        return desk.draft("self_join", text, f"SELECT {desk.base}.{label}, {alias}.{label} {source}")
    said, where = desk.row_name(desk.base)
    test = where[0].template.format(f"{desk.base}.{label}")
    return desk.draft("self_join", desk.voice.frame("boss").format(c=role, e=said), f"SELECT {alias}.{label} {source} WHERE {test}")


def _till(desk: Desk, name: str) -> bool:
    """Whether money comes in through a table: one amount that adds up, and rows that are sales of some kind."""
    table = desk.facts.tables[name]
    amounts = [c for c in table.columns.values() if c.additive and c.kind == "money"]
    return bool({noun.singular.split()[-1] for noun in table.nouns} & _TAKINGS) and len(amounts) == 1


def _median(dates: ColumnFacts) -> str:
    values = sorted(str(v) for v in dates.counts.elements())
    return values[len(values) // 2]
