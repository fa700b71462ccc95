"""The Modal app without an account: it builds, its functions have the resources that are promised, and its entry runs here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import modal
import pytest

from cluster import modal_app, modal_container
from cluster.config import load_preset
from cluster.modal_container import ChildFailedError, Folders, run_committing

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("/vol/models", "/vol/data", "/vol/runs")


@pytest.mark.parametrize("function", [modal_app.train_remotely, modal_app.evaluate_remotely])
def test_a_function_gets_an_a100_its_cpus_and_all_three_volumes(function: modal.Function) -> None:
    spec = function._spec_
    assert (spec.gpus, spec.cpu, spec.memory) == ("A100-80GB", 8.0, 65536)
    assert tuple(spec.volumes) == FOLDERS
    assert [volume.name for volume in spec.volumes.values()] == ["analyst-buddy-models", "analyst-buddy-data", "analyst-buddy-runs"]
    assert spec.image is not None


def test_training_may_take_a_day_and_is_tried_again_after_a_failure() -> None:
    assert modal_app.TRAINING["timeout"] == 24 * 3600
    assert modal_app.SCORING["timeout"] == 4 * 3600
    assert modal_app.TRAINING["retries"].max_retries == 5


def test_several_cards_are_one_learner_and_generators_for_the_rest() -> None:
    config = load_preset("qwen3-1.7b-a100", modal_container.gpu_settings(4))
    assert (config.generator.count, config.generator.num_gpus, config.generator.transport) == (3, 1.0, "nccl")
    assert (config.run.learner_gpus, config.run.rollout_actors) == (1.0, 16)
    assert modal_container.gpu_settings(1) == []
    modal_app.train_on(4)
    for wrong in (0, 9):
        with pytest.raises(ValueError, match="--gpus is"):
            modal_app.train_on(wrong)


def test_the_image_pins_what_the_lock_pins_except_the_cpu_build_of_vllm() -> None:
    pins = modal_app.constraints(modal_app.LOCK.read_text())
    assert "ray==2.60.0" in pins
    assert not [pin for pin in pins if pin.startswith("vllm")]
    wanted = [
        line.strip() for line in modal_app.REQUIREMENTS.read_text().splitlines() if "==" in line and not line.startswith(("#", "vllm"))
    ]
    assert [line for line in wanted if line.replace("[serve]", "") not in pins] == []


def test_the_image_carries_our_packages_with_their_presets_and_data() -> None:
    assert modal_app.train_remotely._spec_.image._added_python_source_set == set(modal_app.PACKAGES)
    left_out = modal.FilePatternMatcher(*modal_app.LEFT_OUT)
    files = [path for package in modal_app.PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    carried = {str(path.relative_to(ROOT)) for path in files if not left_out(path.relative_to(ROOT))}
    assert {"cluster/presets/qwen3-1.7b-a100.toml", "cluster/requirements-cpu.lock", "envs/businesses/retail_smb_questions.json"} <= carried
    assert not [name for name in carried if "__pycache__" in name]


def test_modal_itself_finds_both_entries() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "modal", "run", "-m", "cluster.modal_app::train", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "--preset" in told.stdout
    assert "--gpus" in told.stdout


def test_the_volume_is_committed_after_each_checkpoint_and_at_the_end(tmp_path: Path) -> None:
    mark, seen = tmp_path / "latest.json", []
    script = """
import os, pathlib, sys, time
mark = pathlib.Path(sys.argv[1])
for n in range(2):
    mark.with_name("aside").write_text(str(n))
    os.replace(mark.with_name("aside"), mark)
    until = time.monotonic() + 60
    while not mark.with_name(f"committed-{n}").exists() and time.monotonic() < until:
        time.sleep(0.01)
"""

    def commit() -> None:
        seen.append(mark.read_text())
        mark.with_name(f"committed-{seen[-1]}").touch()

    run_committing([sys.executable, "-c", script, str(mark)], mark, commit, every_s=0.05)
    assert sorted(set(seen)) == ["0", "1"]
    assert seen[-1] == "1"


def test_a_child_that_fails_is_an_error_after_a_last_commit(tmp_path: Path) -> None:
    commits: list[int] = []
    with pytest.raises(ChildFailedError, match="exit code 3"):
        run_committing([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "none", lambda: commits.append(1))
    assert commits == [1]


def test_an_interrupted_entry_lets_its_child_write_a_checkpoint(tmp_path: Path) -> None:
    script = (
        "import pathlib, signal, sys, time\n"
        "def stop(*_): pathlib.Path(sys.argv[1]).write_text('kept'); raise SystemExit(130)\n"
        "signal.signal(signal.SIGTERM, stop); pathlib.Path(sys.argv[2]).touch(); time.sleep(60)"
    )
    mark, ready = tmp_path / "latest.json", tmp_path / "ready"

    def commit() -> None:
        if not mark.exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_committing([sys.executable, "-c", script, str(mark), str(ready)], ready, commit, every_s=0.05)
    assert mark.read_text() == "kept"


def test_the_entry_trains_with_the_program_itself_and_a_refusal_is_told(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "models", tmp_path / "data", tmp_path / "runs")
    with pytest.raises(ChildFailedError, match="exit code 2"):  # no such folder on the data volume
        modal_container.train("smoke", 1, [], "nowhere", folders, lambda: None)


def test_a_model_of_the_volume_is_used_and_an_unknown_one_refused(tmp_path: Path) -> None:
    assert modal_container.model_override("smollm2-135m-instruct", tmp_path, lambda: None) == []
    (tmp_path / "Qwen3-1.7B").mkdir()
    (tmp_path / "Qwen3-1.7B" / "config.json").write_text("{}")
    override = modal_container.model_override("models/Qwen3-1.7B", tmp_path, lambda: None)
    assert load_preset("qwen3-1.7b-a100", override).run.base_model == str(tmp_path / "Qwen3-1.7B")
    with pytest.raises(ValueError, match="put it on the volume"):
        modal_container.model_override("models/Other-7B", tmp_path, lambda: None)
