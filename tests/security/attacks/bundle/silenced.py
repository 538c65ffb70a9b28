"""A DAG file tells nobody of its failures."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "the central alert channel"
DEFENCE = "the cluster policy: the rule `alerts`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ('on_failure_callback=FailureAlert("central", "team"),', ""),
    ('FailureAlert("central", "team")', 'FailureAlert("team")'),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
