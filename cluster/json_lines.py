"""Files of JSON lines that people hand over: read to the end or refused by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cluster.errors import UserError

T = TypeVar("T")


def read_json_lines(file: Path, wanted: str, made: Callable[[Any, int], T]) -> list[T]:
    """What is made of every line; empty ones are passed over.

    Args:
        wanted: what a line should be, for the message.
        made: called with a line's value and its number; raises ValueError, KeyError, TypeError or AttributeError for one that will not do.

    Raises:
        UserError: a line is something else; the message names it.
    """
    found = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                found.append(made(json.loads(line), number))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise UserError(f"{file}, line {number}: wanted {wanted}, got {line.strip()[:80]!r}") from error
    return found
