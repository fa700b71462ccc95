"""What an import says: the tables it made, what it left out or read in one of two ways, or why it made nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

NOTES_MAX = 500  # of one import; the last then says how many more there were

# left_out: not in the new database. read_as: in it, in the reading that the note names. check: in it, worth a look.
NoteKind = Literal["left_out", "read_as", "check"]


class ImportRefusedError(ValueError):
    """A file that is not imported; nothing was written. The message is for its owner.

    `code` is one of missing, exists, empty, unknown, archive, not_a_table, too_big, damaged, in_use, protected, no_tables, timeout,
    changed.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Note:
    """One thing the owner should know."""

    kind: NoteKind
    where: str  # a table, `table.column`, or "" for the whole file
    text: str


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """One column of the new database."""

    name: str
    original: str  # as the file words it
    type: str


@dataclass(frozen=True, slots=True)
class TableReport:
    """One table of the new database."""

    name: str
    original: str
    rows: int
    columns: tuple[ColumnReport, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """A finished import."""

    source: str  # the file's name, without its folder
    kind: Literal["sqlite", "csv", "excel"]
    tables: tuple[TableReport, ...]
    notes: tuple[Note, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        """For a person: the tables, then the notes."""
        lines = [f"{self.source} ({self.kind}): {counted(len(self.tables), 'table')}, {counted(sum(t.rows for t in self.tables), 'row')}"]
        for table in self.tables:
            named = f" (from {table.original!r})" if table.original != table.name else ""
            lines.append(f"  {table.name}{named}: {counted(table.rows, 'row')}")
            lines += [
                f"    {c.name} {c.type.lower()}".rstrip() + (f" (from {c.original!r})" if c.original != c.name else "")
                for c in table.columns
            ]
        for kind, title in (("left_out", "Left out"), ("read_as", "Read as"), ("check", "Worth a look")):
            found = [note for note in self.notes if note.kind == kind]
            if found:
                lines.append(f"{title}:")
                lines += [f"  {note.where}: {note.text}" if note.where else f"  {note.text}" for note in found]
        return "\n".join(lines)


def listed(names: list[str], most: int = 8) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(shortened(name, 60) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def counted(number: int, what: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def shortened(text: str, chars: int = 80) -> str:
    """On one line, without anything a terminal would obey, cut."""
    clean = " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in text[: 4 * chars]).split())
    return clean if len(clean) <= chars else clean[: chars - 1] + "…"
