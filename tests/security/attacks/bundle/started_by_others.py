"""A DAG file lets DAGs of any tenant start it."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "DAG runs"
DEFENCE = "the cluster policy: the rule `run_types`"
MUST = HELD
NEEDS = ()
undefended = without_policy


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return accepted(place, "daily", 'allowed_run_types=["backfill", "manual", "scheduled"],', "")
