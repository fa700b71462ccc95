"""Follow-up questions: "and in April?" becomes a question that the policy can answer, and how it was read is said.

By rule alone. A question that stands on its own is asked as it is. One that only puts another month, year or value in the place of the last
one's is the last question with that changed. Any other that leans on the last ("only the paid ones") is sent together with the last
question and its query, so that the policy changes that query instead of guessing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from envs.plain_text import plain
from envs.sql_reading import parse
from envs.vocabulary import plural, singular, split_name

WORDS_MAX = 14  # a longer question stands on its own unless it begins as a follow-up does
VALUE_WORDS = 4  # of a value that takes another's place
QUESTION_CHARS, SQL_CHARS = 300, 600  # of the last turn, in the prompt
_JOINS_ON = re.compile(r"\W*(and|but|what about|how about|what if|instead|only|just|the same|same|except)\b", re.IGNORECASE)
_GOES_ON = re.compile(
    r"\W*(or|also|ok|okay|now|then|so|excluding|without|including|sort(ed)? by|by|per|in|for|from|since|before|after|during|with"
    r"|more|fewer|top|break (it|that|this|them|those) down|show (me )?(only|just)|why not)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(it|its|that|those|these|this|them|they|their|theirs|he|she|his|her|him|ones?|same|instead|previous|before that|each of"
    r"|the (first|second|last) one|the others?|the rest)\b",
    re.IGNORECASE,
)
_WITHIN = {"it", "its", "that", "they", "their", "he", "his", "she", "her", "one", "ones"}  # may point at what the question itself names
_TIME = re.compile(r"\b(this|that|these|those) (year|month|week|quarter|day|morning|evening|time|kind|sort)s?\b", re.IGNORECASE)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_TIMES = re.compile(rf"\b(?:(?P<month>{_MONTHS})(?: (?P<year>(?:19|20)\d\d))?|(?P<only>(?:19|20)\d\d))\b", re.IGNORECASE)
_ANOTHER = re.compile(
    r"\W*(?:and |but |ok(?:ay)?,? |now )?(?:(?:what|how) about |(?:the )?same (?:for|in|at) )?(?:in |for |from |at |with |of )?"
    r"(?:the )?[\"']?(?P<value>[^?.!,;\"]+?)[\"']?(?: instead)?[?.! ]*",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(last|next|this|previous|before|after|year|month|week|quarter|day|today|yesterday|all|each|every|per|by|only|just|more|less|most"
    r"|least|top|without|not|no|and|or|average|total|sort|sorted)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(how many|how much|which|who|whose|what('s| is| are| was| were)|when|where|list|show|give|tell|count|average|total)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LastTurn:
    """What a conversation keeps: its last question as the owner put it, in full, and the query that answered it."""

    question: str  # for a follow-up, with what it leaned on: see FollowUp.kept
    sql: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """How a question is sent to the policy."""

    text: str  # what the policy is asked
    understood: str | None  # for the owner; None when it stands on its own
    kept: str  # what to keep as the last question of the conversation


def follow_up(question: str, last: LastTurn | None, tables: Sequence[str] = ()) -> FollowUp:
    """How to ask a question in a conversation.

    Args:
        last: the conversation's last turn that was answered; None at its start.
        tables: the database's table names: a question that names one of them and asks something is on its own.
    """
    question = " ".join(question.split())
    if last is None or not last.sql or not leans_back(question, tables):
        return FollowUp(question, None, question)
    changed = with_another_value(question, last)
    if changed:
        return FollowUp(changed, f'Read as: "{changed}"', changed)
    before, sql = plain(last.question, QUESTION_CHARS), plain(last.sql, SQL_CHARS)
    return FollowUp(
        text=with_last(question, before, sql),
        understood=f'Read as a follow-up to "{before}"',
        kept=plain(f"{before} {question[:1].upper()}{question[1:]}", QUESTION_CHARS),
    )


def with_another_value(question: str, last: LastTurn) -> str:
    """The last question with the month, year or value of this one in the place of its own; "" when that is not all that is asked.

    A value is replaced when it is the only text that the last query compares with and stands in the last question.
    """
    asked = _ANOTHER.fullmatch(question)
    if asked is None or len(last.question) > QUESTION_CHARS:
        return ""
    value = asked["value"]
    if time := _TIMES.fullmatch(value):
        return _with_time(last.question, time)
    if _ASKS.search(value) or _POINTS_BACK.search(value) or len(value.split()) > VALUE_WORDS or _RELATIVE.search(value):
        return ""
    try:
        texts = {node.this for node in parse(last.sql).find_all(exp.Literal) if node.is_string}
    except ValueError:
        return ""
    said = (
        [text for text in texts if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", last.question, re.IGNORECASE)] if len(texts) == 1 else []
    )
    if not said:
        return ""
    place = re.search(rf"(?<!\w){re.escape(said[0])}(?!\w)", last.question, re.IGNORECASE)
    assert place is not None
    return last.question[: place.start()] + value + last.question[place.end() :]


def _with_time(before: str, time: re.Match[str]) -> str:
    """A question with its one month or year replaced; a month without a year keeps the year."""
    found = list(_TIMES.finditer(before))
    if len(found) != 1:
        return ""
    had = found[0]
    month, year = time["month"], time["year"] or time["only"]
    old_year = had["year"] or had["only"]
    if month and not had["month"]:
        return ""  # "in 2024" and then "in April": of 2024, or instead of it?
    new = " ".join(part for part in (month.capitalize() if month else had["month"], year or old_year) if part)
    return before[: had.start()] + new + before[had.end() :]


def with_last(question: str, last_question: str, last_sql: str) -> str:
    """The text of a follow-up as the policy sees it, in one line: the last question, its query, the new question."""
    return f"{last_question} (answered by: {last_sql}) Now: {question}"


def leans_back(question: str, tables: Sequence[str] = ()) -> bool:
    """Whether a question needs the one before it to be understood.

    Args:
        tables: table names; a question that asks something of one of them says what it is about.
    """
    words = re.findall(r"[\w']+", question.lower())
    if not words:
        return False
    asks = bool(_ASKS.search(question))
    named = _names_a_table(words, tables)
    whole = asks and named  # it says both what is asked and of what
    pointers = {match[0].lower() for match in _POINTS_BACK.finditer(_TIME.sub("", question))}
    if whole:
        pointers -= _WITHIN
    if _JOINS_ON.match(question):
        return not whole or len(words) <= 6 or bool(pointers)
    if len(words) > WORDS_MAX:
        return False
    return bool(pointers) or (not whole and bool(_GOES_ON.match(question)) and not asks) or (not named and len(words) <= 3)


def _names_a_table(words: Sequence[str], tables: Sequence[str]) -> bool:
    spoken = {word.removesuffix("'s") for word in words}
    for table in tables:
        last = split_name(table)[-1]
        if spoken & {last, plural(last), singular(last)}:
            return True
    return False
