"""A task of a DAG file goes to the platform's queue, or to one that nobody knows."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "queues"
DEFENCE = "the cluster policy: the rule `queue`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ('queue="pii"', 'queue="maintenance"'),
    ('"queue": "default"', '"queue": "payments"'),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
