"""cluster/signals.py: SIGTERM is a KeyboardInterrupt in the block, and what it was before afterwards."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from cluster.signals import sigterm_as_ctrl_c


def test_sigterm_ends_the_block_as_ctrl_c_does_and_is_what_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), sigterm_as_ctrl_c():
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_a_thread_the_block_runs_without_a_handler() -> None:
    ran = []

    def work() -> None:
        with sigterm_as_ctrl_c():
            ran.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [before]
