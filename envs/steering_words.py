"""The words of the SQL that steering lets through: which may stand where, what comes after each, and which functions questions need.

Places are those of `steering_sql.Query`: what may come next in a query that is being written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from envs.steering_scope import ALIAS, RESERVED, Scope, Stack

DEPTH_MAX = 12  # of what is open at once: parentheses, SELECTs, CASE
SPACES_MAX = 2  # in a row
NUMBER = re.compile(r"\d+(\.\d*)?\Z")
CLOSING = {'"': '"', "`": "`", "[": "]"}
OPERATORS = frozenset(["=", "==", "<", ">", "<=", ">=", "<>", "!=", "||", "+", "-", "*", "/", "%"])
HALVES = frozenset("=<>!|")  # may be the first of two characters
JOINS = frozenset(["join", "left", "inner", "cross", "natural"])
SETS = frozenset(["union", "intersect", "except"])
EARLIER = {  # the clauses that each may follow
    "where": ("from",), "group": ("from", "where"), "having": ("group",), "order": ("from", "where", "group", "having"),
    "limit": ("from", "where", "group", "having", "order"),
}  # fmt: skip
FIXED = {  # where only certain words may stand: what comes after each
    "select first": {"distinct": "item", "all": "item"}, "argument": {"distinct": "operand"}, "by": {"by": "operand"},
    "is": {"not": "is not", "null": "after"}, "is not": {"null": "after"}, "set": {"all": "begin"}, "limited": {"offset": "count"},
    "outer": {"outer": "join", "join": "joined table"}, "join": {"join": "joined table"}, "natural": {"join": "table"},
    "cross": {"join": "table"},
    "not": {"in": "in", "like": "operand", "glob": "operand", "null": "after"},
}  # fmt: skip
AFTER = {"or": "operand", "is": "is", "not": "not", "in": "in", "like": "operand", "glob": "operand",
          "collate": "collation"}  # fmt: skip
OPERAND = {"not": "operand", "exists": "exists", "null": "after", "cast": "cast", "current_date": "after", "current_time": "after",
            "current_timestamp": "after"}  # fmt: skip
TYPES = frozenset("integer int real float double text numeric decimal varchar char date".split())  # noqa: SIM905
COLLATIONS = frozenset(["nocase", "binary", "rtrim"])
CASE = {("case", "when"): "when", ("when", "then"): "then", ("then", "when"): "when", ("then", "else"): "else"}
OPERAND_PLACES = frozenset(["operand", "select first", "item", "argument", "inner", "signed", "case"])
TABLE_ENDED = frozenset(["table ended", "table aliased"])
ENDING = TABLE_ENDED | {"after", "output ended", "sorted", "limited"}
KEYWORDS = sorted(
    RESERVED | JOINS | SETS | TYPES | COLLATIONS | AFTER.keys() | OPERAND.keys() | {"by", "asc", "desc", "offset"}
    | {word for words in FIXED.values() for word in words}
)  # fmt: skip
KEYWORDS_LIKE: dict[str, list[str]] = {}
for _word in KEYWORDS:
    for _i in range(1, len(_word) + 1):
        KEYWORDS_LIKE.setdefault(_word[:_i], []).append(_word)


AGGREGATES = frozenset("avg count group_concat max min sum total".split())  # noqa: SIM905
FUNCTIONS = AGGREGATES | frozenset(  # of those that the sandbox lets through, the ones that questions are asked with
    """abs ceil coalesce date floor ifnull iif instr julianday length lower ltrim nullif replace round rtrim strftime substr trim
    upper""".split()  # noqa: SIM905
)


def prefixes(words: Iterable[str]) -> frozenset[str]:
    """Every beginning of every word, the whole word included."""
    return frozenset(word[:i] for word in words for i in range(len(word) + 1))


FUNCTIONS_LIKE = prefixes(FUNCTIONS)
PLAIN_LIKE = prefixes(FUNCTIONS - AGGREGATES)


def abbreviates_table(word: str) -> bool:
    """Whether a word may name a table without AS; one that begins as a keyword does would be that keyword, strayed from."""
    return bool(ALIAS.match(word)) and not (word[1:2].isalpha() and word[:2] in KEYWORDS_LIKE)


def follows_keys(stack: Stack) -> bool:
    """Whether one side of a join's ON is being written, with keys to follow."""
    return bool(stack) and isinstance(stack[-1], str) and stack[-1].startswith("on ")


def may_aggregate(stack: Stack) -> bool:
    """Whether an aggregate may stand here: in SELECT, HAVING or ORDER BY, and not in another one."""
    for top in reversed(stack):
        if isinstance(top, Scope):
            return top.clause in ("select", "having", "order")
        if top[:-1] in AGGREGATES:
            return False
    return False
