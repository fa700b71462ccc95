"""The small word between rows and the rows they point to: orders from customers, lessons with teachers, sales of beers."""

from __future__ import annotations

from envs.profile import Facts

_AT = {"branch", "club", "station", "shop", "store", "depot", "site", "school", "yard", "garage", "building", "venue"}
_IN = {"room", "screen", "category", "group", "area", "department", "borough", "location", "tank", "district", "sector", "class", "style"}
_ON = {"machine", "press", "plan", "table", "van", "course", "vehicle"}
_SUPPLIERS = {"supplier", "producer", "nursery", "publisher", "brewery", "vendor", "haulier", "brand", "author", "farm", "maker"}
_WITH = {"lesson", "appointment", "session", "class", "exam", "test", "skill", "examination", "learner", "pupil", "patient", "visit"}
_FROM_THEM = {"order", "payment", "complaint", "booking", "reservation", "review", "purchase", "claim", "refund"}  # a customer sends them
_GOODS_OUT = {"sale", "order", "purchase", "delivery", "loss", "loan", "rental", "hire"}
_WORKERS = {
    "agent", "artist", "author", "cleaner", "dentist", "doctor", "driver", "employee", "instructor", "manager", "mechanic", "technician",
    "nurse", "operator", "optometrist", "seller", "staff", "stylist", "teacher", "tutor", "trainer", "vet", "worker", "waiter",
}  # fmt: skip


def works_here(words: list[str]) -> bool:
    """Whether the rows are our people, not our customers."""
    return bool(set(words) & _WORKERS)


def link(facts: Facts, child: str, parent: str) -> str:
    """The preposition from rows of one table to the rows above them: "for" where nothing better is known."""
    words = facts.tables[child].nouns[0].singular.split()
    above = facts.tables[parent].nouns[0].singular.split()
    head, top = words[-1], above[-1]
    being = facts.tables[parent].being
    if top == "order" and head == "complaint":
        return "about"
    if top in _SUPPLIERS:
        return "by" if top in ("author", "brand", "maker") else "from"
    if being == "person":
        if works_here(above):
            return "with" if head in _WITH else "by" if head in ("job", "task", "sale", "order", "visit", "scan", "repair") else "for"
        return "from" if head in _FROM_THEM else "for"
    if top in ("pub", "mill") and head == "sale":
        return "to"
    if head in ("line", "item", "ingredient") and top == words[0]:
        return "in"  # order lines in orders
    for word, places in (("at", _AT), ("in", _IN), ("on", _ON)):
        if top in places:
            return word
    return "of" if head in _GOODS_OUT else "for"
