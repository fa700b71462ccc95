"""Which policy a command loads: the one that was named, or the newest run's best."""

from __future__ import annotations

from pathlib import Path

from envs.run_store import list_runs


def policy_dir(chosen: Path | None, runs: Path) -> Path:
    """The directory to load.

    Raises:
        FileNotFoundError: the one named is no policy, or no run has one yet.
    """
    if chosen is not None:
        if not (chosen / "config.json").is_file():
            raise FileNotFoundError(f"{chosen} is no policy directory: wanted config.json, model.safetensors and tokenizer.json in it")
        return chosen
    best = newest_best(runs)
    if best is None:
        raise FileNotFoundError("no policy yet: `make train` teaches one in 30 minutes, or name a directory with --policy")
    return best


def newest_best(runs: Path) -> Path | None:
    """The best policy of the newest run that has one."""
    bests = (run / "policy" / "best" for run in list_runs(runs))
    return next((best for best in bests if (best / "config.json").is_file()), None)
