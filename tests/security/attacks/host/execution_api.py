"""Another host asks the execution API with the token of a running task."""

from contextlib import AbstractContextManager

from suite.attack import HELD
from suite.hosts import on_the_machine
from suite.outside import answering
from suite.place import VICTIM, Place
from suite.weakened import finding_the_signing_key

FROM = "another host"
AGAINST = "the execution API"
DEFENCE = "the API server listens on loopback only"
MUST = HELD
NEEDS = ("platform", "network")
PROGRAM = """
import os, urllib.error, urllib.request
address = "http://{ADDRESS}:{PORT}/execution/{ASKED}".format(**os.environ)
asked = urllib.request.Request(address, headers={"Authorization": "Bearer " + os.environ["TOKEN"]})
try:
    print(urllib.request.urlopen(asked, timeout=30).read().decode())
except urllib.error.URLError:
    pass
"""


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Have the machine answer at the API server's port."""
    return answering(place, place.live.platform.ports.api_server)


def _known(place: Place) -> dict[str, str]:
    with finding_the_signing_key(place) as knowing:
        token = knowing.notes["task token"]
    return {
        "PORT": str(place.live.platform.ports.api_server),
        "TOKEN": token,
        "ASKED": f"dags/{VICTIM}.keeps",
    }


def harmless(place: Place) -> str:
    """Return what the same token gets on the machine."""
    return on_the_machine(PROGRAM, **_known(place))


def attack(place: Place) -> str:
    """Return what is got."""
    return place.host.python(PROGRAM, **_known(place))
