"""Questions about groups: per category, per month, per customer, the group with the most.

Each function drafts one kind of question at a `Desk`, or raises DeadEndError when the tables at hand do not allow it.
"""

from __future__ import annotations

from envs.drafting import DeadEndError, Desk, Draft, Grouping, exprs, shows
from envs.gold_sql import COUNT, Expr, Select, column, descending, render
from envs.phrasing import Voice
from envs.profile import ColumnFacts, Edge, Role
from envs.shapes_sums import is_sale
from envs.vocabulary import with_article

_MONTHS_MAX = 40


def group_count(desk: Desk) -> Draft:
    group = grouping(desk)
    where = desk.where(own=0.3)
    kind = "group_count_deed" if _direct(desk, group) and desk.rng.random() < 0.6 else "group_count"
    text = desk.voice.frame(kind).format(g=group.said, np=desk.phrase(where), **_deed(desk, group))
    order: tuple[Expr, ...] = ()
    if desk.rng.random() < 0.2:
        down = desk.rng.random() < 0.8
        order = (descending(COUNT) if down else COUNT,)
        text = text[:-1] + desk.voice.order("count_down" if down else "count_up", "") + text[-1]
        desk.constructs.append("order_by")
    return desk.draft("group_count", text, Select(desk.base, (*group.show, COUNT), exprs(where), group.by, order=order), rows_min=2)


def group_aggregate(desk: Desk) -> Draft:
    function = desk.rng.choice(("SUM", "SUM", "AVG", "AVG", "MAX", "MIN"))
    number = desk.number(additive=function == "SUM")
    group = grouping(desk)
    where = desk.where(own=0.2)
    text = desk.voice.frame("group_agg").format(
        agg=desk.voice.aggregate(function), c=desk.voice.figure(function, number), g=group.said, np=desk.phrase(where)
    )
    by = Expr(f"{function}({{0}})", (number,))
    order: tuple[Expr, ...] = ()
    if desk.rng.random() < 0.2:
        down = desk.rng.random() < 0.8
        order = (descending(by) if down else by,)
        said = desk.voice.order("value_down" if down else "value_up", "")
        text = text[:-1] + said + text[-1]
        desk.constructs.append("order_by")
    select = Select(desk.base, (*group.show, by), exprs(where), group.by, order=order)
    return desk.draft(f"group_{function.lower()}", text, select, rows_min=2)


def group_top(desk: Desk) -> Draft:
    """The group with the most rows, or the few with the most."""
    rng, voice = desk.rng, desk.voice
    group = grouping(desk)
    where = desk.where(own=0.3)
    most = rng.random() < 0.85 or (group.entity and some_without(desk, group.table))
    slots = {"g": group.said, "gp": group.many, "np": desk.phrase(where), "most": "most" if most else "fewest", **_deed(desk, group)}
    order = (descending(COUNT) if most else COUNT,)
    if rng.random() < 0.25:
        limit = rng.choice((2, 3, 3, 5))
        text = voice.frame("group_topn").format(n=voice.number(limit), **slots)
        select = Select(desk.base, group.show, exprs(where), group.by, order=order, limit=limit)
        return desk.draft("group_top_n", text, select, rows_min=limit)
    kind = "group_top"
    if most and _direct(desk, group) and rng.random() < 0.7:
        person = desk.facts.tables[group.table].being == "person"
        # "Who had the most orders?" could be a driver as well as a customer; who placed them could not
        kind = "group_top_deed" if person and slots["past"] == "had" else "group_top_who" if person else "group_top"
    elif most and not group.entity and not group.time and group.table == desk.base and rng.random() < 0.4:
        kind = "group_common"
    show = group.show
    if group.time:
        kind = "busiest" if most and rng.random() < 0.4 else "group_top_time"
    elif most and _direct(desk, group) and kind == "group_top" and desk.facts.tables[group.table].label and rng.random() < 0.3:
        kind = "popular"
    if kind == "group_top" and rng.random() < 0.3:
        kind, show = "group_top_counted", (*show, COUNT)
    select = Select(desk.base, show, exprs(where), group.by, order=order, limit=1)
    return desk.draft("group_top_1", voice.frame(kind).format(**slots), select)


def group_top_aggregate(desk: Desk) -> Draft:
    function = desk.rng.choice(("SUM", "SUM", "AVG"))
    number = desk.number(additive=function == "SUM")
    group = grouping(desk)
    where = desk.where(own=0.15)
    largest = desk.rng.random() < 0.8 or (group.entity and some_without(desk, group.table))
    seller = function == "SUM" and largest and _sells(desk, group) and desk.rng.random() < 0.6 and not where
    spender = function == "SUM" and largest and number.kind == "money" and _spends(desk, group)
    limit = desk.rng.choice((3, 3, 5, 5, 10)) if largest and desk.rng.random() < 0.3 else 1
    kind = "group_top_agg" if desk.rng.random() < 0.65 else "group_top_agg_value"
    if limit > 1:
        kind = "group_topn_agg"
    elif seller or (spender and desk.rng.random() < 0.6):
        kind = "best_selling" if seller else "spent_most"
    text = desk.voice.frame(kind).format(
        n=desk.voice.number(limit), g=group.said, gp=group.many, agg=desk.voice.aggregate(function), c=desk.voice.figure(function, number),
        np=desk.phrase(where), sup="highest" if largest else "lowest",
    )  # fmt: skip
    by = Expr(f"{function}({{0}})", (number,))
    order = (descending(by) if largest else by,)
    show = (*group.show, by) if kind == "group_top_agg_value" else group.show
    select = Select(desk.base, show, exprs(where), group.by, order=order, limit=limit)
    return desk.draft("group_top_n" if limit > 1 else "group_top_1", text, select, rows_min=limit)


def having(desk: Desk) -> Draft:
    """Groups by how many rows they have."""
    rng, voice = desk.rng, desk.voice
    group = grouping(desk, timeless=True)
    where = desk.where(own=0.2)
    counts = sorted(int(str(v)) for v in desk.values(render(Select(desk.base, (COUNT,), exprs(where), group.by), desk.facts)))
    if len(counts) < 3 or counts[0] == counts[-1]:
        raise DeadEndError
    number = counts[int(len(counts) * rng.uniform(0.3, 0.95))]
    sign = rng.choice((">", ">", ">=", ">=", "<", "="))
    if sign in ("<", "=") and group.entity and sign == "<" and some_without(desk, group.table):
        sign = ">="
    x = voice.pick(f"count_{ {'<': 'less', '>': 'more', '>=': 'at_least', '=': 'exactly'}[sign] }", v=voice.number(number))
    counted = rng.random() < 0.25
    deed = _direct(desk, group) and not counted and rng.random() < 0.6
    frame = voice.frame("having_deed" if deed else "having_counted" if counted else "having")
    if number == 1:
        raise DeadEndError  # "exactly one orders"
    text = frame.format(g=group.said, gp=group.many, x=x, np=desk.phrase(where), **_deed(desk, group))
    show = (*group.show, COUNT) if counted else group.show
    return desk.draft("having", text, Select(desk.base, show, exprs(where), group.by, Expr(f"COUNT(*) {sign} {number}")))


def having_aggregate(desk: Desk) -> Draft:
    function = desk.rng.choice(("AVG", "SUM"))
    number = desk.number(additive=function == "SUM")
    group = grouping(desk, timeless=True)
    where = desk.where(own=0.1)
    by = Expr(f"{function}({{0}})", (number,))
    values = desk.values(render(Select(desk.base, (by,), exprs(where), group.by), desk.facts))
    found = sorted(float(v) for v in values if isinstance(v, int | float))
    if len(found) < 3:
        raise DeadEndError
    value = found[int(len(found) * desk.rng.uniform(0.2, 0.8))]
    size = 10 ** max(0, len(str(int(abs(value)))) - 2)
    limit = int(value // size * size)
    sign = desk.rng.choice((">", "<")) if not (group.entity and function == "SUM") else ">"
    agg = desk.voice.aggregate(function)
    text = desk.voice.frame("having_agg").format(
        g=group.said, gp=group.many, agg=agg, agg_a=with_article(agg), c=desk.voice.figure(function, number), np=desk.phrase(where),
        x=desk.voice.compared(sign, desk.voice.number(limit)),
    )  # fmt: skip
    test = Expr(f"{by.template} {sign} {limit}", by.columns)
    return desk.draft("having", text, Select(desk.base, group.show, exprs(where), group.by, test))


def grouping(desk: Desk, *, timeless: bool = False) -> Grouping:
    """What to group by: a category of the base, a month or year, a category or the rows of a table above."""
    rng, voice = desk.rng, desk.voice
    if desk.targets and rng.random() < 0.75:
        target = desk.facts.tables[desk.targets.pop()]
        categories = [c for c in target.having(Role.CATEGORY) if not c.nulls and c.path not in desk.used and c not in target.label]
        if target.key and target.shown and (rng.random() < 0.6 or not categories):
            desk.use(target.shown)
            return Grouping(shows(target.shown), (column(target.key),), voice.noun(target.name).singular, target.name, entity=True)
        table = target
    else:
        table = desk.table
        categories = [c for c in table.having(Role.CATEGORY) if not c.nulls and c.path not in desk.used]
    dates = [c for c in desk.table.having(Role.DATE, Role.MOMENT) if c.path not in desk.used and not c.nulls]
    if table is desk.table and dates and not timeless and (rng.random() < 0.3 or not categories):
        (found,) = desk.use((rng.choice(dates),))
        years = len({str(v)[:4] for v in found.counts})
        monthly = len({str(v)[:7] for v in found.counts}) <= _MONTHS_MAX and (rng.random() < 0.5 or years < 2)
        unit, code = ("month", "%Y-%m") if monthly else ("year", "%Y")
        said = _time(voice, found, unit)
        expr = Expr(f"STRFTIME('{code}', {{0}})", (found,))
        return Grouping((expr,), (expr,), said, desk.base, time=True)
    if not categories:
        raise DeadEndError
    (found,) = desk.use((rng.choice(categories),))
    said = voice.column(found)
    noun = voice.noun(table.name).singular
    if table is not desk.table and not set(noun.split()) & set(said.split()):
        said = f"{noun} {said}"
    return Grouping((column(found),), (column(found),), said, table.name)


def _time(voice: Voice, date: ColumnFacts, unit: str) -> str:
    """ "month" where rows have one date of their own, else which: "return month"."""
    short = next((p.removesuffix(" date") for p in date.phrases if p.endswith(" date")), "")
    if voice.event(date) == "":
        return unit
    if not short:
        raise DeadEndError
    return f"{short} {unit}"


def _direct(desk: Desk, group: Grouping) -> bool:
    """Whether each group is a row that the base points to itself, so that it can be said to do something with it."""
    return group.entity and len(desk.facts.paths[desk.base][group.table]) == 1


def _deed(desk: Desk, group: Grouping) -> dict[str, str]:
    return verbs(desk.voice, group.table, desk.base) if group.entity else {"past": "", "part": "", "plain": ""}


def verbs(voice: Voice, parent: str, child: str) -> dict[str, str]:
    return dict(zip(("past", "part", "plain"), voice.deed(parent, child), strict=True))


def _spends(desk: Desk, group: Grouping) -> bool:
    """Whether the groups are people who pay us."""
    person = desk.facts.tables[group.table].being == "person"
    return group.entity and person and desk.voice.deed(group.table, desk.base)[0] != "had"


def _sells(desk: Desk, group: Grouping) -> bool:
    """Whether the groups are things and the base says how they sold."""
    return group.entity and desk.facts.tables[group.table].being == "thing" and is_sale(desk)


def some_without(desk: Desk, parent: str, edge: Edge | None = None) -> bool:
    """Whether some rows of a table have no row of the base (or of another child), directly or over steps."""
    if edge is None:
        path = desk.facts.paths[desk.base][parent]
        return len(path) > 1 or some_without(desk, parent, path[0])
    child = desk.facts.tables[edge.child]
    used = child.columns[edge.column].counts
    return child.partial or desk.facts.tables[parent].partial or len(used) < len(desk.facts.tables[parent].rows)
