"""What a person sees while a run goes on: one bar for the stage at hand, a line for each result, a table at the end.

On a terminal the bar moves; elsewhere (a log file, CI) it becomes a plain line every half minute.
"""

from __future__ import annotations

import time
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

PLAIN_EVERY_S = 30.0


class Display:
    """The terminal of a run; use as a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._progress = Progress(
            TextColumn("[bold]{task.description:<22}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task: Any = None
        self._name = ""
        self._total = 0
        self._done = 0
        self._plain_at = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, name: str, total: int, done: int = 0, note: str = "") -> None:
        """Start the bar of a new piece of work."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._name, self._total, self._done = name, total, done
        self._task = self._progress.add_task(name, total=total, completed=done, note=note)
        self._plain_at = time.monotonic()

    def advance(self, done: int, note: str = "") -> None:
        """Set how much is done."""
        self._done = done
        if self._task is not None:
            self._progress.update(self._task, completed=done, note=note)
        if not self.console.is_terminal and time.monotonic() - self._plain_at > PLAIN_EVERY_S:
            self._plain_at = time.monotonic()
            self.console.print(f"{self._name}: {done} of {self._total} {note}".rstrip(), markup=False)

    def line(self, text: str) -> None:
        """A line that stays."""
        self.console.print(text, markup=False)

    def table(self, table: Table) -> None:
        self.console.print(table)
