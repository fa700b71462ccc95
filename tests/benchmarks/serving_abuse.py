"""What is sent to a server by who means harm or knows no better: forbidden SQL, broken bodies, strange names and files, slow clients."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from typing import Any

A_SECOND = 20


def hostile_requests() -> Iterator[dict[str, Any]]:
    """Requests that somebody means harm with, or does not know better."""
    database = "retail_smb"

    def post(path: str, **more: Any) -> dict[str, Any]:
        return {"method": "POST", "url": path, **more}

    sqls = (
        "DELETE FROM pets",
        "ATTACH '/etc/passwd' AS x",
        "SELECT load_extension('x')",
        "SELECT zeroblob(900000000)",
        "PRAGMA query_only=0",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c",
        "SELECT * FROM sqlite_schema",
        "SELECT 1; SELECT 2",
        "SELECT * FROM pets, pets, pets, pets, pets",
        "SELECT group_concat(hex(zeroblob(100000))) FROM pets",
        "SELECT " + "(" * 3_000 + "1" + ")" * 3_000,
    )
    kinds: list[dict[str, Any]] = [
        *(post("/v1/sql", json={"database": database, "sql": sql}) for sql in sqls),
        post("/v1/ask", content=b"{bad", headers={"Content-Type": "application/json"}),
        post("/v1/ask", content=b"[" * 50_000, headers={"Content-Type": "application/json"}),
        post("/v1/ask", content=b"x" * 1_000_000),
        post("/v1/ask", json={"database": ["retail_smb"], "question": {"a": 1}}),
        post("/v1/ask", json={"database": "../../../etc/passwd", "question": "hi"}),
        post("/v1/ask", json={"database": "nobodys", "question": "hi"}),
        post("/v1/ask", json={"database": database, "question": "x" * 100_000}),
        post("/v1/databases", files={"file": ("../../x.sqlite", os.urandom(2_000))}),
        post("/v1/databases", files={"file": ("x.sqlite", b"SQLite format 3\0" + os.urandom(8_000))}),
        post("/v1/databases", files={"file": ("x.xlsx", b"PK\x03\x04" + os.urandom(4_000))}),
        post("/v1/databases", content=b"--x\r\n" * 1_000, headers={"Content-Type": "multipart/form-data; boundary=x"}),
        post("/v1/feedback", json={"answer_id": "ans_0", "verdict": "right"}),
        {"method": "GET", "url": "/v1/databases/..%2f..%2fetc%2fpasswd/schema"},
        {"method": "GET", "url": "/v1/downloads/..%2f..%2fx.csv"},
        {"method": "DELETE", "url": "/v1/databases/nobodys"},
        {"method": "GET", "url": "/v1/databases", "headers": {"Host": "evil.example"}},
        {"method": "PATCH", "url": "/v1/ask"},
    ]  # fmt: skip
    return itertools.cycle(kinds)


def slow_client(url: str) -> socket.socket:
    """A client that announces a gigabyte, or a body that never comes."""
    host, port = url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
    return connection
