"""A person looks at another tenant's assets, their events and what they start."""

from suite.attack import HELD
from suite.people import own, shown
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "assets"
DEFENCE = "each statement of a request is confined to the person's tenants"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/assets")


def attack(place: Place) -> str:
    """Return what is got."""
    return shown(
        place,
        (
            "/api/v2/assets",
            "/api/v2/assets/{asset_id}",
            "/api/v2/assets/events",
            "/ui/dependencies?node_id=dag:{dag_id}",
        ),
    )
