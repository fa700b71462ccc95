"""What was asked and answered, kept on this machine so that a refresh or a restart of the app loses nothing.

A conversation is one JSON file named by its id, which stands in the page's address; whoever has the address sees it. The oldest files
go when there are many.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from envs.whole_files import write_text_atomic

TURNS_MAX = 100  # of one conversation; the oldest are dropped
CONVERSATIONS_MAX = 300
_ID = re.compile(r"[0-9a-f]{32}")

State = Literal["running", "answered", "stopped", "broken"]


@dataclass
class Turn:
    """One question and what came of it."""

    question: str
    database: str
    state: State = "running"
    asked_at: float = field(default_factory=time.time)  # seconds since 1970
    steps: list[dict[str, Any]] = field(default_factory=list)  # as they came; after the answer its own
    answer: dict[str, Any] | None = None  # as serving tells it, without its steps
    error: str = ""  # for "broken"
    edited: dict[str, Any] | None = None  # the answer to SQL the owner changed
    verdict: str = ""  # "right" or "wrong" once said
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass
class Conversation:
    """Questions about databases, the follow-ups of one with it."""

    id: str
    turns: list[Turn] = field(default_factory=list)
    database: str = ""  # chosen last


class History:
    """The conversations kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, conversation_id: str) -> Conversation:
        """A conversation; a new one when there is none of that id, or its file is not whole."""
        if not _ID.fullmatch(conversation_id):
            return Conversation(new_id())
        try:
            told = json.loads(self._path(conversation_id).read_text("utf-8"))
            return Conversation(conversation_id, [Turn(**turn) for turn in told["turns"]], str(told["database"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Conversation(conversation_id)

    def save(self, conversation: Conversation) -> None:
        """Keep it, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        del conversation.turns[:-TURNS_MAX]
        path = self._path(conversation.id)
        if not path.exists():
            self._make_room()
        told = {"database": conversation.database, "turns": [asdict(turn) for turn in conversation.turns]}
        write_text_atomic(path, json.dumps(told, ensure_ascii=True))

    def clear(self, conversation_id: str) -> None:
        """Forget a conversation."""
        self._path(conversation_id).unlink(missing_ok=True)

    def _path(self, conversation_id: str) -> Path:
        return self.folder / f"{conversation_id}.json"

    def _make_room(self) -> None:
        newest_first = sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in newest_first[CONVERSATIONS_MAX - 1 :]:
            path.unlink(missing_ok=True)


def new_id() -> str:
    """The id of a new conversation; nobody guesses it."""
    return uuid.uuid4().hex
