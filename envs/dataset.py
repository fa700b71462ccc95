"""The data of a run: business databases, questions to train on, to choose by (validation) and to report on (test).

    DIR/ databases/<db_id>/<db_id>.sqlite  train.json  validation.json  test.json  manifest.json

Made once from the config and the sources under envs/, the same bytes each time; a second call with the same settings reads what is
there. Whatever is there, made now or earlier, is refused when training would see anything that is held out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs.businesses import TRAIN
from envs.checkpoints import MANIFEST
from envs.contamination import refuse_contamination
from envs.demonstrations import DemonstrationConfig
from envs.lessons import LessonConfig
from envs.question_sets import SETS, VALIDATION_MIN, Progress, database_path, make_sets, schemas_of
from envs.questions import load_questions
from envs.records import Question
from envs.spider import spider_fingerprint
from envs.synthesis import TABLE_SHARES, check_shares
from envs.whole_files import written_aside

log = logging.getLogger(__name__)

_SOURCES = Path(__file__).parent
_BUILT_FROM_SPIDER = (
    "spider_questions", "spider_synthesized", "spider_validation_databases", "spider_test_databases", "spider_questions_min",
)  # fmt: skip
_BUILT_FROM = (
    "seed", "train_questions", "validation_questions", "table_shares", "validation_table_shares", "unanswerable_share",
    "validation_unanswerable_share", "follow_up_share", "schema_styles", "borrow_share",
)  # fmt: skip


@dataclass(frozen=True)
class DataConfig:
    """What is asked and what is shown: the [data] section."""

    seed: int = 0
    train_questions: int = 2400  # over all training businesses, an equal share each
    validation_questions: int = 220
    table_shares: tuple[float, float, float] = TABLE_SHARES  # of training questions over one table, two, three or more
    validation_table_shares: tuple[float, float, float] = TABLE_SHARES
    unanswerable_share: float = 0.05  # of training questions: the data has no such thing, and the answer is UNKNOWN
    validation_unanswerable_share: float = 0.0
    follow_up_share: float = 0.0  # follow-ups of training questions ("and the month before?"), as a share of those and beside them
    schema_styles: int = 6  # databases made of each training business, each with other names for its tables and columns
    borrow_share: float = 0.0  # of their number columns: called like other businesses' ones (envs/borrowed_words.py)
    spider: str = ""  # a directory in Spider's layout, whose questions and databases join all three sets; "" for none
    spider_questions: int = 0  # of its training questions, so many (0: all)
    spider_synthesized: int = 0  # further questions, synthesised over its training databases
    spider_validation_databases: int = 20
    spider_test_databases: int = 20
    spider_questions_min: int = 300  # in validation, and in test
    recovery_share: float = 0.2  # see DemonstrationConfig; these do not change what is built
    wander_share: float = 0.2
    sample_share: float = 0.1
    sample_unseen_share: float = 1.0
    value_answer_share: float = 0.3
    many_tables_share: float = 1.0  # see LessonConfig; nor do these
    session_share: float = 0.0
    session_questions: int = 4
    session_tokens: int = 700
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
        check_shares(self.table_shares, self.unanswerable_share)
        check_shares(self.validation_table_shares, self.validation_unanswerable_share)
        for name in ("follow_up_share", "borrow_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"data.{name} is {getattr(self, name)}: wanted a share from 0 to 1")
        if min(self.spider_validation_databases, self.spider_test_databases) < 1:
            raise ValueError("data.spider_validation_databases and data.spider_test_databases must be 1 or more, 20 is usual")
        if min(self.spider_questions, self.spider_synthesized, self.spider_questions_min) < 0:
            raise ValueError("data.spider_questions, data.spider_synthesized and data.spider_questions_min may not be negative")
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
    sources: Mapping[str, Any]  # "spider": its fingerprint, what was left out by reason, its databases by side; empty without it

    def database_path(self, db_id: str) -> Path:
        return database_path(self.databases_dir, db_id)


def build_dataset(config: DataConfig, directory: Path | str, progress: Progress | None = None) -> Dataset:
    """The dataset of this config at this directory, built when it is not there whole.

    Args:
        directory: DIR/, replaced as a whole when its settings or sources changed.
        progress: called with (parts done, parts in all), first with 0.

    Raises:
        ContaminationError: the question sets overlap; nothing is left behind.
        ValueError: the directory holds something else, too few questions could be made, or data.spider cannot be used.
        DiskFullError: no room.
    """
    directory = Path(directory)
    spider = _spider_fingerprint(config, directory)
    fingerprint = _fingerprint(config, spider)
    if _is_whole(directory, fingerprint):
        return _read(directory, fingerprint)
    _refuse_to_replace_anything_else(directory)
    with written_aside(directory) as aside:
        sources = make_sets(config, aside, progress or (lambda _done, _total: None))
        if spider:
            sources["spider"]["fingerprint"] = spider
        files = {str(path.relative_to(aside)): path.stat().st_size for path in sorted(aside.rglob("*")) if path.is_file()}
        manifest = {"fingerprint": fingerprint, "config": dataclasses.asdict(config), "sources": sources, "files": files}
        (aside / MANIFEST).write_text(json.dumps(manifest, indent=2), "utf-8")
        _read(aside, fingerprint)  # which refuses an overlap
    return _read(directory, fingerprint)


def check_sources(config: DataConfig, directory: Path) -> None:
    """Whether what the dataset is built from is there, or the dataset built already.

    Raises:
        ValueError: it is not; one line says what was wanted.
    """
    _spider_fingerprint(config, directory)


def _read(directory: Path, fingerprint: str) -> Dataset:
    train, validation, test = (tuple(load_questions(directory / f"{name}.json")) for name in SETS)
    databases_dir = directory / "databases"
    refuse_contamination(train, validation, test, schemas_of(databases_dir, {q.db_id for q in (*train, *validation, *test)}))
    return Dataset(databases_dir, train, validation, test, fingerprint, _manifest(directory).get("sources", {}))


def _manifest(directory: Path) -> dict[str, Any]:
    """What is known of the dataset that is there; nothing where there is none."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _is_whole(directory: Path, fingerprint: str) -> bool:
    try:
        manifest = _manifest(directory)
        sizes = {name: (directory / name).stat().st_size for name in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(manifest.get("fingerprint") == fingerprint and sizes == manifest["files"])


def _refuse_to_replace_anything_else(directory: Path) -> None:
    if not directory.exists():
        return
    ours = {"databases", MANIFEST, *(f"{name}.json" for name in SETS)}
    others = sorted(path.name for path in directory.iterdir() if path.name not in ours) if directory.is_dir() else [directory.name]
    if others:
        raise ValueError(f"{directory} holds {others[0]!r}, which is no part of a dataset: name an empty directory for it")


def _spider_fingerprint(config: DataConfig, directory: Path) -> str:
    """Of the directory in Spider's layout; of the one the dataset was built from when that has gone."""
    if not config.spider:
        if config.spider_synthesized:
            raise ValueError(
                f"data.spider_synthesized asks for {config.spider_synthesized} questions over Spider's databases, but none are named: "
                "give their directory with --spider DIR or --set data.spider=DIR"
            )
        return ""
    if not Path(config.spider).exists():
        recorded = str(_manifest(directory).get("sources", {}).get("spider", {}).get("fingerprint", ""))
        if _is_whole(directory, _fingerprint(config, recorded)):
            log.warning("%s has gone: going on with what was built from it (%s)", config.spider, recorded)
            return recorded
    return spider_fingerprint(Path(config.spider))


def _fingerprint(config: DataConfig, spider: str) -> str:
    """Of all that decides the bytes: seed, counts, the sources that make them, and the libraries that draw and store them."""
    parts = [f"{name}={getattr(config, name)}" for name in _BUILT_FROM]
    if spider:
        parts += [f"spider {spider}", *(f"{name}={getattr(config, name)}" for name in _BUILT_FROM_SPIDER)]
    parts += [f"faker {importlib.metadata.version('faker')}", f"sqlite {sqlite3.sqlite_version}"]
    for path in sorted([*_SOURCES.rglob("*.py"), *_SOURCES.rglob("*.json")]):
        parts.append(f"{path.relative_to(_SOURCES)} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
