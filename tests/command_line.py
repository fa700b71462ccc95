"""`analyst-buddy` called in this process: its entry point with arguments, input and environment, and what a shell would see of it.

A process of its own costs seconds of imports and shows the same, so it is for tests of signals, terminals and whole runs.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from subprocess import CompletedProcess

import pytest
from rich.console import Console, ConsoleDimensions

from cluster.cli import main


def run(*arguments: object, lines: str = "", columns: int = 80, **environment: str) -> CompletedProcess[str]:
    """Exit code, output and errors of a call; what it set for its process (environment, loggers, warnings) is put back.

    Args:
        lines: its standard input, which is a pipe.
        columns: the width it prints in.
        environment: variables besides this process's.
    """
    command = ["analyst-buddy", *map(str, arguments)]
    printed, complained = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(stream, encoding="utf-8", write_through=True) for stream in (printed, complained))
    root, kept = logging.getLogger(), dict(os.environ)
    handlers, level = root.handlers.copy(), root.level
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        for name, stands_in in (("argv", command), ("stdin", io.StringIO(lines)), ("stdout", out), ("stderr", err)):
            patched.setattr(sys, name, stands_in)
        for name, value in environment.items():
            patched.setenv(name, value)
        patched.setattr(Console, "size", ConsoleDimensions(columns, 25))  # a console keeps the COLUMNS that it began with
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        finally:
            os.environ.clear()
            os.environ.update(kept)
            root.handlers[:] = handlers
            root.setLevel(level)
    return CompletedProcess(command, code, printed.getvalue().decode(), complained.getvalue().decode())
