"""Follow-up questions: "and last month?" becomes a question that sees the last one and its SQL, and how it was read is said.

By rule alone. A question that stands on its own is asked as it is; one that leans on the last ("and", "only", "those", no thing
named) is sent together with the last question and its query, so that the policy changes that query instead of guessing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from envs.vocabulary import plural, singular, split_name
from serving.plain_values import plain

WORDS_MAX = 14  # a longer question stands on its own unless it begins as a follow-up does
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
    before, sql = plain(last.question, QUESTION_CHARS), plain(last.sql, SQL_CHARS)
    return FollowUp(
        text=with_last(question, before, sql),
        understood=f'Read as a follow-up to "{before}"',
        kept=plain(f"{before} {question[:1].upper()}{question[1:]}", QUESTION_CHARS),
    )


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
    whole = asks and _names_a_table(words, tables)  # it says both what is asked and of what
    pointers = {match[0].lower() for match in _POINTS_BACK.finditer(_TIME.sub("", question))}
    if whole:
        pointers -= _WITHIN
    if _JOINS_ON.match(question):
        return not whole or len(words) <= 6 or bool(pointers)
    if len(words) > WORDS_MAX:
        return False
    return bool(pointers) or (not whole and (bool(_GOES_ON.match(question)) if not asks else len(words) <= 3))


def _names_a_table(words: Sequence[str], tables: Sequence[str]) -> bool:
    spoken = {word.removesuffix("'s") for word in words}
    for table in tables:
        last = split_name(table)[-1]
        if spoken & {last, plural(last), singular(last)}:
            return True
    return False
