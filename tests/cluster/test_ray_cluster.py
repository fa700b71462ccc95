"""A cluster of two nodes on this machine: our code travels with the job, what a node lacks is told first, and a node may be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.config import SupervisionConfig, load_preset
from cluster.errors import UserError
from envs.records import Question
from envs.run_store import RunStore

ray = pytest.importorskip("ray")
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """Two nodes of one core each."""
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        started.add_node(num_cpus=1)
        started.wait_for_nodes()
        yield started
    finally:
        started.shutdown()


@pytest.fixture
def session(nodes: Any, tmp_path: Path) -> Iterator[None]:
    """Both nodes, joined by address."""
    from cluster.ray_setup import ray_session

    with ray_session(tmp_path, address=nodes.address):
        yield


@pytest.mark.ray
def test_every_node_runs_the_code_that_was_shipped(session: None) -> None:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    @ray.remote(num_cpus=1)
    def where() -> tuple[str, str, bool]:
        import cluster.config
        import envs.dialogue

        presets = Path(cluster.config.__file__).parent / "presets"
        return ray.get_runtime_context().get_node_id(), envs.dialogue.__file__, (presets / "smoke.toml").is_file()

    everywhere = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in ray.nodes()]
    found = ray.get([where.options(scheduling_strategy=node).remote() for node in everywhere])
    assert all("runtime_resources" in path and not path.startswith(str(ROOT)) for _, path, _ in found)
    assert all(complete for _, _, complete in found)
    assert len({node for node, _, _ in found}) == 2


@pytest.mark.ray
def test_a_folder_that_a_node_does_not_see_and_cores_or_cards_it_does_not_have_are_told(session: None, tmp_path: Path) -> None:
    from cluster.ray_cluster import check_resources
    from cluster.ray_setup import check_cluster

    config = load_preset("smoke")
    check_cluster(config, [tmp_path])
    with pytest.raises(UserError, match=r"lacks .*nowhere.*all nodes mount at the same place"):
        check_cluster(config, [tmp_path, tmp_path / "nowhere"])
    with pytest.raises(UserError, match="the cluster has 2 CPU and this preset takes 6"):
        check_cluster(load_preset("cluster"), [tmp_path])
    with pytest.raises(UserError, match="the cluster has 0 GPU and this preset takes 4"):
        check_resources(cpus=1.0, gpus=4.0)


@pytest.mark.ray
async def test_a_node_that_is_taken_away_while_groups_are_played_loses_no_question(
    nodes: Any, tmp_path: Path, shop_db: Path, tiny_tokenizer: str
) -> None:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from cluster.supervisor import Supervisor
    from tests.scripted_crew import start_scripted_crew

    questions = [Question(f"shop/{i}", "shop", f"How many pets, {i}?", "SELECT count(*) FROM pets", ("pets",)) for i in range(16)]
    lost = nodes.add_node(num_cpus=1)
    nodes.wait_for_nodes()
    ray.init(address=nodes.address, log_to_driver=False)
    try:
        there = NodeAffinitySchedulingStrategy(lost.node_id, soft=True)
        crew = start_scripted_crew(tmp_path, shop_db.parent.parent, tiny_tokenizer, generators=2, rollouts=2, last_of_each=there)
        store = RunStore(tmp_path / "run")
        supervisor = Supervisor(crew, store, SupervisionConfig(watch_s=0.5), [(1, 2, 3)], 0.1)
        watch = asyncio.create_task(supervisor.watch())
        await asyncio.sleep(0)
        await supervisor.push(1)
        groups = []
        async for group in supervisor.play(questions, members=2, seed=0, temperature=1.0, concurrency=8):
            groups.append(group)
            if len(groups) == 2:
                await asyncio.to_thread(nodes.remove_node, lost, False)
        watch.cancel()
    finally:
        ray.shutdown()
    assert sorted(group.question.id for group in groups) == sorted(question.id for question in questions)
    assert {span.version for group in groups for trajectory in group.trajectories for span in trajectory.spans} == {1}
    assert {event["who"] for event in store.read_events() if event["kind"] == "restart"} == {"generator 1", "rollout actor 1"}


def test_the_file_for_ray_up_is_one_that_ray_accepts() -> None:
    from ray.autoscaler._private.util import fillout_defaults, validate_config

    config = yaml.safe_load((ROOT / "cluster" / "ray-cluster.yaml").read_text())
    filled = fillout_defaults(config)
    validate_config(filled)  # as `ray up` does: unknown keys and wrong types are refused
    assert filled["available_node_types"]["a100"]["max_workers"] == 1
    assert all((ROOT / source).is_file() for source in config["file_mounts"].values())
