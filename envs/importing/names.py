"""Names that a query can use without quotes, from whatever wording a file has: snake_case, unique, no keyword of SQL."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

NAME_CHARS_MAX = 60
KEYWORDS = frozenset(  # what SQLite refuses as a bare name, and what reads as a part of the query; it takes KEY, VIEW, FIRST and the like
    """add all alter and as asc autoincrement begin between by case cast check collate commit constraint create cross current_date
    current_time current_timestamp default deferrable delete desc distinct drop else end escape except exists false foreign from full
    glob group having if in index inner insert intersect into is isnull join left like limit materialized natural not nothing notnull
    null offset on or order outer over partition pragma primary raise recursive references regexp returning right rowid oid _rowid_
    select set table then to transaction trigger true union unique update using values virtual when where window with without
    generated always""".split()  # noqa: SIM905 (a list would take 100 lines)
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = {"%": " percent ", "#": " number ", "&": " and ", "€": " eur ", "$": " usd ", "£": " gbp ", "@": " at ", "№": " number "}
_SPELLED = dict(
    pair.split("=")
    for pair in "ß=ss ä=ae ö=oe ü=ue Ä=Ae Ö=Oe Ü=Ue æ=ae Æ=Ae œ=oe Œ=Oe ø=o Ø=O å=a Å=A ł=l Ł=L đ=d Đ=D þ=th ð=d ı=i".split()  # noqa: SIM905
)


def is_usable(name: str) -> bool:
    """Whether a name may stay as it is: ASCII, a plain identifier, no keyword."""
    return bool(_PLAIN.fullmatch(name)) and len(name) <= NAME_CHARS_MAX and not _reserved(name)


def usable_names(originals: Iterable[str], kind: str, *, keep_usable: bool = False) -> list[str]:
    """A usable name for each wording, unique without regard to case.

    Args:
        kind: `column` or `table`; a wording without a letter becomes `column_3`, a keyword `order_column`.
        keep_usable: leave names alone that are usable as they are (CamelCase in somebody's database).
    """
    originals = list(originals)
    kept = [name if keep_usable and is_usable(name) else "" for name in originals]
    taken: set[str] = set()
    for place, name in enumerate(kept):
        if name.lower() in taken:
            kept[place] = ""
        taken.add(kept[place].lower())
    names = []
    for place, original in enumerate(originals):
        name = kept[place]
        if not name:
            base = snake_case(original) or f"{kind}_{place + 1}"
            if base[0].isdigit():
                base = f"{kind[0]}_{base}"
            if _reserved(base):
                base = f"{base}_{kind}"
            name, number = base, 2
            while name.lower() in taken:
                name, number = f"{base}_{number}", number + 1
            taken.add(name.lower())
        names.append(name)
    return names


def snake_case(text: str) -> str:
    """`Größe (cm)` is groesse_cm, `CustomerID` customer_id; letters of other scripts stay; "" when nothing is left."""
    text = unicodedata.normalize("NFKC", text[:500])
    for sign, word in _WORDS.items():
        text = text.replace(sign, word)
    text = "".join(_SPELLED.get(c, c) for c in text)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"(?<=[^\W\d_])['’](?=[^\W\d_])", "", text)  # owner's is owners
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    name = re.sub(r"[\W_]+", "_", text).strip("_").lower()
    if len(name) > NAME_CHARS_MAX - 8:  # room for _column and a number
        cut = name[: NAME_CHARS_MAX - 8]
        name = (cut.rsplit("_", 1)[0] if "_" in cut[20:] else cut).strip("_")
    return name


def says_the_same(original: str, name: str) -> bool:
    """Whether the wording tells a reader nothing that the name does not: `Customer Name` and customer_name."""
    return original.isascii() and (original.lower() == name.lower() or snake_case(original) == name.lower())


def _reserved(name: str) -> bool:
    return name.lower() in KEYWORDS or name.lower().startswith(("sqlite_", "pragma_"))
