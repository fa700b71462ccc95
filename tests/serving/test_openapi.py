"""The OpenAPI document against the application: requests made from it get answers of the kinds it names, and never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from starlette.testclient import TestClient

from tests.serving.scripts import arguments, served, write_script

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: run `make setup`")

EXAMPLES = 3  # of every route: one that was wrong was found by the first few
BEYOND_A_SCHEMA = {"/v1/databases", "/v1/chat/completions"}  # a file that is a table, a last message that is a question


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("state")
    with served(arguments(write_script(folder), folder, timeout_s=2.0)) as client:
        yield client


def test_every_route_keeps_to_the_document(client: TestClient) -> None:
    from schemathesis.checks import CHECKS

    schemathesis.checks.load_all_checks()
    (accepts,) = [check for check in CHECKS.get_all() if check.__name__ == "positive_data_acceptance"]
    operations = [result.ok() for result in schemathesis.openapi.from_asgi("/openapi.json", client.app).get_all_operations()]
    assert len(operations) >= 18
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def keeps_to_it(case: Any) -> None:
            case.call_and_validate(excluded_checks=[accepts] if case.operation.path in BEYOND_A_SCHEMA else [])

        keeps_to_it()


def test_the_document_has_examples_and_every_error_in_one_shape(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["schemas"]["AskBody"]["examples"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status in ("404", "422", "503"):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema["$ref"].endswith("/ErrorBody"), (path, method, status)
