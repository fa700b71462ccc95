"""Starts Ray and the run's actors, and ends them; the one place that says which process gets which cores, cards and logs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray

from actors.generator_actor import GeneratorActor
from actors.rollout_actor import RolloutActor
from cluster.config import RunConfig
from cluster.learner_group import start_learners
from cluster.ray_cluster import check_resources, check_shared, shipped_code
from cluster.ray_environment import set_ray_environment

log = logging.getLogger(__name__)

# A generator and the learner never compute at the same time on a machine without GPUs, so each may use every core, and Ray's
# logical CPUs only count processes.
GENERATOR_CPUS, ROLLOUT_CPUS = 0.5, 0.25
OBJECT_STORE_BYTES = 512 * 1024 * 1024  # groups are small; the default would claim 30 % of the memory


@dataclass(frozen=True)
class Crew:
    """Handles of a run's actors."""

    generators: list[Any]
    rollouts: list[Any]
    learner: Any

    async def ready(self) -> None:
        """Wait until every actor answers.

        Raises:
            ray.exceptions.RayError: an actor failed while starting; its log is in the run's logs folder.
        """
        await asyncio.gather(*(actor.ready.remote() for actor in [*self.generators, *self.rollouts, self.learner]))


@contextlib.contextmanager
def ray_session(logs_dir: Path, *, address: str | None = None, verbose: bool = False) -> Iterator[None]:
    """A Ray session for the block: started here, or joined when an address is given, whose nodes then get our code.

    Ray's own logs are linked from logs_dir.
    """
    set_ray_environment()
    if address is None:
        options: dict[str, Any] = {
            "num_cpus": max(2, os.cpu_count() or 2),
            "object_store_memory": OBJECT_STORE_BYTES,
            "include_dashboard": False,
        }
    else:
        options = {"runtime_env": shipped_code()}
    logging.getLogger("ray").setLevel(logging.INFO if verbose else logging.ERROR)  # it speaks before logging_level is read
    ray.init(
        address=address,
        log_to_driver=verbose,
        logging_level=logging.INFO if verbose else logging.ERROR,
        configure_logging=verbose,
        **options,
    )
    try:
        _link_logs(logs_dir)
        yield
    finally:
        ray.shutdown()


def start_crew(config: RunConfig, model_dir: Path, databases_dir: Path) -> Crew:
    """Create all actors of a run (they start side by side; `Crew.ready` waits for them). Ray restarts all but the learner when they die."""
    names = [f"generator {index}" for index in range(config.generator.count)]
    generators = [
        _remote(
            GeneratorActor, name=name, num_cpus=GENERATOR_CPUS, num_gpus=config.generator.num_gpus, max_concurrency=1000, max_restarts=-1
        ).remote(str(model_dir), config.generator)
        for name in names
    ]
    rollouts = [
        _remote(RolloutActor, num_cpus=ROLLOUT_CPUS, max_concurrency=1000, max_restarts=-1).remote(
            str(databases_dir), str(model_dir), names, config.episode, config.rollout
        )
        for _ in range(config.run.rollout_actors)
    ]
    return Crew(generators, rollouts, start_learner(config, model_dir))


def start_learner(config: RunConfig, model_dir: Path) -> Any:
    """Create the learner of a run, of one rank or several."""
    return start_learners(
        config.run.learner_ranks,
        _learner_cpus(config),
        config.run.learner_gpus,
        config.learner,
        model_dir,
        config.grpo,
        config.generator.transport,
    )


def check_cluster(config: RunConfig, paths: Sequence[Path]) -> None:
    """Before the actors of a run are asked of a cluster: it has the cores and cards, and every node sees the paths.

    Raises:
        ClusterError: it lacks something.
    """
    check_resources(
        GENERATOR_CPUS * config.generator.count
        + ROLLOUT_CPUS * config.run.rollout_actors
        + config.run.learner_ranks * _learner_cpus(config),
        config.generator.count * config.generator.num_gpus + config.run.learner_ranks * config.run.learner_gpus,
    )
    check_shared(paths)


def _learner_cpus(config: RunConfig) -> float:
    return min(0.5, config.run.learner_cpus)


def _remote(actor_class: type, **options: Any) -> Any:
    return ray.remote(actor_class).options(**options)


def _link_logs(logs_dir: Path) -> None:
    session = Path(ray._private.worker._global_node.get_session_dir_path()) / "logs"
    link = logs_dir / "ray"
    with contextlib.suppress(OSError):
        if link.is_symlink():
            link.unlink()
        link.symlink_to(session)
