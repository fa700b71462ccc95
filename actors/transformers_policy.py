"""A policy on plain transformers, one turn at a time: for `ask` on a machine without vLLM, and a second opinion in tests.

It keeps the KV cache of the last sequence and computes only what follows the part it shares with the next prompt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, DynamicCache

from actors.policy import Sampling, Turn
from actors.steered_sampling import SteeredTurn, TokenPieces
from envs.records import WeightSpan
from envs.steering import steering_for


class TransformersPolicy:
    """Implements `Policy` with the weights of a model directory, version 0, until others are loaded."""

    def __init__(self, model_dir: str | Path, *, dtype: str = "bfloat16", device: str = "cpu") -> None:
        self._dtype, self._device = dtype, device
        self._one_at_a_time = asyncio.Lock()
        self._take(model_dir)
        self.version = 0

    async def load(self, model_dir: Path, version: int) -> None:
        """Take the weights of another model directory; turns asked for meanwhile wait."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self._take, model_dir)
            self.version = version

    async def set_version(self, version: int) -> None:
        """Name the weights in place."""
        self.version = version

    async def check(self) -> None:
        """It lives in this process, so it is there."""

    def close(self) -> None:
        """Let go of the weights; the policy is of no use afterwards."""
        del self._model

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
        room = self._room - len(prompt_ids)
        if room < 1:
            raise ValueError(f"the prompt has {len(prompt_ids)} tokens: the model's context is {self._room}")
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._generate, list(prompt_ids), sampling, min(sampling.max_tokens, room))

    async def logprobs(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """For each sequence the log-probability of every token after those before it; 0.0 for the first."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(lambda: [self._logprobs(list(ids)) for ids in sequences])

    def _take(self, model_dir: str | Path) -> None:
        self._model_dir = Path(model_dir)
        model: Any = AutoModelForCausalLM.from_pretrained(model_dir, dtype=getattr(torch, self._dtype)).to(self._device).eval()
        self._model = model
        self._room = int(model.config.max_position_embeddings)
        self._cache = DynamicCache(config=model.config)
        self._cached: list[int] = []  # the ids whose keys and values the cache holds

    @torch.inference_mode()
    def _generate(self, prompt: list[int], sampling: Sampling, tokens_max: int) -> Turn:
        random = torch.Generator().manual_seed(sampling.seed) if sampling.seed is not None else None
        stops = frozenset(sampling.stop_ids)
        steered = None
        if sampling.names is not None:
            steered = SteeredTurn(steering_for(sampling.names), TokenPieces.load(self._model_dir), stops, greedy=sampling.temperature == 0)
        ids: list[int] = []
        logprobs: list[float] = []
        while len(ids) < tokens_max and not (ids and ids[-1] in stops):
            logits = self._logits_after([*prompt, *ids])
            choice = logits if steered is None else steered.mask(logits.clone(), ids)
            if sampling.temperature == 0:
                token = int(choice.argmax())
            else:
                odds = torch.softmax(choice / sampling.temperature, dim=-1)
                token = int(torch.multinomial(odds, 1, generator=random))
            ids.append(token)
            logprobs.append(min(0.0, float(torch.log_softmax(logits, dim=-1)[token])))
        return Turn(tuple(ids), tuple(logprobs), (WeightSpan(0, len(ids), self.version),))

    def _logits_after(self, ids: list[int]) -> torch.Tensor:
        """[vocabulary] float32 on the CPU: what comes after ids, from the cache as far as it reaches."""
        shared = 0
        for old, new in zip(self._cached, ids[:-1], strict=False):  # the last id is always computed: its logits are wanted
            if old != new:
                break
            shared += 1
        if shared == 0:
            self._cache = DynamicCache(config=self._model.config)  # crop(0) would keep everything
        elif shared < len(self._cached):
            self._cache.crop(shared)
        fresh = torch.tensor([ids[shared:]], device=self._device)
        output = self._model(fresh, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._cached = ids
        logits: torch.Tensor = output.logits[0, -1].float().cpu()
        return logits

    @torch.inference_mode()
    def _logprobs(self, ids: list[int]) -> list[float]:
        tensor = torch.tensor([ids], device=self._device)
        logits = self._model(tensor, use_cache=False).logits[0, :-1].float()
        told = torch.log_softmax(logits, dim=-1).gather(1, tensor[0, 1:, None])[:, 0]
        return [0.0, *told.tolist()]
