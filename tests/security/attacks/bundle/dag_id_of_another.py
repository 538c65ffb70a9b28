"""A DAG file takes the id of another tenant's DAG, which Airflow would then show as its own."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "DAG ids"
DEFENCE = "the cluster policy: the rule `dag_id`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ('dag_id="flights.daily"', 'dag_id="payments.daily"'),
    ('dag_id="flights.daily"', 'dag_id="daily"'),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
