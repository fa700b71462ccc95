"""Starts Streamlit on the app with everything its pages load already in memory, so that the first page is there at once."""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path

from streamlit.web import cli

LOADED_FIRST = (
    "altair", "pandas", "pyarrow.parquet", "dashboards.ask_page", "dashboards.compare_page", "dashboards.runs_page",
    "dashboards.trajectories_page",
)  # fmt: skip


def main() -> None:
    """`python -m dashboards --NAME=VALUE ...`, with Streamlit's own options."""
    logging.getLogger("streamlit.runtime.caching.cache_data_api").setLevel(logging.ERROR)  # it warns of caches made before its server runs
    for module in LOADED_FIRST:
        importlib.import_module(module)
    sys.argv = ["streamlit", "run", str(Path(__file__).with_name("app.py")), *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()
