"""Hand-written stand-ins that pass the same contract as the real thing, and small real models made on the spot."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from actors.policy import Sampling, Turn
from envs.dialogue import Codec
from envs.records import Group, Outcome, Question, Stop, TrainingSequence, Trajectory, WeightSpan

CONTEXT = 1024  # tokens of the tiny model


class ScriptedPolicy:
    """Says given actions: a callable from (words of the dialogue so far, turn number) to the next action.

    A turn is exactly what a demonstration would write, so ids can be compared. Each token's logprob is -0.5.
    """

    def __init__(self, codec: Codec, say: Callable[[str, int], str] | Sequence[str], *, context: int = 4096, version: int = 0) -> None:
        self._codec, self._context, self._version = codec, context, version
        self._say = say if callable(say) else lambda _text, number: say[number]
        self.asked: list[Sampling] = []

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
        room = self._context - len(prompt_ids)
        if room < 1:
            raise ValueError(f"no room after {len(prompt_ids)} tokens: the context is {self._context}")
        self.asked.append(sampling)
        text = self._codec.action_text(prompt_ids)
        ids = self._codec.action_ids(self._say(text, text.count("<|im_start|>assistant") - 1))
        stop = next((i for i, token in enumerate(ids) if token in sampling.stop_ids), len(ids))
        ids = ids[: min(stop + 1, sampling.max_tokens, room)]
        return Turn(ids, (-0.5,) * len(ids), (WeightSpan(0, len(ids), self._version),))


class RandomPolicy:
    """Samples tokens evenly from a range, by the seed it is given."""

    def __init__(self, vocabulary: int, *, context: int = 256) -> None:
        self._vocabulary, self._context = vocabulary, context

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
        room = self._context - len(prompt_ids)
        if room < 1:
            raise ValueError(f"no room after {len(prompt_ids)} tokens: the context is {self._context}")
        rng = random.Random(0 if sampling.temperature == 0 else sampling.seed)
        ids: list[int] = []
        while len(ids) < min(sampling.max_tokens, room) and not (ids and ids[-1] in sampling.stop_ids):
            ids.append(rng.randrange(self._vocabulary))
        return Turn(tuple(ids), (-5.0,) * len(ids), (WeightSpan(0, len(ids), 0),))


def thinking(tokenizer_json: str) -> str:
    """The same tokenizer with <think> and </think>, which are added and not special, as Qwen3's are."""
    from tokenizers import AddedToken, Tokenizer

    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in ("<think>", "</think>")])
    return str(tokenizer.to_str())


def save_tiny_model(directory: Path, tokenizer_json: str, *, kind: str = "llama", seed: int = 0, sharpness: float = 4.0) -> Path:
    """A random two-layer Llama or Qwen3 ("qwen3") with tied embeddings as a Hugging Face directory; vLLM and transformers both load it.

    `sharpness` scales the embeddings so that some tokens are far likelier than others, as in a trained model.
    """
    import torch
    from tokenizers import Tokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    size = Tokenizer.from_str(tokenizer_json).get_vocab_size()
    make_config, make_model = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen3": (Qwen3Config, Qwen3ForCausalLM)}[kind]
    config = make_config(
        vocab_size=size + -size % 64,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=64,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        initializer_range=0.05,
        dtype="float32",
    )
    model: Any = make_model(config)
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(sharpness)
        model.model.norm.weight.copy_(torch.randint(0, 2, (128,)) * 2 - 1)  # else tied embeddings repeat the last token for ever
    model.save_pretrained(directory)
    (directory / "tokenizer.json").write_text(tokenizer_json)
    return directory


class LocalHandle:
    """A handle of Ray, or Ray Serve, to an object in this process: `handle.method.remote(...)` can be awaited and cancelled."""

    def __init__(self, served: Any) -> None:
        self._served = served

    def __getattr__(self, name: str) -> Any:
        return _LocalMethod(getattr(self._served, name))


class _LocalMethod:
    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method

    def remote(self, *arguments: Any, **named: Any) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(self._method(*arguments, **named))


def training_batches(count: int, sequences: int) -> list[list[TrainingSequence]]:
    """Batches of sequences of 20 tokens that count upwards, all but the first trained."""
    return [
        [TrainingSequence(tuple((7 * k + step + i) % 90 + 1 for i in range(20)), (0.0, *[1.0] * 19)) for k in range(sequences)]
        for step in range(count)
    ]


def endless_draws() -> Iterator[tuple[int, Question]]:
    """Questions with their places in an order, without end."""
    return ((place, Question(f"q{place}", "d", "?", "")) for place in itertools.count())


def bare_group(question: Question, versions: Sequence[int], *, flat: bool = False) -> Group:
    """A group that nobody played: a member of one token for each weight version, every other one right, or none where it is to be flat."""

    def member(place: int, version: int) -> Trajectory:
        reward = 0.0 if flat else float(place % 2)
        span = (WeightSpan(0, 1, version),)
        return Trajectory(
            question.id, "d", place, (1,), (1,), (0.0,), span, (), Stop.ANSWERED, Outcome(reward > 0, None, "", ""), reward, 0.0
        )

    return Group(question, tuple(member(place, version) for place, version in enumerate(versions)))
