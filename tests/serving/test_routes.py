"""What is answered over HTTP, by the whole application without Ray and with a script for a model."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.contract import Answer
from serving.feedback import read_feedback
from serving.settings import Keys
from tests.serving.scripts import ENDLESS, arguments, served, write_script

DB = "retail_smb"
ANN, BOB, ADMIN = "ann-has-this-long-key", "bob-has-another-key", "the-operator-has-one-too"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def client(state: Path) -> Iterator[TestClient]:
    with served(arguments(write_script(state), state, timeout_s=60.0, upload_mb=1)) as client:
        yield client


@pytest.fixture(scope="module")
def hurried(state: Path) -> Iterator[TestClient]:
    """Answers two at once, for a second and a half, and lets nobody wait."""
    with served(arguments(write_script(state), state, timeout_s=1.5, answers_max=2, waiting_max=0)) as client:
        yield client


@pytest.fixture(scope="module")
def keyed(state: Path) -> Iterator[TestClient]:
    with served(arguments(write_script(state), state, databases_max=2), Keys(f"{ANN},{BOB}", ADMIN)) as client:
        yield client


def ask(client: TestClient, question: str, **more: Any) -> dict[str, Any]:
    response = client.post("/v1/ask", json={"database": DB, "question": question, **more})
    assert response.status_code == 200, response.text
    Answer.model_validate(response.json())
    return response.json()


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    told = [block.split("\n") for block in text.strip().split("\n\n") if block.startswith("event:")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in told]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_an_answer_has_the_rows_of_the_database_the_sql_and_the_steps(client: TestClient) -> None:
    answer = ask(client, "How many pets do we have?")
    assert (answer["outcome"], answer["columns"], answer["rows"], answer["row_count"]) == ("answered", ["count(*)"], [[165]], 1)
    assert answer["titles"] == ["number of pets"]
    assert "165" in answer["sentence"]
    assert answer["sql"] == "SELECT count(*) FROM pets"
    assert answer["tables_read"] == ["pets"]
    assert [(step["verb"], step["ok"]) for step in answer["steps"]] == [("DESCRIBE", True), ("QUERY", True), ("ANSWER", True)]
    assert answer["explanation"]
    assert answer["model"]["version"] == 0


def test_a_stream_tells_each_step_then_the_answer_then_that_it_is_done(client: TestClient) -> None:
    body = {"database": DB, "question": "Pets by species?"}
    response = client.post("/v1/ask", json=body, headers={"Accept": "text/event-stream"})
    assert response.headers["x-accel-buffering"] == "no", "a proxy must not hold the steps back"
    told = events(response.text)
    assert [name for name, _ in told] == ["step", "step", "answer", "done"]
    assert told[0][1]["observation"].startswith("species | pets")
    assert told[2][1]["chart"]["$schema"].startswith("https://vega.github.io/schema/vega-lite")


def test_what_the_data_does_not_hold_is_told_apart_from_what_went_wrong(client: TestClient) -> None:
    unknown = ask(client, "Say what it is not in")
    assert (unknown["outcome"], unknown["rows"]) == ("not_in_data", [])
    assert "no table of weather" in unknown["reason"]
    for question in ("Answer from memory", "Answer a constant", "Answer another number"):
        failed = ask(client, question)
        assert (failed["outcome"], failed["rows"]) == ("failed", []), "nothing is shown that no query over a table returned"
        assert failed["reason"]


def test_samples_that_disagree_make_it_unsure_and_show_what_they_came_to(client: TestClient) -> None:
    answer = ask(client, "Be torn", samples=9)
    votes = [candidate["votes"] for candidate in answer["candidates"]]
    assert answer["outcome"] == "unsure" or max(votes, default=9) >= 5
    assert ask(client, "How many pets do we have?", samples=5)["outcome"] == "answered"


def test_a_follow_up_sees_the_last_question_and_says_how_it_was_read(client: TestClient) -> None:
    ask(client, "How many pets do we have?", conversation="c-1")
    answer = ask(client, "And how many dogs?", conversation="c-1")
    assert answer["rows"] == [[8]]
    assert "How many pets do we have?" in answer["understood"]
    assert ask(client, "And how many dogs?", conversation="c-2")["understood"] is None


def test_an_answer_that_takes_too_long_ends_with_a_word_and_its_sql_is_stopped(hurried: TestClient) -> None:
    answer = ask(hurried, "Take long")
    assert answer["outcome"] == "failed"
    assert "too long" in answer["reason"]
    assert "analyst_buddy_answers_under_way 0.0" in hurried.get("/metrics").text


def test_strange_methods_are_counted_as_one(client: TestClient) -> None:
    for method in ("BREW", "PROPFIND", "X" * 50):
        assert client.request(method, "/v1/ask").status_code == 405
    told = client.get("/metrics").text
    assert 'method="other",route="/v1/ask",status="405"} 3.0' in told
    assert "BREW" not in told and "XXXX" not in told


def test_more_than_can_be_answered_is_sent_away_with_a_time_to_come_back(hurried: TestClient) -> None:
    enough = threading.Event()

    def keep_asking() -> None:
        while not enough.is_set():
            hurried.post("/v1/ask", json={"database": DB, "question": "Take long"})
            time.sleep(0.1)

    busy = [threading.Thread(target=keep_asking) for _ in range(2)]
    for thread in busy:
        thread.start()
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            response = hurried.post("/v1/ask", json={"database": DB, "question": "How many pets do we have?"})
            if response.status_code == 503:
                break
        ready = hurried.get("/readyz").status_code
    finally:
        enough.set()
        for thread in busy:
            thread.join()
    assert (response.status_code, response.json()["error"]["code"]) == (503, "busy")
    assert int(response.headers["Retry-After"]) >= 1
    assert ready == 200, "busy is not broken"


def test_edited_sql_is_answered_in_the_same_shape_and_cannot_write(client: TestClient) -> None:
    run = client.post("/v1/sql", json={"database": DB, "sql": "SELECT species, count(*) FROM pets GROUP BY 1 ORDER BY 2 DESC LIMIT 2"})
    assert run.json()["rows"] == [["Dog", 49], ["Cat", 44]]
    for sql in ("DELETE FROM pets", "ATTACH '/etc/passwd' AS x", "SELECT load_extension('x')", ENDLESS.format(1)):
        answer = client.post("/v1/sql", json={"database": DB, "sql": sql}).json()
        assert (answer["outcome"], answer["rows"]) == ("failed", []), sql


def test_a_file_is_uploaded_asked_and_deleted(client: TestClient) -> None:
    csv = b"day;amount\n2024-01-03;3,50\n2024-01-04;4,50\n"
    made = client.post("/v1/databases", files={"file": ("../My sales.csv", csv)}, data={"name": "Sales 2024"})
    assert made.status_code == 201, made.text
    entry = made.json()
    assert (entry["name"], entry["title"], entry["tables"], entry["rows"], entry["sample"]) == ("sales_2024", "Sales 2024", 1, 2, False)
    assert entry["report"]["tables"][0]["name"] == "my_sales"
    again = client.post("/v1/databases", files={"file": ("x.csv", csv)}, data={"name": "Sales 2024"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "name_taken")
    schema = client.get("/v1/databases/sales_2024/schema").json()
    assert schema["tables"][0]["sample_rows"][0] == ["2024-01-03", 3.5]
    total = client.post("/v1/sql", json={"database": "sales_2024", "sql": "SELECT sum(amount) FROM my_sales"}).json()
    assert total["rows"] == [[8.0]]
    assert client.delete("/v1/databases/sales_2024").status_code == 204
    assert client.get("/v1/databases/sales_2024/schema").status_code == 404
    assert client.get(f"{total['download']}.csv").status_code == 404, "what was asked of it goes with it"
    assert client.delete(f"/v1/databases/{DB}").json()["error"]["code"] == "sample_kept"


def test_a_hostile_or_useless_file_is_refused_with_its_reason_and_nothing_is_kept(client: TestClient, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite"
    connection = sqlite3.connect(broken)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    for name, data in (
        ("a.sqlite", broken.read_bytes()[:600]),
        ("a.csv", b""),
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"\0" * 200),
    ):
        response = client.post("/v1/databases", files={"file": (name, data)})
        assert response.status_code == 422, response.text
        assert "/tmp" not in response.text
    assert client.post("/v1/databases", files={"file": ("a.csv", b"x" * 1_200_000)}).status_code == 413
    assert all(entry["sample"] for entry in client.get("/v1/databases").json()["databases"])


def test_starters_are_questions(client: TestClient) -> None:
    questions = client.get(f"/v1/databases/{DB}/starters").json()["questions"]
    assert 3 <= len(questions) <= 6


def test_a_download_is_the_whole_result_and_no_cell_is_a_formula(client: TestClient) -> None:
    import openpyxl

    sql = "SELECT pet_name, '=1+1' AS risky FROM pets ORDER BY pet_id"
    answer = client.post("/v1/sql", json={"database": DB, "sql": sql}).json()
    lines = client.get(f"{answer['download']}.csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 166
    assert lines[1].endswith(",'=1+1")
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{answer['download']}.xlsx").content))
    cell = book.active["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_feedback_is_kept_with_what_it_is_about(client: TestClient, state: Path) -> None:
    answer = ask(client, "Pets by species?")
    body = {"answer_id": answer["id"], "verdict": "wrong", "reason": "too many", "sql": "SELECT 1"}
    assert client.post("/v1/feedback", json=body).status_code == 201
    row = read_feedback(state / "feedback")[-1]
    assert (row["question"], row["sql"], row["corrected_sql"]) == ("Pets by species?", answer["sql"], "SELECT 1")
    assert (state / str(row["database_file"])).is_file()
    assert client.post("/v1/feedback", json={**body, "answer_id": "ans_0"}).status_code == 404


def test_one_key_sees_nothing_of_another(keyed: TestClient) -> None:
    made = keyed.post("/v1/databases", files={"file": ("secret.csv", b"a,b\n1,2\n3,4\n")}, headers=bearer(ANN))
    assert made.status_code == 201
    answer = keyed.post("/v1/sql", json={"database": "secret", "sql": "SELECT a FROM secret"}, headers=bearer(ANN)).json()
    assert answer["rows"] == [[1], [3]]
    missing = keyed.get("/v1/databases/nothing/schema", headers=bearer(BOB))
    for response in (
        keyed.get("/v1/databases/secret/schema", headers=bearer(BOB)),
        keyed.delete("/v1/databases/secret", headers=bearer(BOB)),
        keyed.post("/v1/sql", json={"database": "secret", "sql": "SELECT a FROM secret"}, headers=bearer(BOB)),
        keyed.get(f"{answer['download']}.csv", headers=bearer(BOB)),
        keyed.post("/v1/feedback", json={"answer_id": answer["id"], "verdict": "right"}, headers=bearer(BOB)),
    ):
        assert response.status_code == 404
    assert missing.status_code == 404
    assert "secret" not in keyed.get("/v1/databases", headers=bearer(BOB)).text
    assert "secret" not in keyed.get("/v1/models", headers=bearer(BOB)).text


def test_an_owner_keeps_no_more_than_the_limit(keyed: TestClient) -> None:
    codes = [keyed.post("/v1/databases", files={"file": ("t.csv", b"a,b\n1,2\n")}, headers=bearer(BOB)).status_code for _ in range(3)]
    assert codes == [201, 201, 409]


def test_without_a_key_only_health_is_answered_and_only_the_operator_changes_weights(keyed: TestClient) -> None:
    for path in ("/v1/databases", "/v1/models", "/metrics", "/version", "/openapi.json", "/nothing"):
        response = keyed.get(path)
        assert (response.status_code, response.json()["error"]["code"]) == (401, "no_key"), path
    assert keyed.get("/v1/databases", headers=bearer("x" * 20)).status_code == 401
    assert keyed.get("/v1/databases", headers={"Authorization": f"Basic {ANN}"}).status_code == 401
    assert keyed.get("/healthz").status_code == keyed.get("/readyz").status_code == 200
    assert keyed.post("/v1/admin/rollback", headers=bearer(ANN)).status_code == 403
    assert keyed.post("/v1/admin/rollback", headers=bearer(ADMIN)).status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/ask", b"{bad", 422),
        ("POST", "/v1/ask", b"[]", 422),
        ("POST", "/v1/ask", b'{"database": "retail_smb", "question": 3}', 422),
        ("POST", "/v1/ask", b'{"database": "../../etc", "question": "hi"}', 422),
        ("POST", "/v1/ask", b'{"database": "nothing", "question": "hi"}', 404),
        ("POST", "/v1/sql", b'{"database": "retail_smb", "sql": "' + b"x" * 20_001 + b'"}', 422),
        ("POST", "/v1/sql", b"x" * 300_000, 413),
        ("GET", "/v1/databases/..%2f..%2fetc/schema", None, 404),
        ("GET", "/v1/databases/A%00B/schema", None, 422),
        ("GET", "/v1/downloads/..%2fx.csv", None, 404),
        ("GET", "/v1/ask", None, 405),
        ("GET", "/nothing", None, 404),
    ],
)
def test_what_is_wrong_is_said_in_one_shape(client: TestClient, method: str, path: str, body: bytes | None, status: int) -> None:
    response = client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error.keys() == {"code", "message", "request_id"}
    assert error["request_id"] == response.headers["x-request-id"]


def test_a_body_without_a_length_and_a_strange_host_are_refused(client: TestClient) -> None:
    chunked = client.post("/v1/ask", content=iter([b"{", b"}"]))
    assert chunked.status_code == 411
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 421


def test_promoted_weights_answer_until_they_are_rolled_back_and_worse_ones_are_refused(state: Path, tmp_path: Path) -> None:
    policy = write_script(tmp_path, "old")
    better = write_script(
        tmp_path, "better", questions={"How many pets do we have?": ["QUERY SELECT 1 + count(*) FROM pets", "ANSWER RESULT"]}
    )
    tested = {"correct": 20, "questions": 100}
    shutil.copytree(state / "samples", tmp_path / "state" / "samples")
    args = arguments(policy, tmp_path / "state", tested=tested)
    with served(args) as client:
        worse = client.post("/v1/admin/promote", json={"policy": better, "name": "worse", "tested": {"correct": 19, "questions": 100}})
        assert (worse.status_code, worse.json()["error"]["code"]) == (409, "policy_refused")
        assert "19.0 %" in worse.json()["error"]["message"]
        done = client.post("/v1/admin/promote", json={"policy": better, "name": "better", "tested": tested}).json()
        assert (done["model"]["name"], done["model"]["version"], done["before"]["version"]) == ("better", 1, 0)
        answer = ask(client, "How many pets do we have?")
        assert (answer["rows"], answer["model"]["version"]) == ([[166]], 1)
    with served(args) as client:  # started again: the promoted weights are in force
        assert ask(client, "How many pets do we have?")["model"] == done["model"]
        back = client.post("/v1/admin/rollback").json()
        assert (back["model"]["weights"], back["model"]["version"]) == (done["before"]["weights"], 2)
        assert ask(client, "How many pets do we have?")["rows"] == [[165]]


def test_openai_shape_answers_with_the_sentence_and_the_sql(client: TestClient) -> None:
    assert f"analyst:{DB}" in [card["id"] for card in client.get("/v1/models").json()["data"]]
    messages = [{"role": "user", "content": "How many pets do we have?"}]
    told = client.post("/v1/chat/completions", json={"model": f"analyst:{DB}", "messages": messages, "temperature": 0.2}).json()
    content = told["choices"][0]["message"]["content"]
    assert "165" in content
    assert "```sql\nSELECT count(*) FROM pets\n```" in content
    assert told["usage"]["total_tokens"] == told["usage"]["prompt_tokens"] + told["usage"]["completion_tokens"] > 0
    messages += [{"role": "assistant", "content": content}, {"role": "user", "content": "And how many dogs?"}]
    follow_up = client.post("/v1/chat/completions", json={"model": f"analyst:{DB}", "messages": messages}).json()
    assert follow_up["answer"]["understood"]
    streamed = client.post("/v1/chat/completions", json={"model": f"analyst:{DB}", "messages": messages, "stream": True})
    assert streamed.headers["x-accel-buffering"] == "no"
    assert streamed.text.rstrip().endswith("data: [DONE]")
