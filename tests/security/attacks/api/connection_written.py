"""A person points another tenant's connection at a server of their own."""

from suite.attack import HELD
from suite.people import done, own
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "connections"
DEFENCE = "rights count for the tenant whose role grants them"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/connections")


def attack(place: Place) -> str:
    """Return what is got."""
    return done(
        place,
        (
            (
                "POST",
                "/api/v2/connections",
                {"connection_id": "beta.more", "conn_type": "http", "host": "elsewhere"},
            ),
            (
                "PATCH",
                "/api/v2/connections/beta.more",
                {"connection_id": "beta.more", "conn_type": "http", "host": "elsewhere"},
            ),
            ("DELETE", "/api/v2/connections/beta.more"),
        ),
    )
