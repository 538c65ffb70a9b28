"""Another host sends packets for 127.0.0.1 to the machine, by a route of its own, to reach what listens there only."""

from suite.attack import HELD
from suite.hosts import LOOPBACK, on_the_machine
from suite.outside import CONNECTED, listening, loopback_let_in
from suite.place import Place

FROM = "another host"
AGAINST = "the platform"
DEFENCE = "Linux drops such packets from a network: its setting route_localnet is off"
MUST = HELD
NEEDS = ("platform", "network")
undefended = loopback_let_in


def harmless(place: Place) -> str:
    """Return what the machine itself connects to."""
    return on_the_machine(CONNECTED, PORTS=listening(place.live))


def attack(place: Place) -> str:
    """Return the ports that take a connection."""
    return place.host.python(CONNECTED, ADDRESS=LOOPBACK, PORTS=listening(place.live))
