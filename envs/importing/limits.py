"""How large a file, and what is in it, may be for an import."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class ImportLimits:
    """Beyond these a file is refused; only columns and long cells are cut instead, and the report says so."""

    file_bytes_max: int = 200_000_000
    tables_max: int = 200  # tables or sheets
    columns_max: int = 200  # of one table; the sandbox reads no more
    rows_max: int = 2_000_000  # over all tables
    cells_max: int = 20_000_000  # over all tables
    cell_chars_max: int = 25_000  # a longer text is cut: at four bytes each, as long as a value that the sandbox reads
    blob_bytes_max: int = 4_096  # a longer blob (a picture, a document) becomes NULL
    unpacked_bytes_max: int = 1_000_000_000  # what a workbook says it holds once unpacked
    timeout_s: float = 300.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) <= 0:
                raise ValueError(f"{field.name} is {getattr(self, field.name)}: wanted more than 0")
