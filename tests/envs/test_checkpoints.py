"""Checkpoints: whole or passed over with a reason, the last two and the best kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.checkpoints import DamagedCheckpointError, differing_libraries, verify
from envs.run_store import RunStore


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs" / "quickstart")


def save(store: RunStore, step: int, text: str = "weights") -> Path:
    with store.checkpoint(step, {"epoch": step}) as folder:
        (folder / "model").mkdir()
        (folder / "model" / "weights.bin").write_text(text)
    return store.checkpoint_dir(step)


def test_the_newest_whole_checkpoint_is_found_with_its_state(store: RunStore) -> None:
    save(store, 9)
    save(store, 120)
    latest = store.latest_checkpoint()
    assert latest is not None
    assert latest.name == "step_000120"
    assert store.read_manifest(latest)["state"] == {"epoch": 120}
    assert (latest / "model" / "weights.bin").read_text() == "weights"


def test_damaged_and_half_written_checkpoints_are_skipped_with_a_message(store: RunStore, caplog: pytest.LogCaptureFixture) -> None:
    good = save(store, 1)
    (save(store, 2) / "model" / "weights.bin").write_text("wei")
    (save(store, 3) / "manifest.json").unlink()
    (save(store, 4) / "manifest.json").write_text('{"files": ["torn')
    (save(store, 5) / "model" / "weights.bin").unlink()
    assert store.latest_checkpoint() == good
    for step in (2, 3, 4, 5):
        assert f"step_00000{step}" in caplog.text


def test_a_checkpoint_that_fails_midway_leaves_the_earlier_one_of_that_step(store: RunStore) -> None:
    save(store, 7, "first")
    with pytest.raises(RuntimeError, match="killed"), store.checkpoint(7, {}) as folder:
        (folder / "weights.bin").write_text("second")
        raise RuntimeError("killed")
    latest = store.latest_checkpoint()
    assert latest is not None
    assert (latest / "model" / "weights.bin").read_text() == "first"
    assert sorted(p.name for p in latest.parent.iterdir()) == ["latest.json", "step_000007"]


def test_pruning_keeps_the_newest_and_clears_what_was_left_half_written(store: RunStore) -> None:
    for step in (1, 2, 3):
        save(store, step)
    leftover = store.path / "checkpoints" / ".writing-step_000004-x"
    leftover.mkdir()
    store.prune_checkpoints(keep=2)
    assert sorted(p.name for p in (store.path / "checkpoints").iterdir()) == ["latest.json", "step_000002", "step_000003"]
    with pytest.raises(ValueError, match="at least 1"):
        store.prune_checkpoints(keep=0)


def test_pruning_counts_only_whole_checkpoints(store: RunStore) -> None:
    for step in (1, 2, 3):
        save(store, step)
    (store.checkpoint_dir(3) / "manifest.json").unlink()
    store.prune_checkpoints(keep=1)
    assert store.latest_checkpoint() == store.checkpoint_dir(2)
    assert not store.checkpoint_dir(1).exists()


def test_a_file_that_changed_without_changing_its_size_is_found_out_and_the_one_before_is_used(store: RunStore) -> None:
    good = save(store, 1)
    (save(store, 2) / "model" / "weights.bin").write_text("weightz")
    manifest = json.loads((save(store, 3) / "manifest.json").read_text())
    manifest["state"]["epoch"] = 30
    (store.checkpoint_dir(3) / "manifest.json").write_text(json.dumps(manifest))
    found, problems = store.newest_intact_checkpoint()
    assert found == good
    assert len(problems) == 2
    assert "step_000003/manifest.json was changed" in problems[0]
    assert "step_000002/model/weights.bin was changed" in problems[1]
    with pytest.raises(DamagedCheckpointError):
        verify(store.checkpoint_dir(2))


def test_without_any_intact_checkpoint_each_problem_is_told(store: RunStore) -> None:
    assert store.newest_intact_checkpoint() == (None, [])
    (save(store, 1) / "model" / "weights.bin").unlink()
    found, problems = store.newest_intact_checkpoint()
    assert found is None
    assert "is not whole" in problems[0]


def test_the_pointer_names_the_newest_and_a_failed_one_does_not_move_it(store: RunStore) -> None:
    save(store, 1)
    save(store, 2)
    with pytest.raises(RuntimeError), store.checkpoint(3, {}):
        raise RuntimeError("killed")
    assert json.loads((store.checkpoints_dir / "latest.json").read_text()) == {"checkpoint": "step_000002", "step": 2}


def test_the_best_is_kept_beside_the_last_two(store: RunStore) -> None:
    for step in range(1, 6):
        save(store, step)
    store.prune_checkpoints(best=2)
    assert [path.name for path in store.checkpoints()] == ["step_000002", "step_000004", "step_000005"]
    assert (store.checkpoints_dir / "latest.json").is_file()
    store.prune_checkpoints(best=99)  # its checkpoint was never written
    assert [path.name for path in store.checkpoints()] == ["step_000004", "step_000005"]


def test_the_libraries_it_was_written_with_are_known_and_compared(store: RunStore) -> None:
    manifest = store.read_manifest(save(store, 1))
    assert differing_libraries(manifest) == []
    manifest["versions"]["numpy"] = "1.0"
    assert [text.split(",")[0] for text in differing_libraries(manifest)] == ["numpy 1.0"]
