"""What the owner's page says in plain words: steps, outcomes, how sure, what a database holds; and a conversation as Markdown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.history import Conversation, Turn
from dashboards.tables import headers, label_text

ROWS_EXPORTED = 50


@dataclass(frozen=True)
class StepWords:
    """One step of an answer, for the owner."""

    title: str
    sql: str  # "" when the step was no query
    said: str  # what the database said
    failed: bool


def step_words(step: dict[str, Any]) -> StepWords:
    """A step as serving tells it."""
    verb, argument = str(step["verb"]), str(step["argument"])
    failed = not step["ok"]
    titles = {
        "DESCRIBE": f"Looked up what “{argument}” holds",
        "SAMPLE": f"Read a few rows of “{argument}”",
        "QUERY": "Asked the database",
        "ANSWER": "Gave up: not in the data" if argument.startswith("UNKNOWN") else "Took the result as the answer",
        "MALFORMED": "Said something that is no step",
    }
    title = titles.get(verb, verb.capitalize())
    if failed:
        title += ", which failed"
    return StepWords(title, argument if verb == "QUERY" else "", str(step["observation"]), failed)


def steps_summary(steps: Sequence[dict[str, Any]]) -> str:
    """How many steps, and how many errors were met and got over."""
    failed = sum(not step["ok"] for step in steps)
    count = f"{len(steps)} step{'s' if len(steps) != 1 else ''}"
    if not failed:
        return count
    last = max(place for place, step in enumerate(steps) if not step["ok"])
    recovered = any(step["ok"] and step["verb"] == "QUERY" for step in steps[last:])
    return f"{count}, {failed} error{'s' if failed > 1 else ''} met{' and recovered from' if recovered else ''}"


def sureness(confidence: float | None) -> str:
    """How sure an answer is."""
    if confidence is None:
        return "How sure it is was not measured for this model: check the steps."
    word = "Quite sure" if confidence >= 0.8 else "Fairly sure" if confidence >= 0.5 else "Not sure"
    return f"{word}: answers like this one were right {100 * confidence:.0f} % of the time on questions it was tested on."


@dataclass(frozen=True)
class OutcomeWords:
    """An answer that is none, for the owner."""

    title: str
    advice: str


OUTCOMES = {
    "unsure": OutcomeWords("I am not sure", "Read the possible answers below and take the one that fits, or ask in other words."),
    "not_in_data": OutcomeWords(
        "Your data does not hold this",
        "See “What is in this data” for what there is. If it is there under another name, ask with that name.",
    ),
    "failed": OutcomeWords(
        "My query failed",
        "This says nothing about your data. Ask in other words, or ask for less at once.",
    ),
}
MEND = "You can also mend the SQL below and run it."


def table_words(table: dict[str, Any]) -> str:
    """A table in one line: its rows and columns, names as the database has them."""
    columns = [str(column["name"]) for column in table["columns"]]
    shown = ", ".join(columns[:12]) + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")
    rows = table["row_count"]
    return f"{rows:,} row{'s' if rows != 1 else ''}: {shown}"


def report_words(report: dict[str, Any]) -> list[str]:
    """What an import did that the owner should know."""
    notes = report.get("notes") or []
    return [str(note.get("message") or note.get("text") or note) if isinstance(note, dict) else str(note) for note in notes]


def big_number(answer: dict[str, Any]) -> tuple[str, str] | None:
    """Label and value of an answer that is one number."""
    rows = answer["rows"]
    if len(rows) != 1 or len(rows[0]) != 1 or answer["row_count"] != 1:
        return None
    value = rows[0][0]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return headers(answer)[0], f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def as_markdown(conversation: Conversation) -> str:
    """The whole conversation, to keep or send; whatever a cell says stands there as text."""
    parts = ["# Questions and answers", ""]
    for turn in conversation.turns:
        asked = dt.datetime.fromtimestamp(turn.asked_at).strftime("%Y-%m-%d %H:%M")
        parts += [f"## {label_text(turn.question)}", "", f"{label_text(turn.database)}, {asked}", "", *_answer_lines(turn), ""]
    return "\n".join(parts)


def _answer_lines(turn: Turn) -> list[str]:
    answer = turn.edited or turn.answer
    if answer is None:
        return [{"stopped": "Stopped.", "running": "Not answered yet."}.get(turn.state, label_text(turn.error))]
    lines = [label_text(answer["sentence"])]
    if answer["outcome"] in OUTCOMES:
        lines.insert(0, f"**{OUTCOMES[answer['outcome']].title}.**")
    if answer.get("reason"):
        lines += ["", label_text(str(answer["reason"]))]
    if answer["columns"]:
        lines += ["", _line(headers(answer)), "|" + " --- |" * len(answer["columns"])]
        lines += [_line(row) for row in answer["rows"][:ROWS_EXPORTED]]
        if answer["row_count"] > ROWS_EXPORTED:
            lines += ["", f"The first {ROWS_EXPORTED} of {answer['row_count']:,} rows."]
    if answer["sql"]:
        fence = "`" * max(3, 1 + max((len(run) for run in _runs(answer["sql"])), default=0))
        lines += ["", f"{fence}sql", answer["sql"], fence, "", label_text(answer["explanation"])]
    return lines


def _line(cells: Sequence[Any]) -> str:
    return "| " + " | ".join("" if cell is None else label_text(str(cell)) for cell in cells) + " |"


def _runs(text: str) -> list[str]:
    """The runs of backticks in a text."""
    return [run for run in "".join(c if c == "`" else " " for c in text).split() if run]
