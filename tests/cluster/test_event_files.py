"""Event files written through a run's store and read back record by record."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Any

from tensorboardX.proto.event_pb2 import Event

from cluster.event_files import FOLDER, EventFiles
from envs.run_store import RunStore


def events(run: Path) -> list[Any]:
    """All events, file after file: a record is its length, a checksum, the event and a checksum."""
    found = []
    for path in sorted((run / FOLDER).iterdir()):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            found.append(Event.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
    return found


def scalars(run: Path) -> dict[tuple[str, int], float]:
    return {(value.tag, event.step): value.simple_value for event in events(run) for value in event.summary.value}


def test_every_finite_number_of_a_line_is_an_event_of_its_step(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    with contextlib.closing(EventFiles(tmp_path)) as files:
        store.on_metrics.append(files.write)
        store.append_metrics(3, {"sft/loss": 2.5, "learner/tokens": 800, "learner/gradient_norm": float("inf")})
        store.append_metrics(4, {"sft/loss": 0.25})
    assert scalars(tmp_path) == {("sft/loss", 3): 2.5, ("learner/tokens", 3): 800.0, ("sft/loss", 4): 0.25}
    assert [row["sft/loss"] for row in store.read_metrics()] == [2.5, 0.25]


def test_a_run_that_goes_on_from_a_checkpoint_hides_the_steps_after_it(tmp_path: Path) -> None:
    for going_on_from in (None, 2):
        with contextlib.closing(EventFiles(tmp_path, going_on_from)) as files:
            files.write(3, {"sft/loss": 1.0})
    starts = [event.step for event in events(tmp_path) if event.HasField("session_log")]
    assert starts == [3]
