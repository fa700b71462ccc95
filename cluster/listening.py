"""Ports of this machine: whether one can be listened on, and one that nobody listens on."""

from __future__ import annotations

import socket

from cluster.errors import UserError


def check_port(host: str, port: int) -> None:
    """Nothing when the port can be listened on.

    Raises:
        UserError: somebody listens there already, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise UserError(f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port") from error


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on just now; "" asks on all addresses."""
    with socket.socket() as tried:
        tried.bind((host, 0))
        return int(tried.getsockname()[1])
