"""Makes plain-English questions with the SQL that answers them, for any SQLite database.

A kind of question is drawn, then tables along real foreign keys, columns, and conditions from values that occur; the query is run and
kept only when its answer is worth asking for: not empty, not a lone 0, not a coin flip at its LIMIT, not a hundred rows.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from envs import shapes_groups, shapes_nested, shapes_parts, shapes_related, shapes_rows, shapes_sets, shapes_sums
from envs.drafting import DeadEndError, Desk, Draft
from envs.gold_sql import tables_named
from envs.phrasing import Phrasing, Voice
from envs.profile import Facts, patiently, read_facts
from envs.readability import reads_well
from envs.records import Question
from envs.sandbox import Database, QueryError
from envs.schema import Cell
from envs.unanswerable import unanswerable
from envs.vocabulary import Wording

Shape = Callable[[Desk], Draft]

TABLE_SHARES = (0.42, 0.30, 0.28)  # questions over one table, two, three or more
ROWS_MAX = 60  # an owner does not read more
ATTEMPTS_PER_QUESTION = 60  # drafts before a small schema is taken to be exhausted
BARREN_MAX = 4_000  # drafts in a row without a new question: there are no more

# How often owners ask each kind of question, over one table, two, and three or more.
WEIGHTS: Mapping[Shape, tuple[float, float, float]] = {
    shapes_rows.count: (12, 7, 6),
    shapes_rows.listing: (18, 14, 12),
    shapes_rows.lookup: (9, 6, 3),
    shapes_sums.aggregate: (10, 7, 7),
    shapes_sums.aggregates: (2, 1, 1),
    shapes_sums.takings: (4, 2, 2),
    shapes_sums.sold: (0, 3, 3),
    shapes_sums.product_sum: (1, 2, 3),
    shapes_rows.distinct: (6, 3, 3),
    shapes_rows.top_row: (10, 6, 4),
    shapes_rows.top_rows: (6, 2, 2),
    shapes_rows.above_average: (4, 0, 0),
    shapes_rows.share: (2.5, 1, 1),
    shapes_sums.difference: (1, 0.5, 0.5),
    shapes_sums.date_gap: (1, 0.5, 0),
    shapes_rows.boss: (2, 0, 0),
    shapes_groups.group_count: (8, 9, 10),
    shapes_groups.group_aggregate: (5, 7, 8),
    shapes_groups.group_top: (6, 9, 10),
    shapes_groups.group_top_aggregate: (2, 5, 6),
    shapes_groups.having: (3, 5, 4),
    shapes_groups.having_aggregate: (1, 2, 2),
    shapes_related.never: (0, 9, 5),
    shapes_related.with_child: (2, 9, 10),
    shapes_related.with_zero: (0, 2, 0),
    shapes_related.average_children: (1, 0, 0),
    # What owners ask less often, and needs more SQL.
    shapes_sets.two_sides: (0, 3, 0),
    shapes_sets.two_children: (0, 0, 4),
    shapes_sets.places: (0, 0.3, 0),
    shapes_nested.than_row: (2, 0, 0),
    shapes_nested.same_as: (1.2, 0, 0),
    shapes_nested.of_the_top: (0, 2.5, 0),
    shapes_nested.count_having: (0, 1, 0),
    shapes_nested.above_boss: (0.6, 0, 0),
    shapes_parts.share_by: (0.8, 0.5, 0.5),
    shapes_parts.part_of_total: (0.6, 0.4, 0.4),
    shapes_parts.sides: (0.7, 0.4, 0.4),
    shapes_parts.more_in: (1, 0.5, 0.5),
    shapes_parts.having_two: (0.5, 0.6, 0.6),
    shapes_parts.calendar: (1.2, 0.6, 0.5),
}
# Tables that a kind reads besides the base without being given them as targets.
_BESIDES: Mapping[Shape, int] = {
    shapes_related.never: 1,
    shapes_related.with_child: 1,
    shapes_related.with_zero: 1,
    shapes_sets.two_sides: 1,
    shapes_sets.two_children: 2,
    shapes_sets.places: 1,
    shapes_nested.count_having: 1,
}
_SHAPES = tuple(WEIGHTS)
_BY_BUCKET = tuple(tuple(weights[bucket] for weights in WEIGHTS.values()) for bucket in range(3))


@dataclass
class _Kept:
    """What has been made so far, so that nothing is made twice and nothing too often."""

    texts: set[str]
    queries: set[str]
    dead: set[str]  # queries found not worth asking
    kinds: Counter[tuple[str, ...]]


def synthesize(
    database: Database,
    count: int,
    seed: int,
    phrasing: Phrasing,
    wording: Wording | None = None,
    *,
    table_shares: Sequence[float] = TABLE_SHARES,
    unanswerable_share: float = 0.0,
    progress: Callable[[int], None] | None = None,
) -> list[Question]:
    """Up to `count` different questions about a database; the same arguments give the same questions.

    Args:
        phrasing: which of the two sets of sentences: "train" or "validation".
        wording: what the owner calls tables and columns ("Table", "Table.column"); without it their names are taken apart.
        table_shares: of the answerable questions over one table, two, and three or more, as far as the schema has joins for them.
        unanswerable_share: of all questions; they come last.
        progress: called with how many are made, after each.

    Returns:
        Fewer than `count` only when the schema allows no more.

    Raises:
        ValueError: the shares are not shares.
    """
    check_shares(table_shares, unanswerable_share)
    progress = progress or (lambda _made: None)
    facts = database.remember(("facts", repr(wording)), lambda: read_facts(database, wording or {}))
    rest = random.Random(f"{seed}/{phrasing}/{database.name}/share").random()  # a share of few is rounded up as often as it says
    wanted = count - int(count * unanswerable_share + rest)
    questions, texts = _answerable(database, facts, wanted, seed, phrasing, table_shares, progress)
    if unanswerable_share:  # never more of them than their share of what the schema allowed
        most = count - wanted if len(questions) == wanted else round(len(questions) * unanswerable_share / (1 - unanswerable_share))
        questions += unanswerable(database, facts, wording or {}, most, seed, phrasing, texts)
        progress(len(questions))
    return questions


def check_shares(table_shares: Sequence[float], unanswerable_share: float) -> None:
    """Raises ValueError unless these are three shares, not all 0, and a share below 1."""
    if len(table_shares) != 3 or min(table_shares) < 0 or sum(table_shares) <= 0:
        raise ValueError(f"table shares are {list(table_shares)}: wanted three numbers, 0 or more, for one table, two, three or more")
    if not 0 <= unanswerable_share < 1:
        raise ValueError(f"the unanswerable share is {unanswerable_share}: wanted 0 or more and below 1")


def _answerable(
    database: Database,
    facts: Facts,
    count: int,
    seed: int,
    phrasing: Phrasing,
    table_shares: Sequence[float],
    progress: Callable[[int], None],
) -> tuple[list[Question], set[str]]:
    """The questions with an answer, and their texts in lower case."""
    if not facts.tables:
        return [], set()
    rng = random.Random(f"{seed}/{phrasing}/{database.name}")
    kept = _Kept(set(), set(), set(), Counter())
    questions: list[Question] = []
    reach = max((len(paths) for paths in facts.paths.values()), default=0)  # tables above the best-connected one
    shares = [share if bucket <= reach else 0.0 for bucket, share in enumerate(table_shares)]
    if not sum(shares):
        return [], set()
    kind_max = 2 + count / (4 * min(len(facts.tables), 3))  # of one kind over one table
    owed = [0.0, 0.0, 0.0]
    barren = 0
    for _ in range(count * ATTEMPTS_PER_QUESTION):
        if len(questions) == count or barren > BARREN_MAX:
            break
        barren += 1
        behind = [share * (len(questions) + 1) / sum(shares) - have for share, have in zip(shares, owed, strict=True)]
        bucket = max((b for b in range(3) if shares[b]), key=lambda b: behind[b] + 0.6 * rng.random())
        draft = _draft(database, facts, phrasing, bucket, rng)
        if draft is None:
            owed[bucket] += 0.02  # a schema with few joins must not wait for them for ever
            continue
        tables = tables_named(draft.sql, facts)
        kind = (draft.constructs[0], tables[0])
        text = draft.text.lower()
        if min(len(tables), 3) != bucket + 1 or kept.kinds[kind] > kind_max or draft.sql in kept.queries or text in kept.texts:
            continue
        if draft.sql in kept.dead or not _worth_asking(database, draft, rng):
            kept.dead.add(draft.sql)
            continue
        barren = 0
        kept.texts.add(text)
        kept.queries.add(draft.sql)
        kept.kinds[kind] += 1
        owed[bucket] += 1
        constructs = (*draft.constructs, *(["join"] if " JOIN " in draft.sql else []))
        identity = f"{database.name}/{phrasing}/{len(questions):04d}"
        questions.append(Question(identity, database.name, draft.text, draft.sql, tables, tuple(dict.fromkeys(constructs))))
        progress(len(questions))
    return questions, kept.texts


def _draft(database: Database, facts: Facts, phrasing: Phrasing, bucket: int, rng: random.Random) -> Draft | None:
    shape = rng.choices(_SHAPES, _BY_BUCKET[bucket])[0]
    base = rng.choice(list(facts.tables))
    targets = _targets(facts, base, max(0, bucket - _BESIDES.get(shape, 0)), rng)
    if targets is None:
        return None
    voice = Voice(facts, phrasing, rng)
    try:
        draft = shape(Desk(database, facts, voice, rng, base, targets))
    except DeadEndError:
        return None
    if not reads_well(draft.text, voice.said_nouns(), twice=draft.constructs[0] in ("intersect", "except", "union")):
        return None
    return Draft(voice.finish(draft.text), draft.sql, draft.constructs, draft.tie_sql, draft.rows_min)


def _targets(facts: Facts, base: str, steps: int, rng: random.Random) -> list[str] | None:
    """Tables above the base a query must use to read one table more for each step."""
    if not steps:
        return []
    by_length = {n: [t for t, way in facts.paths[base].items() if len(way) == n] for n in (1, 2, 3)}
    if steps == 1:
        return [rng.choice(by_length[1])] if by_length[1] else None
    chance = rng.random()
    if by_length[3] and chance < 0.16:
        return [rng.choice(by_length[3])]
    if by_length[2] and (chance < 0.92 or len(by_length[1]) < 2):
        return [rng.choice(by_length[2])]
    return rng.sample(by_length[1], 2) if len(by_length[1]) > 1 else None


def _worth_asking(database: Database, draft: Draft, rng: random.Random) -> bool:
    """Whether the query runs, answers something, and answers it in one way only."""
    try:
        rows = patiently(database, draft.sql, 200).rows
        edge = patiently(database, draft.tie_sql).rows if draft.tie_sql else ()
    except QueryError:
        return False
    if len(rows) < draft.rows_min or not answers_one_way(rows, edge):
        return False
    return len(rows) <= ROWS_MAX or (len(rows) < 200 and rng.random() < 0.03)


def answers_one_way(rows: Sequence[Sequence[Cell]], edge: Sequence[Sequence[Cell]]) -> bool:
    """Whether a result says something, and could not as well be another: no NULL, no lone 0 or empty text, no tie at its LIMIT.

    Args:
        edge: of a query with a LIMIT, its rows and the one after them, what they are ordered by last; else empty.
    """
    if any(cell is None for row in rows for cell in row):
        return False
    if len(rows) == 1 and all(cell in (0, "") for cell in rows[0]):
        return False
    return not edge or (len(edge) > len(rows) and not _tied(edge[-1][-1], edge[-2][-1]))


def _tied(one: Cell, other: Cell) -> bool:
    """Whether two sort keys are the same but for rounding."""
    return one == other or (isinstance(one, float) and isinstance(other, float) and math.isclose(one, other, rel_tol=1e-9))
