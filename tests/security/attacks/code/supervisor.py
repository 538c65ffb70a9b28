"""A task stops the platform's processes by way of their supervisor."""

import contextlib
from collections.abc import Iterator

from suite.attack import HELD
from suite.place import Place
from suite.weakened import opened

FROM = "tenant code in a task"
AGAINST = "the platform"
DEFENCE = "the supervisor's socket is root's"
MUST = HELD
NEEDS = ("platform",)
PROGRAM = """
import os, socket
link = socket.socket(socket.AF_UNIX)
try:
    link.connect(os.environ["SOCKET"])
    link.sendall(b"POST /RPC2 HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: text/xml\\r\\nContent-Length: 87\\r\\n\\r\\n"
                 b"<?xml version='1.0'?><methodCall><methodName>supervisor.getState</methodName></methodCall>")
    print(link.recv(4096).decode())
except OSError:
    pass
"""


@contextlib.contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Let everybody reach the socket."""
    with opened(place, place.live.platform.layout.supervisor_socket) as weakened:
        yield weakened


def attack(place: Place) -> str:
    """Return what is got."""
    socket = place.live.platform.layout.supervisor_socket
    return place.code.python(PROGRAM, SOCKET=str(socket))
