"""Follows a SELECT as it is written, character by character, and says at once when it can no longer become one that runs.

A stack machine over the words so far. A word is allowed from its first letter only if some word that begins so may stand there, because
a sampler that was let into a dead end could not get out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from envs.steering_scope import LETTERS, RESERVED, Dictionary, Scope, Source, Stack, is_bare
from envs.steering_words import (
    AFTER,
    AGGREGATES,
    CASE,
    CLOSING,
    COLLATIONS,
    DEPTH_MAX,
    EARLIER,
    ENDING,
    FIXED,
    FUNCTIONS,
    FUNCTIONS_LIKE,
    HALVES,
    JOINS,
    KEYWORDS_LIKE,
    NUMBER,
    OPERAND,
    OPERAND_PLACES,
    OPERATORS,
    PLAIN_LIKE,
    SETS,
    SPACES_MAX,
    TABLE_ENDED,
    TYPES,
    abbreviates_table,
    follows_keys,
    may_aggregate,
)


class Query(NamedTuple):
    """How far a query has come."""

    place: str = "begin"  # what may come next
    stack: Stack = ()
    held: str = ""  # the qualifier before a dot, a function's name, or the first half of an operator
    kind: str = ""  # of what is being written: "" spaces, word, number, text, text?, an opening quote, quoted
    word: str = ""  # as far as it is written


class SqlSteering:
    """Follows queries over the given tables. Names are as bytes read one a character; nothing changes in it."""

    start = Query()

    def __init__(
        self, tables: Mapping[str, Iterable[str]], links: Iterable[Sequence[str]] = (), unmeasured: Iterable[Sequence[str]] = ()
    ) -> None:
        self._names = Dictionary(tables, links, unmeasured)

    def follow(self, query: Query, piece: str) -> Query | None:
        """The query with a piece added; None when it then leads nowhere."""
        at = query
        for c in piece.lower():
            added = self._add(at, c)
            if added is None:
                return None
            at = added
        return at if self._leads_on(at) else None

    def may_end(self, query: Query) -> bool:
        """Whether nothing is missing any more."""
        ended = self._word_ended(query, " ")
        return ended is not None and (ended.place == "ended" or self._whole(ended))

    # Characters

    def _add(self, at: Query, c: str) -> Query | None:
        kind = at.kind
        if kind == "word":
            if c in LETTERS:
                return at._replace(word=at.word + c)
        elif kind == "number":
            if c in LETTERS or c == ".":
                return at._replace(word=at.word + c)
        elif kind == "text" or kind in CLOSING:
            if c < " " and c != "\t":
                return None
            if kind == "text":
                return at._replace(kind="text?") if c == "'" else at
            return at._replace(kind="quoted") if c == CLOSING[kind] else at._replace(word=at.word + c)
        elif kind == "text?" and c == "'":
            return at._replace(kind="text")
        ended = self._word_ended(at, c)
        return None if ended is None else self._begin(ended, c)

    def _begin(self, at: Query, c: str) -> Query | None:
        """A character that belongs to no word yet."""
        place = at.place
        if place == "dot":
            return at._replace(place="column") if c == "." else None
        if place == "half":  # an operator that a second character may belong to
            if at.held + c in OPERATORS:
                return Query("operand", at.stack)
            if at.held not in OPERATORS:
                return None
            at, place = Query("operand", at.stack), "operand"
        if c == " ":
            return at._replace(word=at.word + c) if len(at.word) < SPACES_MAX and place not in ("column", "function") else None
        if place == "column":
            if c == "*" and isinstance(at.stack[-1], Scope) and at.stack[-1].clause == "select":
                stack = self._names.use(at.stack, at.held, "*")
                return None if stack is None else Query("star", stack)
            if c in LETTERS:
                return at._replace(kind="word", word=c)
            return at._replace(kind=c, word="") if c in CLOSING else None
        if c in LETTERS:
            if not c.isdigit():
                return at._replace(kind="word", word=c)
            return at._replace(kind="number", word=c) if place in OPERAND_PLACES or place == "count" else None
        if c == "'":
            return at._replace(kind="text", word="") if place in OPERAND_PLACES and place != "signed" else None
        if c in CLOSING:
            may = place in OPERAND_PLACES or place in ("table", "joined table", "name", "on")
            return at._replace(kind=c, word="") if may else None
        return self._sign(at, c) if at.stack else None

    def _sign(self, at: Query, c: str) -> Query | None:
        place, stack = at.place, at.stack
        if c == "(":
            return self._open(at)
        if c == ")":
            return self._close(at)
        if c == ",":
            return self._comma(at)
        if c == ";":
            return Query("ended", stack) if self._whole(at) else None
        if c == "*" and place in ("select first", "item"):
            return Query("star", stack)
        if c == "*" and place == "argument":
            return Query("counted", stack) if stack[-1] == "count(" else None
        if place == "on after":
            return Query("on", (*stack[:-1], f"on {at.held}")) if c == "=" else None
        if place == "after" and (c in HALVES or c in OPERATORS):
            if c in HALVES:
                return Query("half", stack, c)
            return Query("signed" if c in "+-" else "operand", stack)  # two minus signs begin a comment
        return Query("signed", stack) if c in "+-" and place in OPERAND_PLACES and place != "signed" else None

    def _open(self, at: Query) -> Query | None:
        place, stack = at.place, at.stack
        if len(stack) >= DEPTH_MAX:
            return None
        if place == "function":
            return Query("argument", (*stack, at.held + "(" if at.held in AGGREGATES else "call("))
        if place == "table":
            return Query("begin", (*stack, "table("))
        opened = {"cast": ("operand", "cast("), "using": ("name", "using("), "exists": ("begin", "("), "in": ("inner", "in(")}
        if place in opened:
            return Query(opened[place][0], (*stack, opened[place][1]))
        return Query("inner", (*stack, "(")) if place in OPERAND_PLACES else None

    def _close(self, at: Query) -> Query | None:
        place, stack, top = at.place, at.stack, at.stack[-1]
        if not isinstance(top, Scope):
            if top == "using(":
                return Query("after", stack[:-1]) if place == "name ended" else None
            if top == "cast(":
                return Query("after", stack[:-1]) if place == "type ended" else None
            if place == "after":
                return Query("after", stack[:-1]) if top.endswith("(") else None
            return Query("after", stack[:-1]) if place == "counted" or (place == "argument" and top == "call(") else None
        settled = self._names.settled(stack) if len(stack) > 1 and place in ENDING else None
        if settled is None:
            return None
        opened, rest = settled[-2], settled[:-2]
        if opened != "table(":
            return Query("after", rest)
        outer = rest[-1]
        assert isinstance(outer, Scope)
        outer = outer._replace(sources=(*outer.sources, Source("", "", top.outputs)))
        return Query("table ended", (*rest[:-1], outer))

    def _comma(self, at: Query) -> Query | None:
        place, stack, top = at.place, at.stack, at.stack[-1]
        if not isinstance(top, Scope):
            if place == "after" and (top in ("in(", "call(") or top == "group_concat("):
                return Query("operand", stack)
            return Query("name", stack) if place == "name ended" else None
        if top.clause == "select" and place in ("after", "star", "output ended"):
            return Query("item", stack)
        if (top.clause == "order" and place == "sorted") or (top.clause in ("group", "order") and place == "after"):
            return Query("operand", stack)
        if place == "limited":
            return Query("count", stack)
        return Query("table", stack) if place in TABLE_ENDED and self._names.joinable(top) else None

    # Words

    def _word_ended(self, at: Query, c: str) -> Query | None:
        """What stands once the word being written is whole and c follows it."""
        kind = at.kind
        if not kind:
            return at
        if kind == "word" or kind == "quoted":
            return self._word(at, at.word, c, quoted=kind == "quoted")
        if kind == "number":
            return Query("limited" if at.place == "count" else "after", at.stack) if NUMBER.match(at.word) else None
        return Query("after", at.stack) if kind == "text?" else None

    def _word(self, at: Query, word: str, c: str, *, quoted: bool) -> Query | None:
        place, stack = at.place, at.stack
        if place == "column":
            if follows_keys(stack):
                return self._key(at, at.held, word)
            used = self._use(stack, at.held, word) if quoted or word not in RESERVED else None
            return None if used is None else Query("after", used)
        if place == "on":
            if c == ".":
                return Query("dot", stack, word) if any(name == word for name, _ in self._keys(stack)) else None
            return self._key(at, "", word)
        if place in ("table", "joined table"):
            scope = stack[-1]
            assert isinstance(scope, Scope)
            add = self._names.with_table if place == "table" else self._names.with_joined
            named = add(scope, word) if quoted or word not in RESERVED else None
            return None if named is None else Query("table ended" if place == "table" else "joined", (*stack[:-1], named))
        if place == "name":
            scope = stack[-2]
            assert isinstance(scope, Scope)
            return Query("name ended", (*stack[:-2], scope._replace(merged=True), stack[-1])) if word in self._names.shared(scope) else None
        if not quoted:
            if place in ("alias", "joined alias"):
                return self._aliased(at, word)
            if place == "output":
                scope = stack[-1]
                assert isinstance(scope, Scope)
                return Query("output ended", (*stack[:-1], scope._replace(outputs=(*scope.outputs, word)))) if is_bare(word) else None
            keyword = self._keyword(at, word)
            if keyword is not None or word in RESERVED:
                return keyword
            if place in ("table ended", "joined"):
                return self._aliased(at, word) if abbreviates_table(word) else None
        if place not in OPERAND_PLACES:
            return None
        if c == ".":
            return Query("dot", stack, word) if self._qualifies(stack, word) else None
        if c == "(":
            known = FUNCTIONS if may_aggregate(stack) else FUNCTIONS - AGGREGATES
            return Query("function", stack, word) if word in known and not quoted else None
        used = self._use(stack, "", word)
        return None if used is None else Query("after", used)

    def _use(self, stack: Stack, qualifier: str, column: str) -> Stack | None:
        """The stack once a column has been named; a mean is of numbers."""
        if stack[-1] == "avg(" and not self._names.measures(qualifier, column):
            return None
        return self._names.use(stack, qualifier, column)

    def _qualifies(self, stack: Stack, word: str) -> bool:
        if not self._names.qualifies(stack, word):
            return False
        return stack[-1] != "avg(" or any(self._use(stack, word, c) is not None for c in self._names.columns_like("", bare=False))

    def _aliased(self, at: Query, word: str) -> Query | None:
        scope = at.stack[-1]
        assert isinstance(scope, Scope)
        renamed = self._names.with_alias(scope, word) if is_bare(word) else None
        return None if renamed is None else Query("joined aliased" if "joined" in at.place else "table aliased", (*at.stack[:-1], renamed))

    def _keyword(self, at: Query, word: str) -> Query | None:
        place, stack = at.place, at.stack
        if word == "select":
            return Query("select first", (*stack, Scope())) if place in ("begin", "inner", "set") else None
        if not stack:
            return None
        top = stack[-1]
        if word in FIXED.get(place, ()):
            return Query(FIXED[place][word], stack)
        if place in OPERAND_PLACES:
            if word == "case" and len(stack) < DEPTH_MAX:
                return Query("case", (*stack, "case"))
            if word == "when" and place == "case":
                return Query("operand", (*stack[:-1], "when"))
            return Query(OPERAND[word], stack) if word in OPERAND else None
        if place == "type":
            return Query("type ended", stack) if word in TYPES else None
        if place == "collation":
            return Query("after", stack) if word in COLLATIONS else None
        if place in ("after", "not"):
            if word == "between" and len(stack) < DEPTH_MAX:
                return Query("operand", (*stack, "between"))
            if place == "after" and not isinstance(top, Scope):
                return self._inside(at, word, top)
        if place in ("joined", "joined aliased"):
            return self._join_condition(at, word)
        if not isinstance(top, Scope):
            return None
        if place == "after":
            if word == "and" or word in AFTER:
                return Query(AFTER.get(word, "operand"), stack)
            if word == "as":
                return Query("output", stack) if top.clause == "select" else None
            if word in ("asc", "desc"):
                return Query("sorted", stack) if top.clause == "order" else None
        if word == "as":
            return Query("alias", stack) if place == "table ended" and self._names.renamable(top) else None
        return self._clause(at, word, top)

    def _inside(self, at: Query, word: str, top: str) -> Query | None:
        """A keyword after an operand within something that is open."""
        rest = at.stack[:-1]
        if word == "and":
            return Query("operand", rest if top == "between" else at.stack)
        if (top, word) in CASE:
            return Query("operand", (*rest, CASE[top, word]))
        if word == "end" and top in ("then", "else"):
            return Query("after", rest)
        if word == "as" and top == "cast(":
            return Query("type", at.stack)
        return Query(AFTER[word], at.stack) if word in AFTER else None

    def _join_condition(self, at: Query, word: str) -> Query | None:
        scope = at.stack[-1]
        assert isinstance(scope, Scope)
        if word == "as":
            return Query("joined alias", at.stack) if at.place == "joined" and self._names.renamable(scope) else None
        if not self._names.distinct(scope):
            return None
        if word == "using":
            return Query("using", at.stack) if self._names.shared(scope) else None
        if word != "on":
            return None
        return Query("operand", at.stack) if self._names.keys(scope) is None else Query("on", (*at.stack, "on "))

    def _keys(self, stack: Stack) -> frozenset[tuple[str, str]]:
        """What may stand on this side of ON, where keys are to be followed."""
        scope, side = stack[-2:]
        assert isinstance(scope, Scope) and isinstance(side, str)
        return self._names.keys(scope, side.removeprefix("on ")) or frozenset()

    def _key(self, at: Query, qualifier: str, column: str) -> Query | None:
        """One side of ON, whole."""
        stack = at.stack
        found = [key for key in self._keys(stack) if key[1] == column and qualifier in ("", key[0])]
        if len(found) != 1 or self._names.use(stack, qualifier, column) is None:
            return None
        return Query("on after", stack, ".".join(found[0])) if stack[-1] == "on " else Query("after", stack[:-1])

    def _clause(self, at: Query, word: str, top: Scope) -> Query | None:
        """The keyword that ends one clause and begins the next."""
        place, rest, clause = at.place, at.stack[:-1], top.clause
        if word == "from":
            ready = clause == "select" and place in ("after", "star", "output ended")
            return Query("table", (*rest, top._replace(clause="from"))) if ready else None
        if place not in ENDING or clause == "select":
            return None
        if word in JOINS:
            if clause != "from" or not self._names.joinable(top):
                return None
            after = {"join": "joined table", "left": "outer", "inner": "join", "cross": "cross", "natural": "natural"}[word]
            return Query(after, (*rest, top._replace(merged=top.merged or word == "natural")))
        if word not in SETS and clause not in EARLIER.get(word, ()):
            return None
        settled = self._names.settled(at.stack) if word not in SETS or clause not in ("order", "limit") else None
        if settled is None:
            return None
        if word in SETS:
            return Query("set" if word == "union" else "begin", rest)
        scope = settled[-1]
        assert isinstance(scope, Scope)
        after = {"group": "by", "order": "by", "limit": "count"}.get(word, "operand")
        return Query(after, (*settled[:-1], scope._replace(clause=word)))

    # What may still come

    def _whole(self, at: Query) -> bool:
        return len(at.stack) == 1 and at.place in ENDING and self._names.settled(at.stack) is not None

    def _leads_on(self, at: Query) -> bool:
        """Whether the word being written can still become one that may stand there."""
        kind, word, place, stack = at.kind, at.word, at.place, at.stack
        if kind == "number":
            return bool(NUMBER.match(word))
        if kind == "quoted":
            return any(self._word(at, word, c, quoted=True) is not None for c in " .")
        if kind != "word" and kind not in CLOSING:
            return True
        bare, names = kind == "word", self._names
        if place in ("table", "joined table"):
            return any(self._word(at, table, " ", quoted=not bare) is not None for table in names.tables_like(word, bare=bare))
        if place == "on":
            keys = self._keys(stack)
            qualifies = any(name.startswith(word) and (not bare or is_bare(name)) for name, _ in keys)
            return qualifies or any(c.startswith(word) and self._key(at, "", c) is not None and (not bare or is_bare(c)) for _, c in keys)
        if place == "column" and follows_keys(stack):
            return any(n == at.held and c.startswith(word) and (not bare or is_bare(c)) for n, c in self._keys(stack))
        if place == "column":
            return any(self._use(stack, at.held, column) is not None for column in names.columns_like(word, bare=bare))
        if place == "name":
            scope = stack[-2]
            assert isinstance(scope, Scope)
            return any(name.startswith(word) for name in names.shared(scope))
        if bare:
            if place in ("alias", "joined alias", "output"):
                return place == "output" or word.isalpha() or self._aliased(at, word) is not None
            if any(self._keyword(at, keyword) is not None for keyword in KEYWORDS_LIKE.get(word, ())):
                return True
            if place in ("table ended", "joined") and abbreviates_table(word):
                scope = stack[-1]
                assert isinstance(scope, Scope)
                return word not in RESERVED and names.renamable(scope) if word.isalpha() else self._aliased(at, word) is not None
        if place not in OPERAND_PLACES:
            return False
        if bare and (word in (FUNCTIONS_LIKE if may_aggregate(stack) else PLAIN_LIKE) or names.abbreviates(stack, word)):
            return True
        if any(self._use(stack, "", output) is not None for output in names.outputs_like(stack, word)):
            return True
        if any(self._qualifies(stack, name) for name in names.qualifiers_like(stack, word, bare=bare)):
            return True
        return any(self._use(stack, "", column) is not None for column in names.columns_like(word, bare=bare))
