"""A person reports an event of another tenant's asset, which starts that tenant's DAGs."""

from suite.attack import HELD
from suite.people import done, own
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "assets"
DEFENCE = "rights count for the tenant whose role grants them"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/assets")


def attack(place: Place) -> str:
    """Return what is got."""
    return done(
        place,
        (
            ("POST", "/api/v2/assets/events", {"asset_id": "<asset>", "extra": {}}),
            ("POST", "/api/v2/assets/{asset_id}/materialize"),
        ),
    )
