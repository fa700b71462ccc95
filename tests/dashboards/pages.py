"""Runs one page of the app under AppTest."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboards.settings import Settings


def _script(module: str, settings: object) -> None:
    import importlib

    importlib.import_module(f"dashboards.{module}").show(settings)


def opened(module: str, settings: Settings, query: dict[str, str] | None = None) -> AppTest:
    """A page, run once; `query` is what stands in its address. Any exception in it fails the test."""
    app = AppTest.from_function(_script, kwargs={"module": module, "settings": settings}, default_timeout=120)
    for name, value in (query or {}).items():
        app.query_params[name] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    """The page itself, unless it raised."""
    assert not app.exception, [error.value for error in app.exception]
    return app
