"""Episodes and groups played with a policy that says what it is told, on a real database."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from actors.policy import Sampling, Turn
from actors.rollout import RolloutConfig, play_episode, play_group, turn_seed
from envs.demonstrations import DemonstrationConfig, demonstrate
from envs.dialogue import Codec
from envs.records import Question, Step, Stop, Trajectory
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig
from envs.steering import Names
from tests.fakes import RandomPolicy, ScriptedPolicy

COUNT = Question("shop/1", "shop", "How many pets are there?", "SELECT count(*) FROM pets", ("pets",))
RIGHT = ["DESCRIBE pets", "QUERY SELECT count(*) FROM pets", "ANSWER RESULT"]
WRONG = ["QUERY SELECT count(*) FROM owners", "ANSWER RESULT"]


@pytest.fixture
def database(shop_db: Path) -> Iterator[Database]:
    database = Database.open(shop_db)
    yield database
    database.close()


async def play(policy: object, codec: Codec, database: Database, question: Question = COUNT, **changes: int) -> Trajectory:
    rollout = RolloutConfig(**{"episode_tokens_max": 4096, **changes})
    return await play_episode(policy, codec, database, question, 0, EpisodeConfig(), rollout, seed=1, temperature=1.0)  # type: ignore[arg-type]


async def test_a_right_answer_is_rewarded_and_a_wrong_one_is_not(tiny_codec: Codec, database: Database) -> None:
    right = await play(ScriptedPolicy(tiny_codec, RIGHT), tiny_codec, database)
    wrong = await play(ScriptedPolicy(tiny_codec, WRONG), tiny_codec, database)
    assert (right.reward, right.outcome.correct, right.stop, len(right.steps)) == (1.0, True, Stop.ANSWERED, 3)
    assert (wrong.reward, wrong.outcome.correct, wrong.stop, len(wrong.steps)) == (0.0, False, Stop.ANSWERED, 2)


async def test_only_a_steered_episode_tells_the_policy_the_names(tiny_codec: Codec, database: Database) -> None:
    for steered in (False, True):
        policy = ScriptedPolicy(tiny_codec, RIGHT)
        group = await play_group(
            policy, tiny_codec, database, COUNT, 1, EpisodeConfig(), RolloutConfig(episode_tokens_max=4096), seed=1, temperature=0.0,
            **({"steered": True} if steered else {}),
        )  # fmt: skip
        assert group.trajectories[0].outcome.correct
        names = Names.of(database.schema)
        told = [names, replace(names, described=("pets",)), replace(names, described=("pets",))] if steered else [None] * 3
        assert [sampling.names for sampling in policy.asked] == told


async def test_the_mask_is_one_exactly_on_what_the_policy_said(tiny_codec: Codec, database: Database) -> None:
    played = await play(ScriptedPolicy(tiny_codec, RIGHT, version=7), tiny_codec, database)
    said = [token for token, sampled in zip(played.ids, played.mask, strict=True) if sampled]
    assert said == [token for action in RIGHT for token in tiny_codec.action_ids(action)]
    assert [lp for lp, sampled in zip(played.logprobs, played.mask, strict=True) if sampled] == [-0.5] * len(said)
    assert not any(lp for lp, sampled in zip(played.logprobs, played.mask, strict=True) if not sampled)
    covered = {i for span in played.spans for i in range(span.start, span.end)}
    assert covered == {i for i, sampled in enumerate(played.mask) if sampled}
    assert played.oldest_version == 7


async def test_a_demonstration_and_the_same_actions_played_give_the_same_ids_and_mask(tiny_codec: Codec, database: Database) -> None:
    config = DemonstrationConfig()
    for seed in range(5):
        shown = demonstrate(database, COUNT, tiny_codec, EpisodeConfig(), config, random.Random(seed))
        played = await play(ScriptedPolicy(tiny_codec, [step.text for step in shown.steps]), tiny_codec, database)
        assert played.ids == shown.sequence.ids
        assert played.mask == shown.mask
        assert played.reward == 1.0


async def test_an_episode_without_room_for_another_turn_ends_and_is_not_rewarded(tiny_codec: Codec, database: Database) -> None:
    whole = await play(ScriptedPolicy(tiny_codec, RIGHT), tiny_codec, database)
    short = await play(ScriptedPolicy(tiny_codec, RIGHT), tiny_codec, database, episode_tokens_max=len(whole.ids) - 1, turn_tokens_max=40)
    assert short.stop is Stop.TOO_LONG
    assert short.reward == 0.0
    assert len(short.ids) <= len(whole.ids) - 1
    assert short.ids == whole.ids[: len(short.ids)]


async def test_a_prompt_that_leaves_no_room_makes_an_episode_without_a_turn(tiny_codec: Codec, database: Database) -> None:
    played = await play(ScriptedPolicy(tiny_codec, RIGHT), tiny_codec, database, episode_tokens_max=100, turn_tokens_max=90)
    assert (played.stop, played.steps, sum(played.mask), played.reward) == (Stop.TOO_LONG, (), 0, 0.0)


async def test_noise_is_played_to_an_end_and_kept_as_sampled(tiny_codec: Codec, database: Database) -> None:
    played = await play(RandomPolicy(300, context=100_000), tiny_codec, database, turn_tokens_max=20)
    assert played.stop in (Stop.MALFORMED, Stop.TOO_LONG, Stop.BUDGET)
    assert played.reward == 0.0
    assert len(played.ids) == len(played.mask) == len(played.logprobs)


async def test_steps_are_told_as_they_happen(tiny_codec: Codec, database: Database) -> None:
    told: list[Step] = []
    policy = ScriptedPolicy(tiny_codec, RIGHT)
    played = await play_episode(
        policy, tiny_codec, database, COUNT, 0, EpisodeConfig(), RolloutConfig(), seed=1, temperature=0.0, on_step=told.append
    )
    assert tuple(told) == played.steps
    assert {sampling.temperature for sampling in policy.asked} == {0.0}


async def test_members_of_a_group_play_at_once_with_seeds_of_their_own(tiny_codec: Codec, database: Database) -> None:
    class Slow(ScriptedPolicy):
        at_once = most = 0

        async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            await asyncio.sleep(0.001)
            self.at_once -= 1
            return await super().generate(prompt_ids, sampling)

    policy = Slow(tiny_codec, RIGHT)
    group = await play_group(policy, tiny_codec, database, COUNT, 4, EpisodeConfig(), RolloutConfig(), seed=9, temperature=1.0)
    assert policy.most == 4
    assert [t.member for t in group.trajectories] == [0, 1, 2, 3]
    assert len({sampling.seed for sampling in policy.asked}) == 4 * len(RIGHT)


async def test_a_group_with_right_and_wrong_members_has_variance(tiny_codec: Codec, database: Database) -> None:
    class EveryOther(ScriptedPolicy):
        async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
            script = RIGHT if sampling.seed in right_seeds else WRONG
            return await ScriptedPolicy(tiny_codec, script).generate(prompt_ids, sampling)

    right_seeds = {turn_seed(3, COUNT.id, member, turn) for member in (0, 2) for turn in range(3)}
    policy = EveryOther(tiny_codec, RIGHT)
    group = await play_group(policy, tiny_codec, database, COUNT, 4, EpisodeConfig(), RolloutConfig(), seed=3, temperature=1.0)
    assert group.rewards == (1.0, 0.0, 1.0, 0.0)
    assert group.has_variance


async def test_a_failing_policy_fails_the_group_and_leaves_nothing_running(tiny_codec: Codec, database: Database) -> None:
    class Dies(ScriptedPolicy):
        async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
            if len(self.asked) == 3:
                raise ConnectionError("the engine is gone")
            await asyncio.sleep(0)
            return await super().generate(prompt_ids, sampling)

    with pytest.raises(ConnectionError, match="engine is gone"):
        await play_group(Dies(tiny_codec, RIGHT), tiny_codec, database, COUNT, 4, EpisodeConfig(), RolloutConfig(), seed=1, temperature=1.0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_seeds_are_the_same_everywhere_and_fit_sixty_three_bits() -> None:
    assert turn_seed(0, "shop/1", 0, 0) == 25791960651536214
    assert all(turn_seed(0, f"q{i}", 0, 0) < 2**63 for i in range(100))


@pytest.mark.parametrize("changes", [{"group_size": 1}, {"turn_tokens_max": 0}, {"turn_tokens_max": 1024}, {"max_lag": -1}])
def test_a_rollout_config_that_cannot_work_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        RolloutConfig(**changes)
