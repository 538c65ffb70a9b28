"""A task connects to every socket that the platform's processes listen on in the file system."""

from suite.attack import HELD
from suite.place import Place
from suite.programs import SOCKETS
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "the platform"
DEFENCE = "sockets stand in folders of those who may use them"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker


def attack(place: Place) -> str:
    """Return the sockets that take a connection."""
    return place.code.python(SOCKETS, BELOW=str(place.live.platform.layout.state))
