"""What goes over HTTP: the bodies of requests and answers and the events of a stream, as the OpenAPI document shows them.

Requests are strict (an unknown key is refused with its name). `cell()` says how a value of the database is written in JSON.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

QUESTION_CHARS_MAX, SQL_CHARS_MAX = 2_000, 20_000
SAMPLES_MAX = 9
ROWS_SHOWN = 200  # rows in an answer; the download has more
EXACT_MAX = 2**53  # integers beyond are not exact where JSON numbers are floats

Cell = str | int | float | None
Outcome = Literal["answered", "unsure", "not_in_data", "failed"]
DatabaseName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Samples = Annotated[
    int,
    Field(ge=1, le=SAMPLES_MAX),
    BeforeValidator(lambda value: int(value) if isinstance(value, float) and value.is_integer() else value),  # 5.0 is an integer in JSON
]
Ident = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,80}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


# Requests


class AskBody(_Body):
    """A question about one database."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"database": "retail_smb", "question": "Which supplier did we pay most in 2024?"}]}
    )
    database: DatabaseName
    question: Annotated[str, StringConstraints(min_length=1, max_length=QUESTION_CHARS_MAX, pattern=r"\S")]
    conversation: Ident | None = Field(None, description="An id the client makes up; the server keeps its last question and SQL.")
    samples: Samples | None = Field(None, description="Answers sampled and compared; more tell how sure it is.")


class SqlBody(_Body):
    """One SELECT to run on a database."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"database": "retail_smb", "sql": "SELECT 1"}]})
    database: DatabaseName
    sql: Annotated[str, StringConstraints(min_length=1, max_length=SQL_CHARS_MAX)]


class FeedbackBody(_Body):
    """Whether an answer was right."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answer_id": "ans_0123456789abcdef", "verdict": "right"}]})
    answer_id: Ident
    verdict: Literal["right", "wrong"]
    reason: Annotated[str, StringConstraints(max_length=QUESTION_CHARS_MAX)] | None = None
    sql: Annotated[str, StringConstraints(max_length=SQL_CHARS_MAX)] | None = Field(None, description="What would have been right.")


class PromoteBody(_Body):
    """Weights for the running application: a policy directory on the server's own disk."""

    policy: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    tested: dict[str, Any] | None = None  # {"correct", "questions", ...} on the test set, as a run's result.json has it
    margin: float = Field(0.0, ge=0.0, le=1.0)


# What comes back


class StepEvent(BaseModel):
    """One action of the analyst and what the database said to it; `event: step` of a stream."""

    index: int
    verb: Literal["DESCRIBE", "SAMPLE", "QUERY", "ANSWER", "MALFORMED"]
    argument: str
    observation: str
    ok: bool
    seconds: float


class Candidate(BaseModel):
    """One of several answers that did not agree."""

    votes: int
    sql: str
    sentence: str
    columns: list[str]
    titles: list[str]
    rows: list[list[Cell]]
    row_count: int


class Model(BaseModel):
    """Which policy and which of its weights answered."""

    name: str
    version: int
    weights: str  # the first 12 hex digits of the weights' SHA-256


class Answer(BaseModel):
    """What came of a question or of edited SQL; `event: answer` of a stream."""

    id: str
    outcome: Outcome
    reason: str | None = Field(None, description="Why there is no answer, or why it is unsure.")
    sentence: str
    columns: list[str] = Field(description="As the database calls them.")
    titles: list[str] = Field(description='The columns in words, no two the same: "number of orders" for COUNT(*).')
    rows: list[list[Cell]] = Field(description=f"The first {ROWS_SHOWN} rows at most.")
    row_count: int
    rows_complete: bool = Field(description="False: the database has more rows than were read; row_count are those that were.")
    download: str | None = Field(None, description="A path without extension: add .csv or .xlsx.")
    chart: dict[str, Any] | None = Field(None, description="A Vega-Lite specification.")
    sql: str
    explanation: str
    tables_read: list[str]
    steps: list[StepEvent]
    confidence: float | None = Field(None, description="Calibrated probability that it is right; null when not known.")
    candidates: list[Candidate] = Field(default_factory=list, description="For unsure: what the samples came to.")
    understood: str | None = Field(None, description="How a follow-up was read; null for a question that stands alone.")
    database: str
    question: str | None = None
    model: Model | None = Field(None, description="null for SQL that a person wrote.")
    seconds: float


class ErrorDetail(BaseModel):
    code: str
    message: str
    request_id: str


class ErrorBody(BaseModel):
    """Every error; `event: error` of a stream."""

    error: ErrorDetail


class DatabaseEntry(BaseModel):
    """One database that can be asked."""

    name: str
    title: str
    tables: int
    rows: int
    sample: bool


class DatabaseList(BaseModel):
    databases: list[DatabaseEntry]


class UploadedDatabase(DatabaseEntry):
    """A database that was just made from an upload."""

    report: dict[str, Any]  # envs.importing's ImportReport: source, kind, tables, notes


class ColumnEntry(BaseModel):
    name: str
    type: str
    key: str | None = Field(description='"primary", "table.column" of another table that it points to, or null.')


class TableEntry(BaseModel):
    name: str
    row_count: int
    columns: list[ColumnEntry]
    sample_rows: list[list[Cell]]


class SchemaBody(BaseModel):
    tables: list[TableEntry]


class StartersBody(BaseModel):
    questions: list[str]


class FeedbackTaken(BaseModel):
    id: str


class HealthBody(BaseModel):
    status: Literal["ok", "not ready"]
    checks: dict[str, bool]


class VersionBody(BaseModel):
    version: str
    model: Model
    policy: str  # "vllm", "transformers" or "scripted"


class PromotedBody(BaseModel):
    """What the application answers with from now on, and what it answered with before."""

    model: Model
    before: Model
    seconds: float  # that new questions waited
    waited: int = 0  # turns that waited for it


def cell(value: object) -> Cell:
    """A value of the database that every JSON reader reads alike: large integers, infinities and blobs (x'00ff') as text."""
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, int):
        return value if -EXACT_MAX <= value <= EXACT_MAX else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if value is None or isinstance(value, (str, float)) else str(value)


def rows_of(rows: Any, rows_max: int = ROWS_SHOWN) -> list[list[Cell]]:
    """The first rows of a result, ready for JSON."""
    return [[cell(value) for value in row] for row in rows[:rows_max]]
