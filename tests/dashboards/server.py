"""The real serving application over HTTP in this process, without Ray and with a script for a model, for the tests of the app."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from actors.generator_actor import GeneratorConfig
from serving.app import load_codec
from serving.desk import Desk
from serving.generator import Generator
from serving.policy_files import Promoted
from serving.routes import make_app
from serving.settings import Keys
from tests.fakes import LocalHandle
from tests.serving.scripts import ENDLESS, arguments, write_script

QUESTIONS: dict[str, Any] = {
    "How many pets do we have?": ["DESCRIBE pets", "QUERY SELECT count(*) AS pets FROM pets", "ANSWER RESULT"],
    "And how many dogs?": ["QUERY SELECT count(*) AS dogs FROM pets WHERE species = 'dog'", "ANSWER RESULT"],
    "Pets by species?": [
        "DESCRIBE pets", "QUERY SELECT spcies, count(*) FROM pets GROUP BY 1",
        "QUERY SELECT species, count(*) AS pets FROM pets GROUP BY species ORDER BY pets DESC", "ANSWER RESULT",
    ],
    "What is the weather?": ["DESCRIBE pets", "ANSWER UNKNOWN there is no table of weather"],
    "Lose the thread": ["QUERY SELECT nothing FROM nowhere", "ANSWER RESULT"],
    "Be torn": [
        ["QUERY SELECT count(*) FROM pets", "ANSWER RESULT"],
        ["QUERY SELECT count(*) FROM customers", "ANSWER RESULT"],
        ["QUERY SELECT count(*) FROM stores", "ANSWER RESULT"],
    ],
    "Take long": ["DESCRIBE pets", *(f"QUERY {ENDLESS.format(step)}" for step in range(1, 7)), "ANSWER RESULT"],
    "How many rows of sales?": ["QUERY SELECT count(*) AS n FROM sales", "ANSWER RESULT"],
}  # fmt: skip


class Served:
    """A server that can be stopped and started again at the same address."""

    def __init__(self, state: Path, *, delay_s: float = 0.0, port: int = 0, questions: dict[str, Any] | None = None) -> None:
        self._policy = write_script(state, questions=questions or QUESTIONS, delay_s=delay_s)
        self._state, self._port = state, port
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        args = arguments(self._policy, self._state, timeout_s=20.0)
        generator = Generator(
            args.policy, args.engine, GeneratorConfig(), args.state, Promoted(args.policy, args.policy_name, "", 0, args.tested)
        )
        app = make_app(Desk(args, LocalHandle(generator), load_codec(args.policy)), Keys(), "0.1.0")
        config = uvicorn.Config(app, port=self._port, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.02)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server did not stop"


@contextmanager
def serving(state: Path, **more: Any) -> Iterator[Served]:
    served = Served(state, **more)
    try:
        yield served
    finally:
        served.stop()
