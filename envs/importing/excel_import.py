"""A workbook (.xlsx, .xlsm, .xls, .xlsb, .ods) as sheets, read by python-calamine in a child that can do nothing else."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from envs.importing.report import ImportRefusedError, Note, listed
from envs.importing.sheet import Budget, Row, Sheet
from envs.importing.values import RawCell
from envs.jail import BrokenError, Child

_SCRIPT = Path(__file__).with_name("excel_child.py")
_SAID = {
    "memory": ("too_big", "it needs too much memory: save each sheet as a CSV file and import those"),
    "protected": ("protected", "it is protected by a password: save it without one"),
    "too_big": ("too_big", "{}: save each sheet as a CSV file and import those"),
    "damaged": ("damaged", "it cannot be read ({}): open it in Excel or LibreOffice and save it again as .xlsx"),
}


class Workbook:
    """An open workbook; leaving the `with` ends its process."""

    def __init__(self, path: Path, budget: Budget) -> None:
        self._path, self._budget = path, budget
        spec = importlib.util.find_spec("python_calamine")
        if spec is None or spec.origin is None:
            raise ImportError("python-calamine is not installed: `make setup` installs it")
        self._child = Child(_SCRIPT)
        try:
            reply = self._ask(
                {
                    "library": str(Path(spec.origin).parent.parent),
                    "path": str(path.resolve()),
                    "unpacked_bytes_max": budget.limits.unpacked_bytes_max,
                }
            )
            found = reply.get("sheets")
            if not isinstance(found, list) or not all(_texts(entry) for entry in found):
                raise ImportRefusedError("damaged", f"{path.name}: reading it broke off")
            self._sheets: list[list[str]] = found
        except BaseException:
            self._child.close()
            raise

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close()

    def sheets(self, notes: list[Note]) -> list[Sheet]:
        """The sheets with cells in them, hidden ones too; charts and the like are noted."""
        if len(self._sheets) > self._budget.limits.tables_max:
            raise ImportRefusedError(
                "too_big", f"{self._path.name} has {len(self._sheets):,} sheets, at most {self._budget.limits.tables_max} are imported"
            )
        other = [name for name, kind, _ in self._sheets if kind != "WorkSheet"]
        if other:
            notes.append(Note("left_out", "", f"sheets without cells: {listed(other)}"))
        hidden = [name for name, kind, visible in self._sheets if kind == "WorkSheet" and visible != "Visible"]
        if hidden:
            notes.append(Note("check", "", f"hidden sheets are imported like the others: {listed(hidden)}"))
        return [
            Sheet(name, lambda place=place: self._rows(place))  # type: ignore[misc]
            for place, (name, kind, _) in enumerate(self._sheets)
            if kind == "WorkSheet"
        ]

    def _rows(self, place: int) -> Iterator[Row]:
        self._ask({"sheet": place})
        while True:
            rows = self._ask({"next": True}).get("rows")
            if not isinstance(rows, list):
                raise ImportRefusedError("damaged", f"{self._path.name}: reading it broke off")
            if not rows:
                return
            for row in rows:
                if not isinstance(row, list) or not row or type(row[0]) is not int:
                    raise ImportRefusedError("damaged", f"{self._path.name}: reading it broke off")
                yield row[0], [self._cell(cell) for cell in row[1:]]

    def _cell(self, cell: Any) -> RawCell:
        if cell is None or isinstance(cell, str | int | float):
            return cell
        try:
            return dt.datetime.fromisoformat(cell[0]).replace(tzinfo=None)
        except (ValueError, TypeError, LookupError) as error:
            raise ImportRefusedError("damaged", f"{self._path.name}: a cell is no cell") from error

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self._budget.check_time()
        seconds = self._budget.seconds_left()
        try:
            reply = self._child.exchange({**message, "timeout_s": seconds}, seconds + 1.0)
        except BrokenError as error:
            if str(error) == "timeout":
                raise ImportRefusedError(
                    "timeout", f"{self._path.name}: reading it took too long: save each sheet as a CSV file"
                ) from error
            raise ImportRefusedError(
                "damaged", f"{self._path.name}: reading it broke off; it is damaged or needs too much memory: save each sheet as a CSV file"
            ) from error
        refused = reply.get("refused")
        if refused is not None:
            kind, said = refused if _texts(refused) else ("damaged", "")
            code, message_text = _SAID.get(kind, _SAID["damaged"])
            raise ImportRefusedError(code, f"{self._path.name}: {message_text.format(said[:200])}")
        return reply


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
