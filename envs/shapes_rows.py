"""Questions about rows: how many, which, how much, the most expensive, those above the average.

Each function drafts one kind of question at a `Desk`, or raises DeadEndError when the tables at hand do not allow it.
"""

from __future__ import annotations

import re

from envs.conditions import split
from envs.drafting import DeadEndError, Desk, Draft, exprs, shows
from envs.gold_sql import COUNT, Expr, Select, column, descending, inside, name, render
from envs.phrasing import agree
from envs.profile import Role
from envs.relations import link
from envs.vocabulary import plural, with_article

_WHOSE = re.compile(r"(?:where the|whose) (.+?) (is|are|isn't|aren't) (.+)")
_RELATIVE = {"whose", "that", "where", "who", "which"}


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
    np = desk.phrase(where, either=either)
    if len(np.split()) > 6:
        frame = desk.voice.frame("count_long")
    elif not _RELATIVE & set(np.split()) and desk.rng.random() < 0.2:
        frame = desk.voice.frame("count_note")  # a whole sentence must not hang on a relative clause
    return desk.draft("count", frame.format(np=np), select)


def listing(desk: Desk) -> Draft:
    """Columns of rows, perhaps with columns of the rows they point to, perhaps in order."""
    rng, voice = desk.rng, desk.voice
    columns = desk.some_columns(desk.table) if not desk.table.label or rng.random() < 0.85 else desk.use(desk.table.label)
    label_only = columns == desk.table.label
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
        words = (Role.TEXT, Role.CATEGORY, Role.CODE, Role.FLAG)
        down = rng.random() < (0.2 if by.role in words else 0.6)
        order = (descending(column(by)) if down else column(by),)
        kind = "date" if by.role in (Role.DATE, Role.MOMENT) else "text" if by.role in words else "number"
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
        cols = desk.voice.columns(columns, target.name)
        text = agree(frame, cols).format(ps=desk.voice.noun(target.name).singular, e=said, link=joined, cols=cols)
        return desk.draft("lookup", text, Select(desk.base, shows(columns), where))
    columns = desk.some_columns(desk.table)[:2]
    if any(c in desk.table.label for c in columns):
        raise DeadEndError
    named = desk.table.being == "person" and not said.startswith(("the ", "our ")) and all(c.table == desk.base for c in columns)
    cols = desk.voice.columns(columns, desk.base)
    text = agree(desk.voice.frame("lookup_name" if named else "lookup"), cols).format(cols=cols, e=said)
    if len(columns) == 1 and columns[0].table == desk.base and desk.rng.random() < 0.6:
        event = desk.voice.event(columns[0]) if columns[0].role in (Role.DATE, Role.MOMENT) else None
        if event and " " not in event and event not in ("due", "expiring"):
            text = desk.voice.frame("when").format(e=said, event=event)
        elif columns[0].kind == "price" and sum(c.kind == "price" for c in desk.table.columns.values()) == 1 and desk.table.label:
            text = desk.voice.frame("cost").format(e=said)
    return desk.draft("lookup", text, Select(desk.base, shows(columns), where))


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
    cols = voice.columns(columns, desk.base)
    text = agree(frame, cols).format(
        did=(verb or "").partition(" ")[2] if (verb or "").startswith(("who ", "that ")) else f"was {verb}",
        last=rng.choice(("most recently", "last") if largest else ("first", "earliest")), sup=sup, c=most,
        adj=adjective, hm="how many" if sup in ("most", "fewest") else "how much",
        np=desk.phrase(where), np1=desk.phrase(where, one=True), cols=cols,
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
    whose = _WHOSE.fullmatch(where[0].text)
    if whose and not front:
        text = desk.voice.frame("share_is").format(p=noun, c=whose[1], be=whose[2], v=whose[3])
        return desk.draft("share", text, Select(desk.base, (Expr(f"100.0 * SUM({test.template}) / COUNT(*)", test.columns),)))
    if not said and not front:
        raise DeadEndError  # "what percentage of members are members with ..."
    frame = desk.voice.frame("share_pred" if said and not front else "share")
    text = frame.format(p=noun, those=those, pred=said)
    return desk.draft("share", text, Select(desk.base, (Expr(f"100.0 * SUM({test.template}) / COUNT(*)", test.columns),)))


def boss(desk: Desk) -> Draft:
    """A row and the row of the same table it points to."""
    edge, table = desk.table.boss, desk.table
    if not edge or len(table.label) != 1 or desk.targets:
        raise DeadEndError
    label, role = table.label[0].name, desk.voice.column(table.columns[edge.column]).removesuffix(" ID").removesuffix(" number")
    alias = role.replace(" ", "_")
    if not alias.isidentifier():
        raise DeadEndError
    base, shown = name(desk.base), name(label)
    source = f"FROM {base} JOIN {base} AS {alias} ON {base}.{name(edge.column)} = {alias}.{name(edge.target)}"
    desk.constructs.append("self_join")
    if desk.rng.random() < 0.5:
        text = desk.voice.frame("bosses").format(s=desk.voice.noun(desk.base).singular, c=role)
        return desk.draft("self_join", text, f"SELECT {base}.{shown}, {alias}.{shown} {source}")
    said, where = desk.row_name(desk.base)
    test = where[0].template.format(f"{base}.{shown}")
    return desk.draft("self_join", desk.voice.frame("boss").format(c=role, e=said), f"SELECT {alias}.{shown} {source} WHERE {test}")
