"""The learner's error that its callers tell from others: they know it without loading torch."""

from __future__ import annotations


class PushError(RuntimeError):
    """Some generators did not take the weights: they stay paused; start those anew, then push again to all."""
