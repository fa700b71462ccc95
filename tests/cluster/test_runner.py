"""What a run keeps about its data."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.runner import RunConflictError, record_data
from envs.dataset import Dataset
from envs.run_store import RunStore


def dataset(spider: str) -> Dataset:
    return Dataset(Path("databases"), (), (), (), f"all of {spider}", {"spider": {"fingerprint": spider, "dropped": {"empty": 3}}})


def test_a_run_that_has_begun_goes_on_only_with_the_spider_it_was_begun_with(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    record_data(store, dataset("one"), begun=False)
    record_data(store, dataset("two"), begun=False)  # nothing was trained yet
    record_data(store, dataset("two"), begun=True)
    with pytest.raises(RunConflictError, match=r"data\.spider has changed"):
        record_data(store, dataset("one"), begun=True)
    assert [(event["fingerprint"], event["outside"]) for event in store.read_events()][-1] == ("all of two", {"spider": "two"})
