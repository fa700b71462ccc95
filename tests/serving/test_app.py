"""The application as an operator starts it: `analyst-buddy serve` on real Ray Serve, with a script for a model."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from cluster.promote_command import promote, roll_back
from tests.serving.scripts import ENDLESS, SCRIPT, write_script
from tests.serving.server import Server, running_server

pytestmark = pytest.mark.ray

DB = "retail_smb"
PETS = {"database": DB, "question": "How many pets do we have?"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    questions = {**SCRIPT["questions"], "Take a while": [f"QUERY {ENDLESS.format(1)}", "ANSWER UNKNOWN it takes too long"]}
    with running_server(folder, write_script(folder, delay_s=0.03, questions=questions)) as server:
        yield server


def test_a_question_is_answered_with_the_request_id_in_the_head_once(server: Server) -> None:
    response = httpx.post(f"{server.url}/v1/ask", json=PETS, timeout=60)
    assert response.json()["rows"] == [[165]]
    assert len(response.headers.get_list("x-request-id")) == 1
    refused = httpx.post(f"{server.url}/v1/ask", json={**PETS, "database": "nothing"}, timeout=60)
    assert refused.json()["error"]["request_id"] == refused.headers["x-request-id"]


def events(server: Server, question: str) -> Iterator[str]:
    """The names of what a stream tells, as it arrives; closing leaves the server in the middle."""
    body = {"database": DB, "question": question}
    with httpx.stream("POST", f"{server.url}/v1/ask", json=body, headers={"Accept": "text/event-stream"}, timeout=60) as stream:
        for line in stream.iter_lines():
            if line.startswith("event:"):
                yield line.removeprefix("event: ")


def reaches(server: Server, metric: str, value: float) -> None:
    """Wait for a metric; how long is the machine's affair."""
    deadline = time.monotonic() + 60
    while server.metric(metric) != value and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.metric(metric) == value


def test_steps_arrive_before_the_answer_is_there(server: Server) -> None:
    assert list(events(server, PETS["question"])) == ["step", "step", "step", "answer", "done"]
    left = server.metric("analyst_buddy_answers_left_total")
    leaving = events(server, "Take long")  # three queries without an end, of which each takes its time
    assert next(leaving) == "step"
    leaving.close()  # type: ignore[attr-defined]
    reaches(server, "analyst_buddy_answers_left_total", left + 1)  # of answers that were still to come


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_sql_is_stopped_when_its_asker_leaves(server: Server, accept: str) -> None:
    left, ended = server.metric("analyst_buddy_answers_left_total"), server.metric("analyst_buddy_jails_ended")
    body = json.dumps({"database": DB, "question": "Take long"}).encode()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        head = f"POST /v1/ask HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nAccept: {accept}\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        reaches(server, "analyst_buddy_answers_under_way", 1)
        time.sleep(0.5)  # its first query begins
    reaches(server, "analyst_buddy_answers_left_total", left + 1)
    reaches(server, "analyst_buddy_jails_ended", ended + 1)


def test_a_huge_body_is_refused_before_it_is_read(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"POST /v1/databases HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n")
        connection.sendall(b"Content-Length: 1000000000\r\n\r\n")
        assert b" 413 " in connection.recv(1_000)


def test_the_official_openai_client_is_served(server: Server) -> None:
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none-is-needed", max_retries=0)
    assert f"analyst:{DB}" in [model.id for model in client.models.list()]
    messages: Any = [{"role": "user", "content": PETS["question"]}]
    whole = client.chat.completions.create(model=f"analyst:{DB}", messages=messages)
    assert "165" in str(whole.choices[0].message.content)
    chunks = list(
        client.chat.completions.create(model=f"analyst:{DB}", messages=messages, stream=True, stream_options={"include_usage": True})
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    with pytest.raises(openai.NotFoundError, match="no database"):
        client.chat.completions.create(model="analyst:nothing", messages=messages)
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(model=f"analyst:{DB}", messages=[])


def test_no_answer_fails_or_mixes_weights_while_they_are_changed(server: Server) -> None:
    other = write_script(
        server.folder, "other", delay_s=0.03, questions={PETS["question"]: ["QUERY SELECT 1 + count(*) FROM pets", "ANSWER RESULT"]}
    )
    stop, answers = threading.Event(), list[httpx.Response]()

    def keep_asking() -> None:
        with httpx.Client(timeout=60) as client:
            while not stop.is_set():
                answers.append(client.post(f"{server.url}/v1/ask", json=PETS))

    def wait_for_answers_of(version: int) -> None:
        deadline = time.monotonic() + 60
        while not any(answer.json().get("model", {}).get("version") == version for answer in answers):
            assert time.monotonic() < deadline, f"nobody was answered by version {version}"
            time.sleep(0.1)

    with ThreadPoolExecutor(4) as pool:
        try:
            for _ in range(4):
                pool.submit(keep_asking)
            wait_for_answers_of(0)
            assert "other answers now" in promote(other, Path("runs"), 0.0, server.url, "")
            wait_for_answers_of(1)
            assert "script answers now" in roll_back(server.url, "")
            wait_for_answers_of(2)
        finally:
            stop.set()
    assert {response.status_code for response in answers} == {200}
    seen = {(a["model"]["version"], a["rows"][0][0], len(a["steps"])) for a in (response.json() for response in answers)}
    assert seen == {(0, 165, 3), (1, 166, 2), (2, 165, 3)}


def test_a_generator_that_is_killed_comes_back_and_meanwhile_nobody_waits_in_vain(server: Server) -> None:
    (replica,) = server.replicas("Generator")
    replica.kill()
    codes, began = [], time.monotonic()
    while time.monotonic() - began < 120 and (not codes or codes[-1] != 200):
        codes.append(httpx.post(f"{server.url}/v1/ask", json=PETS, timeout=60).status_code)
        time.sleep(0.2)
    assert codes[-1] == 200
    assert set(codes) <= {200, 503}


def test_an_answer_under_way_is_finished_when_the_server_is_stopped(server: Server) -> None:
    async def ask_and_stop() -> list[str]:
        names = []
        async with httpx.AsyncClient(timeout=60) as client:
            body = {"database": DB, "question": "Take a while"}
            async with client.stream("POST", f"{server.url}/v1/ask", json=body, headers={"Accept": "text/event-stream"}) as stream:
                server.process.send_signal(signal.SIGTERM)
                async for line in stream.aiter_lines():
                    if line.startswith("event:"):
                        names.append(line.removeprefix("event: "))
        return names

    assert asyncio.run(ask_and_stop())[-2:] == ["answer", "done"]
    assert server.process.wait(120) == 0, (server.folder / "serve.log").read_text()


def test_the_log_has_ids_and_outcomes_and_nothing_of_what_was_asked(server: Server) -> None:
    logs = list(server.ray_folder.glob("ray/session_2*/logs/serve/replica_*Analyst*.log"))
    text = "".join(path.read_text() for path in logs)
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert any(line.get("outcome") == "answered" and "answer_s" in line for line in lines)
    for secret in ("How many pets", "SELECT count", "There are 165"):
        assert secret not in text
