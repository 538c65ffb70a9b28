"""A DAG file takes another tenant's owner or tag."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "lists that are filtered by owner or tag"
DEFENCE = "the cluster policy: the rule `owner` and `tags`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ('"owner": "Flight data"', '"owner": "airflow"'),
    ('"tenant:flights"', '"tenant:payments"'),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
