"""The canary on a real small policy and a real learner, with a transfer that is broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.rollout import RolloutConfig
from cluster.canary import WeightsOutOfSyncError, check_canary
from cluster.canary_bound import bound_for
from cluster.config import load_preset
from cluster.ray_setup import Crew
from envs.records import TrainingSequence
from learner.config import GrpoConfig
from tests.fakes import LocalHandle, save_tiny_model
from tests.local_crew import local_crew

pytest.importorskip("torch", reason="torch is not installed: run `make setup`")

SEQUENCES = [tuple(range(5, 45)), tuple(range(100, 130))]
BOUND = bound_for("fp32", "float32")


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: str) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"), tiny_tokenizer)


async def trained_crew(model_dir: Path, database: Path, spoil: Callable[[Path], None] | None) -> Crew:
    """A crew whose learner has moved on by a step and pushed."""
    crew = local_crew(model_dir, database, RolloutConfig(), GrpoConfig(), spoil)
    await crew.learner.sft_step.remote([TrainingSequence(SEQUENCES[0], (0.0,) + (1.0,) * 39)], 1e-2)
    await crew.learner.push.remote(crew.generators, 1)
    return crew


def lose_a_tensor(folder: Path) -> None:
    """One matrix arrives as it was never trained: rows in another order."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    weights = load_file(path)
    name = "model.layers.0.mlp.down_proj.weight"
    weights[name] = weights[name].flip(0).contiguous()
    save_file(weights, path, metadata={"format": "pt"})


def pushes_of(crew: Crew) -> list[int]:
    return list(crew.learner._served.pushes)


async def test_weights_that_arrived_agree_within_the_bound_of_fp32(model_dir: Path, shop_db: Path) -> None:
    crew = await trained_crew(model_dir, shop_db, None)
    assert await check_canary(crew, SEQUENCES, 1, BOUND) < 1e-4
    assert pushes_of(crew) == [1]


async def test_a_tensor_lost_once_is_mended_by_pushing_once_more(model_dir: Path, shop_db: Path) -> None:
    broken = [True]

    def spoil(folder: Path) -> None:
        if broken.pop():
            lose_a_tensor(folder)
        broken.append(False)

    crew = await trained_crew(model_dir, shop_db, spoil)
    assert await check_canary(crew, SEQUENCES, 1, BOUND) < BOUND
    assert pushes_of(crew) == [1, 1]


async def test_a_tensor_lost_at_every_push_stops_the_run_with_what_to_check(model_dir: Path, shop_db: Path) -> None:
    crew = await trained_crew(model_dir, shop_db, lose_a_tensor)
    with pytest.raises(WeightsOutOfSyncError, match=r"two pushes of weights v1 .* Check that .* learner.precision .* log"):
        await check_canary(crew, SEQUENCES, 1, BOUND)
    assert pushes_of(crew) == [1, 1]


async def test_a_generator_that_took_no_weights_is_caught_and_named(model_dir: Path, shop_db: Path) -> None:
    from actors.transformers_policy import TransformersPolicy

    class Deaf(TransformersPolicy):
        async def load(self, model_dir: Path, version: int) -> None:
            self.version = version  # says that it has them

    crew = await trained_crew(model_dir, shop_db, None)
    crew.generators.append(LocalHandle(Deaf(model_dir, dtype="float32")))
    with pytest.raises(WeightsOutOfSyncError, match="generator 1 of 2"):
        await check_canary(crew, SEQUENCES, 1, BOUND)


async def test_logprobs_that_are_no_numbers_never_agree(model_dir: Path, shop_db: Path) -> None:
    class Broken:
        async def logprobs(self, sequences: Any) -> list[list[float]]:
            return [[float("nan")] * len(ids) for ids in sequences]

        async def load(self, folder: Path, version: int) -> None:
            pass

    crew = await trained_crew(model_dir, shop_db, None)
    crew.generators.append(LocalHandle(Broken()))
    with pytest.raises(WeightsOutOfSyncError, match="nan"):
        await check_canary(crew, SEQUENCES, 1, 1e9)


async def test_nothing_to_compare_is_refused(model_dir: Path, shop_db: Path) -> None:
    crew = local_crew(model_dir, shop_db, RolloutConfig())
    with pytest.raises(ValueError, match="canary_sequences"):
        await check_canary(crew, [(5,)], 1, BOUND)


def test_the_bound_follows_the_precision_unless_it_is_set() -> None:
    assert load_preset("quickstart").evaluation.canary_bound == 0.15
    exact = ["learner.precision=fp32", "generator.dtype=float32"]
    assert load_preset("quickstart", exact).evaluation.canary_bound == 1e-3
    assert load_preset("quickstart", exact[:1]).evaluation.canary_bound == 0.15
    assert load_preset("quickstart", [*exact, "evaluation.canary_bound=0.02"]).evaluation.canary_bound == 0.02
