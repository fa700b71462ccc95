"""Does an exported policy say the same in plain transformers and in plain vLLM?

In fp32: the first action after 20 prompts, greedy, must be the same text. In bf16: whole episodes are played on both, steered where the
quickstart's scoring is, and the answers (the SQL's rows, or none) are compared. Progress and the engine's log go elsewhere. Minutes on
two cores, nearly all of them transformers', which plays one turn at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track

from actors.generator_actor import GeneratorConfig
from actors.policy import Policy, Sampling
from actors.rollout import play_episode
from actors.transformers_policy import TransformersPolicy
from actors.vllm_policy import VllmPolicy
from cluster.base_model import cache_dir
from cluster.config import load_preset
from cluster.dataset_cache import data_of
from cluster.schedule import spread
from envs.dialogue import Codec
from envs.matching import rows_match
from envs.records import Question, Stop, Trajectory
from envs.sandbox import Database, QueryError
from envs.verifier import is_unknown
from tests.benchmarks.report import Figure, Report

T = TypeVar("T")


async def first_actions(policy: Policy, codec: Codec, prompts: list[tuple[int, ...]]) -> list[str]:
    """One after the other: what is asked is whether the weights are the same, not whether batches of other sizes round alike."""
    sampling = Sampling(max_tokens=64, stop_ids=codec.stop_ids, temperature=0.0)
    turns = [await policy.generate(prompt, sampling) for prompt in watched(prompts, "first actions")]
    return [codec.action_text(turn.ids) for turn in turns]


async def play(policy: Policy, codec: Codec, chosen: list[tuple[Database, Question]], config: Any) -> list[Trajectory]:
    return [
        await play_episode(
            policy, codec, database, question, 0, config.episode, config.rollout, seed=0, temperature=0.0, steered=config.evaluation.steered
        )
        for database, question in watched(chosen, "episodes")
    ]


def watched(items: Iterable[T], what: str) -> Iterator[T]:
    """The items, with a progress bar on the terminal's error stream."""
    return iter(track(list(items), what, console=Console(stderr=True)))


def same_answer(database: Database, left: Trajectory, right: Trajectory) -> bool:
    """Whether a user would be given the same: the same rows, UNKNOWN twice, or no answer twice, however either came to nothing."""
    ours, theirs = answer_sql(left), answer_sql(right)
    if ours == theirs:
        return True
    if not ours or not theirs or is_unknown(ours) or is_unknown(theirs):
        return False
    try:
        return rows_match(database.query(ours).rows, database.query(theirs).rows)
    except QueryError:
        return False


def answer_sql(played: Trajectory) -> str:
    """The query whose rows were given as the answer; UNKNOWN; or nothing when it was never answered or no query had run."""
    if played.stop is not Stop.ANSWERED:
        return ""
    return "UNKNOWN" if is_unknown(played.outcome.answer) else played.outcome.sql


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", type=Path, required=True, help="an exported policy, such as runs/quickstart/policy/best")
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--episodes", type=int, default=40)


def measure(options: argparse.Namespace) -> Report:
    agreed = agreement(options.policy, options.prompts, options.episodes)
    figures = {f"{kind}/{name}": Figure(count, "count") for kind, counts in agreed.items() for name, count in counts.items()}
    first, answers = agreed["first_actions_fp32"], agreed["answers_bf16"]
    figures["first_actions_fp32/share"] = Figure(first["same"] / first["prompts"], "share", at_least=1.0)
    figures["answers_bf16/share"] = Figure(answers["same"] / answers["episodes"], "share")
    return Report(
        "export-agreement",
        figures,
        {"temperature": 0.0, "questions": "validation, spread evenly", "steered": load_preset("quickstart").evaluation.steered},
    )


def agreement(policy_dir: Path, prompts: int, episodes: int) -> dict[str, dict[str, int]]:
    """{first_actions_fp32: {same, prompts}, answers_bf16: {same, episodes}}."""
    config = load_preset("quickstart")
    data = data_of(config)
    codec = Codec.load(policy_dir)
    databases = {q.db_id: Database.open(data.database_path(q.db_id)) for q in data.validation}
    asked = [codec.prompt_ids(q.text, databases[q.db_id].schema.names) for q in spread(list(data.validation), prompts)]
    chosen = [(databases[q.db_id], q) for q in spread(list(data.validation), episodes)]

    plain = asyncio.run(first_actions(TransformersPolicy(policy_dir, dtype="float32"), codec, asked))
    played = asyncio.run(play(TransformersPolicy(policy_dir), codec, chosen, config))
    result: dict[str, dict[str, int]] = {}
    for dtype in ("float32", "bfloat16"):
        result |= asyncio.run(_with_vllm(policy_dir, dtype, codec, asked, plain, chosen, played, config))
    return result


async def _with_vllm(
    policy_dir: Path,
    dtype: str,
    codec: Codec,
    asked: list[tuple[int, ...]],
    plain: list[str],
    chosen: list[tuple[Database, Question]],
    played: list[Trajectory],
    config: Any,
) -> dict[str, dict[str, int]]:
    policy = VllmPolicy(
        policy_dir,
        GeneratorConfig(dtype=dtype, max_num_seqs=8, steered=config.evaluation.steered),
        log_path=cache_dir() / "agreement-vllm.log",
    )
    try:
        if dtype == "float32":
            same = [a == b for a, b in zip(plain, await first_actions(policy, codec, asked), strict=True)]
            return {"first_actions_fp32": {"same": sum(same), "prompts": len(same)}}
        theirs = await play(policy, codec, chosen, config)
        agree = [same_answer(database, a, b) for (database, _), a, b in zip(chosen, played, theirs, strict=True)]
        for (_, question), a, b, same in zip(chosen, played, theirs, agree, strict=True):
            if not same:
                print(f"{question.text}\n  transformers: {answer_sql(a)}\n  vllm: {answer_sql(b)}", file=sys.stderr)
        return {"answers_bf16": {"same": sum(agree), "episodes": len(agree)}}
    finally:
        policy.close()
