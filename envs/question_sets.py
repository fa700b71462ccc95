"""Makes the databases of a run and its three question sets: training, validation, test.

The sets use different businesses and different phrasings, and nothing that a held-out set asks is left in another. With a directory in
Spider's layout each set also has Spider's questions over databases of its own, and held-out sets go through the databases in turns, so
that the first so many questions are of all of them.
"""

from __future__ import annotations

import dataclasses
import itertools
import logging
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.asking_on import follow_ups
from envs.borrowed_words import Pool, borrow, pool_of
from envs.businesses import TEST, TEST_QUESTIONS, TRAIN, VALIDATION, build_database, wording
from envs.contamination import check_contamination
from envs.phrasing import Phrasing
from envs.profile import Facts, read_facts
from envs.questions import load_questions, save_questions
from envs.records import Question
from envs.restyle import restyle
from envs.sandbox import Database
from envs.schema import Schema
from envs.spider import SpiderData, read_spider
from envs.splits import split_databases
from envs.sql_env import EpisodeConfig
from envs.synthesis import synthesize
from envs.vocabulary import Wording

if TYPE_CHECKING:
    from envs.dataset import DataConfig

log = logging.getLogger(__name__)

VALIDATION_MIN = 200  # fewer cannot tell two policies apart: the 95 % interval is wider than +-7 points
ROWS_MAX = 20_000  # no questions are synthesised over a longer table of Spider's: joins without an index take as long as a query may
SETS = ("train", "validation", "test")

Progress = Callable[[int, int], None]  # (parts done, parts in all)
ThreeSets = tuple[list[Question], list[Question], list[Question]]


def database_path(databases_dir: Path, db_id: str) -> Path:
    """Where a database lies in Spider's layout."""
    return databases_dir / db_id / f"{db_id}.sqlite"


def make_sets(config: DataConfig, directory: Path, progress: Progress) -> dict[str, Any]:
    """Write databases/ and one <set>.json for each set into an empty directory.

    Args:
        progress: begun anew, with 0 parts done, for each piece of work: reading Spider, the businesses, Spider's databases.

    Returns:
        What became of Spider's questions, under "spider"; nothing without a directory of them.

    Raises:
        ValueError: too few questions could be made, or Spider's directory cannot be used.
    """
    spider = read_spider(Path(config.spider), progress) if config.spider else None
    train, validation, test = _of_businesses(config, directory / "databases", progress)
    if len(validation) < VALIDATION_MIN:
        raise ValueError(f"only {len(validation)} validation questions could be made: wanted {VALIDATION_MIN} or more")
    facts: dict[str, Any] = {}
    if spider:
        more, facts["spider"] = _of_spider(config, spider, directory / "databases", (train, validation, test), progress)
        train = [*train, *more[0]]
        validation = in_turns([*validation, *more[1]], config.seed)
        test = in_turns([*test, *more[2]], config.seed)
    validation = unlike(validation, test)
    train = unlike(train, [*validation, *test])
    for name, questions in zip(SETS, (train, validation, test), strict=True):
        save_questions(directory / f"{name}.json", questions)
    return facts


def in_turns(questions: Sequence[Question], seed: int) -> list[Question]:
    """One question of each database, then a second of each, and so on; which ones come first is drawn by seed."""
    by_database: dict[str, list[Question]] = {}
    for question in questions:
        by_database.setdefault(question.db_id, []).append(question)
    rows = [random.Random(f"{seed}/{db_id}").sample(own, len(own)) for db_id, own in sorted(by_database.items())]
    return [question for turn in itertools.zip_longest(*rows) for question in turn if question is not None]


def schemas_of(databases_dir: Path, names: Iterable[str]) -> dict[str, Schema]:
    """The schemas of these databases, by db_id."""
    schemas = {}
    for name in sorted(names):
        database = Database.open(database_path(databases_dir, name))
        schemas[name] = database.schema
        database.close()
    return schemas


def _of_businesses(config: DataConfig, databases_dir: Path, progress: Progress) -> ThreeSets:
    """The sample businesses' databases, and training, validation and test questions about them."""
    styled = tuple(f"{name}_{style}" for style in range(1, config.schema_styles) for name in TRAIN)
    names = (*TRAIN, *styled, *VALIDATION, *TEST)
    one_more = _counter(progress, 2 * len(names) - len(TEST))
    words: dict[str, Wording] = {}
    facts: dict[str, Facts] = {}
    lent: Pool = {}
    for name in names:
        business = name.rpartition("_")[0] if name in styled else name
        path = database_path(databases_dir, name)
        words[name] = wording(business)
        if name not in styled:
            build_database(name, path, config.seed)
            if name in TRAIN and config.borrow_share:
                facts[name] = _facts(path, words[name])
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(database_path(databases_dir, business), path)
            rng, borrowed = random.Random(f"{config.seed}/{name}"), frozenset[str]()
            if config.borrow_share:
                lent = lent or pool_of(list(facts.values()))  # all that lend are built before the first that borrows
                words[name], borrowed = borrow(words[name], facts[business], lent, config.borrow_share, rng)
            words[name] = restyle(path, words[name], rng, borrowed)
        one_more()
    train = _asked(config, databases_dir, (*TRAIN, *styled), config.train_questions, "train", words, one_more)
    validation = _asked(config, databases_dir, VALIDATION, config.validation_questions, "validation", words, one_more)
    return train, validation, [question for path in TEST_QUESTIONS.values() for question in load_questions(path)]


def _facts(path: Path, words: Wording) -> Facts:
    database = Database.open(path)
    try:
        return read_facts(database, words)
    finally:
        database.close()


def _of_spider(
    config: DataConfig, spider: SpiderData, databases_dir: Path, ours: ThreeSets, progress: Progress
) -> tuple[ThreeSets, dict[str, Any]]:
    """Spider's databases, its questions by side, those synthesised over its training databases, and what became of them all."""
    counts = Counter(question.db_id for question in spider.questions)
    trained_on, *held_out = (schemas_of(databases_dir, {q.db_id for q in questions}) for questions in ours)
    split = split_databases(
        spider.schemas,
        counts,
        validation=config.spider_validation_databases,
        test=config.spider_test_databases,
        questions_min=config.spider_questions_min,
        seed=config.seed,
        trained_on=trained_on.values(),
        held_out=[*(schema for side in held_out for schema in side.values()), *spider.never.values()],
    )
    used = (*split.train, *split.validation, *split.test)
    for name in used:
        target = database_path(databases_dir, name)
        target.parent.mkdir(parents=True)
        shutil.copyfile(spider.files[name], target)
    train, validation, test = ([q for q in spider.questions if q.db_id in side] for side in (split.train, split.validation, split.test))
    shown = [q for q in train if q.id not in spider.as_written and len(q.tables) <= EpisodeConfig().actions_max - 2]
    dropped = {**spider.dropped, "like_held_out": sum(counts[name] for name in split.unused), "not_demonstrable": len(train) - len(shown)}
    train = shown
    if config.spider_questions:
        train = in_turns(train, config.seed)[: config.spider_questions]
    if config.spider_synthesized:
        short = [name for name in split.train if all(table.row_count <= ROWS_MAX for table in spider.schemas[name].tables)]
        one_more = _counter(progress, len(short))
        train += _asked(config, databases_dir, short, config.spider_synthesized, "train", spider.wordings, one_more)
    facts = {"dropped": dropped, "as_written": len(spider.as_written), "databases": dataclasses.asdict(split)}
    return (train, validation, test), facts


def _asked(
    config: DataConfig,
    databases_dir: Path,
    names: Sequence[str],
    count: int,
    phrasing: Phrasing,
    words: Mapping[str, Wording],
    one_more: Callable[[], None],
) -> list[Question]:
    """Synthesised questions about these databases, an equal share each."""
    questions: list[Question] = []
    for place, name in enumerate(names):
        share = count * (place + 1) // len(names) - count * place // len(names)
        database = Database.open(database_path(databases_dir, name))
        try:
            made = synthesize(
                database, share, config.seed, phrasing, words[name],
                table_shares=config.table_shares if phrasing == "train" else config.validation_table_shares,
                unanswerable_share=config.unanswerable_share if phrasing == "train" else config.validation_unanswerable_share,
            )  # fmt: skip
            if len(made) < share:
                log.warning("%s: %d of %d %s questions could be made", name, len(made), share, phrasing)
            if phrasing == "train" and config.follow_up_share:
                rest = random.Random(f"{config.seed}/{name}/follow-up share").random()  # a share of few is rounded up as often as it says
                made += follow_ups(database, made, int(len(made) * config.follow_up_share + rest), config.seed, words[name])
        finally:
            database.close()
        questions += _each_once(made)
        one_more()
    return questions


def _counter(progress: Progress, total: int) -> Callable[[], None]:
    """Says that no part is done yet; then, at each call, that one more is."""
    progress(0, total)
    done = itertools.count(1)
    return lambda: progress(next(done), total)


def unlike(questions: Sequence[Question], held_out: Sequence[Question]) -> list[Question]:
    """Without those that a held-out set asks in the same or nearly the same words ("How many products are there?")."""
    while seen := {overlap.train for overlap in check_contamination(questions, held_out) if "question" in overlap.kind}:
        questions = [question for question in questions if question.id not in seen]  # an overlap names one of several alike
    return list(questions)


def _each_once(questions: Sequence[Question]) -> list[Question]:
    """Without the questions that another one asks in the same words."""
    return list({" ".join(q.text.lower().split()): q for q in reversed(questions)}.values())[::-1]
