"""The verb of a date or year column: "hired" for a hire date, "who joined" for the date they joined, "born" for a birth year.

Then a condition can be said as people do ("drivers hired in 2023") instead of with the column's name.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from envs.profile import ColumnFacts, Facts, Role

# Words in a date column's names -> how an event of that column is said; with WHO in front, what the row itself did.
_EVENTS = {
    "hire": "hired", "hired": "hired", "hiring": "hired", "birth": "born", "birthday": "born", "born": "born", "joined": "WHO joined",
    "joining": "WHO joined", "registered": "WHO registered", "registration": "WHO registered", "enrolled": "WHO enrolled",
    "enrolment": "WHO enrolled", "placed": "placed", "shipped": "shipped", "shipping": "shipped", "delivered": "delivered", "paid": "paid",
    "returned": "returned", "return": "returned", "delivery": "delivered", "purchase": "bought", "collection": "collected",
    "due": "due", "created": "created", "opened": "opened", "opening": "opened", "issued": "issued", "issue": "issued",
    "published": "published", "publication": "published", "released": "released", "release": "released", "received": "received",
    "retired": "retired", "finished": "finished", "finish": "finished", "reported": "reported", "reporting": "reported",
    "bought": "bought", "borrowed": "borrowed", "closed": "closed", "completed": "completed", "completion": "completed",
    "arrived": "WHO arrived", "departed": "WHO departed", "sold": "sold", "expires": "expiring", "expiry": "expiring",
    "booked": "booked", "planted": "planted", "painted": "painted", "cancelled": "cancelled", "sent": "sent", "sending": "sent",
    "settled": "settled", "settlement": "settled", "brewed": "brewed", "brewing": "brewed", "packaged": "packaged",
    "packaging": "packaged", "filed": "filed", "filing": "filed", "inspection": "inspected", "manufacture": "made",
    "arrival": "WHO arrived", "baling": "baled", "tipped": "tipped", "tipping": "tipped", "collected": "collected",
    "lapsed": "WHO lapsed", "membership": "WHO joined", "qualification": "WHO qualified", "qualifying": "WHO qualified",
}  # fmt: skip
_BEGUN = {"start", "starting", "started"}  # of a person: who started
_DATE_WORDS = {"date", "day", "time", "year", "of", "on", "and", "the", "it", "was", "they", "we", "last"}
_SENTENCE = re.compile(r"date (?:and time )?(?:they|it) (was )?(.+)")


def event(facts: Facts, column: ColumnFacts, nouns: Collection[str]) -> str | None:
    """ "hired" for a hire date; "" when the time alone will do ("orders in May"); None when the column must be named.

    Args:
        nouns: the words of what the question calls the table's rows.
    """
    table = facts.tables[column.table]
    dates = table.having(Role.DATE, Role.MOMENT)
    own = column.role is not Role.YEAR and table.being == "thing"
    said = [set(phrase.lower().split()) - _DATE_WORDS - set(nouns) for phrase in column.phrases]
    if own and any(not rest or (rest <= _BEGUN and len(dates) == 1) for rest in said):
        return ""  # the order date of an order
    who = "who" if table.being == "person" else "that"
    for phrase in column.phrases:
        words = set(phrase.lower().split())
        if sentence := _SENTENCE.fullmatch(phrase):
            return sentence[2] if sentence[1] else f"{who} {sentence[2]}"
        rest = words - _DATE_WORDS - set(nouns)
        if table.being == "person" and rest and rest <= _BEGUN:
            return "who started"
        found = next((_EVENTS[word] for word in phrase.lower().split() if word in _EVENTS), "")
        if found and own and any(noun[:4] == found[:4] and found.endswith("ed") for noun in nouns):
            return ""  # not "bookings booked in May"
        if found and not rest - _EVENTS.keys():
            return found.replace("WHO", who)
    return "" if own and len(dates) == 1 and table.edges else None


def undone(verb: str) -> str:
    """The event that has not happened: "never painted", "not returned yet"; "" when it is no participle."""
    verb = verb.removeprefix("who ").removeprefix("that ")
    if not verb.endswith(("ed", "paid", "sold", "bought", "sent", "made")) or verb in ("born", "due", "expiring"):
        return ""
    return f"never {verb.removeprefix('last ')}" if verb.startswith("last ") else f"not {verb} yet"
