"""A task of a DAG file takes slots from other pools, or more than its pool has."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "pools"
DEFENCE = "the cluster policy: the rule `pool`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ('pool="flights.heavy"', 'pool="default_pool"'),
    ('"pool": "flights"', '"pool": "payments"'),
    ("pool_slots=2", "pool_slots=20"),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
