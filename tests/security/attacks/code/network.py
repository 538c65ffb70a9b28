"""A task connects to the ports of database, broker, store and API server."""

from suite.attack import not_isolated
from suite.place import Place

FROM = "tenant code in a task"
AGAINST = "the network of the machine"
DEFENCE = "none"
MUST = not_isolated(
    "On one machine all processes share its network. Every service there asks for a password of its own; "
    "a network policy keeps pods apart."
)
NEEDS = ("platform",)
PROGRAM = """
import os, socket
for port in os.environ["PORTS"].split():
    try:
        socket.create_connection(("127.0.0.1", int(port)), 5).close()
        print(port)
    except OSError:
        pass
"""


def attack(place: Place) -> str:
    """Return what is got."""
    ports = place.live.platform.ports.model_dump().values()
    return place.code.python(PROGRAM, PORTS=" ".join(map(str, ports)))
