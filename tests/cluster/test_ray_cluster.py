"""Joining a cluster of two nodes on this machine: our code travels with the job, and what a node lacks is told before anything starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.config import load_preset
from cluster.errors import UserError

ray = pytest.importorskip("ray")
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two nodes of one core each, joined by address; the logs folder of the session."""
    from ray.cluster_utils import Cluster

    from cluster.ray_setup import ray_session

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        started.add_node(num_cpus=1)
        started.wait_for_nodes()
        logs = tmp_path_factory.mktemp("logs")
        with ray_session(logs, address=started.address):
            yield logs
    finally:
        started.shutdown()


@pytest.mark.ray
def test_every_node_runs_the_code_that_was_shipped(session: Path) -> None:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    @ray.remote(num_cpus=1)
    def where() -> tuple[str, str, bool]:
        import cluster.config
        import envs.dialogue

        presets = Path(cluster.config.__file__).parent / "presets"
        return ray.get_runtime_context().get_node_id(), envs.dialogue.__file__, (presets / "smoke.toml").is_file()

    nodes = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in ray.nodes()]
    found = ray.get([where.options(scheduling_strategy=node).remote() for node in nodes])
    assert all("runtime_resources" in path and not path.startswith(str(ROOT)) for _, path, _ in found)
    assert all(complete for _, _, complete in found)
    assert len({node for node, _, _ in found}) == 2


@pytest.mark.ray
def test_a_folder_that_a_node_does_not_see_and_cores_or_cards_it_does_not_have_are_told(session: Path, tmp_path: Path) -> None:
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


def test_the_file_for_ray_up_is_one_that_ray_accepts() -> None:
    from ray.autoscaler._private.util import fillout_defaults, validate_config

    config = yaml.safe_load((ROOT / "cluster" / "ray-cluster.yaml").read_text())
    filled = fillout_defaults(config)
    validate_config(filled)  # as `ray up` does: unknown keys and wrong types are refused
    assert filled["available_node_types"]["a100"]["max_workers"] == 1
    assert all((ROOT / source).is_file() for source in config["file_mounts"].values())
