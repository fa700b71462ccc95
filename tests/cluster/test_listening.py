"""cluster/listening.py: a port that is taken is one line, a free one is nothing."""

from __future__ import annotations

import socket

import pytest

from cluster.errors import UserError
from cluster.listening import check_port, free_port


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def test_a_port_that_is_taken_is_one_line(host: str, family: socket.AddressFamily) -> None:
    try:
        taken = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen on {host}:{port} .*--port"):
            check_port(host, port)


def test_a_free_port_can_be_listened_on() -> None:
    check_port("127.0.0.1", free_port())
