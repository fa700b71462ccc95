"""Questions that need another query's answer first: dearer than that one, as many as, those of the most expensive.

Each function drafts one kind of question at a `Desk`, or raises DeadEndError when the tables at hand do not allow it.
"""

from __future__ import annotations

from envs.drafting import DeadEndError, Desk, Draft, shows
from envs.gold_sql import COUNT, Expr, Select, column, descending, inside, name, render
from envs.profile import ColumnFacts, Role
from envs.relations import link
from envs.shapes_groups import verbs
from envs.vocabulary import is_plural


def than_row(desk: Desk) -> Draft:
    """Rows with more or less of something than one row has."""
    number = desk.number()
    said, found = _named(desk)
    own = render(Select(desk.base, (column(number),), found), desk.facts)
    more = desk.rng.random() < 0.65
    test = Expr(f"{{0}} {'>' if more else '<'} ({inside(own)})", (number,))
    counted = desk.rng.random() < 0.3
    noun, word = desk.voice.noun(desk.base).plural, desk.voice.column(number)
    cost = number.kind == "price" and desk.table.being == "thing" and desk.voice.superlative(number, largest=True) != ""
    if is_plural(word):
        raise DeadEndError  # "a higher seats"
    text = desk.voice.frame(f"than_row{'_cost' if cost else ''}{'_count' if counted else ''}").format(
        p=noun, c=word, e=said, than="higher" if more else "lower", more="more" if more else "less"
    )
    show = (COUNT,) if counted else shows(desk.use(desk.table.shown))
    return desk.draft("than_row", text, Select(desk.base, show, (test,)))


def same_as(desk: Desk) -> Draft:
    """The other rows of the same kind as one row."""
    kinds = [c for c in desk.table.having(Role.CATEGORY) if not c.nulls and c not in desk.table.label]
    if not kinds or len(desk.table.label) != 1:
        raise DeadEndError
    (kind,) = desk.use((desk.rng.choice(kinds),))
    said, found = _named(desk)
    own = render(Select(desk.base, (column(kind),), found), desk.facts)
    other = Expr(found[0].template.replace("{0} =", "{0} !=", 1), found[0].columns)
    select = Select(desk.base, shows(desk.table.label), (Expr(f"{{0}} = ({inside(own)})", (kind,)), other))
    text = desk.voice.frame("same_as").format(p=desk.voice.noun(desk.base).plural, c=desk.voice.column(kind), e=said)
    return desk.draft("same_as", text, select)


def of_the_top(desk: Desk) -> Draft:
    """How many rows, or how much in total, belong to the row above with the most of something."""
    edges = [e for e in desk.table.edges if e.parent in desk.targets]
    if not edges or len(desk.targets) > 1:
        raise DeadEndError
    edge = edges[0]
    desk.targets = []
    parent = desk.facts.tables[edge.parent]
    by = desk.number(table=edge.parent)
    largest = desk.rng.random() < 0.75
    adjective = desk.voice.superlative(by, largest=largest)
    sup, most = desk.voice.most(by, largest=largest)
    noun = desk.voice.noun(edge.parent).singular
    which = f"our {adjective} {noun}" if adjective else f"the {noun} with the {sup} {most}"
    if by.nulls or parent.columns[edge.target].nulls:
        raise DeadEndError
    order = (descending(column(by)) if largest else column(by),)
    inner = Select(edge.parent, (column(parent.columns[edge.target]),), order=order, limit=1)
    test = Expr(f"{{0}} = ({inside(render(inner, desk.facts))})", (desk.table.columns[edge.column],))
    np = f"{desk.voice.noun(desk.base).plural} {link(desk.facts, desk.base, edge.parent)} {which}"
    sums = [c for c in desk.table.columns.values() if c.additive and c.kind == "money"]
    show, text = COUNT, desk.voice.frame("count_long").format(np=np)
    if len(sums) == 1 and desk.rng.random() < 0.4:
        show = Expr("SUM({0})", desk.use((sums[0],)))
        text = desk.voice.frame("agg").format(agg=desk.voice.aggregate("SUM"), c=desk.voice.figure("SUM", sums[0]), np=np)
    first = desk.values(render(Select(edge.parent, (column(by),), order=order, limit=2), desk.facts))
    if len(first) < 2 or first[0] == first[1]:
        raise DeadEndError  # two rows have as much: nobody could say which is meant
    return desk.draft("of_the_top", text, Select(desk.base, (show,), (test,)))


def count_having(desk: Desk) -> Draft:
    """How many rows have so many rows pointing to them: IN (SELECT ... GROUP BY ... HAVING)."""
    rng, voice = desk.rng, desk.voice
    if desk.targets:
        raise DeadEndError
    edge = desk.children(desk.base)
    foreign = desk.facts.tables[edge.child].columns[edge.column]
    counts = sorted(foreign.counts.values())
    if len(counts) < 4 or counts[0] == counts[-1]:
        raise DeadEndError
    number = counts[int(len(counts) * rng.uniform(0.3, 0.9))]
    sign = rng.choice((">", ">=", "="))
    if number == 1:
        sign, number = ">=", 2  # nobody says "exactly one orders"
    x = voice.pick(f"count_{ {'>': 'more', '>=': 'at_least', '=': 'exactly'}[sign] }", v=voice.number(number))
    inner = Select(edge.child, (column(foreign),), (), (column(foreign),), Expr(f"COUNT(*) {sign} {number}"))
    test = Expr(f"{{0}} IN ({inside(render(inner, desk.facts))})", (desk.table.columns[edge.target],))
    deeds = verbs(voice, edge.parent, edge.child)
    kind = "having_count_deed" if desk.table.being == "person" and deeds["past"] != "had" else "having_count"
    np = voice.noun(edge.child).plural
    text = voice.frame(kind).format(gp=voice.noun(desk.base).plural, x=x, np=np, **deeds)
    return desk.draft("count_having", text, Select(desk.base, (COUNT,), (test,)))


def above_boss(desk: Desk) -> Draft:
    """Rows with more of something than the row of the same table they point to: a self-join on a comparison."""
    edge, table = desk.table.boss, desk.table
    if not edge or len(table.label) != 1 or desk.targets:
        raise DeadEndError
    number = desk.number()
    said = desk.voice.column(number)
    role = desk.voice.column(table.columns[edge.column]).removesuffix(" ID").removesuffix(" number")
    alias = role.replace(" ", "_")
    if not alias.isidentifier() or is_plural(said):
        raise DeadEndError
    more = desk.rng.random() < 0.7
    base, amount, label = name(desk.base), name(number.name), name(table.label[0].name)
    source = f"FROM {base} JOIN {base} AS {alias} ON {base}.{name(edge.column)} = {alias}.{name(edge.target)}"
    desk.constructs.append("self_join")
    text = desk.voice.frame("above_boss").format(p=desk.voice.noun(desk.base).plural, c=said, b=role, than="higher" if more else "lower")
    sql = f"SELECT {base}.{label} {source} WHERE {base}.{amount} {'>' if more else '<'} {alias}.{amount}"
    return desk.draft("self_join", text, sql)


def _named(desk: Desk) -> tuple[str, tuple[Expr, ...]]:
    """A row by its name, where names are its rows' own."""
    label: tuple[ColumnFacts, ...] = desk.table.label
    if not label or not desk.table.label_unique or desk.targets:
        raise DeadEndError
    return desk.row_name(desk.base)
