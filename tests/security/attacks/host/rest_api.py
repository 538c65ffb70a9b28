"""Another host logs into the REST API, with a person's name and password."""

from contextlib import AbstractContextManager

from suite.attack import HELD
from suite.hosts import on_the_machine
from suite.outside import answering
from suite.place import ATTACKER, Place

FROM = "another host"
AGAINST = "the REST API"
DEFENCE = "the API server listens on loopback only"
MUST = HELD
NEEDS = ("platform", "network")
PROGRAM = """
import json, os, urllib.error, urllib.request
def answer(path, body=None, **headers):
    url = "http://{ADDRESS}:{PORT}".format(**os.environ) + path
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    return json.load(urllib.request.urlopen(asked, timeout=30))
login = {"username": os.environ["USERNAME"], "password": os.environ["PASSWORD"]}
try:
    token = answer("/auth/token", json.dumps(login).encode())["access_token"]
    print("DAGs:", answer("/api/v2/dags", Authorization="Bearer " + token)["total_entries"])
except urllib.error.URLError:
    pass
"""


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Have the machine answer at the API server's port."""
    return answering(place, place.live.platform.ports.api_server)


def _known(place: Place) -> dict[str, str]:
    person = place.live.user(ATTACKER)
    port = str(place.live.platform.ports.api_server)
    return {"PORT": port, "USERNAME": person.user, "PASSWORD": person.password}


def harmless(place: Place) -> str:
    """Return what the same login gets on the machine."""
    return on_the_machine(PROGRAM, **_known(place))


def attack(place: Place) -> str:
    """Return what is got."""
    return place.host.python(PROGRAM, **_known(place))
