"""Where a configuration's databases and questions are kept: in the cache, one folder for each size and seed."""

from __future__ import annotations

from collections.abc import Callable

from cluster.base_model import cache_dir
from cluster.config import RunConfig
from envs.dataset import Dataset, build_dataset


def data_of(config: RunConfig, progress: Callable[[int, int], None] | None = None) -> Dataset:
    """The data set of a configuration, from the cache or built now (about 25 s; progress counts its parts)."""
    data = config.data
    return build_dataset(
        data, cache_dir() / f"data-{data.train_questions}-{data.validation_questions}-{data.schema_styles}-{data.seed}", progress
    )
