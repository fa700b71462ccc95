"""Questions being answered, each in a thread of its own, so that a click, a refresh or a second tab never loses one.

The page only looks at the turn; the thread writes it, and keeps it in the history when it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading

from dashboards.client import Client, ServingError
from dashboards.history import Conversation, History, Turn


class Asking:
    """One question on its way to an answer."""

    def __init__(self, client: Client, history: History, conversation: Conversation, turn: Turn, samples: int | None) -> None:
        self.turn = turn
        self.conversation = conversation
        self._client, self._history, self._samples = client, history, samples
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="asking", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it at once: the connection closes, at which serving stops the SQL."""
        with self._lock:
            self._stopped = True
            if self._loop is not None and self._task is not None:
                with contextlib.suppress(RuntimeError):  # it has just ended by itself
                    self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(5.0)

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; whether it came."""
        self._thread.join(timeout_s)
        return self.over

    def _run(self) -> None:
        try:
            asyncio.run(self._ask())
        except asyncio.CancelledError:
            self.turn.state = "stopped"
        except ServingError as error:
            self.turn.state, self.turn.error = "broken", str(error)
        except BaseException:
            self.turn.state, self.turn.error = "broken", "Something went wrong in the app: its log says what."
            raise
        finally:
            self._history.save(self.conversation)

    async def _ask(self) -> None:
        with self._lock:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            if self._stopped:
                raise asyncio.CancelledError
        turn = self.turn
        async with contextlib.aclosing(self._client.ask(turn.database, turn.question, self.conversation.id, self._samples)) as events:
            async for kind, told in events:
                if kind == "step":
                    turn.steps.append(told)
                elif kind == "answer":
                    turn.steps = told.pop("steps", None) or turn.steps  # kept once
                    turn.answer, turn.state = told, "answered"
        if turn.answer is None:
            raise ServingError("The server ended without an answer. Ask again.")


class Desk:
    """The questions under way in this process, by conversation."""

    def __init__(self, client: Client, history: History) -> None:
        self.client, self.history = client, history
        self._under_way: dict[str, Asking] = {}
        self._lock = threading.Lock()

    def open(self, conversation_id: str) -> Conversation:
        """A conversation, the one being answered when it is; a turn that was under way in a process that ended is broken off."""
        with self._lock:
            asking = self._under_way.get(conversation_id)
            if asking is not None and not asking.over:
                return asking.conversation
            self._under_way.pop(conversation_id, None)
        conversation = self.history.load(conversation_id)
        for turn in conversation.turns:
            if turn.state == "running":
                turn.state, turn.error = "broken", "The app was restarted meanwhile. Ask again."
        return conversation

    def ask(self, conversation: Conversation, question: str, samples: int | None = None) -> Turn:
        """Begin to answer; a question that is already under way in this conversation stays the only one."""
        with self._lock:
            asking = self._under_way.get(conversation.id)
            if asking is not None and not asking.over:
                return asking.turn
            turn = Turn(question, conversation.database)
            conversation.turns.append(turn)
            self.history.save(conversation)  # first, so that nothing that follows can lose it
            self._under_way = {other: asking for other, asking in self._under_way.items() if not asking.over}
            self._under_way[conversation.id] = Asking(self.client, self.history, conversation, turn, samples)
            return turn

    def under_way(self, conversation_id: str) -> Asking | None:
        """The question being answered."""
        with self._lock:
            asking = self._under_way.get(conversation_id)
            return None if asking is None or asking.over else asking
