"""Makes the databases of a run and its three question sets: training, validation, test.

The sets use different businesses and different phrasings, and nothing that a held-out set asks is left in another.
"""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envs.businesses import TEST, TEST_QUESTIONS, TRAIN, VALIDATION, build_database, wording
from envs.contamination import check_contamination
from envs.phrasing import Phrasing
from envs.questions import load_questions, save_questions
from envs.records import Question
from envs.restyle import Wording, restyle
from envs.sandbox import Database
from envs.synthesis import synthesize

if TYPE_CHECKING:
    from envs.dataset import DataConfig

log = logging.getLogger(__name__)

VALIDATION_MIN = 200  # fewer cannot tell two policies apart: the 95 % interval is wider than +-7 points
SETS = ("train", "validation", "test")

Progress = Callable[[int, int], None]  # (parts done, parts in all)


def database_path(databases_dir: Path, db_id: str) -> Path:
    """Where a database lies in Spider's layout."""
    return databases_dir / db_id / f"{db_id}.sqlite"


def make_sets(config: DataConfig, directory: Path, progress: Progress) -> None:
    """Write databases/ and one <set>.json for each set into an empty directory.

    Raises:
        ValueError: too few questions could be made.
    """
    styled = tuple(f"{name}_{style}" for style in range(1, config.schema_styles) for name in TRAIN)
    names = (*TRAIN, *styled, *VALIDATION, *TEST)
    total = 2 * len(names) - len(TEST)
    words: dict[str, Wording] = {}
    progress(0, total)
    for done, name in enumerate(names, start=1):
        business = name.rpartition("_")[0] if name in styled else name
        path = database_path(directory / "databases", name)
        words[name] = wording(business)
        if name not in styled:
            build_database(name, path, config.seed)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(database_path(directory / "databases", business), path)
            words[name] = restyle(path, words[name], random.Random(f"{config.seed}/{name}"))
        progress(done, total)

    def asked(databases: Sequence[str], count: int, phrasing: Phrasing, done: int) -> list[Question]:
        questions: list[Question] = []
        for place, name in enumerate(databases):
            share = count * (place + 1) // len(databases) - count * place // len(databases)
            database = Database.open(database_path(directory / "databases", name))
            try:
                made = synthesize(
                    database, share, config.seed, phrasing, words[name],
                    table_shares=config.table_shares if phrasing == "train" else config.validation_table_shares,
                    unanswerable_share=config.unanswerable_share if phrasing == "train" else config.validation_unanswerable_share,
                )  # fmt: skip
            finally:
                database.close()
            questions += _each_once(made)
            if len(made) < share:
                log.warning("%s: %d of %d %s questions could be made", name, len(made), share, phrasing)
            progress(done + place + 1, total)
        return questions

    train = asked((*TRAIN, *styled), config.train_questions, "train", len(names))
    validation = asked(VALIDATION, config.validation_questions, "validation", len(names) + len(TRAIN) + len(styled))
    test = [question for path in TEST_QUESTIONS.values() for question in load_questions(path)]
    train = _unlike_held_out(train, validation, test)
    if len(validation) < VALIDATION_MIN:
        raise ValueError(f"only {len(validation)} validation questions could be made: wanted {VALIDATION_MIN} or more")
    for name, questions in zip(SETS, (train, validation, test), strict=True):
        save_questions(directory / f"{name}.json", questions)


def _unlike_held_out(train: Sequence[Question], validation: Sequence[Question], test: Sequence[Question]) -> list[Question]:
    """Training questions without those that a held-out set asks in the same or nearly the same words ("How many products are there?")."""
    seen = {overlap.train for held_out in (validation, test) for overlap in check_contamination(train, held_out)}
    return [question for question in train if question.id not in seen]


def _each_once(questions: Sequence[Question]) -> list[Question]:
    """Without the questions that another one asks in the same words."""
    return list({" ".join(q.text.lower().split()): q for q in reversed(questions)}.values())[::-1]
