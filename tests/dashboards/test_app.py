"""dashboards/app.py under AppTest: the passphrase stands before everything, and the first page is the owner's."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import theme
from dashboards.settings import ENV_HISTORY, ENV_PASSPHRASE, ENV_RUNS, ENV_URL
from tests.dashboards.pages import checked


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    for name, value in ((ENV_URL, "http://127.0.0.1:9"), (ENV_RUNS, str(tmp_path)), (ENV_HISTORY, str(tmp_path / "kept"))):
        monkeypatch.setenv(name, value)
    return AppTest.from_file(str(Path(theme.__file__).with_name("app.py")), default_timeout=120)


def test_the_first_page_is_the_owners(app: AppTest) -> None:
    assert checked(app.run()).title[0].value == "Ask your data"


def test_nothing_is_shown_before_the_passphrase_is_said(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_PASSPHRASE, "open sesame")
    assert len(checked(app.run()).title) == 0
    app.text_input[0].set_value("open barley")
    app.button[0].click().run()
    assert "That is not it" in checked(app).error[0].value
    assert len(app.title) == 0
    app.text_input[0].set_value("open sesame")
    app.button[0].click().run()
    assert checked(app).title[0].value == "Ask your data"
