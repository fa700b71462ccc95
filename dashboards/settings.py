"""What the app is told from outside: where serving listens and where runs lie. Read once, from the environment the launcher sets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

ENV_URL = "ANALYST_BUDDY_URL"
ENV_KEY = "ANALYST_BUDDY_API_KEY"
ENV_RUNS = "ANALYST_BUDDY_RUNS"
ENV_DATA = "ANALYST_BUDDY_DATA"
ENV_PASSPHRASE = "ANALYST_BUDDY_PASSPHRASE"  # noqa: S105 - the variable's name
ENV_HISTORY = "ANALYST_BUDDY_HISTORY"


@dataclass(frozen=True)
class Settings:
    """Where the app finds things."""

    url: str = "http://127.0.0.1:8000"  # serving
    api_key: str = ""  # its Bearer key, "" when it wants none
    runs: Path = Path("runs")
    data: Path | None = None  # folders data-*/databases, to run gold SQL beside a trajectory's; None: results are not compared
    passphrase: str = ""  # asked for before anything is shown; "" for none
    history: Path = Path(platformdirs.user_data_dir("analyst-buddy")) / "conversations"

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"{ENV_URL} is {self.url!r}: wanted http://HOST:PORT of a server started with `analyst-buddy serve`")


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the environment.

    Raises:
        ValueError: the address is none.
    """
    defaults = Settings()
    return Settings(
        url=environment.get(ENV_URL, defaults.url).rstrip("/"),
        api_key=environment.get(ENV_KEY, ""),
        runs=Path(environment.get(ENV_RUNS, defaults.runs)),
        data=Path(environment[ENV_DATA]) if environment.get(ENV_DATA) else None,
        passphrase=environment.get(ENV_PASSPHRASE, ""),
        history=Path(environment.get(ENV_HISTORY, defaults.history)),
    )
