"""What people call tables and columns: names split into words, abbreviations spelled out, plurals, and the owner's own words.

A schema nobody has described still gets readable English ("tblCustOrders" is "customer orders", "dob" is "date of birth");
`wording` adds how people really talk about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# "Table" -> (singular, plural, more plurals...); "Table.column" -> singular noun phrases that can follow "the".
Wording = Mapping[str, Sequence[str]]

_PREFIXES = {"tbl", "tb", "dim", "fact", "vw", "fld", "col"}
_ABBREVIATIONS = {
    "qty": "quantity", "amt": "amount", "dob": "date of birth", "num": "number", "nbr": "number", "no": "number",
    "cust": "customer", "emp": "employee", "prod": "product", "addr": "address", "desc": "description", "descr": "description",
    "dept": "department", "ord": "order", "tel": "phone number", "fname": "first name", "lname": "last name", "dt": "date",
    "yr": "year", "mth": "month", "pct": "percentage", "max": "maximum", "min": "minimum", "id": "ID", "mgr": "manager",
    "acct": "account", "bal": "balance", "appt": "appointment", "cd": "code", "nm": "name", "sal": "salary", "ref": "reference",
    "supp": "supplier", "pmt": "payment", "txn": "transaction", "hrs": "hours", "mins": "minutes", "wt": "weight", "sku": "SKU",
    "zip": "zip code", "zipcode": "zip code", "avg": "average", "inv": "invoice", "cat": "category", "info": "information",
    "ssn": "social security number", "vat": "VAT", "isbn": "ISBN", "url": "URL", "ph": "phone", "temp": "temperature",
    "spec": "specialty", "pref": "preference", "exp": "expiry", "surname": "last name", "forename": "first name",
}  # fmt: skip
_TAILS = ("name", "date", "price", "code", "type", "number", "time", "count", "status", "address", "total", "amount")
_WHOLE = {"update", "candidate", "mandate", "username", "filename", "subtotal", "prototype", "discount", "account", "surname", "forename"}
_IRREGULAR = {
    "person": "people", "child": "children", "man": "men", "woman": "women", "foot": "feet", "mouse": "mice", "half": "halves",
    "shelf": "shelves", "leaf": "leaves", "loaf": "loaves", "knife": "knives", "staff": "staff", "equipment": "equipment",
    "series": "series", "species": "species", "stock": "stock", "sheep": "sheep", "fish": "fish", "inventory": "inventory",
    "status": "statuses", "bus": "buses", "gas": "gases", "information": "information", "feedback": "feedback", "quiz": "quizzes",
    "analysis": "analyses", "basis": "bases", "potato": "potatoes", "tomato": "tomatoes", "photo": "photos", "piano": "pianos",
    "history": "history", "furniture": "furniture", "merchandise": "merchandise", "address": "addresses", "premises": "premises",
    "income": "income", "data": "data", "movie": "movies", "cookie": "cookies", "pie": "pies", "tie": "ties", "lens": "lenses",
}  # fmt: skip
_LINKS = (" of ", " in ", " per ", " on ", " for ", " at ", " to ", " from ", " until ", " since ", " we ", " it ", " they ", " or ")
_SMALL = {"of", "the", "in", "on", "a", "for", "it", "was", "they", "we", "with", "per", "or", "and", "as"}  # not in a column's name
_SINGULAR = {plural: singular for singular, plural in _IRREGULAR.items()}
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True, slots=True)
class Noun:
    """One name for the rows of a table: "customer", "customers"."""

    singular: str
    plural: str


def split_name(name: str) -> list[str]:
    """The words of an identifier, lower case, abbreviations spelled out; prefixes such as tbl_ dropped."""
    words = [word.lower() for word in _WORD.findall(name)] or [name.lower()]
    if len(words) > 1 and (words[0] in _PREFIXES or (words[0] == "t" and len(words[1]) > 2)):
        words = words[1:]
    spelled: list[str] = []
    for word in words:
        spelled.extend(_ABBREVIATIONS[word].split() if word in _ABBREVIATIONS else _unglue(word))
    return spelled


def table_nouns(table: str, wording: Wording) -> tuple[Noun, ...]:
    """Every way to call a table's rows; the owner's words, or else the name's own."""
    said = tuple(wording.get(table, ()))
    words = split_name(table)
    own = " ".join([*words[:-1], singular(words[-1])])
    if own == "staff" or own.endswith(" staff"):
        own += " member"
    nouns = [Noun(said[0], said[1] if len(said) > 1 else plural(said[0]))] if said else []
    nouns += [Noun(singular(more), more) for more in said[2:]]
    if not said:
        nouns.append(Noun(own, plural(own)))
    return tuple(dict.fromkeys(nouns))


def column_phrases(table: str, column: str, wording: Wording) -> tuple[str, ...]:
    """Every way to call a column, as a noun phrase without its article; the owner's words first."""
    said = list(wording.get(f"{table}.{column}", ()))
    words, row = split_name(column), split_name(table)
    row[-1] = singular(row[-1])
    if words[-len(row) - 1 : -len(row)] == ["of"] and words[-len(row) :] == row and len(words) > len(row) + 1:
        words = words[: -len(row) - 1]  # a player's "name of player" is the name
    clipped = any(set(words) < set(phrase.lower().split()) <= set(words) | _SMALL for phrase in said)
    if not said or (_readable(words, wording) and not clipped):
        said.append(" ".join(words))
        if len(words) > len(row) and words[: len(row)] == row and words[len(row) :] != ["of"] and words[len(row)] != "ID":
            said.append(" ".join(words[len(row) :]))
    return tuple(dict.fromkeys(said))


def plural(phrase: str) -> str:
    """The plural of a noun phrase: its head's ("dates of birth", "prices charged")."""
    head, tail = _head(phrase)
    before, _, last = head.rpartition(" ")
    return f"{before} {_plural_word(last)}{tail}".strip()


def singular(phrase: str) -> str:
    """The singular of a plural noun phrase; a singular one is returned as it is."""
    head, _, last = phrase.rpartition(" ")
    return f"{head} {_singular_word(last)}".strip()


def is_plural(phrase: str) -> bool:
    """Whether the head of a noun phrase is plural: "loyalty points", not "number of points"."""
    last = _head(phrase)[0].lower().rpartition(" ")[2]
    return last.endswith("s") and not last.endswith(("ss", "us", "is", "'s")) and last not in _IRREGULAR


def with_article(phrase: str) -> str:
    """ "an order", "a unit price"; "loyalty points" stays as it is."""
    if is_plural(phrase):
        return phrase
    first = phrase.split()[0].lower()
    vowel = first[0] in "aeiou" and not first.startswith(("uni", "use", "usa", "usu", "one", "eu", "u-"))
    return f"{'an' if vowel or first in {'hour', 'hourly', 'sku', 'mot', 'honour'} else 'a'} {phrase}"


def listed(items: Sequence[str], word: str = "and") -> str:
    """ "name", "name and price", "name, price and colour"."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def _head(phrase: str) -> tuple[str, str]:
    """A noun phrase up to its head noun, and what follows: ("date", " it was reported")."""
    end = min((at for link in _LINKS if (at := phrase.find(link)) > 0), default=len(phrase))
    head, tail = phrase[:end], phrase[end:]
    before, _, last = head.rpartition(" ")
    done = before and (last.endswith("ed") or last in {"paid", "due", "in", "out", "sold", "taken"})
    return (before, f" {last}{tail}") if done else (head, tail)


def _plural_word(word: str) -> str:
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if lower in _SINGULAR and _SINGULAR[lower] != lower:
        return word
    if re.search(r"[^aeiou]y$", lower):
        return word[:-1] + "ies"
    if re.search(r"(s|x|z|ch|sh)$", lower):
        return word if lower.endswith("s") and not lower.endswith(("ss", "us", "is", "as")) else word + "es"
    return word + "s"


def _singular_word(word: str) -> str:
    lower = word.lower()
    if lower in _SINGULAR:
        return _SINGULAR[lower]
    if lower in _IRREGULAR or lower.endswith(("ss", "us", "is")) or len(lower) < 4:
        return word
    if lower.endswith("ies"):
        return word[:-3] + "y"
    if re.search(r"(ss|x|z|ch|sh)es$", lower):
        return word[:-2]
    return word[:-1] if lower.endswith("s") else word


def _unglue(word: str) -> list[str]:
    """ "orderdate" is "order date"; a word that is whole stays so."""
    for tail in _TAILS:
        head = word[: -len(tail)]
        if word.endswith(tail) and len(head) >= 4 and word not in _WHOLE:
            return [_ABBREVIATIONS.get(head, head), tail]
    return [word]


def _readable(words: Sequence[str], wording: Wording) -> bool:
    """Whether an owner would know the words of a name: each is in what some table or column is called, unlike "meth" or "dur"."""
    known = {word for said in wording.values() for phrase in said for word in phrase.lower().split()}
    return all(word.lower() in known or plural(word.lower()) in known for word in words)
