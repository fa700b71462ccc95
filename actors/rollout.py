"""Plays a question: the policy takes turns, the environment answers, and what comes out is a trajectory, or a group of them.

The same code plays for training, for held-out evaluation and for `ask`; only the Policy differs.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from actors.policy import Policy, Sampling
from envs.dialogue import Codec, Transcript
from envs.records import Group, Question, Step, Stop, Trajectory
from envs.sandbox import Database
from envs.sql_env import EpisodeConfig, SqlEnv
from envs.steering import Names


@dataclass(frozen=True)
class RolloutConfig:
    """How episodes are sampled: the [rollout] table of a run's TOML file."""

    group_size: int = 8  # trajectories per question; GRPO compares only within these
    turn_tokens_max: int = 128  # a turn that has not ended by then is taken as it stands
    episode_tokens_max: int = 1024  # prompt, turns and observations; an episode without room for one more turn ends, wrong
    temperature: float = 1.0  # in training; evaluation is greedy
    max_lag: int = 0  # weight versions a group may be behind the learner when it is trained on

    def __post_init__(self) -> None:
        if self.group_size < 2:
            raise ValueError(
                f"rollout.group_size is {self.group_size}: GRPO compares trajectories of one question with each other, "
                "so it needs 2 or more"
            )
        if not 0 < self.turn_tokens_max < self.episode_tokens_max:
            raise ValueError(
                f"rollout.turn_tokens_max is {self.turn_tokens_max}: wanted more than 0 and less than "
                f"rollout.episode_tokens_max, {self.episode_tokens_max}"
            )
        if self.max_lag < 0:
            raise ValueError(f"rollout.max_lag is {self.max_lag}: 0 trains only on the newest weights' own groups")


def turn_seed(seed: int, question_id: str, member: int, turn: int) -> int:
    """The seed of one turn: the same in every process and run, different for every turn."""
    digest = hashlib.blake2b(f"{seed}/{question_id}/{member}/{turn}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big")


async def play_episode(
    policy: Policy,
    codec: Codec,
    database: Database,
    question: Question,
    member: int,
    episode: EpisodeConfig,
    rollout: RolloutConfig,
    *,
    seed: int,
    temperature: float,
    steered: bool = False,
    on_step: Callable[[Step], None] | None = None,
    threads: bool = False,
) -> Trajectory:
    """Play one question to its end.

    SQL runs in the event loop's own thread: a query takes microseconds and the sandbox ends one that does not, while a thread
    would cost more than it saves. Members of a group therefore share one connection without a lock. With `threads` it runs in
    others, for a server that has to answer meanwhile.

    Steered, the policy can write only actions on names the database has, and queries on tables it has looked at (`envs.steering`). Its
    logprobs stay the weights' own, so such turns are for evaluation and serving and never trained on.

    The reward is 1.0 when the verifier finds the answer right, else 0.0. An episode without room for another whole turn in
    `episode_tokens_max` ends as TOO_LONG with reward 0: the policy had its chance to answer.

    Raises:
        whatever the policy or the environment raises: our own failure is never a reward of 0.
    """
    began = time.perf_counter()
    env = SqlEnv(database, question, episode)
    transcript = Transcript(codec, question.text, env.tables)
    names = Names.of(database.schema) if steered else None
    while env.stop is None:
        if len(transcript.ids) + rollout.turn_tokens_max > rollout.episode_tokens_max:
            env.end(Stop.TOO_LONG)
            break
        sampling = Sampling(
            max_tokens=rollout.turn_tokens_max,
            stop_ids=codec.stop_ids,
            temperature=temperature,
            seed=turn_seed(seed, question.id, member, len(env.steps)),
            names=names.after(env.steps) if names is not None else None,
        )
        turn = await policy.generate(transcript.ids, sampling)
        said = transcript.add_turn(turn.ids, turn.logprobs, turn.spans)
        step = await asyncio.to_thread(env.step, said) if threads else env.step(said)
        if env.stop is None:
            transcript.add_observation(step.observation)
        if on_step is not None:
            on_step(step)
    outcome = env.outcome()
    return Trajectory(
        question_id=question.id,
        db_id=question.db_id,
        member=member,
        ids=tuple(transcript.ids),
        mask=tuple(transcript.mask),
        logprobs=tuple(transcript.logprobs),
        spans=tuple(transcript.spans),
        steps=tuple(env.steps),
        stop=env.stop or Stop.TOO_LONG,
        outcome=outcome,
        reward=1.0 if outcome.correct else 0.0,
        seconds=time.perf_counter() - began,
    )


async def play_group(
    policy: Policy,
    codec: Codec,
    database: Database,
    question: Question,
    members: int,
    episode: EpisodeConfig,
    rollout: RolloutConfig,
    *,
    seed: int,
    temperature: float,
    steered: bool = False,
) -> Group:
    """Play one question several times at once; the first failure ends the others and is raised."""
    tasks = [
        asyncio.create_task(
            play_episode(policy, codec, database, question, member, episode, rollout, seed=seed, temperature=temperature, steered=steered)
        )
        for member in range(members)
    ]
    try:
        trajectories = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Group(question, tuple(trajectories))
