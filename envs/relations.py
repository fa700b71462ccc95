"""The small word between rows and the rows they point to: orders from customers, lessons with teachers, sales of beers."""

from __future__ import annotations

from envs.profile import Facts

_AT = {"branch", "club", "station", "shop", "store", "depot", "site", "school", "yard", "garage", "building", "venue", "ground"}
_IN = {"room", "screen", "category", "group", "area", "department", "borough", "location", "tank", "district", "sector", "class", "style",
       "zone", "bay"}  # fmt: skip
_ON = {"machine", "press", "plan", "table", "van", "course", "vehicle", "pontoon", "round"}
_SUPPLIERS = {"supplier", "producer", "nursery", "publisher", "brewery", "vendor", "haulier", "brand", "author", "farm", "maker", "insurer"}
_WITH = {"lesson", "appointment", "session", "class", "exam", "test", "skill", "examination", "learner", "pupil", "patient", "visit"}
# A customer sends them; our people do them.
_FROM_THEM = {"order", "payment", "complaint", "booking", "reservation", "review", "purchase", "claim", "refund", "donation"}
_BY_THEM = {"job", "task", "sale", "order", "visit", "scan", "repair", "milking", "pick", "trip"}
_GOODS_OUT = {"sale", "order", "purchase", "delivery", "loss", "loan", "rental", "hire"}
_WORKERS = {
    "agent", "artist", "author", "broker", "carrier", "cleaner", "dentist", "doctor", "driver", "employee", "engineer", "instructor",
    "manager", "mechanic", "milker", "nurse", "operator", "optometrist", "picker", "referee", "seller", "staff", "stylist", "teacher",
    "technician", "tutor", "trainer", "vet", "volunteer", "waiter", "worker",
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
            return "with" if head in _WITH else "by" if head in _BY_THEM else "for"
        return "from" if head in _FROM_THEM else "for"
    if top in ("type", "kind") and len(above) > 1:
        return "of"  # rooms of a room type
    if top in ("pub", "mill") and head == "sale":
        return "to"
    if head in ("line", "item", "ingredient") and top == words[0]:
        return "in"  # order lines in orders
    for word, places in (("at", _AT), ("in", _IN), ("on", _ON)):
        if top in places:
            return word
    return "of" if head in _GOODS_OUT else "for"
