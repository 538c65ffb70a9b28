"""A person takes all slots from another tenant's pool."""

from suite.attack import HELD
from suite.people import done, own
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "pools"
DEFENCE = "rights count for the tenant whose role grants them"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/pools")


def attack(place: Place) -> str:
    """Return what is got."""
    return done(
        place,
        (
            ("POST", "/api/v2/pools", {"name": "beta.more", "slots": 1, "include_deferred": False}),
            (
                "PATCH",
                "/api/v2/pools/beta.more",
                {"name": "beta.more", "slots": 0, "include_deferred": False},
            ),
            ("DELETE", "/api/v2/pools/beta.more"),
        ),
    )
