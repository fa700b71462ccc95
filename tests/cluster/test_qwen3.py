"""A random two-layer Qwen3 through template, demonstrations, SFT, export and rollout, with its thinking block the same everywhere.

Transfer and canary are shown on a vLLM engine by tests/actors/test_generator.py.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from actors.rollout import RolloutConfig, play_group
from envs.demonstrations import DemonstrationConfig, demonstrate
from envs.dialogue import Codec
from envs.records import Question, Verb
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig
from tests.fakes import ScriptedPolicy, save_tiny_model, thinking

OPENING = "<|im_start|>assistant\n<think>\n\n</think>\n\n"
HOW_MANY = Question("shop/1", "shop", "How many pets are there?", "SELECT count(*) FROM pets", ("pets",))
CATS = Question("shop/2", "shop", "How many cats are there?", "SELECT count(*) FROM pets WHERE species = 'cat'", ("pets",))
ROLLOUT = RolloutConfig(group_size=2, turn_tokens_max=24, episode_tokens_max=1000)


@pytest.fixture
def codec(tiny_tokenizer: str) -> Codec:
    return Codec(Tokenizer.from_str(thinking(tiny_tokenizer)))


async def test_every_turn_opens_with_the_templates_empty_block_in_demonstrations_and_rollouts_alike(codec: Codec, shop: Database) -> None:
    shown = demonstrate(shop, HOW_MANY, codec, EpisodeConfig(), DemonstrationConfig(), random.Random(0))
    text = codec.action_text(shown.sequence.ids)
    assert text.count(OPENING) == text.count("<|im_start|>assistant") >= 2
    actions = [turn.partition("<|im_end|>")[0] for turn in text.split(OPENING)[1:]]
    assert actions[-1] == "ANSWER RESULT"

    group = await play_group(ScriptedPolicy(codec, actions), codec, shop, HOW_MANY, 2, EpisodeConfig(), ROLLOUT, seed=0, temperature=1.0)
    for played in group.trajectories:
        assert played.ids == shown.sequence.ids[: len(played.ids)]
        assert played.outcome.correct
        sampled = [token for token, mask in zip(played.ids, played.mask, strict=True) if mask]
        assert "think" not in codec.action_text(sampled)  # the block is the template's, never trained on


async def test_thoughts_of_a_policy_are_kept_as_sampled_and_told_to_be_no_action(codec: Codec, shop: Database) -> None:
    turns = ["<think>I should count</think>", "QUERY SELECT count(*) FROM pets", "ANSWER RESULT"]
    group = await play_group(ScriptedPolicy(codec, turns), codec, shop, HOW_MANY, 2, EpisodeConfig(), ROLLOUT, seed=0, temperature=1.0)
    played = group.trajectories[0]
    assert [step.action.verb for step in played.steps] == [Verb.MALFORMED, Verb.QUERY, Verb.ANSWER]
    assert OPENING + "<think>I should count</think><|im_end|>" in codec.action_text(played.ids)
    assert played.outcome.correct


def test_a_tokenizer_without_thinking_has_no_block(tiny_codec: Codec) -> None:
    assert "think" not in tiny_codec.action_text(tiny_codec.prompt_ids("How many?", ["pets"]))


@pytest.mark.parametrize("attention", ["grouped", "sdpa"])
async def test_sft_export_and_a_rollout_of_the_trained_weights_agree_on_every_logprob(
    tmp_path: Path, tiny_tokenizer: str, shop: Database, attention: str
) -> None:
    import torch

    from actors.transformers_policy import TransformersPolicy
    from learner.batch import Example, pack, spread
    from learner.checkpoint import export
    from learner.config import LearnerConfig
    from learner.engine import Engine
    from learner.sft import sft_step

    base = save_tiny_model(tmp_path / "base", thinking(tiny_tokenizer), kind="qwen3")
    codec = Codec.load(base)
    engine = Engine(LearnerConfig(precision="fp32", zero_stage=0, compile=False, threads=1, attention=attention), base)
    lessons = [
        demonstrate(shop, question, codec, EpisodeConfig(), DemonstrationConfig(), random.Random(0)).sequence
        for question in (HOW_MANY, CATS)
    ]
    losses = [sft_step(engine, lessons, 3e-3)["sft/loss"] for _ in range(4)]
    assert losses[-1] < losses[0]

    export(engine, tmp_path / "policy", exact=True)
    assert json.loads((tmp_path / "policy" / "config.json").read_text())["architectures"] == ["Qwen3ForCausalLM"]
    policy = TransformersPolicy(tmp_path / "policy", dtype="float32")
    group = await play_group(policy, codec, shop, HOW_MANY, 2, EpisodeConfig(), ROLLOUT, seed=1, temperature=1.0)
    for played in group.trajectories:
        example = Example(played.ids, tuple(float(m) for m in played.mask))
        micro = pack([example], 4096, 1)
        (known,) = spread(engine.logprobs(micro), micro, [example])
        assert known.old_logprobs is not None
        told = [p for p, m in zip(played.logprobs, played.mask, strict=True) if m]
        own = [p for p, m in zip(known.old_logprobs, played.mask, strict=True) if m]
        torch.testing.assert_close(torch.tensor(told), torch.tensor(own), atol=1e-4, rtol=0)
