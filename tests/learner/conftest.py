"""A tiny random Llama in fp32 and engines on it: real transformers, real DeepSpeed, small enough for exact comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TINY_VOCABULARY = 97


@pytest.fixture(scope="session")
def tiny_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers, four heads on two key heads, tied embeddings, with a tokenizer file beside the weights."""
    import torch
    from tokenizers import Tokenizer, models
    from transformers import LlamaConfig, LlamaForCausalLM

    path = tmp_path_factory.mktemp("tiny") / "model"
    config = LlamaConfig(
        vocab_size=TINY_VOCABULARY,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        initializer_range=0.2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        LlamaForCausalLM(config).save_pretrained(path)
    vocabulary = {f"w{i}": i for i in range(TINY_VOCABULARY)}
    Tokenizer(models.WordLevel(vocabulary, unk_token="w0")).save(str(path / "tokenizer.json"))
    return path


@pytest.fixture(scope="session")
def make_engine(tiny_model_dir: Path) -> Iterator[Callable[..., Any]]:
    """Makes an engine on the tiny model: fp32 on one rank, settings as asked for. They share one process group."""
    from learner.config import LearnerConfig
    from learner.engine import Engine

    def make(**settings: Any) -> Engine:
        return Engine(LearnerConfig(**{"precision": "fp32", "zero_stage": 0, "compile": False, "threads": 1, **settings}), tiny_model_dir)

    yield make
    import torch.distributed as dist

    if dist.is_initialized():
        dist.destroy_process_group()
