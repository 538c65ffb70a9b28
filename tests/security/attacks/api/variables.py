"""A person lists variables, and reads another tenant's."""

from suite.attack import HELD
from suite.people import own, shown
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "variables"
DEFENCE = "each statement of a request is confined to the person's tenants"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/variables")


def attack(place: Place) -> str:
    """Return what is got."""
    return shown(
        place,
        (
            "/api/v2/variables",
            "/api/v2/variables/{variable_key}",
            "/api/v2/variables?variable_key_pattern=%25",
        ),
    )
