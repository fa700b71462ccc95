"""dashboards/theme.py and settings.py: readable colours, nothing from the network, and one line for a wrong setting."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit.config

from dashboards.settings import Settings, read_settings
from dashboards.theme import DARK, LIGHT, contrast, streamlit_options


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_text_and_accents_can_be_read_on_both_backgrounds(colours: dict[str, str]) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for ground in (colours["backgroundColor"], colours["secondaryBackgroundColor"]):
        assert contrast(colours["textColor"], ground) >= 7
        assert contrast(colours["linkColor"], ground) >= 4.5
        assert all(contrast(colour, ground) >= 3 for colour in (colours["primaryColor"], *colours["chartCategoricalColors"]))


def test_every_option_is_one_of_streamlits_and_statistics_are_off() -> None:
    options = streamlit_options("127.0.0.1", 8501)
    assert set(options) <= set(streamlit.config.get_config_options())
    assert (options["browser.gatherUsageStats"], options["client.showErrorDetails"]) == ("false", "none")


def test_settings_come_from_the_environment_and_a_wrong_address_is_named() -> None:
    found = read_settings({"ANALYST_BUDDY_URL": "http://there:1/", "ANALYST_BUDDY_RUNS": "/r"})
    assert (found.url, found.runs, found.data) == ("http://there:1", Path("/r"), None)
    assert read_settings({}) == Settings()
    with pytest.raises(ValueError, match="ANALYST_BUDDY_URL is 'there'"):
        read_settings({"ANALYST_BUDDY_URL": "there"})
