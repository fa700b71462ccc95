"""Scripts for the scripted policy, and the application with one of them in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from actors.generator_actor import GeneratorConfig
from serving.app import load_codec
from serving.desk import Desk
from serving.generator import Generator
from serving.policy_files import Promoted
from serving.routes import make_app
from serving.settings import Args, Keys
from tests.fakes import LocalHandle

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+{} FROM c) SELECT count(*) FROM c"
SCRIPT: dict[str, Any] = {
    "questions": {
        "How many pets do we have?": ["DESCRIBE pets", "QUERY SELECT count(*) FROM pets", "ANSWER RESULT"],
        "And how many dogs?": ["QUERY SELECT count(*) FROM pets WHERE species = 'dog'", "ANSWER RESULT"],
        "Pets by species?": ["QUERY SELECT species, count(*) AS pets FROM pets GROUP BY species", "ANSWER RESULT"],
        "Answer from memory": ["ANSWER RESULT"],
        "Answer a constant": ["QUERY SELECT 42", "ANSWER 42"],
        "Answer another number": ["QUERY SELECT count(*) FROM pets", "ANSWER 7"],
        "Say what it is not in": ["ANSWER UNKNOWN there is no table of weather"],
        "Be torn": [
            ["QUERY SELECT count(*) FROM pets", "ANSWER RESULT"],
            ["QUERY SELECT count(*) FROM customers", "ANSWER RESULT"],
            ["QUERY SELECT count(*) FROM stores", "ANSWER RESULT"],
        ],
        "Take long": [f"QUERY {ENDLESS.format(1)}", f"QUERY {ENDLESS.format(2)}", f"QUERY {ENDLESS.format(3)}", "ANSWER RESULT"],
    },
    "otherwise": ["ANSWER UNKNOWN it is not in the script"],
}


def write_script(folder: Path, name: str = "script", **more: Any) -> str:
    """A script's --policy."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**SCRIPT, **more}))
    return f"scripted:{path}"


def arguments(policy: str, state: Path, **more: Any) -> Args:
    return Args(policy=policy, state=str(state), rollout={"episode_tokens_max": 90_000}, **more)


@contextmanager
def served(args: Args, keys: Keys | None = None) -> Iterator[TestClient]:
    """The application without Ray: routes, desk, generator and jails are the real ones."""
    generator = Generator(
        args.policy, args.engine, GeneratorConfig(), args.state, Promoted(args.policy, args.policy_name, "", 0, args.tested)
    )
    desk = Desk(args, LocalHandle(generator), load_codec(args.policy))
    with TestClient(make_app(desk, keys or Keys(), "0.1.0"), raise_server_exceptions=False) as client:
        yield client
