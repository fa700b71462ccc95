"""The data of a run: business databases, questions to train on, to choose by (validation) and to report on (test).

    DIR/ databases/<db_id>/<db_id>.sqlite  train.json  validation.json  test.json  manifest.json

Made once from the config and the sources under envs/, the same bytes each time; a second call with the same settings reads what is
there. The three question sets use different businesses and different phrasings, and a check refuses any overlap between them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import logging
import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs.businesses import TEST, TEST_QUESTIONS, TRAIN, VALIDATION, build_database, wording
from envs.contamination import check_contamination, refuse_contamination
from envs.demonstrations import DemonstrationConfig
from envs.lessons import LessonConfig
from envs.phrasing import Phrasing
from envs.questions import load_questions, save_questions
from envs.records import Question
from envs.restyle import Wording, restyle
from envs.run_store import MANIFEST, written_aside
from envs.sandbox import Database
from envs.schema import Schema
from envs.synthesis import synthesize

log = logging.getLogger(__name__)

VALIDATION_MIN = 200  # fewer cannot tell two policies apart: the 95 % interval is wider than +-7 points
_SETS = ("train", "validation", "test")
_SOURCES = Path(__file__).parent

Progress = Callable[[int, int], None]  # (parts done, parts in all)


@dataclass(frozen=True)
class DataConfig:
    """What is asked and what is shown: the [data] section."""

    seed: int = 0
    train_questions: int = 2400  # over all training businesses, an equal share each
    validation_questions: int = 220
    schema_styles: int = 6  # databases made of each training business, each with other names for its tables and columns
    recovery_share: float = 0.2  # see DemonstrationConfig; these do not change what is built
    wander_share: float = 0.2
    sample_share: float = 0.1
    sample_unseen_share: float = 1.0
    value_answer_share: float = 0.3
    many_tables_share: float = 1.0  # see LessonConfig; nor do these
    follow_up_share: float = 0.0
    follow_ups: int = 3
    whole_share: float = 1.0
    explore_share: float = 0.0

    def __post_init__(self) -> None:
        if self.train_questions < len(TRAIN):
            raise ValueError(f"data.train_questions is {self.train_questions}: wanted {len(TRAIN)} or more, one for each business")
        if self.validation_questions < VALIDATION_MIN:
            raise ValueError(
                f"data.validation_questions is {self.validation_questions}: wanted {VALIDATION_MIN} or more, or early stopping "
                "follows chance; to score fewer of them, limit the evaluation instead"
            )
        if self.schema_styles < 1:
            raise ValueError(f"data.schema_styles is {self.schema_styles}: 1 keeps the names of the specs, 6 is usual")
        _ = self.demonstrations, self.lessons  # which check the shares

    @property
    def demonstrations(self) -> DemonstrationConfig:
        return DemonstrationConfig(**self._of(DemonstrationConfig))

    @property
    def lessons(self) -> LessonConfig:
        return LessonConfig(**self._of(LessonConfig))

    def _of(self, section: Any) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(section)}


@dataclass(frozen=True)
class Dataset:
    """What build_dataset made."""

    databases_dir: Path  # holds <db_id>/<db_id>.sqlite, as Spider does
    train: tuple[Question, ...]
    validation: tuple[Question, ...]
    test: tuple[Question, ...]
    fingerprint: str  # equal for equal settings and sources

    def database_path(self, db_id: str) -> Path:
        return database_path(self.databases_dir, db_id)


def database_path(databases_dir: Path, db_id: str) -> Path:
    """Where a database lies in Spider's layout."""
    return databases_dir / db_id / f"{db_id}.sqlite"


def build_dataset(config: DataConfig, directory: Path | str, progress: Progress | None = None) -> Dataset:
    """The dataset of this config at this directory, built when it is not there whole.

    Args:
        directory: DIR/, replaced as a whole when its settings or sources changed.
        progress: called with (parts done, parts in all), first with 0.

    Raises:
        ValueError: the directory holds something else, the question sets overlap, or too few questions could be made.
        DiskFullError: no room.
    """
    directory = Path(directory)
    fingerprint = _fingerprint(config)
    if _is_whole(directory, fingerprint):
        return _read(directory, fingerprint)
    _refuse_to_replace_anything_else(directory)
    with written_aside(directory) as aside:
        _build(config, aside, progress or (lambda _done, _total: None))
        files = {str(path.relative_to(aside)): path.stat().st_size for path in sorted(aside.rglob("*")) if path.is_file()}
        manifest = {"fingerprint": fingerprint, "config": dataclasses.asdict(config), "files": files}
        (aside / MANIFEST).write_text(json.dumps(manifest, indent=2), "utf-8")
    return _read(directory, fingerprint)


def _build(config: DataConfig, directory: Path, progress: Progress) -> None:
    styled = tuple(f"{name}_{style}" for style in range(1, config.schema_styles) for name in TRAIN)
    names = (*TRAIN, *styled, *VALIDATION, *TEST)
    total = 2 * len(names) - len(TEST)
    words: dict[str, Wording] = {}
    progress(0, total)
    for done, name in enumerate(names, start=1):
        business = name.rpartition("_")[0] if name in styled else name
        path = database_path(directory / "databases", name)
        build_database(business, path, config.seed)
        words[name] = wording(business)
        if name in styled:
            words[name] = restyle(path, words[name], random.Random(f"{config.seed}/{name}"))
        progress(done, total)

    def asked(databases: Sequence[str], count: int, phrasing: Phrasing, done: int) -> list[Question]:
        questions: list[Question] = []
        for place, name in enumerate(databases):
            share = count * (place + 1) // len(databases) - count * place // len(databases)
            database = Database.open(database_path(directory / "databases", name))
            try:
                made = synthesize(database, share, config.seed, phrasing, words[name])
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
    refuse_contamination(train, validation, test, _schemas(directory / "databases", names))
    for name, questions in zip(_SETS, (train, validation, test), strict=True):
        save_questions(directory / f"{name}.json", questions)


def _unlike_held_out(train: Sequence[Question], validation: Sequence[Question], test: Sequence[Question]) -> list[Question]:
    """Training questions without those that a held-out set asks in the same or nearly the same words ("How many products are there?")."""
    seen = {overlap.train for held_out in (validation, test) for overlap in check_contamination(train, held_out)}
    return [question for question in train if question.id not in seen]


def _schemas(databases_dir: Path, names: Sequence[str]) -> dict[str, Schema]:
    schemas = {}
    for name in names:
        database = Database.open(database_path(databases_dir, name))
        schemas[name] = database.schema
        database.close()
    return schemas


def _each_once(questions: Sequence[Question]) -> list[Question]:
    """Without the questions that another one asks in the same words."""
    return list({" ".join(q.text.lower().split()): q for q in reversed(questions)}.values())[::-1]


def _read(directory: Path, fingerprint: str) -> Dataset:
    train, validation, test = (tuple(load_questions(directory / f"{name}.json")) for name in _SETS)
    return Dataset(directory / "databases", train, validation, test, fingerprint)


def _is_whole(directory: Path, fingerprint: str) -> bool:
    try:
        manifest: dict[str, Any] = json.loads((directory / MANIFEST).read_text("utf-8"))
        sizes = {name: (directory / name).stat().st_size for name in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(manifest.get("fingerprint") == fingerprint and sizes == manifest["files"])


def _refuse_to_replace_anything_else(directory: Path) -> None:
    if not directory.exists():
        return
    ours = {"databases", MANIFEST, *(f"{name}.json" for name in _SETS)}
    others = sorted(path.name for path in directory.iterdir() if path.name not in ours) if directory.is_dir() else [directory.name]
    if others:
        raise ValueError(f"{directory} holds {others[0]!r}, which is no part of a dataset: name an empty directory for it")


def _fingerprint(config: DataConfig) -> str:
    """Of all that decides the bytes: seed, counts, the sources that make them, and the libraries that draw and store them."""
    parts = [f"{name}={getattr(config, name)}" for name in ("seed", "train_questions", "validation_questions", "schema_styles")]
    parts += [f"faker {importlib.metadata.version('faker')}", f"sqlite {sqlite3.sqlite_version}"]
    for path in sorted([*_SOURCES.rglob("*.py"), *_SOURCES.rglob("*.json")]):
        parts.append(f"{path.relative_to(_SOURCES)} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
