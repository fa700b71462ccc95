"""Options that several commands share, each with its one meaning and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Sets = Annotated[list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Change one setting; may be repeated.")]
Preset = Annotated[str, typer.Option(help="A preset's name (see `analyst-buddy config --list`) or a TOML file.")]
Spider = Annotated[Path | None, typer.Option(help="A directory in Spider's layout; its questions join all three sets (data.spider).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Policy = Annotated[Path | None, typer.Option(help="A policy directory (Hugging Face layout). Default: the best policy of the newest run.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run's directory, or its name under runs/.")]
Databases = Annotated[Path, typer.Option(help="Directory with <db_id>/<db_id>.sqlite for every db_id.")]
