"""Ports of this machine: is one taken, by whom, and which key changes it."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import psutil

from aerodrome.errors import UserError


@dataclass(frozen=True)
class Place:
    """The address that servers listen on, and the section of environment.yaml that holds their ports."""

    address: str
    section: str


LOOPBACK = Place("127.0.0.1", "local.ports")
_LETTING_GO = 5.0
"""Seconds that a port without a visible holder may take to become free: the kernel is done with it long before."""


def require_free(
    listening: Mapping[str, Mapping[str, int]],
    environment: str,
    own: Collection[int] = (),
    place: Place = LOOPBACK,
) -> None:
    """Refuse to start where a port of *listening* is taken; names all of them, their holders and the keys.

    *own* are the pids of the deployment itself: what they hold now is given back, or kept, in the course of it.
    """
    ending = time.monotonic() + _LETTING_GO
    while taken := _taken(listening, place, own):
        # Of a program that was killed only now, threads may still hold a port that belongs to no living process.
        if any(pid for *_, pid in taken) or time.monotonic() > ending:
            raise UserError(
                "\n".join(
                    f"port {port} of {process} is taken{_by(pid)}: {place.section}.{key}"
                    for process, key, port, pid in taken
                ),
                f"end that program, or set another port in environments/{environment}/environment.yaml",
            )
        time.sleep(0.1)


def _taken(
    listening: Mapping[str, Mapping[str, int]], place: Place, own: Collection[int]
) -> list[tuple[str, str, int, int | None]]:
    """Return process, key, port and holder (None: nobody to be seen) of what others than *own* hold now."""
    wanted = [(process, key, port) for process, ports in listening.items() for key, port in ports.items()]
    taken = [(process, key, port) for process, key, port in wanted if not is_free(port, place.address)]
    holders = _holders(place.address) if taken else {}
    return [
        (process, key, port, holders.get(port))
        for process, key, port in taken
        if holders.get(port) not in own
    ]


_ALL = ("0.0.0.0", "::", "")  # noqa: S104 - looked for, not listened at


def is_free(port: int, address: str = LOOPBACK.address) -> bool:
    """Return whether a server could listen on *port* of *address* now."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        # Connections of an ended server that still linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as problem:
            return problem.errno != errno.EADDRINUSE
    return True


def _holders(address: str) -> dict[int, int]:
    """Return port → pid of whoever listens at *address*, or at all, as far as this user may know."""
    # Whoever listens at another address is in nobody's way.
    return {
        connection.laddr[1]: connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr
        and connection.laddr[0] in {address, *_ALL}
        and connection.pid
    }


def _by(pid: int | None) -> str:
    return f" by {_name(pid)} (pid {pid})" if pid else ""


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "a program that just ended"
