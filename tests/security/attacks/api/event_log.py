"""A person reads in the audit log what other tenants' people did."""

from suite.attack import HELD
from suite.people import own, shown
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "audit log"
DEFENCE = "each statement of a request is confined to the person's tenants"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/eventLogs")


def attack(place: Place) -> str:
    """Return what is got."""
    return shown(
        place,
        (
            "/api/v2/eventLogs",
            "/api/v2/eventLogs/{event_log_id}",
        ),
    )
