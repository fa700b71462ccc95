"""Remembers what was answered to whom: for feedback and downloads by answer id, and the last question of a conversation.

One SQLite file that all replicas share. The newest answers of each owner are kept, so that it cannot grow without end.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from envs.follow_ups import LastTurn

ANSWERS_MAX = 2_000  # of one owner
CONVERSATIONS_MAX = 1_000  # of one owner
CONVERSATION_S = 86_400.0  # after a day a conversation is forgotten

_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, made_at REAL NOT NULL, database TEXT NOT NULL, question TEXT, sql TEXT NOT NULL,
    outcome TEXT NOT NULL, model TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answers_of_owner ON answers (owner, made_at);
CREATE TABLE IF NOT EXISTS conversations (
    owner TEXT NOT NULL, id TEXT NOT NULL, database TEXT NOT NULL, question TEXT NOT NULL, sql TEXT NOT NULL, made_at REAL NOT NULL,
    PRIMARY KEY (owner, id)
) STRICT;
"""


@dataclass(frozen=True)
class StoredAnswer:
    """What is kept of one answer: never its rows."""

    id: str
    database: str
    question: str | None  # None for SQL that a person wrote
    sql: str
    outcome: str
    model: str  # name, version and weights in one line; "" for SQL that a person wrote


class AnswerStore:
    """Threads may share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, timeout=10.0)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)

    def keep(self, owner: str, answer: StoredAnswer) -> None:
        """Remember an answer; an owner's oldest make room."""
        with self._lock, self._connection as connection:
            connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (answer.id, owner, time.time(), answer.database, answer.question, answer.sql, answer.outcome, answer.model),
            )
            connection.execute(
                "DELETE FROM answers WHERE owner = ?1 AND made_at < "
                "(SELECT made_at FROM answers WHERE owner = ?1 ORDER BY made_at DESC LIMIT 1 OFFSET ?2)",
                (owner, ANSWERS_MAX - 1),
            )

    def find(self, owner: str, answer_id: str) -> StoredAnswer | None:
        """The owner's answer of that id; None for anybody else's."""
        with self._lock:
            row = self._connection.execute(
                "SELECT id, database, question, sql, outcome, model FROM answers WHERE id = ? AND owner = ?", (answer_id, owner)
            ).fetchone()
        return StoredAnswer(*row) if row else None

    def keep_turn(self, owner: str, conversation: str, database: str, turn: LastTurn) -> None:
        """Remember the last answered question of a conversation."""
        with self._lock, self._connection as connection:
            connection.execute(
                "INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?, ?, ?)",
                (owner, conversation, database, turn.question, turn.sql, time.time()),
            )
            connection.execute("DELETE FROM conversations WHERE made_at < ?", (time.time() - CONVERSATION_S,))
            connection.execute(
                "DELETE FROM conversations WHERE owner = ?1 AND made_at < "
                "(SELECT made_at FROM conversations WHERE owner = ?1 ORDER BY made_at DESC LIMIT 1 OFFSET ?2)",
                (owner, CONVERSATIONS_MAX - 1),
            )

    def last_turn(self, owner: str, conversation: str, database: str) -> LastTurn | None:
        """The last answered question of this conversation about this database."""
        with self._lock:
            row = self._connection.execute(
                "SELECT question, sql FROM conversations WHERE owner = ? AND id = ? AND database = ? AND made_at >= ?",
                (owner, conversation, database, time.time() - CONVERSATION_S),
            ).fetchone()
        return LastTurn(*row) if row else None

    def forget_database(self, owner: str, database: str) -> None:
        """Forget what was asked of a database that is deleted."""
        with self._lock, self._connection as connection:
            connection.execute("DELETE FROM answers WHERE owner = ? AND database = ?", (owner, database))
            connection.execute("DELETE FROM conversations WHERE owner = ? AND database = ?", (owner, database))

    def close(self) -> None:
        with self._lock:
            self._connection.close()
