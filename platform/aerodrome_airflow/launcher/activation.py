"""The listening socket that systemd made before this process, and keeps while the process is started again."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from aerodrome_airflow.launcher.listening import CannotStartError

_FIRST = 3
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def handed_over(path: Path) -> socket.socket | None:
    """Return the socket that systemd has handed to this process, None where there is none.

    CannotStartError where it is not the one that listens on *path*. Whatever this process starts is not told of it.
    """
    said = {name: os.environ.pop(name, "") for name in _VARIABLES}
    if said["LISTEN_PID"] != str(os.getpid()):
        return None
    if said["LISTEN_FDS"] != "1":
        raise CannotStartError(f"systemd hands over {said['LISTEN_FDS'] or 'no'} sockets: a launcher has one")
    os.set_inheritable(_FIRST, False)
    listener = socket.socket(fileno=_FIRST)
    if reason := _wrong(listener, path):
        listener.detach()
        raise CannotStartError(f"{reason}: ListenStream= of its socket unit must be {path}")
    # As it comes, accepting would not wait; what is accepted must wait all the same.
    listener.setblocking(True)
    return listener


def _wrong(listener: socket.socket, path: Path) -> str:
    if listener.family != socket.AF_UNIX or listener.type != socket.SOCK_STREAM:
        return "what systemd hands over is no stream socket of this machine"
    if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "the socket that systemd hands over does not listen"
    # /run and /var/run are one place.
    if os.path.realpath(listener.getsockname()) != os.path.realpath(path):
        return f"systemd hands over {listener.getsockname()}"
    return ""
