"""A database's schema as it is shown to its owner: tables, columns, keys and a few rows of each."""

from __future__ import annotations

from envs.businesses import wording
from envs.guard import Cell as Value
from envs.sandbox import Database
from envs.schema import quoted
from envs.vocabulary import Wording
from serving.contract import Cell, ColumnEntry, SchemaBody, TableEntry, rows_of
from serving.databases import SAMPLES

SAMPLE_ROWS, CELL_CHARS = 3, 200


def schema_of(database: Database) -> SchemaBody:
    """What the schema route answers; reads a few rows of every table."""
    tables = []
    for table in database.schema.tables:
        targets = {key.column: f"{key.table}.{key.target}" for key in table.foreign_keys}
        columns = [ColumnEntry(name=c.name, type=c.type, key="primary" if c.primary_key else targets.get(c.name)) for c in table.columns]
        chosen = ", ".join(quoted(name) for name in table.column_names)
        rows = database.look(f"SELECT {chosen} FROM {quoted(table.name)} LIMIT {SAMPLE_ROWS}", SAMPLE_ROWS)
        tables.append(TableEntry(name=table.name, row_count=table.row_count, columns=columns, sample_rows=_short(rows)))
    return SchemaBody(tables=tables)


def _short(rows: list[tuple[Value, ...]]) -> list[list[Cell]]:
    """Rows for a glance: long texts are cut."""
    shown = [[value[:CELL_CHARS] + "…" if isinstance(value, str) and len(value) > CELL_CHARS else value for value in row] for row in rows]
    return rows_of([[value[:CELL_CHARS] if isinstance(value, bytes) else value for value in row] for row in shown])


def wording_of(database: str) -> Wording | None:
    """What its owner calls tables and columns; known of the samples alone, because nobody can upload under their names."""
    return wording(database) if database in SAMPLES else None
