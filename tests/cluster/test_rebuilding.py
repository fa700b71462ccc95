"""A learner whose loss is no number any more, on real Ray: it is built anew from the last checkpoint, within the limit of restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.config import SupervisionConfig, load_preset
from cluster.running import LEARNER
from cluster.state import TrainerState
from envs.run_store import RunStore
from tests.fakes import training_batches

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.ray

BATCHES = training_batches(3, 3)
RATE, RUINOUS = 1e-2, 1e30
CONFIG = load_preset(
    "smoke", ["learner.precision=fp32", "learner.zero_stage=0", "learner.threads=1", "learner.frozen_layers=0", "run.learner_cpus=0.5"]
)


@pytest.fixture(scope="module")
def learner(tiny_model_dir: Path) -> Iterator[Any]:
    from cluster.ray_setup import start_learner

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        yield start_learner(CONFIG, tiny_model_dir)
    finally:
        ray.shutdown()


def test_a_loss_that_is_no_number_takes_the_learner_back_to_the_last_checkpoint(learner: Any, tiny_model_dir: Path, tmp_path: Path) -> None:
    from cluster.ray_setup import Crew
    from cluster.rebuilding import LEARNER_LOST, rebuild_learner
    from cluster.supervisor import Supervisor, TooManyRestartsError

    store = RunStore(tmp_path / "run")
    supervisor = Supervisor(Crew([], [], learner), store, SupervisionConfig(restarts_max=1), [], CONFIG.evaluation.canary_bound)
    for step, batch in enumerate(BATCHES[:2], 1):
        store.append_metrics(step, ray.get(learner.sft_step.remote(batch, RATE)))
    with store.checkpoint(2, TrainerState(step=2).as_dict()) as folder:
        ray.get(learner.save_checkpoint.remote(str(folder / LEARNER)))
    wanted = ray.get(learner.sft_step.remote(BATCHES[2], RATE))
    store.append_metrics(3, wanted)

    with pytest.raises(LEARNER_LOST) as lost:
        for _ in range(3):
            ray.get(learner.sft_step.remote(BATCHES[2], RUINOUS))
    assert isinstance(lost.value, FloatingPointError)
    state = rebuild_learner(supervisor, lost.value, CONFIG, store, tiny_model_dir)

    assert state.step == 2
    again = ray.get(supervisor.crew.learner.sft_step.remote(BATCHES[2], RATE))
    assert again["sft/loss"] == pytest.approx(wanted["sft/loss"], abs=1e-6)
    assert [(row["step"], row.get("replaced", False)) for row in store.read_metrics() if "sft/loss" in row] == [
        (1, False), (2, False), (3, True),
    ]  # fmt: skip
    (event,) = [event for event in store.read_events() if event["kind"] == "restart"]
    assert (event["who"], event["action"]) == ("learner", "built anew, back at step 2")
    assert event["cause"]

    with pytest.raises(TooManyRestartsError, match="the last was learner"):
        rebuild_learner(supervisor, lost.value, CONFIG, store, tiny_model_dir)
