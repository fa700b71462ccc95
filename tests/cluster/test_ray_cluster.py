"""The file for `ray up`, checked by Ray's own schema."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytest.importorskip("ray")
ROOT = Path(__file__).parent.parent.parent


def test_the_file_for_ray_up_is_one_that_ray_accepts() -> None:
    from ray.autoscaler._private.util import fillout_defaults, validate_config

    config = yaml.safe_load((ROOT / "cluster" / "ray-cluster.yaml").read_text())
    filled = fillout_defaults(config)
    validate_config(filled)  # as `ray up` does: unknown keys and wrong types are refused
    assert filled["available_node_types"]["a100"]["max_workers"] == 1
    assert all((ROOT / source).is_file() for source in config["file_mounts"].values())
