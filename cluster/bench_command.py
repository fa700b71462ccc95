"""`analyst-buddy bench`: finds a benchmark of tests/benchmarks by its name, runs it and prints its report.

The benchmarks stay beside the tests and are in no wheel, so this works from a checkout alone.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cluster.errors import UserError


def benchmarks_folder() -> Path:
    """tests/benchmarks of the checkout this package lies in, or else of the one we stand in.

    Raises:
        UserError: there is neither.
    """
    for root in (Path(__file__).resolve().parent.parent, Path.cwd()):
        folder = root / "tests" / "benchmarks"
        if (folder / "report.py").is_file():
            return folder
    raise UserError("no tests/benchmarks here: an installed package has no benchmarks, so run this in the root of a checkout")


def benchmarks(folder: Path) -> dict[str, str]:
    """Name to the first line of its docstring, read without running anything."""
    found = {}
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "measure" for node in tree.body):
            found[path.stem.replace("_", "-")] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def run_benchmark(name: str, arguments: Sequence[str], *, as_json: bool, console: Console) -> int:
    """Measure and print; 0 when every bound is met, 1 when one is not.

    Args:
        arguments: the benchmark's own options.

    Raises:
        UserError: there is no such benchmark.
    """
    folder = benchmarks_folder()
    name, known = name.replace("_", "-"), benchmarks(folder)
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.3) or list(known)
        raise UserError(f"no benchmark {name!r}; did you mean {near[0]}? `analyst-buddy bench --list` names all")
    module = _load(folder, name)
    parser = argparse.ArgumentParser(
        prog=f"analyst-buddy bench {name}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.add_options(parser)
    report = module.measure(parser.parse_args(arguments))
    if as_json:
        print(json.dumps(report.as_dict(), allow_nan=False))  # noqa: T201 (a machine's line, not a person's)
    else:
        _show(report.as_dict(), console)
    return 0 if report.met else 1


def _load(folder: Path, name: str) -> Any:
    root = str(folder.parent.parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    module = importlib.import_module(f"tests.benchmarks.{name.replace('-', '_')}")
    if Path(str(module.__file__)).resolve().parent != folder.resolve():
        raise UserError(f"{module.__file__} stands before {folder} on the Python path: run this in the checkout's own environment")
    return module


def _show(report: dict[str, Any], console: Console) -> None:
    table = Table("figure", "value", "unit", "wanted", title=report["name"])
    for name, figure in report["figures"].items():
        wanted = next((f"{bound.replace('_', ' ')} {figure[bound]:g}" for bound in ("at_most", "at_least") if bound in figure), "")
        table.add_row(name, f"{figure['value']:g}", figure["unit"], wanted + ("" if figure.get("met", True) else ": not met"))
    console.print(table)
    console.print("; ".join(f"{key}: {value}" for key, value in report["how"].items()), markup=False)
    for note in report["notes"]:
        console.print(note, markup=False)
