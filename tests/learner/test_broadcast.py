"""The learner's half of the weight transfer, without an engine: what is sent, in which order, and that nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from learner.broadcast import PREFIX, Broadcaster, _memory, send_through_shm


class RecordingGenerators:
    """Takes an update like a generator would and remembers it."""

    def __init__(self, fail_at: str = "") -> None:
        self.calls: list[str] = []
        self.received: dict[str, torch.Tensor] = {}
        self.path = Path()
        self._fail_at = fail_at

    def init_weight_transfer_engine(self, init_info: dict[str, Any]) -> None:
        self._call("init")

    def start_weight_update(self) -> None:
        self._call("start")

    def update_weights(self, update_info: dict[str, Any] | list[dict[str, Any]]) -> None:
        assert isinstance(update_info, dict)
        self.path = Path(update_info["path"])
        self.received = load_file(self.path)
        self._call("update")

    def finish_weight_update(self, weight_version: str | None = None) -> None:
        self._call("finish")

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name == self._fail_at:
            raise ConnectionError("the generator has died")


def mine() -> list[Path]:
    return list(_memory().glob(f"{PREFIX}{os.getpid()}-*"))


def test_weights_arrive_whole_and_the_shared_memory_is_freed() -> None:
    weights = {"a.weight": torch.randn(3, 4, dtype=torch.bfloat16), "b.weight": torch.arange(6.0).reshape(2, 3).t()}
    generators = RecordingGenerators()
    send_through_shm(weights, generators)
    assert generators.calls == ["start", "update", "finish"]
    assert generators.received.keys() == weights.keys()
    assert all(torch.equal(generators.received[name], tensor) for name, tensor in weights.items())
    assert not generators.path.exists()


def test_tied_weights_are_sent_once() -> None:
    embedding = torch.nn.Parameter(torch.randn(4, 2))
    generators = RecordingGenerators()
    send_through_shm({"model.embed_tokens.weight": embedding, "lm_head.weight": embedding}, generators)
    assert list(generators.received) == ["model.embed_tokens.weight"]


@pytest.mark.parametrize("fail_at", ["start", "update", "finish"])
def test_shared_memory_is_freed_when_a_generator_dies(fail_at: str) -> None:
    with pytest.raises(ConnectionError):
        send_through_shm({"a": torch.zeros(2)}, RecordingGenerators(fail_at))
    assert mine() == []


def test_what_a_killed_learner_left_in_shared_memory_is_removed_by_the_next_push() -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    left = _memory() / f"{PREFIX}{killed.pid}-1.safetensors"
    left.write_bytes(b"weights")
    send_through_shm({"a": torch.zeros(2)}, RecordingGenerators())
    assert not left.exists()


def test_an_unknown_transport_is_refused() -> None:
    with pytest.raises(ValueError, match="'shm' \\(CPU\\)"):
        Broadcaster("carrier-pigeon")
