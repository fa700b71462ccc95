"""One process a run: a second is refused, one that was killed is seen to be gone, and its run can be taken up."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from envs.run_claim import RUNNING, Claim, RunBusyError, claimed, read_claim

HOLD = "import sys, time; from pathlib import Path; from envs.run_claim import claimed\nwith claimed(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"  # noqa: E501


def holder(run: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run)], cwd=Path(__file__).parent.parent.parent, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_run_is_claimed_for_the_block_and_free_afterwards(tmp_path: Path) -> None:
    with claimed(tmp_path) as claim:
        assert read_claim(tmp_path) == claim
        assert claim.alive() is True
    assert read_claim(tmp_path) is None
    assert not (tmp_path / RUNNING).exists()


def test_a_second_process_is_refused_and_told_who_holds_it_until_that_one_is_killed(tmp_path: Path) -> None:
    other = holder(tmp_path)
    try:
        with pytest.raises(RunBusyError, match=rf"process {other.pid} on .* trains into"), claimed(tmp_path):
            pass
        claim = read_claim(tmp_path)
        assert claim is not None
        assert claim.alive() is True
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert claim.alive() is False
    with claimed(tmp_path) as mine:
        assert mine.pid != other.pid


def test_a_process_id_that_is_used_again_is_not_taken_for_the_old_process(tmp_path: Path) -> None:
    with claimed(tmp_path) as claim:
        pass
    assert Claim(claim.pid, claim.host, claim.started - 100.0, claim.since).alive() is False
    assert Claim(claim.pid, "another-machine", claim.started, claim.since).alive() is None
