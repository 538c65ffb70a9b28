"""A person lists connections, and reads another tenant's."""

from suite.attack import HELD
from suite.people import own, shown
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "connections"
DEFENCE = "each statement of a request is confined to the person's tenants"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/connections")


def attack(place: Place) -> str:
    """Return what is got."""
    return shown(
        place,
        (
            "/api/v2/connections",
            "/api/v2/connections/{connection_id}",
            "/api/v2/connections?connection_id_pattern=%25",
        ),
    )
