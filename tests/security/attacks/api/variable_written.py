"""A person writes, changes and deletes another tenant's variable, one by one and in bulk."""

from suite.attack import HELD
from suite.people import done, own
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "variables"
DEFENCE = "rights count for the tenant whose role grants them"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/variables")


def attack(place: Place) -> str:
    """Return what is got."""
    return done(
        place,
        (
            ("POST", "/api/v2/variables", {"key": "beta.more", "value": "x"}),
            ("PATCH", "/api/v2/variables/beta.more", {"key": "beta.more", "value": "y"}),
            (
                "PATCH",
                "/api/v2/variables",
                {"actions": [{"action": "create", "entities": [{"key": "beta.bulk", "value": "x"}]}]},
            ),
            ("DELETE", "/api/v2/variables/beta.more"),
        ),
    )
