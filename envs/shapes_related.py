"""Questions about rows by the rows that point to them: those with some, those with none, how many each has.

Each function drafts one kind of question at a `Desk`, or raises DeadEndError when the tables at hand do not allow it.
"""

from __future__ import annotations

from envs.drafting import DeadEndError, Desk, Draft, exprs, shows
from envs.gold_sql import COUNT, Expr, Select, column, inside, name, render
from envs.profile import Edge
from envs.shapes_groups import some_without, verbs
from envs.shapes_sums import is_sale
from envs.vocabulary import with_article


def never(desk: Desk) -> Draft:
    """Rows to which no row of another table points: `NOT IN (SELECT ...)`."""
    rng, voice = desk.rng, desk.voice
    edge, child, cnp, past = _with_children(desk, conditions=0.35)
    if desk.facts.tables[edge.child].columns[edge.column].nulls or {"not", "is_null"} & set(desk.constructs):
        raise DeadEndError  # NOT IN a list with NULL finds nothing; two negations confuse
    inner = Select(desk.base, (column(desk.facts.tables[edge.child].columns[edge.column]),), child)
    target = desk.facts.tables[edge.parent].columns[edge.target]
    outside = Expr(f"{{0}} NOT IN ({inside(render(inner, desk.facts))})", (target,))
    own = desk.where(own=0.15, table=edge.parent) if not desk.targets else ()
    counted = rng.random() < 0.25
    person = desk.facts.tables[edge.parent].being == "person"
    kinds = ["never_count"] if counted else ["never", *(["never_who", "never_deed"] if person else [])]
    act = voice.act(edge.parent, edge.child)
    bare = cnp == voice.noun(edge.child).plural and not own and edge.child == desk.base
    actions = sum(bool(voice.act(edge.parent, e.child)) for e in desk.facts.children(edge.parent))
    if act and bare and not counted and rng.random() < 0.4 and actions == 1:  # "anything" can mean only one table
        kinds = ["never_anything"]
    frame = voice.frame(*kinds)
    columns = () if counted else desk.shown(frame, edge.parent)
    text = frame.format(
        act=act, pp=desk.phrase(own, table=edge.parent), ps=desk.phrase(own, one=True, table=edge.parent), cnp=cnp,
        cols=voice.columns(columns, edge.parent), colsp=voice.columns(columns, edge.parent, many=True), **past,
    )  # fmt: skip
    return desk.draft("never", text, Select(edge.parent, shows(columns) or (COUNT,), (*exprs(own), outside)))


def with_child(desk: Desk) -> Draft:
    """Rows to which some row of another table points."""
    rng, voice = desk.rng, desk.voice
    edge, where, cnp, past = _with_children(desk, conditions=0.9)
    table = desk.facts.tables[edge.parent]
    person = table.being == "person"
    if rng.random() < 0.3:
        text = voice.frame("count_parents" if person else "count_parents_thing").format(pp=voice.noun(edge.parent).plural, cnp=cnp, **past)
        foreign = desk.facts.tables[edge.child].columns[edge.column]
        return desk.draft("count_distinct", text, Select(desk.base, (Expr("COUNT(DISTINCT {0})", (foreign,)),), where))
    things = [e.parent for e in desk.table.edges if desk.facts.tables[e.parent].being == "thing" and e.parent != edge.parent]
    buyer = person and voice.deed(edge.parent, edge.child)[0] != "had" and is_sale(desk) and bool(things)
    if buyer and table.label_unique and desk.facts.tables[things[0]].label_unique and rng.random() < 0.5:
        said, found = desk.row_name(things[0])
        desk.constructs[:] = ["equal"]
        select = Select(desk.base, shows(table.label), found, distinct=True)
        return desk.draft("with_child", voice.frame("bought").format(pp=voice.noun(edge.parent).plural, e=said), select)
    frame = voice.frame(*(["with_child_deed", "with_child"] if person else ["with_child"]))
    columns = desk.shown(frame, edge.parent)
    if not table.label_unique and table.key not in columns:
        raise DeadEndError  # DISTINCT would make one of two namesakes
    if not set(table.shown) & set(columns):
        raise DeadEndError
    text = frame.format(
        pp=voice.noun(edge.parent).plural, ps=voice.noun(edge.parent).singular, cnp=cnp,
        cols=voice.columns(columns, edge.parent), colsp=voice.columns(columns, edge.parent, many=True), **past,
    )  # fmt: skip
    return desk.draft("with_child", text, Select(desk.base, shows(columns), where, distinct=True))


def with_zero(desk: Desk) -> Draft:
    """Every row with how many point to it, also those with none: LEFT JOIN."""
    edge = desk.children(desk.base)
    if not desk.table.label or desk.targets or not some_without(desk, desk.base, edge):
        raise DeadEndError
    voice, parent, child = desk.voice, name(desk.base), name(edge.child)
    label = ", ".join(f"{parent}.{name(c.name)}" for c in desk.table.label)
    text = voice.frame("with_zero").format(
        ps=voice.noun(desk.base).singular, pp=voice.noun(desk.base).plural, cnp=voice.noun(edge.child).plural
    )
    foreign, target = f"{child}.{name(edge.column)}", f"{parent}.{name(edge.target)}"
    source = f"FROM {parent} LEFT JOIN {child} ON {foreign} = {target}"
    desk.constructs.append("left_join")
    return desk.draft("with_zero", text, f"SELECT {label}, COUNT({foreign}) {source} GROUP BY {target}")


def average_children(desk: Desk) -> Draft:
    if not desk.table.edges or desk.targets:
        raise DeadEndError
    edge = desk.rng.choice(desk.table.edges)
    where = desk.where(own=0.05)
    noun = desk.voice.noun(edge.parent)
    said = {"g": noun.singular, "ga": with_article(noun.singular), "gp": noun.plural}
    text = desk.voice.frame("average_children").format(**said, np=desk.phrase(where))
    show = Expr("1.0 * COUNT(*) / COUNT(DISTINCT {0})", (desk.table.columns[edge.column],))
    return desk.draft("average_count", text, Select(desk.base, (show,), exprs(where)))


def _with_children(desk: Desk, conditions: float) -> tuple[Edge, tuple[Expr, ...], str, dict[str, str]]:
    """The key that leads from the base to a table one or two steps up, conditions on the base, its phrase, verbs."""
    far = bool(desk.targets) and desk.rng.random() < 0.45
    if far:
        desk.targets = []
    ways = [p for t, p in desk.facts.paths[desk.base].items() if len(p) == 1 + far and t not in desk.targets]
    if not ways:
        raise DeadEndError
    edge = desk.rng.choice(ways)[-1]
    where = desk.where(own=conditions)
    if any(c.table == edge.parent for w in where for c in w.columns):
        raise DeadEndError
    return edge, exprs(where), desk.phrase(where), verbs(desk.voice, edge.parent, desk.base)
