"""Another host connects to every port that a process of the platform listens on, at every address of its machine."""

from contextlib import AbstractContextManager

from suite.attack import HELD
from suite.hosts import on_the_machine
from suite.outside import CONNECTED, addresses, answering, listening
from suite.place import Place

FROM = "another host"
AGAINST = "the platform"
DEFENCE = (
    "servers listen on loopback only; launchers, agents and the supervisor have sockets in the file system, "
    "and large results are files"
)
MUST = HELD
NEEDS = ("platform", "network")


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Have the machine answer at all of them."""
    return answering(place, *map(int, listening(place.live).split()))


def harmless(place: Place) -> str:
    """Return what the machine itself connects to."""
    return on_the_machine(CONNECTED, PORTS=listening(place.live))


def attack(place: Place) -> str:
    """Return the addresses and ports that take a connection."""
    return place.host.python(CONNECTED, ADDRESS=addresses(), PORTS=listening(place.live))
