"""A learner that died, or whose loss is no number any more, is built anew from the last intact checkpoint, and the run goes back to it."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError

from cluster.config import RunConfig
from cluster.ray_setup import Crew, start_learner
from cluster.running import LEARNER
from cluster.state import TrainerState
from cluster.supervisor import Supervisor, first_line
from envs.run_store import RunStore

LEARNER_LOST = (RayActorError, FloatingPointError)  # an actor's NonFiniteError arrives as both a RayTaskError and what it is


def rebuild_learner(supervisor: Supervisor, error: BaseException, config: RunConfig, store: RunStore, model_dir: Path) -> TrainerState:
    """Put a new learner in the place of the lost one; the state to go on from.

    Before it plays anything, the trainer pushes its weights. Counts against the limit of restarts.

    Raises:
        TooManyRestartsError: it is one too many.
        one of LEARNER_LOST: the new one could not be built either.
    """
    noticed, cause = time.monotonic(), first_line(error)
    end_learner(supervisor.crew.learner)
    checkpoint, _ = store.newest_intact_checkpoint()
    state = TrainerState.from_dict(store.read_manifest(checkpoint)["state"]) if checkpoint else TrainerState()
    learner = start_learner(config, model_dir)
    supervisor.crew = Crew(supervisor.crew.generators, supervisor.crew.rollouts, learner)
    action = "could not be built anew"
    try:
        ray.get(learner.ready.remote())
        if checkpoint is not None:
            ray.get(load_learner(learner, checkpoint))
        action = f"built anew, back at step {state.step}"
    finally:
        supervisor.count_restart("learner", cause, action, time.monotonic() - noticed)
    store.rewind(state.step)
    return state


def load_learner(learner: Any, checkpoint: Path) -> Any:
    """Have a learner load a run's checkpoint; that of step 0 holds no weights, because they are the base model's."""
    if not (checkpoint / LEARNER).is_dir():
        return ray.put(None)
    return learner.load_checkpoint.remote(str(checkpoint / LEARNER))


def end_learner(learner: Any) -> None:
    """Kill what is left of a learner, all its ranks."""
    with contextlib.suppress(RayError, AttributeError):  # a single learner has no ranks to end
        ray.get(learner.end.remote(), timeout=30)
    ray.kill(learner)
