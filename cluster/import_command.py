"""`analyst-buddy import`: an owner's file becomes a clean database, with a report on stdout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

from envs.importing import ImportRefusedError, import_file

USAGE, REFUSED = 2, 3  # exit codes


def run_import(
    path: Path, out: Path, to: IO[str], errors: IO[str], *, as_json: bool, dates: str | None, closed: bool, replace: bool
) -> int:
    """Import one file and say what came of it; the exit code."""
    try:
        report = import_file(path, out, month_first=None if dates is None else dates == "month-first", wal_closed=closed, replace=replace)
    except ImportRefusedError as error:
        if as_json:
            to.write(json.dumps({"error": {"code": error.code, "message": str(error)}}) + "\n")
        errors.write(f"analyst-buddy: {error}\n")
        return USAGE if error.code in ("missing", "exists") else REFUSED
    to.write((json.dumps({"out": str(out), **report.as_dict()}) if as_json else f"{report.as_text()}\n\nWritten to {out}.") + "\n")
    return 0
