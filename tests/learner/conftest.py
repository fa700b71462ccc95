"""Engines on the tiny random Llama: real transformers, real DeepSpeed, small enough for exact comparisons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def make_engine(tiny_model_dir: Path) -> Callable[..., Any]:
    """Makes an engine on the tiny model: fp32 on one rank, settings as asked for. They share one process group."""
    from learner.config import LearnerConfig
    from learner.engine import Engine

    def make(**settings: Any) -> Engine:
        return Engine(LearnerConfig(**{"precision": "fp32", "zero_stage": 0, "compile": False, "threads": 1, **settings}), tiny_model_dir)

    return make
