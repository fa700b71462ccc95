"""The app's entry for Streamlit: its pages, and the passphrase before them when one is set. `analyst-buddy app` starts it."""

from __future__ import annotations

import hmac
from pathlib import Path

import streamlit as st

from dashboards import ask_page, compare_page, runs_page, trajectories_page
from dashboards.settings import read_settings

st.set_page_config(page_title="analyst-buddy", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
settings = read_settings()


def passed() -> bool:
    """Whether this browser session has said the passphrase, asking for it when not."""
    if not settings.passphrase or st.session_state.get("passed"):
        return True
    with st.form("passphrase", width=420):
        said = st.text_input("Passphrase", type="password")
        if st.form_submit_button("Open", type="primary"):
            if hmac.compare_digest(said.encode(), settings.passphrase.encode()):
                st.session_state["passed"] = True
                st.rerun()
            st.error("That is not it. Whoever set up this app knows the passphrase.")
    return False


if passed():
    pages = {
        "": [st.Page(lambda: ask_page.show(settings), title="Ask", icon=":material/chat:", url_path="ask", default=True)],
        "Training": [
            st.Page(lambda: runs_page.show(settings), title="Runs", icon=":material/monitoring:", url_path="runs"),
            st.Page(lambda: trajectories_page.show(settings), title="Trajectories", icon=":material/route:", url_path="trajectories"),
            st.Page(lambda: compare_page.show(settings), title="Compare", icon=":material/difference:", url_path="compare"),
        ],
    }
    st.navigation(pages).run()
