"""Deaths in a run's crew, by SIGKILL to processes of this test alone: real Ray, real rollout actors, engines that answer from a script."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.generator_actor import was_restarted
from cluster.config import SupervisionConfig
from envs.records import Question
from envs.run_store import RunStore
from tests.conftest import make_shop
from tests.scripted_crew import kill, start_scripted_crew

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.ray

QUESTIONS = [Question(f"shop/{i}", "shop", f"How many pets, {i}?", "SELECT count(*) FROM pets", ("pets",)) for i in range(24)]
CANARY = [(1, 2, 3)]


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: str) -> Iterator[Any]:
    """One for all tests, each of which begins with a push."""
    folder = tmp_path_factory.mktemp("crew")
    database = folder / "databases" / "shop" / "shop.sqlite"
    database.parent.mkdir(parents=True)
    make_shop(database)
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    try:
        yield start_scripted_crew(folder, database.parent.parent, tiny_tokenizer, generators=2, rollouts=2)
    finally:
        ray.shutdown()


async def test_deaths_while_groups_are_played_lose_no_question_and_no_turn_is_sampled_with_other_weights(crew: Any, tmp_path: Path) -> None:
    from cluster.supervisor import Health, Supervisor

    store = RunStore(tmp_path / "run")
    supervisor = Supervisor(crew, store, SupervisionConfig(watch_s=0.5), CANARY, 0.1)
    watch = asyncio.create_task(supervisor.watch())
    await asyncio.sleep(0)
    await supervisor.push(1)
    groups = []
    blows = iter([
        lambda: kill(crew.rollouts[0]), lambda: kill(crew.generators[0]), lambda: ray.get(crew.generators[1].break_engine.remote()),
    ])  # fmt: skip
    async for group in supervisor.play(QUESTIONS, members=2, seed=0, temperature=1.0, concurrency=12):
        groups.append(group)
        if len(groups) in (2, 8, 14):
            await asyncio.to_thread(next(blows))
    watch.cancel()

    assert sorted(group.question.id for group in groups) == sorted(question.id for question in QUESTIONS)
    assert all(trajectory.outcome.correct for group in groups for trajectory in group.trajectories)
    versions = {span.version for group in groups for trajectory in group.trajectories for span in trajectory.spans}
    assert versions == {1}, "a restarted generator holds version 0 until weights are pushed to it"
    assert set(supervisor.health.values()) == {Health.HEALTHY}

    events = store.read_events()
    restarts = {event["who"]: event for event in events if event["kind"] == "restart"}
    assert set(restarts) == {"rollout actor 0", "generator 0", "generator 1"}
    assert len(restarts) == supervisor.restarts == 3
    assert all(event["cause"] and event["action"] and event["seconds"] >= 0 for event in restarts.values())
    assert "the engine is gone" in restarts["generator 1"]["cause"]
    for who in ("generator 0", "generator 1"):
        path = [event["health"] for event in events if event["kind"] == "generator_health" and event["who"] == who]
        assert path[-1] == "healthy"
        assert path[:1] == ["dead"]
        assert "stale" in path


async def test_a_restart_that_nobody_saw_is_found_at_the_next_push_and_generators_go_back_to_the_base_when_asked(
    crew: Any, tmp_path: Path
) -> None:
    from cluster.supervisor import Supervisor

    store = RunStore(tmp_path / "run")
    supervisor = Supervisor(crew, store, SupervisionConfig(), CANARY, 0.1)
    await supervisor.push(1)
    kill(crew.generators[0])
    await until_restarted(crew.generators[0])
    await supervisor.push(2)
    (told,) = [event for event in store.read_events() if event["kind"] == "restart"]
    assert (told["who"], told["cause"], told["action"]) == ("generator 0", "its process was gone", "restarted; weights v2 pushed")
    assert await holds(crew) == [(2, False), (2, False)]

    await supervisor.begin_with_base()
    assert await holds(crew) == [(0, False), (0, False)]
    assert (supervisor.restarts, supervisor.version) == (1, None)


async def test_more_deaths_than_the_limit_end_the_run_and_other_errors_are_not_played_again(crew: Any, tmp_path: Path) -> None:
    from cluster.supervisor import Supervisor, TooManyRestartsError

    supervisor = Supervisor(crew, RunStore(tmp_path / "run"), SupervisionConfig(restarts_max=0), CANARY, 0.1)
    kill(crew.generators[0])
    with pytest.raises(TooManyRestartsError, match=r"1 processes died within 30 minutes .* the same command goes on"):
        await supervisor.push(3)
    metrics = await supervisor.push(3)
    assert metrics["canary/logprob_gap"] == 0.0
    assert ray.get(crew.generators[0].ready.remote()) == 3
    assert not ray.get(crew.generators[0].is_stale.remote())
    stranger = Question("x/1", "nowhere", "?", "SELECT 1")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        async for _ in supervisor.play([stranger], members=2, seed=0, temperature=1.0, concurrency=4):
            pass


async def until_restarted(generator: Any) -> None:
    while True:
        with contextlib.suppress(ray.exceptions.RayActorError):
            if await generator.is_stale.remote():
                return
        await asyncio.sleep(0.1)


async def holds(crew: Any) -> list[tuple[int, bool]]:
    """Of each generator its weights' version, and whether it refuses to sample."""
    return [(await generator.ready.remote(), await generator.is_stale.remote()) for generator in crew.generators]


def test_a_generator_outside_of_ray_was_never_restarted() -> None:
    assert was_restarted() is False
