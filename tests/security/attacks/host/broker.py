"""Another host reads the messages of a queue, with the user of the zone's workers."""

from aerodrome.local.stores import broker
from suite.attack import HELD
from suite.hosts import on_the_machine
from suite.live import ZONE
from suite.outside import broker_on_all_addresses
from suite.place import Place

FROM = "another host"
AGAINST = "the broker"
DEFENCE = "Redis listens on loopback only"
MUST = HELD
NEEDS = ("platform", "network")
undefended = broker_on_all_addresses
PROGRAM = """
import os, redis
known = {name: os.environ[name.upper()] for name in ("username", "password")}
client = redis.Redis(os.environ["ADDRESS"], int(os.environ["PORT"]), socket_timeout=10, retry=None, **known)
try:
    print("messages:", client.llen("default"))
except redis.ConnectionError:
    pass
"""


def _known(place: Place) -> dict[str, str]:
    user = broker.zone_user(place.live.platform, ZONE)
    return {"PORT": str(place.live.platform.ports.redis), "USERNAME": user.name, "PASSWORD": user.password}


def harmless(place: Place) -> str:
    """Return what the same user gets on the machine."""
    return on_the_machine(PROGRAM, **_known(place))


def attack(place: Place) -> str:
    """Return what is got."""
    return place.host.python(PROGRAM, **_known(place))
