"""A DAG file updates another tenant's asset, which would start that tenant's DAGs."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "assets"
DEFENCE = "the cluster policy: the rule `assets`"
MUST = HELD
NEEDS = ()
undefended = without_policy


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return accepted(place, "daily", 'Asset("flights.flights")', 'Asset("payments.rows")')
