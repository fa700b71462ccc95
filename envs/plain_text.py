"""A stranger's text on one line: what serving shows of a cell, and what a follow-up repeats of the question before it."""

from __future__ import annotations

CHARS_MAX = 80


def plain(text: str, chars_max: int = CHARS_MAX) -> str:
    """A text on one line: what does not print or turns the writing round is dropped, what is long is cut."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * chars_max]).split())
    return line if len(line) <= chars_max and len(text) <= 4 * chars_max else line[: chars_max - 1].rstrip() + "…"
