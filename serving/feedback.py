"""What people said of answers, as Parquet: one small file for each, whole or not there, all of one schema.

    DIR/ 20260131T101502123-1a2b3c4d.parquet ...

`pyarrow.dataset.dataset(DIR)` reads them as one table; `analyst-buddy data build --feedback DIR` makes questions of them.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from envs.whole_files import file_written_aside

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("ms", tz="UTC"), nullable=False),
        pa.field("owner", pa.string(), nullable=False),
        pa.field("answer_id", pa.string(), nullable=False),
        pa.field("database", pa.string(), nullable=False),
        pa.field("database_file", pa.string(), nullable=False),  # relative to the folder of the server's state
        pa.field("question", pa.string()),
        pa.field("sql", pa.string(), nullable=False),  # the answer's own, "" when it had none
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),  # right or wrong
        pa.field("reason", pa.string()),
        pa.field("corrected_sql", pa.string()),
    ]
)


@dataclass(frozen=True)
class Feedback:
    """One person's word on one answer."""

    owner: str
    answer_id: str
    database: str
    database_file: str
    question: str | None
    sql: str
    outcome: str
    model: str
    verdict: str
    reason: str | None
    corrected_sql: str | None


def write_feedback(folder: Path, feedback: Feedback) -> str:
    """Keep it and return its id."""
    folder.mkdir(parents=True, exist_ok=True)
    now = time.time()
    name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(now))}{int(now * 1_000) % 1_000:03d}-{secrets.token_hex(4)}"
    row = {"id": name, "time": int(now * 1_000), **asdict(feedback)}
    columns = [pa.array([row[field.name]], field.type) for field in SCHEMA]
    with file_written_aside(folder / f"{name}.parquet") as aside:
        pq.write_table(pa.Table.from_arrays(columns, schema=SCHEMA), aside)
    return name


def read_feedback(folder: Path) -> list[dict[str, object]]:
    """All of it, oldest first.

    Raises:
        FileNotFoundError: there is none.
    """
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise FileNotFoundError(f"no feedback in {folder}: wanted the *.parquet files that a server keeps in its state's feedback folder")
    rows: list[dict[str, object]] = pa.concat_tables([pq.read_table(path, schema=SCHEMA) for path in files]).to_pylist()
    return sorted(rows, key=lambda row: str(row["id"]))
