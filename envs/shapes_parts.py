"""Questions about parts of a whole: percentages by group, the part of a total, two sides counted, more in one year than in another.

Each function drafts one kind of question at a `Desk`, or raises DeadEndError when the tables at hand do not allow it.
"""

from __future__ import annotations

from envs.conditions import Condition, split
from envs.drafting import DeadEndError, Desk, Draft, exprs
from envs.gold_sql import COUNT, Expr, Select, descending, literal, render
from envs.profile import Role
from envs.shapes_groups import grouping
from envs.vocabulary import with_article

_UNITS = {"weekday": "%w", "calendar": "%m"}


def share_by(desk: Desk) -> Draft:
    """For each group, how many percent of its rows meet one condition."""
    group = grouping(desk, timeless=True)
    if desk.targets:
        raise DeadEndError
    where = (desk.condition(desk.base, desk.base),)
    test = _single(where)
    text = desk.voice.frame("share_by").format(g=group.said, p=desk.voice.noun(desk.base).plural, pred=_said(where))
    show = Expr(f"100.0 * SUM({test.template}) / COUNT(*)", test.columns)
    return desk.draft("share_by", text, Select(desk.base, (*group.show, show), group=group.by), rows_min=2)


def part_of_total(desk: Desk) -> Draft:
    """How many percent of a total come from rows that meet one condition: SUM(CASE ...)."""
    number = desk.number(additive=True)
    table = desk.targets.pop() if desk.targets else desk.base
    if desk.targets:
        raise DeadEndError
    where = (desk.condition(desk.base, table),)
    test = _single(where)
    total = Expr(
        f"100.0 * SUM(CASE WHEN {test.template} THEN {{{len(test.columns)}}} ELSE 0 END) / SUM({{{len(test.columns)}}})",
        (*test.columns, number),
    )
    np = desk.phrase(where) if where[0].front else f"those {where[0].text}"  # the noun is in the sentence already
    text = desk.voice.frame("part_of_total").format(c=desk.voice.figure("SUM", number), p=desk.voice.noun(desk.base).plural, np=np)
    desk.constructs.append("case")
    return desk.draft("part_of_total", text, Select(desk.base, (total,)))


def sides(desk: Desk) -> Draft:
    """How many rows have one value of a category and how many another, in one row or for each group."""
    fit = [c for c in desk.table.having(Role.CATEGORY) if not c.nulls and c not in desk.table.label]
    if not fit:
        raise DeadEndError
    (kind,) = desk.use((desk.rng.choice(fit),))
    pair = desk.rng.sample(sorted(kind.counts, key=str), 2)
    said = desk.voice.column(kind)
    if len(said.split()) > 2 or kind.kind == "place":
        raise DeadEndError  # "the reason for the fine Overdue"
    slots = {"p": desk.voice.noun(desk.base).plural, "c": said, "v": str(pair[0]), "w": str(pair[1])}
    show = tuple(Expr(f"SUM(CASE WHEN {{0}} = {literal(v)} THEN 1 ELSE 0 END)", (kind,)) for v in pair)
    desk.constructs.append("case")
    if desk.targets or desk.rng.random() < 0.4:
        group = grouping(desk, timeless=True)
        if desk.targets:
            raise DeadEndError
        text = desk.voice.frame("sides_by").format(g=group.said, **slots)
        return desk.draft("sides", text, Select(desk.base, (*group.show, *show), group=group.by), rows_min=2)
    return desk.draft("sides", desk.voice.frame("sides").format(**slots), Select(desk.base, show))


def more_in(desk: Desk) -> Draft:
    """How many more rows one year has than another."""
    dates = [c for c in desk.table.having(Role.DATE, Role.MOMENT) if not c.nulls and desk.voice.event(c) == ""]
    if not dates:
        raise DeadEndError
    (date,) = desk.use((desk.rng.choice(dates),))
    years = sorted({str(v)[:4] for v in date.counts})
    if len(years) < 2:
        raise DeadEndError
    first, last = desk.rng.sample(years, 2)
    where = desk.where(own=0.2)
    part = "SUM(CASE WHEN {{0}} LIKE '{}%' THEN 1 ELSE 0 END)"
    show = Expr(f"{part.format(first)} - {part.format(last)}", (date,))
    desk.constructs.append("case")
    if sum(n if str(v)[:4] == first else -n if str(v)[:4] == last else 0 for v, n in date.counts.items()) <= 0:
        raise DeadEndError  # nobody asks how many more there were when there were fewer
    text = desk.voice.frame("more_in").format(np=desk.phrase(where), d=first, e=last)
    return desk.draft("more_in", text, Select(desk.base, (show,), exprs(where)))


def having_two(desk: Desk) -> Draft:
    """Groups by how many rows they have and by what these average."""
    number = desk.number()
    group = grouping(desk, timeless=True)
    if desk.targets:
        raise DeadEndError
    by = Expr("AVG({0})", (number,))
    rows = desk.rows(render(Select(desk.base, (COUNT, by), group=group.by), desk.facts))
    if len(rows) < 4:
        raise DeadEndError
    counts = sorted(int(str(row[0])) for row in rows)
    values = sorted(float(row[1]) for row in rows if isinstance(row[1], int | float))
    least, value = counts[len(counts) // 3], values[len(values) // 3] if values else 0.0
    if least < 2:
        raise DeadEndError
    size = 10 ** max(0, len(str(int(abs(value)))) - 2)
    limit = int(value // size * size)
    said = desk.voice.figure("AVG", number)
    text = desk.voice.frame("having_two").format(
        gp=group.many, x=desk.voice.pick("count_at_least", v=desk.voice.number(least)), np=desk.voice.noun(desk.base).plural,
        agg_a=with_article(desk.voice.aggregate("AVG")), c=said, y=desk.voice.compared(">", desk.voice.number(limit)),
    )  # fmt: skip
    test = Expr(f"COUNT(*) >= {least} AND AVG({{0}}) > {limit}", (number,))
    return desk.draft("having", text, Select(desk.base, group.show, (), group.by, test))


def calendar(desk: Desk) -> Draft:
    """Rows by day of the week or by month of the year, over all years."""
    dates = [c for c in desk.table.having(Role.DATE, Role.MOMENT) if not c.nulls and desk.voice.event(c) == ""]
    if not dates:
        raise DeadEndError
    (date,) = desk.use((desk.rng.choice(dates),))
    unit = desk.rng.choice(("weekday", "weekday", "calendar"))
    if unit == "calendar" and len({str(v)[:4] for v in date.counts}) < 2:
        raise DeadEndError
    where = desk.where(own=0.2)
    by = Expr(f"STRFTIME('{_UNITS[unit]}', {{0}})", (date,))
    desk.constructs.append(unit)
    if desk.rng.random() < 0.4:
        text = desk.voice.frame(f"{unit}_top").format(np=desk.phrase(where))
        return desk.draft("group_top_1", text, Select(desk.base, (by,), exprs(where), (by,), order=(descending(COUNT),), limit=1))
    text = desk.voice.frame(unit).format(np=desk.phrase(where))
    return desk.draft("group_count", text, Select(desk.base, (by, COUNT), exprs(where), (by,)), rows_min=2)


def _single(where: tuple[Condition, ...]) -> Expr:
    if len(where[0].exprs) > 1:
        raise DeadEndError
    return where[0].exprs[0]


def _said(where: tuple[Condition, ...]) -> str:
    """The condition as a predicate: "are vegan", "cost over 5"."""
    _, said = split(where)
    if not said:
        raise DeadEndError
    return said
