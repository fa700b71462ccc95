"""One vLLM engine behind Ray, on a tiny random model: the policy contract, groups played, weights pushed, failures noticed.

All tests share the engine, in this order of risk: the last ones break it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from actors.engine_memory import shared_by_children
from actors.generator_actor import GeneratorActor, GeneratorConfig, GeneratorDiedError
from actors.policy import Sampling, Turn
from actors.rollout import RolloutConfig
from actors.rollout_actor import RemotePolicy, RolloutActor
from envs.dialogue import Codec
from envs.groups import table_to_groups
from envs.records import Question
from envs.sql_env import EpisodeConfig
from envs.steering import Names
from tests.contracts import check_policy, check_steering, mean_difference
from tests.fakes import CONTEXT, save_tiny_model

if find_spec("vllm") is None:  # its import takes seconds, and only the engine's process needs it
    pytest.skip("vLLM is not installed: run `make setup`", allow_module_level=True)
ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.ray, pytest.mark.vllm]

CANARY = [list(range(5, 45)), list(range(200, 260)), [7, 7, 7, 300, 301, 302] * 5]
LONG = CONTEXT - 1  # tokens of a turn that is still in flight when something happens to it
BOUND = 1e-3  # float32 on both sides: measured 1e-6


@dataclass
class Served:
    handle: Any
    model_dir: Path
    model: Any  # the learner's copy of the weights
    broadcaster: Any
    version: int = 0

    def push(self, weights: Any = None) -> Any:
        self.version += 1
        return self.broadcaster.push(weights or self.model.named_parameters(), [self.handle], self.version)

    def expected(self) -> list[list[float]]:
        import torch

        found = []
        with torch.inference_mode():
            for ids in CANARY:
                tensor = torch.tensor([ids])
                told = torch.log_softmax(self.model(tensor).logits[0, :-1], dim=-1).gather(1, tensor[0, 1:, None])[:, 0]
                found.append([0.0, *told.tolist()])
        return found

    def canary(self) -> float:
        return mean_difference(ray.get(self.handle.logprobs.remote(CANARY)), self.expected())

    def change(self, seed: int) -> None:
        import torch

        torch.manual_seed(seed)
        with torch.no_grad():
            for weight in self.model.parameters():
                weight.add_(torch.randn_like(weight) * weight.std().nan_to_num(0.1) * 0.3)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: str) -> Iterator[Served]:
    from transformers import AutoModelForCausalLM

    from learner.broadcast import Broadcaster

    model_dir = save_tiny_model(tmp_path_factory.mktemp("model"), tiny_tokenizer)
    config = GeneratorConfig(
        dtype="float32", max_model_len=CONTEXT, max_num_seqs=16, max_num_batched_tokens=CONTEXT, kv_cache_gb=0.1, steered=True
    )
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        actor = ray.remote(GeneratorActor).options(max_concurrency=64, num_cpus=0.1, max_restarts=1)
        handle = actor.remote(model_dir, config)
        assert ray.get(handle.ready.remote(), timeout=300) == 0
        yield Served(handle, model_dir, AutoModelForCausalLM.from_pretrained(model_dir).eval(), Broadcaster("shm"))
    finally:
        ray.shutdown()


async def test_a_vllm_generator_keeps_the_policy_contract(served: Served) -> None:
    await check_policy(RemotePolicy(served.handle), [5, 6, 7, 8], context=CONTEXT, vocabulary=448)


async def test_a_vllm_generator_is_steered_and_tells_the_models_own_logprobs(served: Served, tiny_codec: Codec) -> None:
    policy = RemotePolicy(served.handle)
    names = Names((("pets", ("name", "species")), ("owners", ("city",))))
    await check_steering(policy, tiny_codec, "How many?", names)
    turn = await policy.generate([5, 6, 7], Sampling(10, tiny_codec.stop_ids, temperature=0.0, names=names))
    (whole,) = await served.handle.logprobs.remote([[5, 6, 7, *turn.ids]])
    assert turn.logprobs == pytest.approx(whole[3:], abs=1e-3)


async def test_many_seeded_turns_with_long_prompts_are_sampled_at_once(served: Served) -> None:
    policy = RemotePolicy(served.handle)
    prompts = [[5 + i, *range(100, 300)] for i in range(16)]  # together more than one forward pass takes
    turns = await asyncio.gather(*(policy.generate(p, Sampling(20, (), seed=i)) for i, p in enumerate(prompts)))
    assert [len(turn.ids) for turn in turns] == [20] * 16


def test_generator_and_learner_agree_on_the_weights_of_the_model_directory(served: Served) -> None:
    assert served.canary() < BOUND


async def test_logprobs_of_sampled_turns_are_those_the_learner_computes(served: Served) -> None:
    import torch

    prompt = list(range(50, 90))
    turn = await RemotePolicy(served.handle).generate(prompt, Sampling(30, (), temperature=0.7, seed=1))
    ids = torch.tensor([[*prompt, *turn.ids]])
    with torch.inference_mode():
        told = torch.log_softmax(served.model(ids).logits[0, :-1], dim=-1).gather(1, ids[0, 1:, None])[:, 0]
    assert mean_difference([[0.0, *turn.logprobs]], [[0.0, *told[len(prompt) - 1 :].tolist()]]) < BOUND


async def test_pushed_weights_change_what_is_sampled_and_every_one_of_them_arrives(served: Served) -> None:
    policy, sampling = RemotePolicy(served.handle), Sampling(24, (), temperature=0.0)
    before = await policy.generate([5, 6, 7], sampling)
    for seed in (1, 2):
        served.change(seed)
        assert served.canary() > 100 * BOUND, "the learner has moved on: the canary must see it"
        metrics = await asyncio.to_thread(served.push)
        assert served.canary() < BOUND
        assert 0 < metrics["broadcast/gap_s"] <= metrics["broadcast/push_s"]
    after = await policy.generate([5, 6, 7], sampling)
    assert after.ids != before.ids
    assert {span.version for span in after.spans} == {served.version}


@pytest.mark.parametrize("name", ["model.embed_tokens.weight", "model.norm.weight", "model.layers.1.mlp.down_proj.weight"])
def test_a_single_changed_weight_arrives(served: Served, name: str) -> None:
    import torch

    with torch.no_grad():
        weight = served.model.get_parameter(name)
        weight.add_(torch.randn_like(weight) * 0.2)
    assert served.canary() > 2 * BOUND
    served.push()
    assert served.canary() < BOUND


async def test_a_turn_in_flight_goes_on_with_the_new_weights_and_says_which_token_is_whose(served: Served) -> None:
    policy, crossed = RemotePolicy(served.handle), list[Turn]()
    for head_start_s in (0.15, 0.05, 0.5, 2.0):  # until one push met turns in flight: machines differ
        old = served.version
        flying = [asyncio.create_task(policy.generate([5 + i], Sampling(250, (), seed=i))) for i in range(8)]
        await asyncio.sleep(head_start_s)
        served.change(7)
        await asyncio.to_thread(served.push)
        turns = await asyncio.gather(*flying)
        assert all(len(turn.ids) == 250 for turn in turns)
        crossed = [turn for turn in turns if len(turn.spans) == 2]
        if crossed:
            break
    assert crossed, "no turn was in flight during a push"
    assert all([span.version for span in turn.spans] == [old, served.version] for turn in crossed)


def test_wrong_weights_in_a_push_are_seen_by_the_canary(served: Served) -> None:
    import torch

    wrong = {name: weight.detach().clone() for name, weight in served.model.named_parameters()}
    wrong["model.layers.0.self_attn.v_proj.weight"] = torch.randn_like(wrong["model.layers.0.self_attn.v_proj.weight"])
    served.push(wrong.items())
    assert served.canary() > 10 * BOUND
    served.push()
    assert served.canary() < BOUND


async def test_a_rollout_actor_plays_groups_and_hands_them_over_as_arrow(served: Served, shop_db: Path) -> None:
    question = Question("shop/1", "shop", "How many pets are there?", "SELECT count(*) FROM pets", ("pets",))
    rollout = RolloutConfig(turn_tokens_max=16, episode_tokens_max=CONTEXT)
    actor = ray.remote(RolloutActor).options(max_concurrency=16, num_cpus=0.1)
    player = actor.remote(shop_db.parent.parent, served.model_dir, [served.handle], EpisodeConfig(), rollout)
    first, again = [await player.play.remote(question, 3, seed=1, temperature=1.0) for _ in range(2)]
    (group,), (repeated,) = table_to_groups(first), table_to_groups(again)
    assert group.question == question
    assert [t.member for t in group.trajectories] == [0, 1, 2]
    assert len({t.ids for t in group.trajectories}) > 1, "members sample for themselves"
    assert group.oldest_version == served.version
    codec = Codec(Tokenizer.from_file(str(served.model_dir / "tokenizer.json")))
    prompt = codec.prompt_ids(question.text, ["owners", "pets", "Products", "sales"])
    assert all(t.ids[: len(prompt)] == prompt for t in group.trajectories)
    assert [t.ids[: len(prompt) + 8] for t in repeated.trajectories] == [t.ids[: len(prompt) + 8] for t in group.trajectories]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        await player.play.remote(Question("q", "nowhere", "?", "SELECT 1"), 2, seed=1, temperature=1.0)


async def test_a_push_that_lacks_a_weight_is_refused_and_nothing_is_sampled_until_a_whole_one_came(served: Served) -> None:
    from learner.errors import PushError

    policy = RemotePolicy(served.handle)
    flying = asyncio.create_task(policy.generate([5], Sampling(LONG, (), seed=1)))
    await asyncio.sleep(0.1)
    lacking = [(n, w) for n, w in served.model.named_parameters() if n != "model.layers.1.self_attn.q_proj.weight"]
    with pytest.raises(PushError, match=r"q_proj\.weight: sent None, wanted \(128, 128\)"):
        await asyncio.to_thread(served.push, lacking)
    for turn in (flying, policy.generate([5], Sampling(4, (), seed=1))):
        with pytest.raises(GeneratorDiedError, match="push again"):
            await asyncio.wait_for(turn, timeout=120)
    await asyncio.to_thread(served.push)
    assert served.canary() < BOUND
    assert len((await policy.generate([5], Sampling(4, (), seed=1))).ids) == 4


async def test_the_shared_memory_of_an_engine_ends_with_its_processes(served: Served) -> None:
    shared = ray.get(served.handle.__ray_call__.remote(lambda _actor: shared_by_children()))
    assert shared
    assert not [path for path in shared if path.exists()]


async def test_a_dead_engine_is_an_error_and_never_a_turn(served: Served) -> None:
    engine = engine_of(served)
    policy = RemotePolicy(served.handle)
    flying = asyncio.create_task(policy.generate([5], Sampling(LONG, (), seed=1)))
    await asyncio.sleep(0.05)
    engine.kill()
    for turn in (flying, policy.generate([5], Sampling(4, (), seed=1))):
        with pytest.raises(GeneratorDiedError, match="start the generator again"):
            await asyncio.wait_for(turn, timeout=120)


def engine_of(served: Served) -> Any:
    """The engine's process: the one that started another itself. Not by its title, which now and then does not take."""
    import psutil

    actor = psutil.Process(ray.get(served.handle.__ray_call__.remote(lambda _actor: os.getpid())))
    (engine,) = [process for process in actor.children() if process.children()]
    return engine
