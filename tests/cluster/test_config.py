"""cluster/config.py: presets and overrides."""

from __future__ import annotations

import tomllib

import pytest

from cluster.config import ConfigError, from_mapping, load_preset, preset_names, to_toml


@pytest.mark.parametrize("name", ["smoke", "quickstart", "spider-135m", "qwen3-1.7b-a100"])
def test_a_preset_survives_a_round_trip_through_toml(name: str) -> None:
    config = load_preset(name)
    assert from_mapping(tomllib.loads(to_toml(config))) == config


def test_every_preset_file_loads() -> None:
    assert {"smoke", "quickstart", "spider-135m", "qwen3-1.7b-a100"} <= set(preset_names())
    for name in preset_names():
        load_preset(name)


def test_the_databases_of_smoke_are_those_of_quickstart() -> None:
    assert load_preset("smoke").data == load_preset("quickstart").data


def test_an_override_changes_one_key_with_its_type() -> None:
    config = load_preset("smoke", ["phase1.steps=7", "run.base_model=some/dir", "sft.learning_rate=3e-4"])
    assert (config.phase1.steps, config.run.base_model, config.sft.learning_rate) == (7, "some/dir", 3e-4)


def test_generators_are_made_to_steer_where_evaluation_is_steered_and_nowhere_else() -> None:
    assert not load_preset("smoke").generator.steered
    assert load_preset("smoke", ["evaluation.steered=true"]).generator.steered


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("phase1.stepz=7", "unknown key phase1.stepz .did you mean 'steps'"),
        ("phaze1.steps=7", "unknown section .phaze1. .did you mean 'phase"),
        ("phase1.steps=many", "phase1.steps"),
        ("phase1.steps", "wanted section.key=value"),
        ("steps=3", "wanted section.key=value"),
        ("rollout.group_size=1", "GRPO compares"),
    ],
)
def test_a_bad_override_is_refused_with_what_was_wanted(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_preset("smoke", [override])


def test_an_unknown_preset_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'quickstart'"):
        load_preset("quickstar")
