"""A DAG file brings callbacks and hooks, which would run on the platform's side."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "scheduler and workers"
DEFENCE = "the cluster policy: the rule `unmanaged` and `alerts`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ("priority_weight=5", "on_failure_callback=print"),
    ("priority_weight=5", "pre_execute=print"),
    ("catchup=True", "catchup=True, on_success_callback=print"),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
