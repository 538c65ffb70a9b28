"""A task of a DAG file names another tenant's connection, or one that its tenant does not name."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "connections"
DEFENCE = "the cluster policy: the rule `connections`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ('connection="warehouse"', 'connection="payments.warehouse"'),
    ('connection="warehouse"', 'connection="people"'),
    ('connections=["people"]', 'connections=["other"]'),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
