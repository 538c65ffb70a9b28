"""Another host lists the people of the directory that the platform runs, with the password of its reader."""

from contextlib import AbstractContextManager

from aerodrome.local.machine import credentials
from aerodrome.local.stores import directory
from suite.attack import HELD
from suite.hosts import on_the_machine
from suite.outside import answering
from suite.place import Place

FROM = "another host"
AGAINST = "the directory"
DEFENCE = "slapd listens on loopback only"
MUST = HELD
NEEDS = ("platform", "network")
PROGRAM = """
import os, ssl
from ldap3 import AUTO_BIND_TLS_BEFORE_BIND, NONE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
place = os.environ["ADDRESS"], int(os.environ["PORT"])
server = Server(*place, tls=Tls(validate=ssl.CERT_NONE), get_info=NONE, connect_timeout=10)
try:
    link = Connection(server, os.environ["NAME"], os.environ["PASSWORD"], auto_bind=AUTO_BIND_TLS_BEFORE_BIND)
    link.search(os.environ["BASE"], "(uid=*)", attributes=["uid"])
    print("people:", len(link.entries) or "")
except LDAPException:
    pass
"""


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Have the machine answer at the directory's port."""
    return answering(place, place.live.platform.ports.directory)


def _known(place: Place) -> dict[str, str]:
    platform = place.live.platform
    return {
        "PORT": str(platform.ports.directory),
        "NAME": directory.READER,
        "PASSWORD": platform.credentials.get(credentials.DIRECTORY_READER),
        "BASE": directory.PEOPLE,
    }


def harmless(place: Place) -> str:
    """Return what the same password gets on the machine."""
    return on_the_machine(PROGRAM, **_known(place))


def attack(place: Place) -> str:
    """Return what is got."""
    return place.host.python(PROGRAM, **_known(place))
