"""What every Ray that is started here inherits, whether it trains or serves; what the user has set stays."""

from __future__ import annotations

import os

_WANTED = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # the coming default; unset, Ray warns about it
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_worker_niceness": "0",  # by default Ray's workers, which do all the work, step back for whatever else runs
}


def set_ray_environment() -> None:
    """Set it in this process, before Ray starts others."""
    for name, value in _WANTED.items():
        os.environ.setdefault(name, value)
