"""The fakes and the transformers policy keep the contract; the transformers policy agrees with a plain forward pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.policy import Sampling
from envs.dialogue import Codec
from envs.steering import Names
from tests.contracts import check_policy, check_steering, mean_difference
from tests.fakes import CONTEXT, RandomPolicy, ScriptedPolicy, save_tiny_model

torch = pytest.importorskip("torch")

NAMES = Names((("pets", ("name", "species")), ("owners", ("city",))))


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: str) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"), tiny_tokenizer)


async def test_the_scripted_policy_keeps_the_contract(tiny_codec: Codec) -> None:
    prompt = tiny_codec.prompt_ids("How many?", ["pets"])
    await check_policy(
        ScriptedPolicy(tiny_codec, lambda _text, _turn: "DESCRIBE pets", context=512), prompt, context=512, vocabulary=400, samples=False
    )


async def test_the_random_policy_keeps_the_contract() -> None:
    await check_policy(RandomPolicy(400), [5, 6, 7], context=256, vocabulary=400)


async def test_the_transformers_policy_keeps_the_contract(tiny_model: Path, tiny_codec: Codec) -> None:
    from actors.transformers_policy import TransformersPolicy

    await check_policy(TransformersPolicy(tiny_model, dtype="float32"), [5, 6, 7, 8], context=CONTEXT, vocabulary=448)


async def test_the_transformers_policy_is_steered_and_tells_the_models_own_logprobs(tiny_model: Path, tiny_codec: Codec) -> None:
    from actors.transformers_policy import TransformersPolicy

    policy = TransformersPolicy(tiny_model, dtype="float32")
    await check_steering(policy, tiny_codec, "How many?", NAMES)
    turn = await policy.generate([5, 6, 7], Sampling(10, tiny_codec.stop_ids, temperature=0.0, names=NAMES))
    (whole,) = await policy.logprobs([[5, 6, 7, *turn.ids]])
    assert turn.logprobs == pytest.approx(whole[3:], abs=1e-4)


async def test_logprobs_of_a_sampled_turn_equal_those_of_one_forward_pass(tiny_model: Path, tiny_codec: Codec) -> None:
    from actors.transformers_policy import TransformersPolicy

    policy = TransformersPolicy(tiny_model, dtype="float32")
    prompt = list(range(10, 40))
    first = await policy.generate(prompt, Sampling(max_tokens=20, stop_ids=(), seed=3))
    longer = [*prompt, *first.ids, 50, 51]
    second = await policy.generate(longer, Sampling(max_tokens=20, stop_ids=(), seed=4))  # goes on from the cache
    branch = await policy.generate(prompt[:20], Sampling(max_tokens=20, stop_ids=(), seed=5))  # drops most of the cache
    for start, turn in ((prompt, first), (longer, second), (prompt[:20], branch)):
        (whole,) = await policy.logprobs([[*start, *turn.ids]])
        assert mean_difference([whole[len(start) - 1 :]], [[0.0, *turn.logprobs]]) < 1e-4


async def test_logprobs_are_those_of_temperature_one_whatever_the_turn_was_sampled_at(tiny_model: Path, tiny_codec: Codec) -> None:
    from actors.transformers_policy import TransformersPolicy

    policy = TransformersPolicy(tiny_model, dtype="float32")
    turn = await policy.generate([9, 8, 7], Sampling(max_tokens=10, stop_ids=(), temperature=0.3, seed=1))
    (whole,) = await policy.logprobs([[9, 8, 7, *turn.ids]])
    assert turn.logprobs == pytest.approx(whole[3:], abs=1e-4)
