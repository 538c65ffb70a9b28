"""Ports for the servers that tests start."""

from __future__ import annotations

import errno
import secrets
import socket

# Below those that the system gives to whoever wants any: no connection takes one before its server has started.
_RANGE = range(12_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """Return a port that nobody uses, and that no other test of this process is given."""
    while True:
        port = secrets.choice(_RANGE)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def free_ports(count: int) -> list[int]:
    """Return several of them."""
    return [free_port() for _ in range(count)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            # Of all addresses: a server of another test may listen at one of the machine's own.
            probe.bind(("0.0.0.0", port))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            return False
    return True
