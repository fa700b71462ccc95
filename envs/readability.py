"""Would a person say it so? Turns a drafted question down when it repeats itself, nests too deep or keeps its verb waiting.

Wording is made of parts that are each sound; what only the whole sentence shows is caught here, and another draft is made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

WORDS_MAX = 28
_DOUBLED = re.compile(r"\b(?!had\b)(\w+) \1\b")
_LATE_VERB = re.compile(
    r"\b(are there|do we have|did we have|have|has|made us|bring in|come to|in total|on average|have on average|make altogether|come up)$"
)
_LATE_AFTER = 13  # words; a short question may end on its verb
_TAIL = re.compile(r"( each [\w ]{3,20} (had|placed|made|took|took out|wrote)| per \w+( \w+)?)$")
_TAIL_AFTER = 10
_WITH_WITH = re.compile(r" (with|whose) .* with the (highest|lowest|most|fewest|least|largest|biggest|smallest|latest|earliest)\b")
_WORD = re.compile(r"[a-z]{4,}")
_ENDINGS = re.compile(r"(ings?|ed|ies|es|s|e|y)$")
_SAME = {"sold": "sal", "lost": "loss", "bought": "purchas", "paid": "pay", "hired": "hir", "made": "mak", "born": "birth"}
_PLAIN = {
    "have", "with", "from", "that", "which", "what", "many", "much", "each", "their", "them", "than", "more", "most", "were", "show",
    "tell", "give", "list", "number", "total", "average", "whose", "where", "name", "date", "year", "month", "over", "under", "least",
    "there", "price", "different", "every", "those", "between", "none", "does", "first", "last",
}  # fmt: skip


def reads_well(text: str, nouns: Iterable[str], *, twice: bool = False) -> bool:
    """Whether a question stands as it is.

    Args:
        nouns: what the tables' rows are called; these may come twice ("order items in orders"), though not again as a verb.
        twice: the question sets two alike things beside each other, and may say a word for each.
    """
    lower = text.lower().rstrip("?. ")
    words = lower.split()
    if len(words) > WORDS_MAX or _DOUBLED.search(lower) or lower.count(": ") > 1:
        return False
    if len(words) > _LATE_AFTER and _LATE_VERB.search(lower):
        return False
    if len(words) > _TAIL_AFTER and _TAIL.search(lower):
        return False
    if _WITH_WITH.search(lower) or (lower.count(" or ") > 1 and not twice):
        return False
    if lower.count(" with ") > 2 or lower.count(" whose ") > 1 or lower.count(" where the ") > 1 or lower.count(" for ") > 3:
        return False
    own = {_stem(word) for noun in nouns for word in noun.lower().split()}
    found: Counter[str] = Counter()
    for word in _WORD.findall(lower):
        if word in _PLAIN:
            continue
        stem = _stem(word)
        done = word.endswith("ed") or word in _SAME
        if done and stem in own and not word.endswith("eed"):
            return False  # "bookings booked in May", "quantity sold of sales"
        if stem not in own:
            found[stem] += 1
    return max(found.values(), default=0) < (3 if twice else 2)


def _stem(word: str) -> str:
    return _SAME.get(word) or _ENDINGS.sub("", word) or word
