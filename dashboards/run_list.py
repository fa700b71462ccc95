"""The runs there are, and what a page says when there are none."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards.settings import Settings
from envs.run_store import list_runs


def runs_or_advice(settings: Settings) -> list[Path]:
    """The run directories, the newest first; when there are none the page says how to get one."""
    there = list_runs(settings.runs)
    if not there:
        st.info(f"No runs in {settings.runs.resolve()} yet. `make train` teaches a model in 30 minutes and leaves one there.")
    return there
