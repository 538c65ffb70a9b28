"""Loopback ports: is one taken, by whom, and which key changes it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection, Mapping

import psutil

from aerodrome.errors import UserError


def require_free(
    listening: Mapping[str, Mapping[str, int]], environment: str, own: Collection[int] = ()
) -> None:
    """Refuse to start where a port of *listening* is taken; names all of them, their holders and the keys.

    *own* are the pids of the deployment itself: what they hold now is given back, or kept, in the course of it.
    """
    wanted = [(process, key, port) for process, ports in listening.items() for key, port in ports.items()]
    taken = [(process, key, port) for process, key, port in wanted if not is_free(port)]
    if not taken:
        return
    holders = _holders()
    lines = [
        f"port {port} of {process} is taken{_by(holders.get(port))}: local.ports.{key}"
        for process, key, port in taken
        if holders.get(port) not in own
    ]
    if not lines:
        return
    raise UserError(
        "\n".join(lines),
        f"end that program, or set another port in environments/{environment}/environment.yaml",
    )


def is_free(port: int) -> bool:
    """Return whether a server could listen on *port* now."""
    with socket.socket() as probe:
        # Connections of an ended server that still linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            return problem.errno != errno.EADDRINUSE
    return True


def _holders() -> dict[int, int]:
    """Return port → pid of whoever listens, as far as this user may know."""
    return {
        connection.laddr[1]: connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.pid
    }


def _by(pid: int | None) -> str:
    return f" by {_name(pid)} (pid {pid})" if pid else ""


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "a program that just ended"
