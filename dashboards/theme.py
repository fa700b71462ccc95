"""How the app looks and what its server may do, as Streamlit options for the launcher: quiet colours, nothing from the network.

Text on its background has a contrast of at least 7 to 1, the accent and the chart colours of at least 3 to 1 (WCAG 2.1).
"""

from __future__ import annotations

from collections.abc import Mapping

UPLOAD_MB_MAX = 200

LIGHT = {
    "primaryColor": "#1f6f78",
    "backgroundColor": "#fcfcfa",
    "secondaryBackgroundColor": "#f1f2ee",
    "textColor": "#22272b",
    "linkColor": "#1f6f78",
    "borderColor": "#dcdfd8",
    "chartCategoricalColors": ("#1f6f78", "#b8632a", "#5b6db3", "#6b8e3d", "#9a4f7c", "#7d7466"),
}
DARK = {
    "primaryColor": "#5fb8bf",
    "backgroundColor": "#15191c",
    "secondaryBackgroundColor": "#1f2529",
    "textColor": "#e8eaea",
    "linkColor": "#7cc7cd",
    "borderColor": "#343c42",
    "chartCategoricalColors": ("#5fb8bf", "#e39a60", "#94a4e6", "#a3c26e", "#d38ab4", "#b8ad9c"),
}
SERVER: Mapping[str, str] = {
    "browser.gatherUsageStats": "false",  # no request leaves the machine
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": "false",
    "server.maxUploadSize": str(UPLOAD_MB_MAX),
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "client.disableDataExport": "true",  # the app's own downloads guard against formulas
    "logger.hideWelcomeMessage": "true",
    "logger.level": "warning",  # the launcher prints the address
}


def streamlit_options(address: str, port: int) -> dict[str, str]:
    """Every option by name, as `streamlit run --NAME=VALUE` takes them.

    Args:
        address: what the app listens on.
    """
    options = {
        **SERVER,
        "server.address": address,
        "server.port": str(port),
        "theme.baseRadius": "0.5rem",
        "theme.headingFontSizes": '["2rem", "1.5rem", "1.2rem"]',
        "theme.paddingTop": "3.5rem",
        "theme.showWidgetBorder": "true",
    }
    for mode, colours in (("light", LIGHT), ("dark", DARK)):
        for name, colour in colours.items():
            options[f"theme.{mode}.{name}"] = colour if isinstance(colour, str) else str(list(colour)).replace("'", '"')
    return options


def contrast(first: str, second: str) -> float:
    """The contrast of two colours (#rrggbb), from 1 to 21, as WCAG 2.1 defines it."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
