"""Where a configuration's databases and questions are kept: in the cache, one folder for each size, seed and Spider directory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from cluster.base_model import cache_dir
from cluster.config import RunConfig
from cluster.errors import RefusedError
from envs.contamination import ContaminationError
from envs.dataset import Dataset, build_dataset, check_sources

OVERLAPS_SHOWN = 20


def data_of(config: RunConfig, progress: Callable[[int, int], None] | None = None) -> Dataset:
    """The data set of a configuration, from the cache or built now (about 25 s; progress counts its parts).

    Raises:
        RefusedError: training would see what is held out; says what.
    """
    try:
        return build_dataset(config.data, data_dir(config), progress)
    except ContaminationError as error:
        shown = [f"  {overlap}" for overlap in error.overlaps[:OVERLAPS_SHOWN]]
        more = len(error.overlaps) - len(shown)
        lines = [
            f"refused: {len(error.overlaps)} overlaps between question sets, so held-out scores would mean nothing",
            *shown,
            *([f"  and {more} more (`analyst-buddy data check --json` lists them)"] if more else []),
        ]
        raise RefusedError("\n".join(lines)) from error


def check_data_sources(config: RunConfig) -> None:
    """Whether what the data is built from is there, before anything is begun.

    Raises:
        ValueError: it is not; one line says what was wanted.
    """
    check_sources(config.data, data_dir(config))


def data_dir(config: RunConfig) -> Path:
    """The folder of a configuration's data, made or not."""
    data = config.data
    name = f"data-{data.train_questions}-{data.validation_questions}-{data.schema_styles}-{data.seed}"
    if data.spider:
        settings = (str(Path(data.spider).resolve()), data.spider_questions, data.spider_synthesized)
        held_out = (data.spider_validation_databases, data.spider_test_databases, data.spider_questions_min)
        name += f"-spider-{hashlib.sha256(repr((settings, held_out)).encode()).hexdigest()[:8]}"
    return cache_dir() / name
