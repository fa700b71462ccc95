"""A Ray cluster that runs already: our code is shipped to its nodes by Ray's runtime environment, and the folders all must see are checked.

Third-party packages are the nodes' own (cluster/ray-cluster.yaml installs them). Models, databases and runs lie on a file system that
every node mounts at the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cluster.errors import UserError

PACKAGES = ("actors", "cluster", "dashboards", "envs", "learner", "serving")
ROOT = Path(__file__).resolve().parent.parent


class ClusterError(UserError):
    """The cluster cannot run this; the message says which node lacks what."""


def shipped_code() -> dict[str, Any]:
    """The runtime environment that gives every process of a job our six packages as they are here.

    As its working directory: modules shipped without one stand behind the folder the driver was started in, where a node may have others.
    """
    kept = [f"!/{package}{below}" for package in PACKAGES for below in ("", "/**")]
    return {"working_dir": str(ROOT), "excludes": ["/??*", *kept, "__pycache__"]}  # "/*" would leave out the folder itself


def check_shared(paths: Sequence[Path], timeout_s: float = 120.0) -> None:
    """See that every node of the cluster we have joined finds these paths.

    Raises:
        ClusterError: a node does not, or does not answer.
    """
    alive = [node for node in ray.nodes() if node["Alive"]]
    look = ray.remote(_missing)
    asked = [
        look.options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
            [str(p) for p in paths]
        )
        for node in alive
    ]
    try:
        answers = ray.get(asked, timeout=timeout_s)
    except ray.exceptions.GetTimeoutError as error:
        raise ClusterError(f"not every node of the cluster answered within {timeout_s:.0f} s: see `ray status`") from error
    lacking = [f"{node['NodeManagerHostname']} lacks {', '.join(missing)}" for node, missing in zip(alive, answers, strict=True) if missing]
    if lacking:
        raise ClusterError(
            f"{'; '.join(lacking)}: put models, databases and runs on a file system that all nodes mount at the same place "
            "(--run-dir, ANALYST_BUDDY_CACHE)"
        )


def check_resources(cpus: float, gpus: float) -> None:
    """See that the cluster has so many cores and cards in all, free or not.

    Raises:
        ClusterError: it has fewer; waiting for them would never end.
    """
    there = ray.cluster_resources()
    for name, wanted in (("CPU", cpus), ("GPU", gpus)):
        if there.get(name, 0.0) < wanted:
            raise ClusterError(
                f"the cluster has {there.get(name, 0.0):g} {name} and this preset takes {wanted:g}: add nodes (`ray status` shows what is "
                "there) or lower generator.count, run.rollout_actors or run.learner_gpus"
            )


def _missing(paths: list[str]) -> list[str]:
    return [path for path in paths if not Path(path).exists()]
