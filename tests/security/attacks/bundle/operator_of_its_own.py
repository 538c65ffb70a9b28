"""A DAG file brings an operator of its own, which would run in the worker."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "workers"
DEFENCE = "the cluster policy: the rule `catalogue`"
MUST = HELD
NEEDS = ()
undefended = without_policy


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "script")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return accepted(place, "script", "BashRunOperator(", "type('Other', (BashRunOperator,), {})(")
