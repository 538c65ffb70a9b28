"""A DAG file gives rights on itself to others, or more rights to its own people."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "people's rights"
DEFENCE = "the cluster policy: the rule `access`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ('"flights.viewer"', '"payments.viewer"'),
    ('{"can_edit", "can_read"}', '{"can_delete", "can_edit", "can_read"}'),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
