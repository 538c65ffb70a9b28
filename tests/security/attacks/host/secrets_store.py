"""Another host reads a tenant's secret in the store, with the login of a zone's workers."""

from contextlib import AbstractContextManager

from aerodrome import names
from aerodrome.local.stores import secrets_store
from suite.attack import HELD
from suite.hosts import on_the_machine
from suite.live import ZONE
from suite.outside import answering
from suite.place import VICTIM, Place
from suite.stores import variable

FROM = "another host"
AGAINST = "the secrets store"
DEFENCE = "OpenBao listens on loopback only"
MUST = HELD
NEEDS = ("platform", "network")
PROGRAM = """
import os
from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
url = "http://{ADDRESS}:{PORT}".format(**os.environ)
try:
    zone = Vault(url, Vault(url).login(os.environ["ROLE_ID"], os.environ["SECRET_ID"]))
    tenant = Vault(url, zone.mint(os.environ["ROLE"], names.TOKEN_TTL))
    print(tenant.read(names.SECRETS_MOUNT, os.environ["SECRET"]) or "")
except AerodromeError:
    pass
"""


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Have the machine answer at the store's port."""
    return answering(place, place.live.platform.ports.openbao)


def _known(place: Place) -> dict[str, str]:
    platform = place.live.platform
    return {
        "PORT": str(platform.ports.openbao),
        "ROLE_ID": secrets_store.role_id(platform, ZONE),
        "SECRET_ID": secrets_store.secret_id(platform, ZONE),
        "ROLE": names.tenant_policy(platform.environment.name, ZONE, VICTIM),
        "SECRET": variable(),
    }


def harmless(place: Place) -> str:
    """Return what the same login gets on the machine."""
    return on_the_machine(PROGRAM, **_known(place))


def attack(place: Place) -> str:
    """Return what is got."""
    return place.host.python(PROGRAM, **_known(place))
