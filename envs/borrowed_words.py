"""Gives number columns of a training database the words of other businesses' columns: a zone's "radius" becomes a "serving temperature".

Under many names for the same business a policy learns to copy names, but a business still has its own few things to ask about. What a
question must find in a schema it has never seen is the column whose name is like the question's words, whatever they mean; borrowed
words teach just that. Words go between columns of the same kind only (prices, durations, weights, ...), so that questions still read as
questions; names and categories keep theirs, which their values go with.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from envs.profile import Facts, Role
from envs.vocabulary import Wording

Kind = tuple[str, bool]  # of numbers, and whether a sum of them means something
Pool = Mapping[Kind, Sequence[tuple[str, ...]]]


def pool_of(businesses: Sequence[Facts]) -> Pool:
    """The words that columns can lend, by kind."""
    pool: dict[Kind, list[tuple[str, ...]]] = {}
    for facts in businesses:
        for table in facts.tables.values():
            nouns = {word for noun in table.nouns for word in noun.singular.lower().split()}
            for column in table.columns.values():
                said = tuple(p for p in column.phrases if "'" not in p and not nouns & set(p.lower().split()))
                if column.role is Role.NUMBER and said:
                    pool.setdefault((column.kind, column.additive), []).append(said)
    return pool


def borrow(wording: Wording, facts: Facts, pool: Pool, share: float, rng: random.Random) -> tuple[Wording, frozenset[str]]:
    """The wording in which a share of the number columns has another's words.

    Returns:
        The new wording, and which "Table.column" borrowed: their own names tell their old meaning and should go.
    """
    words, borrowed = dict(wording), set()
    for table in facts.tables.values():
        taken = {phrase.lower() for column in table.columns.values() for phrase in column.phrases}
        for column in table.columns.values():
            offers = pool.get((column.kind, column.additive), ())
            if column.role is not Role.NUMBER or not offers or rng.random() >= share:
                continue
            said = tuple(phrase for phrase in rng.choice(offers) if phrase.lower() not in taken)
            if said:
                words[column.path] = said
                taken |= {phrase.lower() for phrase in said}
                borrowed.add(column.path)
    return words, frozenset(borrowed)
