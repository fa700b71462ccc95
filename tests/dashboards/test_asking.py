"""dashboards/asking.py and history.py: an answer under way outlives clicks, and nothing that was asked is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.asking import Desk
from dashboards.client import Client, ServingError
from dashboards.history import CONVERSATIONS_MAX, TURNS_MAX, Conversation, History, Turn, new_id
from tests.dashboards.server import Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, delay_s=0.15) as served:
        yield served


def under_way(desk: Desk, conversation: Conversation, steps: int) -> None:
    """Wait until so many steps have come."""
    ends = time.monotonic() + 60
    while len(conversation.turns[-1].steps) < steps:
        assert time.monotonic() < ends, conversation.turns[-1]
        time.sleep(0.02)


def test_a_server_that_stops_mid_answer_is_told_and_asked_again_when_it_is_back(served: Served, tmp_path: Path) -> None:
    desk = Desk(Client(served.url), History(tmp_path / "kept"))
    conversation = Conversation(new_id(), database="retail_smb")
    turn = desk.ask(conversation, "Take long")
    under_way(desk, conversation, 1)
    assert desk.ask(conversation, "again?") is turn, "one at a time"
    assert desk.open(conversation.id) is conversation, "a refresh sees it go on"
    asking = desk.under_way(conversation.id)
    assert asking is not None
    served.stop()
    assert asking.wait(60)
    assert turn.state == "broken"
    assert turn.error
    assert turn.steps
    with pytest.raises(ServingError, match="cannot be reached"):
        desk.client.databases()
    served.start()
    desk.ask(conversation, "How many pets do we have?")
    again = desk.under_way(conversation.id)
    assert again is None or again.wait(60)
    kept = desk.open(conversation.id)
    assert [turn.state for turn in kept.turns] == ["broken", "answered"]
    assert kept.turns[1].answer is not None
    assert kept.turns[1].answer["rows"] == [[165]]
    assert len(kept.turns[1].steps) == 3
    assert "steps" not in kept.turns[1].answer, "kept once"


def test_stop_ends_the_answer_on_the_server_too(served: Served, tmp_path: Path) -> None:
    desk = Desk(Client(served.url), History(tmp_path / "kept"))
    conversation = Conversation(new_id(), database="retail_smb")
    turn = desk.ask(conversation, "Take long")
    under_way(desk, conversation, 1)
    asking = desk.under_way(conversation.id)
    assert asking is not None
    asking.stop()
    assert (turn.state, desk.under_way(conversation.id)) == ("stopped", None)
    ends = time.monotonic() + 60
    while "analyst_buddy_answers_under_way 0.0" not in desk.client._send("GET", "/metrics").text:
        assert time.monotonic() < ends, "the server goes on"
        time.sleep(0.1)


def test_a_history_is_bounded_and_a_torn_file_is_a_new_conversation(tmp_path: Path) -> None:
    history = History(tmp_path)
    conversation = Conversation(new_id(), [Turn(f"q{place}", "shop", "stopped") for place in range(TURNS_MAX + 5)], "shop")
    history.save(conversation)
    assert history.load(conversation.id) == conversation
    assert (len(conversation.turns), conversation.turns[0].question) == (TURNS_MAX, "q5")
    (tmp_path / f"{conversation.id}.json").write_text('{"turns": [{"quest')
    assert history.load(conversation.id).turns == []
    for _ in range(CONVERSATIONS_MAX + 3):
        (tmp_path / f"{new_id()}.json").touch()
    history.save(Conversation(new_id()))
    assert len(list(tmp_path.glob("*.json"))) == CONVERSATIONS_MAX
    assert history.load("../etc/passwd").id != "../etc/passwd"
