"""A stranger's text as it may be shown: on one line, as serving shows a cell, and without addresses that Markdown would make links of."""

from __future__ import annotations

import re

CHARS_MAX = 80
_LINKLIKE = re.compile(r"://|@|www(?=\.)", re.IGNORECASE)


def plain(text: str, chars_max: int = CHARS_MAX) -> str:
    """A text on one line: what does not print or turns the writing round is dropped, what is long is cut."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * chars_max]).split())
    return line if len(line) <= chars_max and len(text) <= 4 * chars_max else line[: chars_max - 1].rstrip() + "…"


def unlinked(text: str) -> str:
    """A text in which no address becomes a link: an escape does not keep it from that, a word joiner, which shows nothing, does."""
    return _LINKLIKE.sub("\\g<0>\u2060", text)
