"""The child that reads a stranger's workbook: opens the file, drops what it may do, then hands its sheets over row by row.

Started by envs/importing/excel_import.py as a bare interpreter; see envs/jailed.py for what it gives up and how it talks.
"""

from __future__ import annotations

import datetime as dt
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parent.parent.parent))  # isolated mode knows the standard library only
from envs.jailed import allow_seconds, drop, read_message, write_message

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

PARTS_MAX = 10_000
ROWS_A_MESSAGE, CHARS_A_MESSAGE = 2_000, 4_000_000


def main() -> None:
    request = read_message()
    sys.path.append(request["library"])
    import python_calamine

    del sys.path[-2:]
    file = Path(request["path"]).open("rb")  # noqa: SIM115 (open for the life of the process)
    "".encode("cp437")  # zipfile's own, looked up while files can still be opened
    drop()
    allow_seconds(request["timeout_s"])
    try:
        refused = _too_much(file, request["unpacked_bytes_max"])
        if refused:
            write_message({"refused": ["too_big", refused]})
            return
        file.seek(0)
        workbook = python_calamine.load_workbook(file)
    except python_calamine.PasswordError:
        write_message({"refused": ["protected", ""]})
        return
    except MemoryError:
        write_message({"refused": ["memory", ""]})
        return
    except Exception as error:
        write_message({"refused": ["damaged", f"{type(error).__name__}: {error}"[:200]]})
        return
    write_message(
        {
            "sheets": [
                [sheet.name, str(sheet.typ).rpartition(".")[2], str(sheet.visible).rpartition(".")[2]] for sheet in workbook.sheets_metadata
            ]
        }
    )
    _serve(workbook)


def _serve(workbook: CalamineWorkbook) -> None:
    """Answer {"sheet": n} with its size and {"next": true} with its next rows, none at the end."""
    sheet: CalamineSheet | None = None
    rows: Iterator[list[Any]] = iter(())
    sheet_number, place = -1, 0
    while request := read_message():
        allow_seconds(request["timeout_s"])
        try:
            if "sheet" in request:
                if request["sheet"] != sheet_number or sheet is None:
                    sheet = workbook.get_sheet_by_index(request["sheet"])
                    sheet_number = request["sheet"]
                rows, place = iter(sheet.iter_rows()), 0
                write_message({"height": sheet.height, "width": sheet.width})
                continue
            found: list[list[Any]] = []
            chars = 0
            for row in rows:
                place += 1
                cells = [_cell(cell) for cell in row]
                while cells and cells[-1] is None:
                    cells.pop()
                if cells:
                    found.append([place, *cells])
                    chars += 8 * len(cells) + sum(len(cell) for cell in cells if cell.__class__ is str)
                if len(found) >= ROWS_A_MESSAGE or chars >= CHARS_A_MESSAGE:
                    break
            write_message({"rows": found})
        except MemoryError:
            write_message({"refused": ["memory", ""]})
            return
        except Exception as error:
            write_message({"refused": ["damaged", f"{type(error).__name__}: {error}"[:200]]})


def _cell(cell: Any) -> Any:
    """A cell as JSON has it; a date as its ISO text in a list."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, dt.date):  # a datetime is one
        return [cell.isoformat()]
    if isinstance(cell, dt.time):
        return cell.isoformat("seconds")
    if isinstance(cell, dt.timedelta):
        seconds = round(cell.total_seconds())
        return f"{'-' if seconds < 0 else ''}{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02}:{abs(seconds) % 60:02}"
    return cell


def _too_much(file: IO[bytes], unpacked_bytes_max: int) -> str:
    """What is wrong with the size that a ZIP gives for what is in it; "" for a file that is no ZIP."""
    if file.read(2) != b"PK":
        return ""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > PARTS_MAX:
        return f"it has {len(parts):,} parts"
    return f"unpacked it would be {unpacked:,} bytes" if unpacked > unpacked_bytes_max else ""


if __name__ == "__main__":
    main()
